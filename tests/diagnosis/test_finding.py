"""Findings survive being written and read, and name only causes that exist."""

import json
from dataclasses import replace

import pytest

from nnexp.diagnosis.causes import CAUSES
from nnexp.diagnosis.finding import CONFIRMED, SUSPECTED, Evidence, Finding, Nomination, Proof
from nnexp.diagnosis.report import Diagnosis

FINDING = Finding(
    "lr_too_high",
    SUSPECTED,
    "the learning rate is too high",
    (Evidence("optimizer.lr", 3.0, "about 0.05"),),
    "each step overshoots",
    ("optimizer.lr=0.05",),
)
PROOF = Proof("accuracy/val", 0.1, 0.9, 0.8, (0.7, 0.9), 0.001, 5, 1.5, 1.0)


def test_a_finding_is_read_back():
    for own in (FINDING, FINDING.with_proof(PROOF, CONFIRMED)):
        assert Finding.from_plain(json.loads(json.dumps(own.plain()))) == own


def test_the_format_is_the_one_agreed_on():
    plain = FINDING.with_proof(PROOF, CONFIRMED).plain()
    assert list(plain) == ["cause", "verdict", "title", "evidence", "explanation", "fix", "proof"]
    assert list(plain["evidence"][0]) == ["signal", "value", "expected"]
    assert set(plain["proof"]) >= {
        "metric", "before", "after", "gain", "ci95", "p", "seeds", "seconds",
    }  # fmt: skip


def test_a_cause_that_is_none_is_refused():
    with pytest.raises(ValueError, match="cause='bad_luck'"):
        Nomination("bad_luck", (), "", (), 0.5)


def test_families():
    assert {cause.family for cause in CAUSES.values()} == {
        "table", "labels", "split", "loss", "optimisation", "network",
    }  # fmt: skip
    assert len(CAUSES) == 55


def test_the_text_has_two_lines_a_finding_and_names_the_proof():
    text = Diagnosis([FINDING] * 5).text("nnexp diagnose RUN --prove")
    lines = text.splitlines()
    assert lines[0] == "suspected: the learning rate is too high (lr_too_high)"
    assert lines[1] == "  fix: optimizer.lr=0.05; optimizer.lr: 3 (expected about 0.05)"
    assert lines[6:] == ["2 more in diagnosis.json", "to prove it: nnexp diagnose RUN --prove"]
    proven = Diagnosis([FINDING.with_proof(PROOF, CONFIRMED)]).text("nnexp diagnose RUN --prove")
    assert "0.100 -> 0.900 (gain +0.800, 95 % interval +0.700 to +0.900, 5 seeds)" in proven
    assert "to prove it" not in proven
    worse = replace(PROOF, gain=-0.02, ci95=(-0.05, 0.01))
    stands = Diagnosis([FINDING.with_proof(worse, SUSPECTED)]).text()
    assert "  optimizer.lr=0.05 does not help: accuracy/val" in stands


def test_a_diagnosis_is_read_back():
    scores = {"valid": {"accuracy": 0.5, "possible": 0.9, "rows": 12, "behind": True}}
    own = Diagnosis([FINDING], ["fine"], ["note"], "so", scores)
    assert Diagnosis.from_plain(json.loads(json.dumps(own.plain()))) == own
    assert "### 1. the learning rate is too high" in own.markdown()
