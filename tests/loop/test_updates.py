"""Parameters with requires_grad=False: a part of the network, or all but one layer."""

import pytest
import torch
from torch import nn

import nnexp
from nnexp.loop.fixes import STEP_EACH
from nnexp.loop.record import LoopRecord
from nnexp.loop.updates import parameters


@pytest.mark.parametrize(("frozen", "plain"), [((0,), False), ((0, 2), True), ((), None)])
def test_where_a_single_layer_learns_the_frozen_ones_are_the_cause(frozen, plain):
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    for place in frozen:
        model[place].requires_grad_(False)
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    trained = [p for p in model.parameters() if p.requires_grad]
    with torch.no_grad():
        for p in trained:
            p.add_(0.1)
    groups = torch.optim.SGD(trained, lr=0.1).param_groups
    found = parameters(model, groups, initial, LoopRecord(), steps=9)
    if plain is None:
        assert found == []
    else:
        assert (found[0].strength > 0.8) is plain


def test_a_frozen_number_beside_matrices_that_learn_is_little():
    model = nn.Module()
    model.first, model.last = nn.Parameter(torch.randn(4, 8)), nn.Parameter(torch.randn(8, 2))
    model.temperature = nn.Parameter(torch.ones(()), requires_grad=False)
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    with torch.no_grad():
        model.first.add_(0.1)
        model.last.add_(0.1)
    groups = torch.optim.SGD([model.first, model.last], lr=0.1).param_groups
    (found,) = parameters(model, groups, initial, LoopRecord(), steps=9)
    assert found.strength == 0.5


def test_what_another_optimizer_moves_is_trained():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    initial = {name: p.detach().clone() for name, p in model.named_parameters()}
    groups = torch.optim.SGD(model[0].parameters(), lr=0.1).param_groups
    with torch.no_grad():
        for p in model[0].parameters():
            p.add_(0.1)
    (found,) = parameters(model, groups, initial, LoopRecord(), steps=9)
    assert found.evidence[0].value == ["2.weight", "2.bias"]
    with torch.no_grad():
        for p in model[2].parameters():
            p.add_(0.1)
    assert parameters(model, groups, initial, LoopRecord(), steps=9) == []


class Values(torch.optim.SGD):
    """SGD of gradients whose values are clipped before each step."""

    def __init__(self, parameters, bound):
        self.own = list(parameters)
        super().__init__(self.own, lr=0.1, momentum=0.9)
        self.bound = bound

    def step(self, closure=None):
        nn.utils.clip_grad_value_(self.own, self.bound)
        super().step(closure)


class Divided(torch.optim.SGD):
    """SGD of gradients that are divided by the rows of a batch before each step."""

    def __init__(self, parameters, rows):
        self.own = list(parameters)
        super().__init__(self.own, lr=0.1, momentum=0.9)
        self.rows = rows

    def step(self, closure=None):
        for own in self.own:
            own.grad /= self.rows
        super().step(closure)


Values.__name__ = Divided.__name__ = "SGD"  # as a loop calls both by themselves


@pytest.mark.parametrize(
    ("bound", "told"), [(1e-5, True), (1e-4, True), (1e-2, False), (1.0, False)]
)
def test_gradients_whose_values_are_clipped_to_next_to_nothing(loops, bound, told):
    loop = loops.Loop("digits", epochs=10, batch=64, optimizer=lambda p: Values(p, bound))
    words = [word for own in loops.run(loop, 0).findings for word in own.fix]
    assert any("clip_grad_value_" in word for word in words) is told


def test_gradients_of_a_sum_that_are_divided_by_hand_are_not_clipped(loops):
    def summed():
        return nn.CrossEntropyLoss(reduction="sum")

    loop = loops.Loop(
        "digits", epochs=3, batch=128, loss=summed, optimizer=lambda p: Divided(p, 128)
    )
    words = [word for own in loops.run(loop, 0).findings for word in own.fix]
    assert not any("clip_grad" in word for word in words)


def epochs_of_one_step(loops, *, pieces=True, lr=0.1, epochs=15, closure=False):
    """A loop that makes a step an epoch, of the losses of all batches or of all rows at once."""
    x, y, xv, yv = loops.table("digits")
    torch.manual_seed(0)
    model = loops.mlp(64, 10)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    watch = nnexp.watch(model, optimizer, loss_fn, train=(x, y), valid=(xv, yv))
    for _ in range(epochs):
        parts = torch.randperm(len(x)).split(32 if pieces else len(x))
        losses = []
        for rows in parts:
            for _ in range(5 if closure else 1):  # as where an optimizer asks several times
                out = model(x[rows])
            losses.append(loss_fn(out, y[rows]))
        loss = torch.stack(losses).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss, out, y[rows])
    return watch


def test_a_step_of_all_batches_is_named(loops):
    watch = epochs_of_one_step(loops)
    assert watch.record.batch == watch.table.train
    (own,) = watch.diagnosis().alarms
    assert (own.cause, own.fix) == ("undertrained", (STEP_EACH,))
    assert own.evidence[0].value == 15
    assert not [own for own in watch.diagnosis().findings if own.cause == "lr_too_high"]


@pytest.mark.parametrize("habit", [{"pieces": False}, {"pieces": False, "closure": True}])
def test_a_step_of_all_rows_at_once_is_no_step_of_batches(loops, habit):
    watch = epochs_of_one_step(loops, **habit)
    assert watch.record.once == 0
    assert not [own for own in watch.diagnosis().findings if STEP_EACH in own.fix]


def test_steps_of_many_batches_that_learn_the_table_are_no_fault(loops):
    watch = epochs_of_one_step(loops, lr=0.5, epochs=120)
    assert watch.record.once > 3
    assert not watch.diagnosis().alarms
