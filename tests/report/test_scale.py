import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nnexp.report.scale import (
    linear_scale,
    logarithmic,
    ordered,
    score_scale,
    swept,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def labels(axis):
    return [tick.label for tick in axis.ticks]


def test_linear():
    axis = linear_scale(0, 1)
    assert [axis.place(v) for v in (0, 0.5, 1)] == [0, 0.5, 1]
    assert labels(axis) in (["0", "0.2", "0.4", "0.6", "0.8", "1.0"], ["0", "0.5", "1.0"])
    for tick in axis.ticks:
        assert tick.at == pytest.approx(float(tick.label))
    assert math.isnan(axis.place(math.nan))
    assert math.isnan(axis.place(math.inf))


def test_whole_numbers_have_whole_ticks():
    assert labels(linear_scale(1, 3, whole=True)) == ["1", "2", "3"]
    assert all("." not in label for label in labels(linear_scale(1, 300, whole=True)))


def test_one_value_lies_in_the_middle():
    assert linear_scale(3, 3).place(3) == pytest.approx(0.5)
    assert linear_scale(0, 0).place(0) == pytest.approx(0.5)


def test_logarithmic():
    axis = logarithmic(0.01, 1)
    assert [axis.place(v) for v in (0.01, 0.1, 1)] == pytest.approx([0, 0.5, 1])
    assert labels(axis) == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    assert math.isnan(axis.place(0))
    assert math.isnan(axis.place(-1))
    assert labels(logarithmic(0.01, 10)) == ["0.01", "0.03", "0.1", "0.3", "1", "3", "10"]
    assert labels(logarithmic(1e-8, 1)) == ["10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1"]


def test_the_ticks_of_logarithms_lie_at_their_labels():
    for low, high in [(0.004, 0.7), (3, 4000), (0.02, 0.05)]:
        axis = logarithmic(low, high)
        for tick in axis.ticks:
            share = math.log(float(tick.label) / low) / math.log(high / low)
            assert tick.at == pytest.approx(share)


def test_scores_over_a_decade_are_shown_by_logarithms():
    even = score_scale([0.5, 0.9])
    assert even.place(0.7) == pytest.approx((even.place(0.5) + even.place(0.9)) / 2)
    logs = score_scale([0.01, 1.0])
    assert logs.place(0.1) == pytest.approx((logs.place(0.01) + logs.place(1.0)) / 2)


def test_zero_has_a_place_before_the_logarithms():
    axis = score_scale([0.0, 0.01, 1.0])
    assert axis.place(0.0) == 0 < axis.place(0.01) < axis.place(1.0) <= 1
    assert labels(axis)[0] == "0"


def test_negative_losses_have_an_even_axis():
    axis = score_scale([-5.0, -0.1, 3.0])
    assert 0 < axis.place(-5.0) < axis.place(-0.1) < axis.place(3.0) < 1
    assert any(label.startswith("−") for label in labels(axis))


def test_shares_hardly_go_beyond_their_bounds():
    axis = score_scale([0.2, 1.0], bounded=True)
    assert labels(axis)[-1] == "1.0"
    assert 0.97 < axis.place(1.0) < 1
    assert score_scale([5.0, 7.0], bounded=True).place(6.0) == pytest.approx(0.5)  # a stranger's


def test_without_a_number_there_is_an_axis_all_the_same():
    assert score_scale([math.nan, math.inf]).place(0.5) == 0.5


@given(st.lists(FINITE, min_size=1), st.booleans())
@example([1.0, 11.0, -9.58e-303], False)
def test_all_scores_have_a_place_in_their_order(values, bounded):
    axis = score_scale(values, bounded)
    places = [axis.place(v) for v in sorted(values)]
    assert all(-1e-6 <= p <= 1 + 1e-6 or abs(v) > 1e299
               for p, v in zip(places, sorted(values), strict=True))  # fmt: skip
    assert places == sorted(places)
    assert all(-1e-6 <= tick.at <= 1 + 1e-6 for tick in axis.ticks)


@given(st.lists(FINITE, min_size=1))
def test_all_swept_values_have_a_place_in_their_order(values):
    axis = swept(values)
    tame = sorted({v for v in values if v == 0 or 1e-290 < abs(v) < 1e290})
    places = [axis.place(v) for v in tame]
    assert all(-1e-6 <= place <= 1 + 1e-6 for place in places)
    assert places == sorted(places)


def test_a_path_with_zero_is_logarithmic_and_broken_after_it():
    axis = swept([0, 0.001, 0.01, 0.1])
    places = [axis.place(v) for v in (0, 0.001, 0.01, 0.1)]
    assert places == sorted(places)
    assert places[2] - places[1] == pytest.approx(places[3] - places[2])
    assert places[0] < axis.gap < places[1]
    assert labels(axis) == ["0", "0.001", "0.01", "0.1"]
    assert [tick.at for tick in axis.ticks] == places


@pytest.mark.parametrize(
    ("values", "logs"),
    [
        ([1, 2, 3, 4], False),
        ([0.1, 0.2, 0.5, 1.0], True),
        ([0.1 * n for n in range(1, 11)], False),  # spans a decade, evenly
        ([1, 5, 10], False),
        ([16, 64, 256], True),
        ([0, 0.001, 0.1], True),
        ([-1, 0.001, 100], False),
        ([0.003 * n for n in range(1, 200)], False),
        ([10 ** (-n / 40) for n in range(200)], True),
    ],
)
def test_what_is_swept_by_factors_is_logarithmic(values, logs):
    axis = swept(values)
    positive = sorted(v for v in values if v > 0)
    low, high = positive[0], positive[-1]
    middle = math.sqrt(low * high) if logs else (low + high) / 2
    assert axis.place(middle) == pytest.approx((axis.place(low) + axis.place(high)) / 2)


def test_two_values_lie_at_the_quarters():
    axis = swept([1e-9, 3])
    assert [axis.place(v) for v in (1e-9, 3)] == pytest.approx([0.25, 0.75])


def test_one_swept_value():
    axis = swept([7])
    assert axis.place(7) == 0.5
    assert labels(axis) == ["7"]


def test_ordered():
    axis = ordered(["a", "b", "c"])
    assert [(t.at, t.label) for t in axis.ticks] == [(0, "a"), (0.5, "b"), (1, "c")]
    assert ordered(["a"]).place(0) == 0.5
