import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.report.chart import MOST_POINTS, Chart, thinned
from nnexp.report.scale import linear_scale, swept


@pytest.fixture
def chart():
    return Chart(linear_scale(0, 10), linear_scale(0, 4), "Loss", "epoch")


def points(node):
    return [tuple(map(float, pair.split(","))) for pair in node.attributes["points"].split()]


def test_a_line_goes_through_its_points(chart, read):
    chart.line([0, 5, 10], [0, 1, 4], "s0", "a < b")
    line = read(chart.render()).one("polyline")
    assert points(line) == [(0, 1000), (500, 750), (1000, 0)]
    assert line.told == "a < b"
    assert line.attributes["class"] == "line s0"


def test_a_line_is_interrupted_where_a_number_is_missing(chart, read):
    chart.line([0, 1, 2, 3, 4, 5], [1, 2, math.nan, 3, math.inf, 1], "s0")
    drawn = read(chart.render())
    assert [len(points(line)) for line in drawn.all("polyline")] == [2]
    assert len(drawn.all("circle")) == 2  # the numbers that stand alone


def test_a_band_is_a_shape_between_its_edges(chart, read):
    chart.band([0, 5, 10], [1, 1, 2], [2, 3, 4], "s1")
    band = read(chart.render()).one("polygon")
    corners = [(0, 750), (500, 750), (1000, 500), (1000, 0), (500, 250), (0, 500)]
    assert points(band) == corners
    assert band.attributes["class"] == "band s1"


def test_a_band_of_one_epoch_is_none(chart, read):
    chart.band([0, 5], [1, math.nan], [2, 3], "s1")
    assert read(chart.render()).all("polygon") == []


def test_dots_lie_at_their_values(chart, read, share):
    chart.dot(2.5, 1, "val", "here")
    chart.dot(math.nan, 1, "val")
    chart.dot(1, math.inf, "val")
    dot = read(chart.render()).one("circle")
    assert (share(dot.attributes["cx"]), share(dot.attributes["cy"])) == (0.25, 0.75)
    assert dot.told == "here"


def test_a_cross_stands_above_the_plot(chart, read, share):
    assert read(chart.render()).all("text", "cross") == []
    chart.cross(7.5, "run 3 diverged")
    figure = read(chart.render()).one("figure", "crossed")
    cross = figure.one("text", "cross")
    assert share(cross.attributes["x"]) == 0.75
    assert float(cross.attributes["y"]) < 0
    assert cross.told == "run 3 diverged"


def test_what_it_shows_is_said_in_words(chart, read):
    figure = read(chart.render()).one("figure")
    drawing = figure.one("div", "plot").all("svg")[0]
    assert drawing.attributes["role"] == "img"
    assert drawing.attributes["aria-label"] == "Loss against epoch"
    assert figure.one("figcaption").text == "Loss"
    assert figure.one("div", "axis-title").text == "epoch"


def test_ticks_lie_at_their_labels(chart, axis_of, read):
    axis = axis_of(read(chart.render()))
    assert axis.value([1, 0.5, 0]) == pytest.approx([0, 2, 4])


def test_the_break_after_zero_is_drawn(read):
    chart = Chart(swept([0, 0.001, 0.01, 0.1]), linear_scale(0, 1), "Loss", "reg.l2")
    drawn = read(chart.render())
    assert drawn.one("text", "gap").text == "//"


@given(st.integers(0, 5000), st.integers(2, 300))
def test_thinned_keeps_both_ends_and_order(count, most):
    kept = thinned(count, most)
    assert len(kept) == min(count, most)
    assert kept == sorted(set(kept))
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)
        assert max(np.diff(kept), default=1) <= math.ceil(count / (most - 1)) + 1


def test_a_long_curve_has_no_more_points_than_a_screen():
    assert len(thinned(100_000)) == MOST_POINTS
