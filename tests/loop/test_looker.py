"""Looks at single steps: gradients of any layout, and none that ends a training."""

import copy

import pytest
import torch
from torch import nn

import nnexp


class Coded(nn.Module):
    """Codes, of which each has a row of weights, with sparse gradients or without."""

    def __init__(self, sparse):
        super().__init__()
        self.codes, self.last = nn.Embedding(50, 8, sparse=sparse), nn.Linear(32, 3)

    def forward(self, x):
        return self.last(self.codes(x).flatten(1))


def codes(rows=300):
    x = torch.randint(0, 50, (rows, 4), generator=torch.Generator().manual_seed(0))
    return x, x[:, 0] % 3


def coded(loops, sparse):
    x, y = codes()
    torch.manual_seed(0)
    optimizer = torch.optim.SGD
    model = Coded(sparse)
    start = copy.deepcopy(model)
    watch = nnexp.watch(
        model, optimizer(model.parameters(), 0.5), nn.CrossEntropyLoss(),
        train=(x[:200], y[:200]), valid=(x[200:], y[200:]), factory=lambda: copy.deepcopy(start),
    )  # fmt: skip
    loops.follow(watch, x[:200], y[:200], epochs=5, batch=32)
    return watch


def test_sparse_gradients_are_looked_at_as_others(loops):
    sparse, dense = coded(loops, True), coded(loops, False)
    assert sparse.record.unseen == ""
    assert sparse.record.pulled == dense.record.pulled == {"codes.weight", *_last()}
    assert sparse.record.uncleared == dense.record.uncleared == 0
    assert sparse.updates.idle == 0
    own, other = (one.diagnosis(prove=True, seeds=2) for one in (sparse, dense))
    assert [one.cause for one in own.findings] == [one.cause for one in other.findings]
    assert not any("looked at" in caution for caution in own.cautions)


def _last():
    return {"last.weight", "last.bias"}


@pytest.mark.parametrize("look", ["take_gradient", "take_held", "take_call"])
def test_a_look_that_fails_ends_no_training_and_is_told(loops, look, monkeypatch):
    def refuse(*_):
        raise NotImplementedError("of this layout\nand more")

    monkeypatch.setattr(f"nnexp.loop.looker.Looker.{look}", refuse)
    watch = coded(loops, False)
    assert watch.steps == 35
    found = watch.diagnosis()
    assert "NotImplementedError: of this layout" in found.cautions[-1]
    assert "parameters_not_updated" not in [own.cause for own in found.findings]
