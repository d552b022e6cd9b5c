"""Weights of the classes in a loss, told by its values, and what a diagnosis makes of them."""

import pytest
import torch
from sklearn.datasets import make_classification
from torch import nn
from torch.nn import functional as F

import nnexp
from nnexp.loop.kernel import identify, loss_value
from nnexp.loop.weighed import class_weights

WEIGHTS = torch.tensor([1.0, 4.0, 0.5])
LABELS = torch.arange(3).repeat(8)


def told(loss_fn, outputs, targets=LABELS):
    kernel = identify(loss_fn, outputs, targets)
    places = torch.tensor([int((targets.reshape(-1) == own).nonzero()[0]) for own in
                           targets.reshape(-1).unique()])  # fmt: skip
    return class_weights(
        lambda output, rows: loss_value(loss_fn, output, targets[rows]), kernel, outputs, places
    )


@pytest.mark.parametrize(
    "loss_fn",
    [
        nn.CrossEntropyLoss(WEIGHTS),
        nn.CrossEntropyLoss(WEIGHTS, reduction="sum"),
        lambda z, t: F.cross_entropy(z, t, WEIGHTS),
        lambda z, t: (WEIGHTS[t] * F.cross_entropy(z, t, reduction="none")).mean(),
        nn.NLLLoss(WEIGHTS),
        lambda z, t: F.cross_entropy(z, F.one_hot(t, 3).float(), WEIGHTS),
    ],
    ids=["module", "sum", "function", "rows", "nll", "one-hot"],
)
def test_weights_of_the_classes_are_told_by_the_values(loss_fn):
    assert told(loss_fn, torch.zeros(24, 3)) == pytest.approx([1, 4, 0.5], abs=1e-3)


@pytest.mark.parametrize(
    "loss_fn",
    [
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(reduction="sum"),
        nn.NLLLoss(),
        nn.CrossEntropyLoss(label_smoothing=0.1),
        lambda z, t: F.cross_entropy(z, t, WEIGHTS, label_smoothing=0.1),  # which mixes them
        lambda z, t: F.cross_entropy(z + torch.tensor([0.0, -2, -4]), t),  # adjusted by the prior
        lambda z, t: ((1 - torch.softmax(z, 1).gather(1, t[:, None])[:, 0]) ** 2
                      * F.cross_entropy(z, t, reduction="none")).mean(),
        lambda z, t: (z - F.one_hot(t, 3)).square().mean(),
    ],
    ids=["mean", "sum", "nll", "smoothed", "both", "adjusted", "focal", "squared"],
)  # fmt: skip
def test_a_loss_that_weighs_all_alike_has_no_weights(loss_fn):
    assert told(loss_fn, torch.zeros(24, 3)) is None


def test_weights_of_the_positives():
    targets = torch.arange(2.0).repeat(8)[:, None]
    weighed = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(9.0))
    assert told(weighed, torch.zeros(16, 1), targets) == [1.0, pytest.approx(9, abs=1e-3)]
    assert told(nn.BCEWithLogitsLoss(), torch.zeros(16, 1), targets) is None


def trained(loops, weights):
    x, y = make_classification(
        3000, 10, n_informative=6, weights=[0.95], flip_y=0.03, random_state=2
    )
    x = torch.tensor((x - x.mean(0)) / x.std(0), dtype=torch.float32)
    y = torch.tensor(y)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    loss_fn = nn.CrossEntropyLoss(weights)
    watch = nnexp.watch(
        model, optimizer, loss_fn, train=(x[:2000], y[:2000]), valid=(x[2000:], y[2000:])
    )
    made = torch.Generator().manual_seed(0)
    loops.follow(watch, x[:2000], y[:2000], epochs=25, batch=64, generator=made)
    return watch.diagnosis()


def test_accuracy_that_pays_for_recall_is_no_fault(loops):
    found = trained(loops, torch.tensor([0.53, 8.0]))
    valid = found.scores["valid"]
    assert valid["possible"] - valid["accuracy"] > 0.02
    assert not [own for own in found.findings if own.verdict == "suspected"]
    assert valid["traded"] is True
    assert "the loss of the run weighs the classes" in str(found)
    assert type(found).from_plain(found.plain()).scores["valid"]["traded"] is True


def test_weights_in_the_order_of_the_counts_are_told(loops):
    found = trained(loops, torch.tensor([8.0, 0.53]))
    assert found.findings[0].cause == "class_imbalance"
    assert "weight=len(y) / (y.max() + 1) / torch.bincount(y) in the loss" in found.findings[0].fix
