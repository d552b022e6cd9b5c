"""The rule that picks a rate: closed forms, and what must not move it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.sweep.rate_choice import choose, log_spaced, smoothed, stable

RATES = np.array(log_spaced(1e-6, 10.0, 29))
curves = st.lists(st.floats(0, 20) | st.just(math.nan), min_size=29, max_size=29).map(np.array)


@given(st.floats(1e-8, 1.0), st.floats(1.2, 1e8), st.integers(3, 200))
def test_rates_run_from_end_to_end_in_equal_steps(start, factor, count):
    rates = np.array(log_spaced(start, start * factor, count))
    assert (np.diff(rates) > 0).all()
    assert rates[[0, -1]] == pytest.approx([start, start * factor], rel=0.006)
    if factor ** (1 / (count - 1)) > 1.1:  # no two have the same three digits
        steps = np.diff(np.log(rates))
        assert len(rates) == count
        assert np.allclose(steps, math.log(factor) / (count - 1), atol=0.011)


def test_rates_are_what_is_typed():
    assert log_spaced(1e-3, 1.0, 7) == [0.001, 0.00316, 0.01, 0.0316, 0.1, 0.316, 1.0]


def test_smoothing_by_hand():
    rates = np.array(log_spaced(0.01, 1.0, 9))  # a step of 1.78: one neighbour on each side
    losses = np.array([5.0, 1.0, 2.0, 3.0, 0.0, 4.0, np.nan, np.inf, 1.0])
    expected = [11 / 3, 8 / 3, 6 / 3, 5 / 3, 7 / 3, 10 / 3, 16 / 3, 13 / 3, 8 / 3]
    capped = [11 / 3, 8 / 3, 6 / 3, 5 / 3, 7 / 3, 9 / 3, 14 / 3, 11 / 3, 7 / 3]
    assert smoothed(rates, losses, 6.0) == pytest.approx(expected)
    assert smoothed(rates, losses, 5.0) == pytest.approx(capped)


@pytest.mark.parametrize(("per_decade", "reach"), [(2, 1), (3, 1), (4, 1), (6, 1), (8, 2), (20, 6)])
def test_the_span_is_from_half_to_double(per_decade, reach):
    rates = np.array(log_spaced(1e-3, 1.0, 3 * per_decade + 1))
    losses = np.full(len(rates), 6.0)
    middle = len(rates) // 2
    losses[middle] = 0.0
    touched = np.flatnonzero(smoothed(rates, losses, 6.0) < 6.0)
    assert touched.tolist() == list(range(middle - reach, middle + reach + 1))


@given(st.integers(2, 26), st.floats(0.01, 5))
def test_the_foot_of_a_valley_is_chosen(foot, curvature):
    losses = curvature * np.log10(RATES / RATES[foot]) ** 2
    assert choose(RATES, losses, 1e9) == foot


def valley():
    return 0.1 + np.log10(RATES / 1e-3) ** 2 / 9


def test_a_lucky_rate_beside_divergence_is_left_aside():
    losses = valley()
    losses[20:] = np.nan
    losses[22] = 0.0
    assert RATES[choose(RATES, losses, 2.0)] == 1e-3


def test_divergence_pushes_the_choice_away():
    falling = np.linspace(2.0, 0.1, 29)
    falling[20:] = np.nan
    assert choose(RATES, falling, 2.0) == 18
    assert choose(RATES, np.linspace(2.0, 0.1, 29), 2.0) == 28


def test_luck_beyond_the_cliff_is_left_aside():
    losses = valley()
    losses[20] = 1.9  # one failure, and all is well above it
    losses[21:] = 0.0
    assert RATES[choose(RATES, losses, 2.0)] == 1e-3
    losses[20] = 0.5
    assert choose(RATES, losses, 2.0) == 28


def test_the_cliff_by_hand():
    losses = np.array([2.1, 1.9, 0.9, 0.5, 0.1, 1.0, 1.2, 0.1, np.inf, 0.0])
    found = stable(losses, 2.0)
    assert found.tolist() == [False, False, True, True, True, True, False, False, False, False]
    losses = np.array([2.1, 1.9, 1.2, 0.5, 0.1])
    assert stable(losses, 2.0).tolist() == [False, False, False, True, True]
    assert not stable(np.array([2.0, 3.0, np.nan]), 2.0).any()
    assert not stable(losses, math.nan).any()


def test_of_equal_rates_the_largest():
    assert choose(RATES, np.full(29, 0.5), 2.0) == 28


def test_no_rate_where_none_learns():
    assert choose(RATES, np.full(29, 2.0), 2.0) is None
    assert choose(RATES, np.full(29, math.nan), 2.0) is None
    assert choose(RATES, np.full(29, 1.0), math.nan) is None


@given(curves, st.floats(0.1, 20))
def test_what_is_chosen_has_learned(losses, untrained):
    chosen = choose(RATES, losses, untrained)
    greatest = untrained - np.nanmin(np.append(losses, untrained))
    broken = ~(losses - untrained <= greatest)
    believed = losses[: np.argmax(broken)] if broken.any() else losses
    if chosen is None:
        assert not (believed < untrained).any()
    else:
        assert losses[chosen] < untrained
        assert stable(losses, untrained)[chosen]
        assert untrained - losses[chosen] >= (untrained - np.nanmin(believed)) / 2


@given(st.lists(st.integers(0, 64), min_size=29, max_size=29), st.integers(-64, 64))
def test_a_loss_may_be_negative(values, shift):
    losses = np.array(values) / 4.0
    assert choose(RATES, losses, 17.0) == choose(RATES, losses + shift, 17.0 + shift)
    assert choose(RATES, losses, 17.0) == choose(RATES, losses * 8, 17.0 * 8)


def test_above_a_rate_that_spoils_the_loss_luck_is_not_believed():
    rates = np.array([1.0, 1.78, 3.16, 5.62, 10.0])
    assert choose(rates, np.array([82.0, 3e3, 0.0, 6e4, 6e4]), 1.7) is None
    assert choose(rates, np.array([1.8, 1.0, 0.4, 6e4, 0.0]), 1.7) == 2
    assert choose(rates, np.array([np.nan, 1.0, 0.4, 0.3, 0.2]), 1.7) is None
