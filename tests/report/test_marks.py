import math

import pytest

from nnexp.report.chart import Chart
from nnexp.report.marks import LINE
from nnexp.report.scale import linear_scale


@pytest.fixture
def chart():
    return Chart(linear_scale(0, 10), linear_scale(-1, 3), "Loss", "epoch", height=200)


def test_a_line_across_lies_at_its_value_and_is_named(chart, read, share):
    chart.marks.across(2, "the prior", "prior")
    drawn = read(chart.render())
    line = drawn.one("line", "prior")
    assert share(line.attributes["y1"]) == share(line.attributes["y2"]) == 0.25
    name = drawn.one("text", "prior")
    assert (name.text, name.attributes["text-anchor"]) == ("the prior", "end")


def test_a_line_upwards_lies_at_its_value_and_is_named_above_the_plot(chart, read, share):
    chart.marks.upwards(4, "kept: epoch 4", "kept")
    drawn = read(chart.render())
    line = drawn.one("line", "kept")
    assert share(line.attributes["x1"]) == share(line.attributes["x2"]) == 0.4
    assert float(drawn.one("text", "kept").attributes["y"]) < 0
    assert f"padding-top:{LINE}px" in drawn.one("div", "plot").attributes["style"]


def test_names_that_would_touch_stand_in_two_lines(chart, read):
    for x in (4, 5):
        chart.marks.upwards(x, f"a name as long as this: {x}", "kept")
    drawn = read(chart.render())
    heights = [float(t.attributes["y"]) for t in drawn.all("text", "kept")]
    assert abs(heights[0] - heights[1]) == LINE
    assert f"padding-top:{2 * LINE}px" in drawn.one("div", "plot").attributes["style"]


def test_lines_across_side_by_side_are_named_on_either_side(chart, read):
    chart.marks.across(1.0, "a")
    chart.marks.across(0.9, "b")
    over, under = read(chart.render()).all("text", "mark-name")
    assert over.attributes["dy"].startswith("-")
    assert not under.attributes["dy"].startswith("-")


def test_a_region_goes_as_far_as_the_axis(chart, read, share):
    chart.marks.region(-math.inf, 0, "below 0", "warned")
    drawn = read(chart.render())
    box = drawn.one("rect", "warned").attributes
    assert (share(box["y"]), share(box["height"])) == (0.75, 0.25)
    assert drawn.one("text", "mark-name").text == "below 0"


def test_what_is_beyond_the_axes_is_not_marked(chart, read):
    chart.marks.across(5, "a")
    chart.marks.across(math.nan, "b")
    chart.marks.upwards(-3, "c")
    chart.marks.region(4, math.inf, "d", "warned")
    drawn = read(chart.render())
    assert drawn.all("text", "mark-name") == drawn.all("rect") == []
    assert "padding-top" not in drawn.one("div", "plot").attributes["style"]
