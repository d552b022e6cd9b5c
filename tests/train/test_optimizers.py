"""Each optimizer against its torch.optim namesake, step for step, in float64."""

import itertools

import numpy as np
import pytest
import torch

from nnexp.train import optimizers
from nnexp.train.optimizers import OPTIMIZERS

TORCH = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}
# every hyperparameter of each, in stacks whose members all differ
NUMBERS = {
    "sgd": [
        {"lr": 0.1, "momentum": 0.0},
        {"lr": 0.05, "momentum": 0.9},
        {"lr": 0.02, "momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1},
        {"lr": 0.3, "momentum": 0.0, "dampening": 0.5, "weight_decay": 0.01},
    ],
    "adam": [
        {"lr": 0.1},
        {"lr": 0.01, "beta1": 0.5, "beta2": 0.9},
        {"lr": 0.02, "weight_decay": 0.1, "eps": 1e-3},
        {"lr": 0.3, "beta1": 0.0, "weight_decay": 1.0},
    ],
    "rmsprop": [
        {"lr": 0.01},
        {"lr": 0.1, "alpha": 0.5, "eps": 1e-4},
        {"lr": 0.02, "momentum": 0.9},
        {"lr": 0.03, "momentum": 0.5, "weight_decay": 0.2},
    ],
}
NUMBERS["adamw"] = NUMBERS["adam"]
FLAGS = {
    "sgd": ["maximize"],
    "adam": ["amsgrad", "decoupled_weight_decay", "maximize"],
    "adamw": ["amsgrad", "maximize"],
    "rmsprop": ["centered", "maximize"],
}
CASES = [
    (name, dict(zip(FLAGS[name], values, strict=True)))
    for name in FLAGS
    for values in itertools.product((False, True), repeat=len(FLAGS[name]))
]
STEPS = 25


@pytest.fixture(autouse=True, params=[("cpu",), ()], ids=["fused", "columns"])
def _both_ways(request, monkeypatch):
    """By the fused kernel, and by steps that a graph can record."""
    monkeypatch.setattr(optimizers, "FUSED", request.param)


def gradient(theta, step):
    """That of an uneven bowl, with something that turns from step to step."""
    scale = torch.linspace(0.1, 3, theta.shape[-1], dtype=theta.dtype)
    return scale * theta + 0.3 * torch.sin(step + torch.arange(theta.shape[-1]).to(theta.dtype))


def torch_path(name, numbers, flags, start, factors):
    options = dict(numbers)
    if "beta1" in options or "beta2" in options:
        options["betas"] = (options.pop("beta1", 0.9), options.pop("beta2", 0.999))
    if name == "adamw":
        options.setdefault("weight_decay", 0.0)
    theta = start.clone().requires_grad_()
    optimizer = TORCH[name]([theta], **options, **flags, foreach=False)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = numbers["lr"] * factors[step]
        theta.grad = gradient(theta.detach(), step)
        optimizer.step()
    return theta.detach()


@pytest.mark.parametrize(("name", "flags"), CASES, ids=str)
def test_equal_to_torch_for_every_member(name, flags):
    compare(name, flags, NUMBERS[name])


@pytest.mark.parametrize("maximize", [False, True])
def test_nesterov(maximize):
    numbers = [{"lr": 0.1, "momentum": 0.9}, {"lr": 0.01, "momentum": 0.5, "weight_decay": 0.1}]
    compare("sgd", {"nesterov": True, "maximize": maximize}, numbers)


def compare(name, flags, numbers):
    members = len(numbers)
    factors = np.linspace(1, 0.2, STEPS)
    start = torch.randn(members, 16, dtype=torch.float64, generator=torch.manual_seed(0))
    theta = start.clone()
    optimizer = OPTIMIZERS[name](theta, numbers, **flags)
    for first in range(0, STEPS, 10):  # epochs of 10, 10 and 5 steps
        part = factors[first : first + 10]
        optimizer.begin_epoch(np.repeat(part[:, None], members, 1))
        for index in range(len(part)):
            optimizer.step(index, theta, gradient(theta, first + index))
    for member in range(members):
        expected = torch_path(name, numbers[member], flags, start[member], factors)
        torch.testing.assert_close(theta[member], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_a_member_steps_alike_alone_and_after_others_left(name):
    numbers = NUMBERS[name]
    start = torch.randn(4, 32, generator=torch.Generator().manual_seed(1))

    def path(rows, leave_at=None):
        theta = start[rows].clone()
        optimizer = OPTIMIZERS[name](theta, [numbers[row] for row in rows])
        for step in range(STEPS):
            if step == leave_at:
                optimizer.keep([1])
                theta = theta[[1]].clone()
            optimizer.begin_epoch(np.ones((1, len(theta))))
            optimizer.step(0, theta, gradient(theta, step))
        return theta

    alone = path([2])[0]
    assert torch.equal(path([0, 1, 2, 3])[2], alone)
    # RMSprop and SGD keep a momentum buffer in the whole stack where one member uses it
    assert torch.equal(path([1, 2, 0], leave_at=7)[0], alone)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_what_a_step_reads_stays_where_it_is(name):
    # a recorded step reads the same memory at every replay
    theta = torch.ones(4, 16)
    optimizer = OPTIMIZERS[name](theta, NUMBERS[name])
    places = []
    for _ in range(3):
        optimizer.begin_epoch(np.ones((2, 4)))
        optimizer.step(0, theta, torch.ones_like(theta))
        optimizer.step(1, theta, torch.ones_like(theta))
        kept = {**optimizer.state(), **optimizer._columns}
        places.append({name: value.data_ptr() for name, value in kept.items()})
    assert places[0]
    assert places[0] == places[1] == places[2]
