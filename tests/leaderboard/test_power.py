import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nnexp.leaderboard.power import pairs_needed, power_of


def test_power_is_that_of_a_normal_over_a_chi():
    """Student's t by its definition, integrated over the quantiles of the chi distribution."""
    places, weights = np.polynomial.legendre.leggauss(300)
    quantiles, weights = (places + 1) / 2, weights / 2
    for n in (2, 3, 5, 8, 20, 59, 500, 10_000):
        for d in (0.0, 0.01, 0.1, 0.394, 0.5, 1.2, 1.8, 3.0, 5.0):
            for level in (0.0005, 0.01, 0.05):
                limit, shift = stats.t.ppf(1 - level / 2, n - 1), d * math.sqrt(n)
                chi = np.sqrt(stats.chi2.ppf(quantiles, n - 1) / (n - 1))
                tails = stats.norm.cdf(shift - limit * chi) + stats.norm.cdf(-shift - limit * chi)
                assert power_of(n, d, 1.0, level) == pytest.approx(weights @ tails, abs=1e-5)


def test_power_is_met_in_simulation():
    rng = np.random.default_rng(1)
    draws = rng.normal(0.8, 1.0, (4000, 12))
    share = np.mean(stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05)
    assert power_of(12, 0.8, 1.0, 0.05) == pytest.approx(share, abs=0.025)


@settings(deadline=None)
@given(st.floats(0.05, 5), st.floats(0.001, 0.1))
def test_pairs_needed_is_the_least_number_with_the_power(effect, level):
    needed = pairs_needed(effect, 1.0, level)
    if needed is None:
        assert power_of(10_000, effect, 1.0, level) < 0.8
        return
    assert power_of(needed, effect, 1.0, level) >= 0.8
    assert needed == 2 or power_of(needed - 1, effect, 1.0, level) < 0.8


def test_pairs_needed_of_a_textbook_effect():
    # Cohen 1988, one-sample t-test of d = 0.5, two-sided 5 %: 34 pairs give 80 %
    assert pairs_needed(0.5, 1.0) == 34
    assert pairs_needed(-0.5, 1.0) == 34


def test_pairs_needed_where_nothing_is_known():
    assert pairs_needed(0.0, 1.0) is None
    assert pairs_needed(math.nan, 1.0) is None
    assert pairs_needed(0.1, math.nan) is None
    assert pairs_needed(1e-9, 1.0) is None
    assert pairs_needed(0.1, 0.0) == 2
    # splits of one table: more of them stop helping
    assert pairs_needed(0.5, 1.0, ratio=0.25) is None
