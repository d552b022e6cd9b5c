"""Scores against scikit-learn, standard errors against repeated sampling."""

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, roc_auc_score

from nnexp.train.metrics import area_under_curve, confusion, ratio_stderr, scores


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
    spread = ratio_stderr(losses, np.ones(300))
    got = scores(labels, predicted, shares, float(losses.mean()), spread)
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
    shrunk = (300 * accuracy + 2) / 304
    assert got["accuracy_stderr"] == pytest.approx(math.sqrt(shrunk * (1 - shrunk) / 304))
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
        spread = ratio_stderr(losses, np.ones(200))
        samples.append(scores(labels, shares.argmax(1), shares, float(losses.mean()), spread))
    for name in ("loss", "accuracy", "balanced_accuracy", "auc"):
        spread = np.std([sample[name] for sample in samples])
        claimed = np.mean([sample[f"{name}_stderr"] for sample in samples])
        assert claimed == pytest.approx(spread, rel=0.15), name


def test_rows_that_are_all_right_may_have_been_lucky():
    labels = np.arange(36) % 3
    got = scores(labels, labels, np.eye(3)[labels], 0.1, 0.01)
    assert got["accuracy"] == got["balanced_accuracy"] == 1
    assert got["accuracy_stderr"] == pytest.approx(math.sqrt(0.95 * 0.05 / 40))
    assert got["balanced_accuracy_stderr"] > got["accuracy_stderr"]


def test_one_row_has_no_standard_error_of_the_loss():
    assert ratio_stderr(np.array([0.3]), np.ones(1)) is None
    got = scores(np.array([0]), np.array([0]), np.array([[0.9, 0.1]]), 0.1, None)
    assert got["loss_stderr"] is None


def test_error_of_a_weighted_mean_equals_the_spread_over_samples():
    means, claimed = [], []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        weights = np.where(rng.random(300) < 0.1, 5.0, 1.0)
        values = weights * rng.exponential(size=300) * np.where(weights > 1, 3, 1)
        means.append(values.sum() / weights.sum())
        claimed.append(ratio_stderr(values, weights))
    assert np.mean(claimed) == pytest.approx(np.std(means), rel=0.1)


def test_auc_where_it_has_no_meaning():
    one_class = area_under_curve(np.zeros(5, dtype=int), np.full((5, 2), 0.5))
    assert one_class == (None, None)
    broken = area_under_curve(np.array([0, 1]), np.array([[np.nan, np.nan], [0.5, 0.5]]))
    assert broken == (None, None)
    even, _ = area_under_curve(np.array([0, 1, 0, 1]), np.full((4, 2), 0.5))
    assert even == 0.5


def test_the_error_of_an_auc_is_delongs():
    """Unbiased variances of the placements over the rows of each class (DeLong et al. 1988)."""
    rng = np.random.default_rng(0)
    classes = np.array([1] * 4 + [0] * 20)
    score = rng.normal(size=24) + classes
    shares = np.stack((1 - score, score), 1)
    positive, negative = score[classes == 1], score[classes == 0]
    below = (positive[:, None] > negative).astype(float)
    variance = below.mean(1).var(ddof=1) / 4 + below.mean(0).var(ddof=1) / 20
    area, error = area_under_curve(classes, shares)
    assert area == pytest.approx(below.mean())
    assert error == pytest.approx(math.sqrt(variance))


@pytest.mark.parametrize("classes", [2, 3])
def test_an_auc_of_one_is_as_uncertain_as_its_rows_are_few(classes):
    labels = np.arange(36) % classes
    area, stderr = area_under_curve(labels, np.eye(classes)[labels])
    assert area == 1
    share = 36 // classes
    one_row = np.hypot(1 / (share + 1), 1 / (36 - share + 1)) / 2
    areas = 1 if classes == 2 else classes
    assert stderr == pytest.approx(one_row / np.sqrt(areas))
    assert area_under_curve(np.repeat(labels, 100), np.eye(classes)[np.repeat(labels, 100)])[1] < (
        stderr / 50
    )
