import numpy as np
import pytest

from nnexp.diagnosis.report import Diagnosis
from nnexp.report.decomposition import cumulated, decomposition
from nnexp.report.prior import Prior
from nnexp.report.run_folder import read_run_folder
from nnexp.statistics import share_stderr

SCORES = {"valid": {"accuracy": 0.8, "possible": 0.9, "rows": 25}}
FOUND = Diagnosis([], explained="loss fell", scores=SCORES)


@pytest.fixture
def drawn(make_run, read):
    def make(found=FOUND, prior=None, **given):
        section = decomposition(read_run_folder(make_run(**given)), found, prior)
        return None if section is None else read(section)

    return make


def places(line):
    return [tuple(map(float, pair.split(","))) for pair in line.attributes["points"].split()]


def test_changes_are_summed_from_the_beginning():
    sums = cumulated(np.array([np.nan, 1.0, 2.0, np.nan, 3.0]))
    np.testing.assert_array_equal(sums, [np.nan, 1.0, 3.0, np.nan, 6.0])


def test_each_part_begins_at_nothing_and_ends_at_its_sum(drawn, axis_of):
    figure = drawn().all("figure")[0]
    axis = axis_of(figure)
    for series, end in (("right", -0.35), ("wrong", 1.0), ("flips", -0.4), ("whole", 0.25)):
        line = places(figure.one("polyline", series))
        assert len(line) == 5
        assert axis.value(line[0][1] / 1000) == pytest.approx(0.0, abs=0.01)
        assert axis.value(line[-1][1] / 1000) == pytest.approx(end, abs=0.01)


def test_the_ends_are_told_in_the_legend(drawn):
    keys = [item.text for item in drawn().all("span", "item")]
    assert keys[:4] == [
        "rows that stayed right −0.35", "rows that stayed wrong +1",
        "rows whose class changed −0.4", "all of them +0.25",
    ]  # fmt: skip


def test_the_accuracy_lies_in_its_noise(drawn, axis_of):
    figure = drawn(prior=Prior(None, 0.6)).all("figure")[1]
    axis = axis_of(figure)
    corners = places(figure.one("polygon", "val"))
    half = 1.96 * share_stderr(0.8, 25)
    edges = [axis.value(y / 1000) for x, y in corners if x == 1000]
    assert sorted(edges) == pytest.approx([0.8 - half, 0.8 + half], abs=0.01)
    names = [t.text for t in figure.all("text", "mark-name")]
    assert names == ["others 0.900", "share of the most frequent class in train rows 0.600"]


def test_the_penalty_stands_beside_the_data_loss(drawn):
    assert drawn().all("figure")[2].one("figcaption").text == "Data loss and penalty, on train rows"


def test_without_signals_the_accuracy_of_the_history_is_drawn(drawn):
    section = drawn(signals=None)
    assert [f.one("figcaption").text for f in section.all("figure")] == [
        "Validation accuracy, and what of it may be chance",
        "Data loss and penalty, on train rows",
    ]


def test_nothing_to_say_is_no_section(drawn):
    assert drawn(Diagnosis([]), signals=None, rows=[]) is None
