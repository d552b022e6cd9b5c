import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nnexp.statistics import (
    chance_of_rows,
    holm,
    holm_factors,
    mean_by,
    mean_interval,
    paired_test,
    recall_rows,
    recall_step,
    share_stderr,
)  # fmt: skip

numbers = st.floats(-1e6, 1e6)
probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@pytest.mark.parametrize("n", [2, 3, 10])
def test_the_interval_is_that_of_scipy(n):
    x = np.random.default_rng(n).normal(3, 2, n)
    found = mean_interval(x)
    low, high = stats.t.interval(0.95, n - 1, loc=x.mean(), scale=stats.sem(x))
    assert found.n == n
    assert found.mean == pytest.approx(x.mean(), rel=1e-12)
    assert found.sd == pytest.approx(x.std(ddof=1), rel=1e-12)
    assert found.stderr == pytest.approx(stats.sem(x), rel=1e-12)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)


def test_the_interval_of_splits_has_the_corrected_variance():
    x = [0.1, 0.4, 0.35, 0.2, 0.25]
    plain, corrected = mean_interval(x), mean_interval(x, ratio=0.25)
    assert corrected.stderr == pytest.approx(math.sqrt((1 / 5 + 1 / 4) * np.var(x, ddof=1)))
    assert corrected.high - corrected.mean == pytest.approx(1.5 * (plain.high - plain.mean))


def test_the_interval_of_few_values():
    assert mean_interval([]).n == 0
    assert math.isnan(mean_interval([]).mean)
    one = mean_interval([2.5, math.nan, math.inf])
    assert (one.n, one.mean) == (1, 2.5)
    assert all(map(math.isnan, (one.sd, one.stderr, one.low, one.high)))
    equal = mean_interval([0.1, 0.1, 0.1])
    assert (equal.sd, equal.low, equal.high) == (0, equal.mean, equal.mean)


def test_the_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [mean_interval(rng.normal(1, 3, 4)) for _ in range(2000)]
    covered = np.mean([f.low <= 1 <= f.high for f in found])
    assert 0.935 < covered < 0.965  # three standard deviations


@pytest.mark.parametrize("n", [2, 5, 30])
def test_the_paired_test_is_that_of_scipy(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(0, 1, n), rng.normal(0.5, 1, n)
    found, known = paired_test(a - b), stats.ttest_rel(a, b)
    assert found.p == pytest.approx(known.pvalue, rel=1e-9)
    interval = known.confidence_interval(0.95)
    assert (found.mean.low, found.mean.high) == pytest.approx(tuple(interval), rel=1e-9)


def test_the_paired_test_of_splits_is_that_of_nadeau_and_bengio():
    d = np.array([0.02, 0.05, -0.01, 0.04, 0.03])
    t = d.mean() / math.sqrt((1 / 5 + 1 / 4) * d.var(ddof=1))
    assert paired_test(d, ratio=1 / 4).p == pytest.approx(2 * stats.t.sf(t, 4), rel=1e-9)
    assert paired_test(d, ratio=1 / 4).p > paired_test(d).p


def test_the_paired_test_without_spread():
    assert paired_test([0.0, 0.0, 0.0]).p == 1
    assert paired_test([0.2, 0.2, 0.2]).p == 0
    assert math.isnan(paired_test([0.2]).p)
    assert math.isnan(paired_test([]).p)
    assert math.isnan(paired_test([0.2, math.nan]).p)


def test_equal_differences_of_accuracies_spread_as_rounding_does():
    step = 1 / 30
    found = paired_test([step] * 3, step=step)
    t = math.sqrt(6) * math.sqrt(3)  # step over (step / sqrt(6)) / sqrt(3)
    assert found.p == pytest.approx(2 * stats.t.sf(t, 2), rel=1e-9)
    assert found.p > 0.05
    assert found.mean.low < 0
    spread = [0.1, 0.3, -0.2]
    assert paired_test(spread, step=step) == paired_test(spread)


@settings(deadline=None)
@given(st.lists(numbers, min_size=2, max_size=10))
def test_the_paired_test_has_two_sides_and_knows_no_order(differences):
    found = paired_test(differences)
    assert 0 <= found.p <= 1
    assert paired_test([-d for d in differences]).p == found.p
    assert paired_test(differences[::-1]).p == found.p


def test_only_the_part_of_rows_is_shared_by_splits():
    d = np.array([0.02, 0.05, -0.01, 0.04, 0.03])
    found = paired_test(d, ratio=1 / 3, shared=1e-4)
    assert found.mean.stderr == pytest.approx(math.sqrt(d.var(ddof=1) / 5 + 1e-4 / 3))
    assert paired_test(d, ratio=1 / 3, shared=1.0) == paired_test(d, ratio=1 / 3)
    assert paired_test(d, shared=1e-4) == paired_test(d)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_intervals_of_shares_hold_of_few_rows(share):
    """How often they do, exactly; those of sqrt(p (1 - p) / n) hold in 66 % for 0.97."""
    hits = np.arange(37)
    near = np.abs(hits / 36 - share) <= 1.96 * share_stderr(hits / 36, 36)
    assert stats.binom.pmf(hits, 36, share)[near].sum() > 0.93
    assert share_stderr(0.5, 1e6) == pytest.approx(0.5 / 1e3, rel=1e-5)


def test_what_rows_make_of_two_models_that_are_as_good():
    """They tell a fiftieth of the rows otherwise: 95 % of the differences are within."""
    rng = np.random.default_rng(0)
    told = rng.choice([-1, 0, 1], p=[0.01, 0.98, 0.01], size=(2000, 400))
    share = np.mean(np.abs(told.mean(1)) < chance_of_rows(0.0, 400))
    assert share == pytest.approx(0.95, abs=0.015)


def test_rows_of_rare_classes():
    """The variance of a mean recall, of classes that are hit as often."""
    rng = np.random.default_rng(0)
    hits = [rng.random((4000, n)) < 0.7 for n in (4, 196)]
    recall = np.mean([own.mean(1) for own in hits], axis=0)
    assert recall.var() == pytest.approx(0.7 * 0.3 / recall_rows([4, 196]), rel=0.1)
    assert recall_rows([30, 30]) == pytest.approx(60)
    assert recall_step([4, 196]) == 1 / 8
    assert recall_step([30, 30]) == pytest.approx(1 / 60)


def test_holm_by_hand():
    # sorted .01 .03 .04, times 3 2 1: .03 .06 .04, and no smaller than the one before
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.6]).tolist() == [1, 1]
    assert holm([]).tolist() == []
    with_nan = holm([0.01, math.nan, 0.04])
    assert with_nan[[0, 2]] == pytest.approx([0.02, 0.04])
    assert math.isnan(with_nan[1])
    assert holm_factors([0.04, math.nan, 0.01, 0.03])[[0, 2, 3]].tolist() == [1, 3, 2]


@settings(deadline=None)
@given(probabilities)
def test_holm_is_the_step_down_procedure(p):
    """Against the textbook's loop: reject from the smallest up, until the first that is not."""
    rejected = [False] * len(p)
    for step, place in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[place] * (len(p) - step) >= 0.05:
            break
        rejected[place] = True
    assert (holm(p) < 0.05).tolist() == rejected


@settings(deadline=None)
@given(probabilities)
def test_holm_keeps_the_order_and_is_at_least_p(p):
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


def test_the_mean_of_each_label():
    assert mean_by([1, 5, 3, math.nan], ["b", "a", "b", "a"]).tolist() == [2, 5]
    assert math.isnan(mean_by([math.nan], ["a"])[0])
