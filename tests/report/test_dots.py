import math

import pytest

from nnexp.report.dots import Cell, Dot, Row, dot_rows

NAN = math.nan


def cell(values, mean=NAN, low=NAN, high=NAN):
    dots = [Dot(value, "val", f"run {place}: {value}") for place, value in enumerate(values)]
    return Cell(dots, mean, low, high, "val")


@pytest.fixture
def figure(read):
    def make(rows, bounded=False, shared=False):
        titles = ["Loss", "Test loss"][: len(rows[0])]
        made = [Row(f"row {place}", cells) for place, cells in enumerate(rows)]
        return read(dot_rows(made, titles, [bounded] * len(titles), shared))

    return make


def places(node, tag="circle", key="cx"):
    return [float(n.attributes[key].rstrip("%")) / 100 for n in node.all(tag)]


def test_dots_lie_at_their_values_and_say_them(figure):
    drawn = figure([[cell([1.0, 2.0, 3.0])]])
    a, b, c = places(drawn)
    assert 0 < a < b < c < 1
    assert b - a == pytest.approx(c - b, abs=2e-4)
    assert [dot.told for dot in drawn.all("circle")] == ["run 0: 1.0", "run 1: 2.0", "run 2: 3.0"]
    assert drawn.all("div", "dots-title")[0].text == "Loss"


def test_ticks_lie_at_their_labels(figure, share):
    drawn = figure([[cell([1.0, 2.0, 3.0])]])
    a, _, c = places(drawn)
    for tick in drawn.all("text", "tick"):
        at = share(tick.attributes["x"])
        assert 1 + 2 * (at - a) / (c - a) == pytest.approx(float(tick.text), abs=0.005)


def test_what_is_no_number_is_left_out(figure):
    drawn = figure([[cell([NAN, math.inf, 1.0])]])
    assert len(places(drawn)) == 1
    assert drawn.all("line", "mean") == []
    assert drawn.all("line", "bar") == []
    assert figure([[cell([NAN])]]).all("circle") == []


def test_mean_and_interval(figure, share):
    drawn = figure([[cell([1.0, 3.0], 2.0, 1.5, 2.5)]])
    a, c = places(drawn)
    mean, bar = drawn.one("line", "mean"), drawn.one("line", "bar")
    middle = (a + c) / 2
    assert share(mean.attributes["x1"]) == pytest.approx(middle, abs=2e-4)
    quarter = (c - a) / 4
    assert share(bar.attributes["x1"]) == pytest.approx(middle - quarter, abs=2e-4)
    assert share(bar.attributes["x2"]) == pytest.approx(middle + quarter, abs=2e-4)


@pytest.mark.parametrize("values", [[0.5, 3.0], [0.0, 3.0], [0.001, 3.0]])
def test_wide_intervals_do_not_dwarf_the_dots(figure, share, values):
    drawn = figure([[cell(values, sum(values) / 2, -90.0, 90.0)]])
    bar = drawn.one("line", "bar")
    assert (bar.attributes["x1"], bar.attributes["x2"]) == ("0%", "100%")
    assert max(places(drawn)) - min(places(drawn)) > 0.3
    assert min(places(drawn)) < 0.2  # a loss that is not negative has no room below 0
    assert not any("−" in tick.text for tick in drawn.all("text", "tick"))


def test_negative_losses_keep_their_axis(figure):
    drawn = figure([[cell([-3.0, -1.0], -2.0, -2.5, -1.5)]])
    assert any("−" in tick.text for tick in drawn.all("text", "tick"))


def test_columns_can_share_an_axis(figure):
    own = figure([[cell([1.0, 2.0]), cell([1.5, 9.0])]])
    shared = figure([[cell([1.0, 2.0]), cell([1.5, 9.0])]], shared=True)
    assert len({tick.text for tick in shared.all("text", "tick")}) < len(
        [tick.text for tick in shared.all("text", "tick")]
    )
    assert places(own)[1] > places(shared)[1]  # 2 is far right among 1 and 2, not among 1 to 9
    a, b, c, d = places(shared)
    assert [a, b, c, d] == pytest.approx([a, a + (d - a) / 8, a + (d - a) / 16, d], abs=2e-4)


def test_rows_are_named_for_those_who_do_not_see_them(figure):
    drawn = figure([[cell([1.0])], [cell([2.0])]])
    names = [svg.attributes.get("aria-label") for svg in drawn.all("svg")]
    assert names == ["row 0: Loss", "row 1: Loss", None]
    assert drawn.all("svg")[-1].attributes["aria-hidden"] == "true"


def test_a_loss_out_of_all_bounds_lies_at_the_edge_and_moves_no_other(figure):
    usual = [cell([0.5, 1.0, 2.0], 1.2)]
    drawn = figure([usual, [cell([1e25, 0.9], 5e24)]])
    assert places(drawn)[:3] == places(figure([usual]))
    assert places(drawn)[3] == 1
    assert "run 0: 1e+25" in [dot.told for dot in drawn.all("circle")]
