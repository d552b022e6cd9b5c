"""Habits of loops that spoil them, told from the same habits where they are right."""

import copy
from itertools import count

import numpy as np
import pytest
import torch
from torch import nn

import nnexp
from nnexp.loop.cut import is_cut_in_order
from nnexp.loop.fed import Fed, prepared_otherwise
from nnexp.loop.fixes import NO_WARM_UP
from nnexp.loop.table import make_table
from nnexp.loop.weights import clamped, put_in_place

EPOCHS, BATCH = 12, 32


def run(loops, *, data="digits", optimizer=None, epochs=EPOCHS, batch=BATCH, every=1,
        given=lambda x: x, after=lambda model: None, schedule=None, ends=lambda model, past: None,
        rows=None, factory=None, prove=False, twice=False):  # fmt: skip
    """A loop with one habit; `ends` gets the weights of each epoch."""
    x, y, xv, yv = loops.table(data) if rows is None else rows
    torch.manual_seed(0)
    outputs = int(y.max()) + 1
    model = nn.Sequential(nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, outputs))
    optimizer = (optimizer or (lambda m: torch.optim.Adam(m.parameters(), lr=3e-3)))(model)
    scheduler = None if schedule is None else schedule(optimizer)
    loss_fn, steps, past = nn.CrossEntropyLoss(), count(1), []
    watch = nnexp.watch(model, optimizer, loss_fn, train=(x, y), valid=(xv, yv), factory=factory)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(batch):
            out = model(given(x[chosen]))
            loss = loss_fn(out, y[chosen]) / abs(every)
            if twice:  # as for examples that are made to be hard
                optimizer.zero_grad()
                loss.backward(retain_graph=True)
            if every <= 1:  # below 0: cleared each time, and stepped seldom
                optimizer.zero_grad()
            loss.backward()
            step = next(steps)
            if step % abs(every) == 0:
                optimizer.step()
            after(model)
            watch.step(loss, out, y[chosen])
            if every > 1 and step % every == 0:
                optimizer.zero_grad()
            if scheduler is not None:
                scheduler.step()
        past.append(copy.deepcopy(model.state_dict()))
    ends(model, past)
    return watch.diagnosis(prove=prove, seeds=2)


def clamp(bound):
    def after(model):
        for own in model.parameters():
            own.data.clamp_(-bound, bound)

    return after


def mean_of(decay):
    def ends(model, past):
        with torch.no_grad():
            mean = past[0]
            for state in past[1:]:
                mean = {n: decay * mean[n] + (1 - decay) * own for n, own in state.items()}
            model.load_state_dict(mean)

    return ends


def first_epoch(model, past):
    model.load_state_dict(past[0])


class Plain(torch.optim.Optimizer):
    """SGD that writes where torch counts no version."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})

    def step(self):
        for group in self.param_groups:
            for own in group["params"]:
                own.data.add_(own.grad, alpha=-group["lr"])


def groups(rate):
    def make(model):
        body, head = model[0].parameters(), model[2].parameters()
        parts = [{"params": body, "lr": rate}, {"params": head}]
        return torch.optim.Adam(parts, lr=5e-3)

    return make


def decay(total):
    def make(optimizer):
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: max(0.0, 1 - s / total))

    return make


SPOILT = {
    "clamped": ({"after": clamp(0.01)}, "over_regularized", "clamp_"),
    "first epoch restored": (
        {"ends": first_epoch, "optimizer": lambda m: torch.optim.Adam(m.parameters(), lr=5e-4)},
        "parameters_not_updated", "keep the weights",
    ),
    "cleared before a step": (
        {"every": -32, "epochs": 25, "batch": 8,
         "optimizer": lambda m: torch.optim.SGD(m.parameters(), lr=0.05)},
        "parameters_not_updated", "right behind optimizer.step()",
    ),
    "a group left behind": (
        {"optimizer": groups(1e-7), "epochs": 6}, "lr_too_low", "the group of 0.weight",
    ),
    "adadelta": (
        {"optimizer": lambda m: torch.optim.Adadelta(m.parameters(), lr=1e-3)}, "lr_too_low",
        "lr=1",
    ),
    "rprop": (
        {"optimizer": lambda m: torch.optim.Rprop(m.parameters(), lr=0.05), "batch": 8},
        "unsuitable_optimizer", "all rows in one batch",
    ),
    "decayed by the batch": ({"schedule": decay(EPOCHS)}, "lr_too_low", "scheduler"),
    "noise that covers the rows": (
        {"given": lambda x: x + 4 * torch.randn_like(x)}, "preprocessing_mismatch", "rows of X",
    ),
}  # fmt: skip
RIGHT = {
    "clamped far out": {"after": clamp(0.25)},
    "fused": {"optimizer": lambda m: torch.optim.Adam(m.parameters(), lr=3e-3, fused=True)},
    "written past the versions": {"optimizer": lambda m: Plain(m.parameters(), lr=0.1)},
    "two passes a step": {"twice": True},
    "adadelta, lowered": {
        "optimizer": lambda m: torch.optim.Adadelta(m.parameters(), lr=1.0),
        "schedule": lambda o: torch.optim.lr_scheduler.StepLR(o, 20, 0.7),
    },
    "mean of weights": {"ends": mean_of(0.5)},
    "gathered": {
        "every": 4, "batch": 8, "optimizer": lambda m: torch.optim.Adam(m.parameters(), lr=3e-3),
    },
    "a slower group": {"optimizer": groups(5e-4)},
    "adadelta": {"optimizer": lambda m: torch.optim.Adadelta(m.parameters(), lr=1.0)},
    "rprop, all rows": {
        "optimizer": lambda m: torch.optim.Rprop(m.parameters(), lr=0.01), "batch": 10**6,
        "epochs": 12,
    },
    "decayed over the run": {"schedule": decay(EPOCHS * 20)},
    "noise": {"given": lambda x: x + 0.1 * torch.randn_like(x)},
    "noise, too few epochs": {"given": lambda x: x + 0.1 * torch.randn_like(x), "epochs": 2},
}  # fmt: skip


@pytest.mark.matrix(5)
@pytest.mark.parametrize("name", SPOILT)
def test_a_habit_that_spoils_the_loop_is_named(loops, name):
    habit, cause, fix = SPOILT[name]
    found = run(loops, **habit).findings
    assert found[0].cause == cause, [own.cause for own in found]
    assert fix in " ".join(found[0].fix)


@pytest.mark.matrix(6)
@pytest.mark.parametrize("name", RIGHT)
def test_the_same_habit_done_right_is_not_blamed(loops, name):
    found = run(loops, **RIGHT[name]).findings
    assert {own.cause for own in found} <= ({"undertrained"} if "too few" in name else set())


def test_columns_in_another_order_are_no_other_rows(loops):
    rng = np.random.default_rng(0)
    x = np.stack(
        [rng.normal(size=900), rng.exponential(size=900), rng.uniform(2, 3, 900),
         rng.normal(-2, 0.5, 900)], 1,
    )  # fmt: skip
    y = torch.from_numpy((x[:, 0] + x[:, 1] > 1).astype(np.int64))
    x = torch.from_numpy(x.astype(np.float32))
    found = run(loops, rows=(x[:600], y[:600], x[600:, [2, 3, 0, 1]], y[600:])).findings
    assert "another order" in found[0].title
    assert "valid= as those of train=" in found[0].fix[0]
    assert not run(loops, rows=(x[:600], y[:600], x[600:], y[600:])).findings


@pytest.mark.parametrize(
    ("order", "cut"), [("shuffled", False), ("drawn", False), ("sorted", False), ("cut", True)]
)
def test_a_stretch_of_the_file_is_told_from_rows_drawn_of_it(order, cut):
    rng = np.random.default_rng(0)
    place = np.linspace(0, 12, 1200)
    x = np.stack([np.sin(place), np.cos(place), place], 1) + 0.05 * rng.normal(size=(1200, 3))
    held = rng.random(1200) < 0.25
    if order == "cut":
        held = np.arange(1200) >= 900
    parts = [x[~held], x[held]]
    if order == "shuffled":
        parts = [rng.permutation(own) for own in parts]
    if order == "sorted":  # the train rows alone, as where classes were filled up
        parts[1] = rng.permutation(parts[1])
    assert is_cut_in_order(np.concatenate(parts), len(parts[0])) == cut


def test_a_rare_class_that_was_filled_up_for_training_is_no_order_of_the_file(loops):
    x, y, xv, yv = loops.table("rare")
    rare = torch.where(y == 1)[0]
    rows = torch.cat((torch.where(y == 0)[0], rare.repeat(int((y == 0).sum() / len(rare)))))
    found = run(loops, rows=(x[rows], y[rows], xv, yv), epochs=6).findings
    assert "ordered_split" not in [own.cause for own in found]
    # but where the parts are stretches of a sorted file
    x, y, *_ = loops.table("digits")
    order = y.argsort(stable=True)
    x, y = x[order], y[order]
    found = run(loops, rows=(x[:400], y[:400], x[400:], y[400:]), epochs=3).findings
    assert found[0].cause == "ordered_split"


def test_what_does_not_vary_is_cut_nowhere():
    assert not is_cut_in_order(np.ones((200, 2)), 150)
    assert not is_cut_in_order(np.random.default_rng(0).normal(size=(40, 2)), 20)


@pytest.mark.matrix(2)
@pytest.mark.parametrize("name", ["first epoch restored", "clamped", "cleared before a step"])
def test_a_proof_does_not_try_what_it_cannot_repeat(loops, name):
    x, y, xv, yv = loops.table("digits")

    def make():
        return nn.Sequential(nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, 10))

    habit = {"rows": (x[:420], y[:420], xv, yv), **SPOILT[name][0]}
    found = run(loops, **habit, factory=make, prove=True).findings
    assert (found[0].cause, found[0].verdict, found[0].proof) == (
        SPOILT[name][1], "suspected", None,
    )  # fmt: skip


def test_to_restore_the_best_epoch_is_right(loops):
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(700, 10)).astype(np.float32))
    y = ((x[:, 0] + x[:, 1] > 0) ^ torch.from_numpy(rng.random(700) < 0.25)).long()
    losses = []

    def ends(model, past):
        for state in past:
            model.load_state_dict(state)
            with torch.no_grad():
                losses.append(float(nn.functional.cross_entropy(model(x[500:]), y[500:])))
        model.load_state_dict(past[int(np.argmin(losses))])

    found = run(loops, rows=(x[:500], y[:500], x[500:], y[500:]), epochs=200, ends=ends).findings
    assert losses[-1] > 1.5 * min(losses)  # it is worth restoring
    assert "parameters_not_updated" not in [own.cause for own in found]


def test_a_step_that_was_forgotten_is_named_as_such(loops):
    found = run(loops, optimizer=lambda m: Idle(m.parameters(), {"lr": 0.1})).findings
    assert found[0].cause == "parameters_not_updated"
    assert found[0].fix == ("optimizer.step() behind loss.backward()",)


class Idle(torch.optim.Optimizer):
    """As where `step` is never called."""

    def step(self):
        pass


def test_mild_noise_is_no_other_preparation_however_many_rows_there_are():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(6000, 6)).astype(np.float32))
    table = make_table((x, (x[:, 0] > 0).long()), None, None, torch.zeros(1))
    rows = x[rng.choice(6000, 200)].numpy().astype(float)
    none = np.full(200, -1), np.zeros(200), np.zeros(200, np.int64), np.zeros(200, bool)
    mild = Fed(rows + 0.05 * rng.normal(size=rows.shape), *none)
    assert not prepared_otherwise(mild, table, True)
    far = Fed(rows + 3 * rng.normal(size=rows.shape), *none)
    assert [own.strength for own in prepared_otherwise(far, table, True)] == [0.9]
    assert not prepared_otherwise(far, table, False)


def test_weights_that_all_stepped_alike_are_not_clamped():
    model = nn.Linear(30, 4)
    nn.init.zeros_(model.weight)
    initial = {n: p.detach().clone() for n, p in model.named_parameters()}
    model.weight.data += 0.1 * torch.sign(torch.randn(4, 30))
    assert not clamped(model, initial)
    assert not clamped(nn.Sequential(), {})


def test_a_loop_that_its_last_steps_have_thrown_holds_its_own_weights():
    points = [{"batch_loss": np.nan, "slice_loss": 0.7, "val_loss": 0.7}]
    points += [{"batch_loss": own, "slice_loss": own, "val_loss": own} for own in (0.3, 0.2, 0.1)]
    thrown = {"batch_loss": 0.7, "slice_loss": 3.9, "val_loss": 2.7}
    assert put_in_place([*points, {**thrown, "batch_loss": 0.05}], 2.9, 2.7, 0.66)
    assert not put_in_place([*points, thrown], 2.9, 2.7, 0.66)


def test_the_rate_that_a_warm_up_holds_down_is_not_told_by_itself(loops):
    """Another rate would be held down as well: what is told is the schedule."""
    x, y, xv, yv = loops.table("digits", scaled=False, most=1797)

    def heavy(model):
        return torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)

    def climbs(optimizer):
        return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: step / 50000)

    parts = x / 16, y, xv / 16, yv
    found = run(loops, rows=parts, optimizer=heavy, schedule=climbs, batch=64, epochs=10)
    (own,) = [own for own in found.findings if own.cause == "lr_too_low"]
    assert own.fix == ("lr=0.1", NO_WARM_UP)
    assert "lr at the first step and at the last" in own.evidence[0].signal


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.RMSprop])
def test_a_momentum_of_one_is_diagnosed(loops, kind):
    found = run(loops, optimizer=lambda m: kind(m.parameters(), lr=1e-3, momentum=1.0), epochs=4)
    assert found.findings, found
