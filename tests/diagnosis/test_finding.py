"""Findings survive being written and read, and name only causes that exist."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.diagnosis.causes import CAUSES
from nnexp.diagnosis.finding import (
    CARRIES,
    CONFIRMED,
    SUSPECTED,
    Evidence,
    Finding,
    Nomination,
    Proof,
)
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


@pytest.mark.parametrize(
    ("cause", "fix", "told"),
    [
        ("ordered_split", "data.split.shuffle=true", "(judged on other rows): "),
        ("deletion_bias", "data.missing=mean", "(judged on other rows): "),
        ("ordered_split", "trainer.shuffle=true", "does not help: "),
        ("validation_too_small", "data.split.valid=0.4", "fix: "),
    ],
)
def test_a_fix_that_changes_the_held_out_rows_is_not_said_to_be_useless(cause, fix, told):
    worse = replace(PROOF, before=0.5, after=0.48, gain=-0.02, ci95=(-0.05, 0.01))
    own = replace(FINDING, cause=cause, fix=(fix,)).with_proof(worse, SUSPECTED)
    line = Diagnosis([own]).text().splitlines()[1].strip()
    assert line.startswith(told if told == "fix: " else f"{fix} {told}accuracy/val")


CARRIER = "one column carries the label: 'id' alone has an area of 0.96; is it known before it?"


@pytest.mark.parametrize(
    ("findings", "restores", "told"),
    [
        ([], [], True),
        ([FINDING], [], False),  # there is a fault to look into
        ([FINDING.with_proof(PROOF, CONFIRMED)], ["optimizer.lr=0.05"], True),
        ([replace(FINDING, cause="target_leak")], ["data.drop=[id]"], False),
    ],
)
def test_a_column_that_carries_the_label_is_told_where_no_leak_is(findings, restores, told):
    own = Diagnosis(findings, notes=["another note", CARRIER], restores=restores)
    assert own.noted == [CARRIER] * told
    assert (f"note: {CARRIER}" in own.text().splitlines()) == told


@pytest.mark.parametrize("behind", [True, False])
def test_rows_of_another_kind_are_told_where_a_run_is_behind(behind):
    valid = {"accuracy": 0.6, "possible": 0.8, "rows": 500, "behind": behind}
    note = "validation rows differ from train rows, as those of a split by time may"
    own = Diagnosis([], notes=[note], scores={"valid": valid})
    assert own.noted == [note] * behind


def test_the_audits_note_of_such_a_column_is_known():
    rng = np.random.default_rng(0)
    label = np.arange(400) % 2
    frame = pd.DataFrame({"a": label + rng.normal(0, 0.4, 400), "b": rng.normal(size=400)})
    frame["label"] = label
    assert any(own.startswith(CARRIES) for own in nnexp.audit(frame, "label").notes)
