"""Schedules against torch.optim.lr_scheduler."""

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from nnexp.train.schedules import SCHEDULES

STEPS, EPOCHS = 5, 8


def torch_rates(make, per_epoch, values=None):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for epoch in range(EPOCHS):
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if not per_epoch and len(rates) < STEPS * EPOCHS:
                scheduler.step()
        if per_epoch:
            scheduler.step(*(() if values is None else (values[epoch],)))
    return np.array(rates)


def rates(name, numbers, values=None):
    schedule = SCHEDULES[name](
        [numbers, {**numbers, "warmup": 2, "warmup_start": 0.1}], STEPS, [EPOCHS] * 2
    )
    parts = []
    for epoch in range(1, EPOCHS + 1):
        parts.append(schedule.factors(epoch))
        if values is not None:
            schedule.observe(np.repeat(values[epoch - 1], 2), epoch)
    return np.concatenate(parts)


CASES = [
    ("constant", {}, lambda o: lr_scheduler.ConstantLR(o, 1.0), True),
    (
        "step",
        {"step_size": 3, "gamma": 0.3},
        lambda o: lr_scheduler.StepLR(o, 3, 0.3),
        True,
    ),
    (
        "cosine",
        {"min_factor": 0.1},
        lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS * EPOCHS, 0.1),
        False,
    ),
    (
        "one_cycle",
        {"peak": 0.25, "div_factor": 10.0, "final_div_factor": 100.0},
        lambda o: lr_scheduler.OneCycleLR(
            o, 1.0, total_steps=STEPS * EPOCHS, pct_start=0.25, div_factor=10,
            final_div_factor=100, cycle_momentum=False,
        ),
        False,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "numbers", "make", "per_epoch"), CASES, ids=[c[0] for c in CASES])
def test_equal_to_torch(name, numbers, make, per_epoch):
    expected = torch_rates(make, per_epoch)
    np.testing.assert_allclose(rates(name, numbers)[:, 0], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cooldown", [0, 2])
def test_plateau_equals_torch(cooldown):
    values = [1.0, 0.9, 0.9, 0.9, 0.9, 0.5, 0.6, 0.7]
    numbers = {
        "factor": 0.5, "patience": 1, "threshold": 1e-2, "cooldown": cooldown, "min_factor": 0.2,
    }  # fmt: skip

    def make(optimizer):
        return lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=0.5, patience=1, threshold=1e-2, cooldown=cooldown, min_lr=0.2
        )

    expected = torch_rates(make, True, values)
    got = rates("plateau", numbers, np.array(values))
    np.testing.assert_allclose(got[:, 0], expected, rtol=1e-12)
    assert got[-1, 0] < 1


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_warm_up_rises_linearly_then_the_schedule_starts(name):
    numbers = {"step_size": 2, "gamma": 0.5, "factor": 0.5, "patience": 1}
    plain, warm = rates(name, numbers).T
    rise = warm[: 2 * STEPS]
    np.testing.assert_allclose(rise, np.linspace(0.1, 1, 2 * STEPS + 1)[:-1] * plain[0], rtol=1e-9)
    assert warm[2 * STEPS] == pytest.approx(plain[0])


def test_members_may_leave():
    schedule = SCHEDULES["plateau"]([{"factor": 0.5, "patience": 0}] * 3, 2, [5] * 3)
    schedule.observe(np.array([1.0, 1.0, 1.0]), 1)
    schedule.observe(np.array([0.5, 2.0, 0.5]), 2)
    schedule.keep([1, 2])
    np.testing.assert_array_equal(schedule.factors(3)[0], [0.5, 1.0])


ALL = [
    {"gamma": 0.1, "step_size": 1, "peak": 0.3},
    {"gamma": 0.5, "step_size": 1, "peak": 0.5, "warmup": 1.0, "min_factor": 0.2},
    {"gamma": 0.3, "step_size": 2, "peak": 0.1, "div_factor": 7.0},
    {"gamma": 0.9, "step_size": 1, "peak": 0.3, "warmup": 2.0, "div_factor": 3.0},
]


@pytest.mark.parametrize("name", list(SCHEDULES))
@pytest.mark.parametrize("steps", [1, 2, 9])
def test_a_members_rates_are_those_it_has_alone_to_the_last_bit(name, steps):
    lengths = [5, 7, 7, 9]
    together = SCHEDULES[name](ALL, steps, lengths)
    for member, length in enumerate(lengths):
        alone = SCHEDULES[name]([ALL[member]], steps, [length])
        for epoch in range(1, length + 1):
            got = together.factors(epoch)[:, member]
            assert np.array_equal(got, alone.factors(epoch)[:, 0])
