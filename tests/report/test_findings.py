import pytest

from nnexp.diagnosis.finding import Evidence, Finding, Proof
from nnexp.report.findings import chip, findings_section


def finding(verdict="suspected", fix=("optimizer.lr=0.01",), proof=None, value=0.123456):
    evidence = (Evidence("jumps of the loss", value, "below 0.25"),)
    return Finding("lr_too_high", verdict, "the rate is too high", evidence, "it overshoots", fix,
                   proof)  # fmt: skip


@pytest.mark.parametrize("verdict", ["confirmed", "suspected", "harmless", "odd"])
def test_a_verdict_is_told_in_words(verdict, read):
    assert read(chip(verdict)).one("span", "chip").text.endswith(verdict)


def test_findings_stand_in_their_order_with_all_that_is_known(read):
    section = read(findings_section([finding("confirmed"), finding("harmless")], ["data=wine"]))
    first, second = section.all("article")
    assert first.one("h3").text == "1. The rate is too high"
    assert first.one("p", "kind").text == "✓confirmed lr_too_high · the optimisation"
    assert "It overshoots." in first.text
    cells = [c.text for c in first.one("table", "evidence").all("td")]
    assert cells == ["jumps of the loss", "0.1235", "below 0.25"]
    assert first.one("div", "command").text == "python train.py data=wine optimizer.lr=0.01"
    assert "Not needed here" in second.text


def test_no_findings_no_section():
    assert findings_section([], []) is None


def test_a_fix_that_is_none(read):
    section = read(findings_section([finding(fix=())], []))
    assert "No setting mends it." in section.text
    assert section.all("div", "command") == []


def test_without_what_was_typed_there_is_no_command(read):
    section = read(findings_section([finding()], None))
    assert section.one("p", "fix").text == "Fix.optimizer.lr=0.01"
    assert section.all("div", "command") == []


def test_only_what_was_not_re_run_is_said_to_need_it(read):
    assert "--prove" in read(findings_section([finding()], [])).text
    proof = Proof("accuracy/val", 0.7, 0.8, 0.1, (-0.1, 0.3), 0.2, 3, 1.0)
    assert "--prove" not in read(findings_section([finding(proof=proof)], [])).text
