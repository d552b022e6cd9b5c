"""Losses against torch.nn.functional, and closed-form gradients against autograd."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from nnexp.train.losses import LOSSES, OUTPUTS, Loss
from nnexp.train.targets import Targets

ROWS, CLASSES = 6, 4
GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(1, ROWS, CLASSES, dtype=torch.float64, generator=GENERATOR)
LABELS = torch.tensor([0, 1, 2, 3, 1, 1])
WEIGHT = torch.tensor([1.0, 2.0, 0.5, 3.0], dtype=torch.float64)
EVERY_ROW = torch.arange(ROWS).unsqueeze(0)


def dense(smoothing=None, weight=None):
    targets = Targets(LABELS, CLASSES, LABELS, weights=weight, dtype=torch.float64)
    share = None if smoothing is None else torch.full((1, 1, 1), smoothing, dtype=torch.float64)
    return targets.dense(EVERY_ROW, share), targets.row_weights(EVERY_ROW)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_cross_entropy(reduction, weighted, smoothing):
    weight = WEIGHT if weighted else None
    targets, rows = dense(smoothing or None, weight[LABELS] if weighted else None)
    loss = Loss(reduction=reduction, class_weight=weight)
    expected = F.cross_entropy(
        LOGITS[0], LABELS, weight, reduction=reduction, label_smoothing=smoothing
    )
    torch.testing.assert_close(loss.batch(LOGITS, targets, rows)[0], expected)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
def test_nll(reduction, weighted):
    weight = WEIGHT if weighted else None
    targets, rows = dense(None, weight[LABELS] if weighted else None)
    loss = Loss("nll", "log_softmax", reduction, class_weight=weight)
    expected = F.nll_loss(F.log_softmax(LOGITS[0], -1), LABELS, weight, reduction=reduction)
    torch.testing.assert_close(loss.batch(LOGITS, targets, rows)[0], expected)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    ("name", "output", "reference"),
    [
        ("bce", "sigmoid", F.binary_cross_entropy),
        ("bce_with_logits", "logits", F.binary_cross_entropy_with_logits),
        ("mse", "softmax", F.mse_loss),
        ("mae", "relu", F.l1_loss),
    ],
)
def test_elementwise(name, output, reference, reduction):
    targets, _ = dense()
    expected = reference(OUTPUTS[output](LOGITS[0]), targets[0], reduction=reduction)
    got = Loss(name, output, reduction).batch(LOGITS, targets)
    torch.testing.assert_close(got[0], expected)


def test_row_weights_of_elementwise_losses_are_a_weighted_mean():
    targets, rows = dense(None, WEIGHT[LABELS])
    per_row = F.mse_loss(LOGITS[0], targets[0], reduction="none").mean(1)
    expected = (per_row * rows[0]).sum() / rows.sum()
    torch.testing.assert_close(Loss("mse").batch(LOGITS, targets, rows)[0], expected)


def test_nll_on_probabilities_is_negative_within_one():
    targets, _ = dense()
    value = Loss("nll", "softmax").batch(LOGITS, targets)
    expected = -torch.softmax(LOGITS[0], -1)[torch.arange(ROWS), LABELS].mean()
    torch.testing.assert_close(value[0], expected)
    assert -1 <= value.item() < 0


def test_bce_takes_targets_beyond_its_range():
    values = torch.tensor([-1.0, 1.0, 1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    targets = Targets(values.long(), 1, values=values, dtype=torch.float64).dense(EVERY_ROW)
    share = torch.sigmoid(LOGITS[0, :, 0])
    expected = -(values * share.log() + (1 - values) * (1 - share).log()).mean()
    value = Loss("bce", "sigmoid").batch(LOGITS[:, :, :1], targets)
    torch.testing.assert_close(value[0], expected)


def test_bce_bounds_logarithms_as_torch_does():
    outputs = torch.tensor([[[0.0], [1.0], [0.0], [1.0]]])
    targets = torch.tensor([[[1.0], [0.0], [0.0], [1.0]]])
    expected = F.binary_cross_entropy(outputs, targets, reduction="none")
    got = Loss("bce", "logits").rows(outputs, targets)
    # exp(-100) has few digits in float32
    torch.testing.assert_close(got, expected[..., 0], rtol=1e-3, atol=1e-6)


def test_bce_takes_outputs_beyond_its_range():
    targets, _ = dense()
    value = Loss("bce", "logits").batch(LOGITS, targets)
    assert torch.isfinite(value).all()
    assert torch.isfinite(Loss("bce", "logits").gradient(LOGITS, targets)).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("output", list(OUTPUTS))
def test_gradient_equals_autograd_for_every_pair(name, output):
    logits = torch.cat((LOGITS, LOGITS * 2 + 0.1))  # two members
    for reduction, weighted, smoothing, scale in itertools.product(
        ("mean", "sum"), (False, True), (None, 0.2), (1.0, -3.0)
    ):
        weight = WEIGHT if weighted else None
        targets, rows = dense(smoothing, weight[LABELS] if weighted else None)
        targets = targets.expand(2, -1, -1)
        rows = rows.expand(2, -1) if rows is not None else None
        loss = Loss(name, output, reduction, scale, weight)
        leaf = logits.clone().requires_grad_()
        (expected,) = torch.autograd.grad(loss.batch(leaf, targets, rows).sum(), leaf)
        torch.testing.assert_close(
            loss.gradient(logits, targets, rows), expected, rtol=1e-12, atol=1e-12
        )


def test_single_output():
    values = torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    targets = Targets(values.long(), 1, values=values, dtype=torch.float64).dense(EVERY_ROW)
    logits = LOGITS[:, :, :1]
    expected = F.binary_cross_entropy_with_logits(logits[0, :, 0], values)
    torch.testing.assert_close(Loss("bce_with_logits").batch(logits, targets)[0], expected)
    smooth = Targets(values.long(), 1, values=values, dtype=torch.float64).dense(
        EVERY_ROW, torch.full((1, 1, 1), 0.2, dtype=torch.float64)
    )
    torch.testing.assert_close(smooth, targets * 0.8 + 0.1)


def test_unknown_loss():
    with pytest.raises(ValueError, match="hinge"):
        Loss("hinge").batch(LOGITS, dense()[0])


@pytest.mark.parametrize("output", list(OUTPUTS))
@pytest.mark.parametrize("name", LOSSES)
def test_a_member_has_the_same_bits_alone_and_among_others(name, output):
    generator = torch.Generator().manual_seed(1)
    for rows, classes in ((43, 3), (16, 10), (7, 1), (1, 5)):
        logits = torch.randn(4, rows, classes, generator=generator)
        targets = torch.rand(4, rows, classes, generator=generator)
        weights = torch.rand(4, rows, generator=generator)
        loss = Loss(name, output)
        for given in (None, weights):
            gradient = loss.gradient(logits, targets, given)
            shares = loss.rows(logits, targets, given)
            for k in (slice(0, 1), slice(2, 3)):
                one = logits[k].clone(), targets[k].clone(), None if given is None else given[k]
                alone = loss.gradient(*one)
                assert torch.equal(alone, gradient[k])
                # sums follow the layout in memory, which is to be the same as well
                assert torch.equal(alone.sum(1), gradient.sum(1)[k])
                assert torch.equal(loss.rows(*one), shares[k])
