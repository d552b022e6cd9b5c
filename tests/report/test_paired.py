import math

import pytest

from nnexp.diagnosis.finding import Proof
from nnexp.report.paired import proof_section

UP = Proof("accuracy/val", 0.7, 0.9, 0.2, (0.15, 0.25), 0.00234, 5, 3.21, 0.8)


def test_a_proof_in_figures(read):
    drawn = read(proof_section(UP))
    facts = dict(zip([d.text for d in drawn.all("dt")], [d.text for d in drawn.all("dd")],
                     strict=True))  # fmt: skip
    assert facts == {
        "gain": "+0.200, 95 % interval +0.150 to +0.250",
        "p of no gain": "0.0023",
        "re-runs": "5 pairs of seeds, 3.2 s in all",
        "share of what all changes bring": "80 %",
    }
    assert drawn.one("div", "dots-title").text == "Validation accuracy"


def test_the_interval_of_the_gain_lies_around_the_score_after(read, share):
    drawn = read(proof_section(UP))
    before, after = (share(line.attributes["x1"]) for line in drawn.all("line", "mean"))
    bar = drawn.one("line", "bar")
    low, high = share(bar.attributes["x1"]), share(bar.attributes["x2"])
    unit = (after - before) / 0.2
    assert low == pytest.approx(before + 0.15 * unit, abs=0.002)
    assert high == pytest.approx(before + 0.25 * unit, abs=0.002)


def test_of_an_overstatement_less_is_better(read, share):
    down = Proof("overstatement of accuracy/val", 0.99, 0.79, 0.2, (0.1, 0.3), 0.01, 5, 1.0)
    drawn = read(proof_section(down))
    assert drawn.one("div", "dots-title").text == "Overstatement of validation accuracy"
    before, after = (share(line.attributes["x1"]) for line in drawn.all("line", "mean"))
    bar = drawn.one("line", "bar")
    assert share(bar.attributes["x1"]) < after < share(bar.attributes["x2"]) < before


def test_what_is_not_known_is_left_out(read):
    unknown = Proof("balanced_accuracy/val", 0.7, 0.7, 0.0, (math.nan, math.nan), 1.0, 2, 1.0)
    drawn = read(proof_section(unknown))
    assert "recovered" not in drawn.text
    assert "not finite to not finite" in drawn.text
    assert drawn.all("line", "bar") == []
    assert drawn.one("div", "dots-title").text == "Balanced validation accuracy"


def test_the_only_change_brings_all_and_says_nothing_of_it(read):
    alone = Proof("accuracy/val", 0.5, 0.7, 0.2, (0.1, 0.3), 0.01, 5, 1.0, 0.9999999999999998)
    told = [d.text for d in read(proof_section(alone)).all("dt")]
    assert told == ["gain", "p of no gain", "re-runs"]
