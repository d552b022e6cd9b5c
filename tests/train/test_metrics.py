"""Scores against scikit-learn, standard errors against repeated sampling."""

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, roc_auc_score

from nnexp.train.metrics import area_under_curve, confusion, scores


def made(n, classes, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes)) + 1.2 * np.eye(classes)[labels]
    logits = np.round(logits, 1)  # ties
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return labels, shares


@pytest.mark.parametrize("classes", [2, 4])
def test_values_equal_sklearn(classes):
    labels, shares = made(300, classes)
    predicted = shares.argmax(1)
    losses = -np.log(shares[np.arange(300), labels])
    got = scores(labels, predicted, shares, losses, float(losses.mean()))
    assert got["accuracy"] == pytest.approx((predicted == labels).mean())
    assert got["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(labels, predicted))
    area = (
        roc_auc_score(labels, shares[:, 1])
        if classes == 2
        else roc_auc_score(labels, shares, multi_class="ovr")
    )
    assert got["auc"] == pytest.approx(area)
    assert got["n"] == 300
    accuracy = got["accuracy"]
    assert got["accuracy_stderr"] == pytest.approx(math.sqrt(accuracy * (1 - accuracy) / 300))
    assert got["loss_stderr"] == pytest.approx(losses.std(ddof=1) / math.sqrt(300))
    np.testing.assert_array_equal(
        confusion(labels, predicted, classes), confusion_matrix(labels, predicted)
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_standard_errors_equal_the_spread_over_samples(classes):
    samples = []
    for seed in range(300):
        labels, shares = made(200, classes, seed)
        losses = -np.log(shares[np.arange(200), labels])
        samples.append(scores(labels, shares.argmax(1), shares, losses, float(losses.mean())))
    for name in ("loss", "accuracy", "balanced_accuracy", "auc"):
        spread = np.std([sample[name] for sample in samples])
        claimed = np.mean([sample[f"{name}_stderr"] for sample in samples])
        assert claimed == pytest.approx(spread, rel=0.15), name


def test_reduction_scales_the_losses_error():
    labels, shares = made(50, 3)
    losses = np.linspace(0, 1, 50)
    mean = scores(labels, labels, shares, losses, 0.5)
    summed = scores(labels, labels, shares, losses, 16.0)
    assert summed["loss_stderr"] == pytest.approx(32 * mean["loss_stderr"])


def test_auc_where_it_has_no_meaning():
    one_class = area_under_curve(np.zeros(5, dtype=int), np.full((5, 2), 0.5))
    assert one_class == (None, None)
    broken = area_under_curve(np.array([0, 1]), np.array([[np.nan, np.nan], [0.5, 0.5]]))
    assert broken == (None, None)
    even, _ = area_under_curve(np.array([0, 1, 0, 1]), np.full((4, 2), 0.5))
    assert even == 0.5
