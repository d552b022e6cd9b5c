"""A user's module trained in a stack: the member's run is the one it would be alone."""

import numpy as np
import pytest
import torch
from torch import nn

from nnexp.model.module import ModuleModel
from nnexp.train.decision import Decision
from nnexp.train.losses import Loss
from nnexp.train.member import Member, Seeds
from nnexp.train.outcome import Callbacks
from nnexp.train.plan import Data, Part, Plan, Problem
from nnexp.train.targets import Targets
from nnexp.train.trainer import fit

ROWS, FEATURES = 110, 6
MEMBERS = [
    Member(Seeds(1, 1, 1), {"lr": 0.01}, dropout=(0.2,)),
    Member(Seeds(2, 2, 2), {"lr": 0.03}, dropout=(0.0,), l2=1e-3, patience=1),
    Member(Seeds(3, 3, 3), {"lr": 1e30}, dropout=(0.0,)),
    Member(Seeds(4, 4, 4), {"lr": 0.1}, dropout=(0.0,), label_smoothing=0.1),
    Member(Seeds(5, 5, 5), {"lr": 0.02}, dropout=(0.5,), grad_clip=0.1, weight_decay=0.1),
]


def module(between, outputs):
    return lambda: nn.Sequential(
        nn.Linear(FEATURES, 12), between(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, outputs)
    )


class Counting(nn.Module):
    """Its outputs depend on a plain attribute and on a buffer in whose place it puts another."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(12))
        self.calls = 0

    def forward(self, x):
        if self.training:
            self.calls += 1
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
        return (x - self.mean) * (1 + 1 / (1 + self.calls))


MODULES = {
    "relu": (nn.ReLU, True),
    "tanh": (nn.Tanh, True),
    "layer norm": (lambda: nn.LayerNorm(12), True),
    "dropout": (lambda: nn.Dropout(0.3), False),
    "batch norm": (lambda: nn.BatchNorm1d(12), False),
    "counting": (Counting, False),
}


def table(outputs, dtype=torch.float32):
    rng = np.random.default_rng(0)
    labels = torch.from_numpy(rng.integers(0, max(outputs, 2), ROWS))
    x = torch.from_numpy(rng.normal(size=(ROWS, FEATURES))).to(dtype)
    targets = Targets(labels, outputs, labels)
    if outputs == 1:
        targets = Targets(labels, 1, values=labels.float())
    return Data(x, None, targets, (Part(torch.arange(77), torch.arange(77, ROWS)),))


def trained(model, outputs, members, batch_size, compute=None):
    records = []
    name = "bce_with_logits" if outputs == 1 else "cross_entropy"
    decision = Decision(name, "logits", tuple(range(outputs)) if outputs > 1 else ())
    plan = Plan(epochs=5, batch_size=batch_size, compute=compute)
    data = table(outputs, compute or torch.float32)
    problem = Problem(data, Loss(name), decision, plan)
    outcomes = fit(model, problem, members, Callbacks(observe=records.append))
    seen = {index: [] for index in range(len(members))}
    for epoch in records:
        for place, index in enumerate(epoch.members):
            seen[index].append({name: repr(v[place]) for name, v in epoch.record.items()})
    return outcomes, seen


@pytest.mark.matrix(10)
@pytest.mark.parametrize(("between", "together"), MODULES.values(), ids=MODULES)
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("batch_size", [32, 38])  # last batches of 13 rows, and of one
def test_a_member_is_the_same_alone_and_among_others(between, together, outputs, batch_size):
    if batch_size == 38 and not together:
        batch_size = 37  # a batch norm refuses one row
    model = ModuleModel(module(between, outputs), FEATURES, outputs)
    assert (model.why_not_stacked is None) == together
    among, seen = trained(model, outputs, MEMBERS, batch_size)
    assert among[2].status == "diverged"
    for index, member in enumerate(MEMBERS):
        (alone,), own = trained(model, outputs, [member], batch_size)
        assert torch.equal(alone.theta, among[index].theta)
        assert torch.equal(alone.buffers, among[index].buffers)
        assert alone.status == among[index].status
        assert alone.reason == among[index].reason
        assert own[0] == seen[index]


def test_in_bfloat16_too():
    model = ModuleModel(module(nn.ReLU, 3), FEATURES, 3)
    among, seen = trained(model, 3, MEMBERS, 32, torch.bfloat16)
    for index in (0, 4):
        (alone,), own = trained(model, 3, [MEMBERS[index]], 32, torch.bfloat16)
        assert torch.equal(alone.theta, among[index].theta)
        assert own[0] == seen[index]
