"""A proof goes on with probes where a run is behind and nothing that was suspected explains it."""

import json

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.diagnosis.finding import Evidence, Finding, Nomination, Proof
from nnexp.diagnosis.report import Diagnosis
from nnexp.proof import probing
from nnexp.proof.arms import member_seconds
from nnexp.runs import diagnosing
from nnexp.verdict import searching
from nnexp.verdict.searching import is_explained

SLOW = ["optimizer=sgd", "optimizer.lr=0.0001", "trainer.epochs=4"]
SMALL = ["model.hidden=[8]", "optimizer.lr=0.01"]
QUIET = ["trainer.progress=none", "trainer.tensorboard=false"]


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch):
    """What is learnt by heart shows a gap, and names no cause."""
    monkeypatch.setattr(probing, "STEPS", 30)


@pytest.fixture
def no_rules(monkeypatch):
    """Nothing is seen that names a cause."""
    monkeypatch.setattr(diagnosing, "nominate", lambda seen: [])


def test_probes_name_what_no_rule_sees(no_rules, tmp_path):
    run = nnexp.run(["data=wine", *SLOW, *QUIET], root=tmp_path)
    looked = nnexp.diagnose(run)
    assert not looked.findings
    assert str(looked).splitlines()[1].startswith("to look further: nnexp diagnose ")
    found = nnexp.diagnose(run, prove=True)
    causes = [own.cause for own in found.findings if own.verdict == "confirmed"]
    assert causes[0] == "lr_too_low"
    assert found.restores
    assert found.probing > 0
    assert "learning rate x 10" in str(found)
    kept = json.loads((run.folder / "diagnosis.json").read_text(encoding="utf-8"))
    assert kept["findings"][0]["cause"] == "lr_too_low"
    assert kept["probes"]


def test_probes_that_show_nothing_name_nothing(no_rules, tmp_path, monkeypatch):
    run = nnexp.run(["data=wine", *SLOW, *QUIET], root=tmp_path)
    monkeypatch.setattr("nnexp.proof.probing.nominations", lambda plans: [])
    found = nnexp.diagnose(run, prove=True)
    assert not found.findings
    assert found.diagnosis.probes
    assert "no cause found for what is missing" in str(found)


def test_what_a_second_look_does_not_confirm_is_said(no_rules, tmp_path, monkeypatch):
    run = nnexp.run(["data=wine", *SLOW, *QUIET], root=tmp_path)
    chance = (Evidence("accuracy on validation rows with reg.l2=0.01", 0.5, "no better"),)
    penalty = Nomination("overfit", chance, "held back", ("reg.l2=0.01",), 0.8, certain=True)
    monkeypatch.setattr("nnexp.proof.probing.nominations", lambda plans: [penalty])
    found = nnexp.diagnose(run, prove=True)
    assert not found.findings
    (line,) = [own for own in str(found).splitlines() if own.startswith("tried again")]
    assert line.startswith("tried again with other seeds: reg.l2=0.01 ")
    assert "accuracy/val" in line


PROOF = Proof("accuracy/val", 0.4, 0.6, 0.2, (0.1, 0.3), 0.001, 5, 1.0)


def told(cause, verdict, proof=PROOF):
    return Finding(cause, verdict, cause, (Evidence("x", 1, "0"),), "it is so", ("a=b",), proof)


@pytest.mark.parametrize(
    ("findings", "after", "explained"),
    [
        ([], 0.4, False),
        ([told("lr_too_low", "suspected")], 0.4, False),  # re-run in vain
        ([told("parameters_not_updated", "suspected", None)], 0.4, True),  # nothing to re-run
        ([told("lr_too_low", "confirmed")], 0.6, True),
        ([told("undertrained", "confirmed")], 0.6, False),  # more epochs alone, and a gap left
        ([told("undertrained", "confirmed")], 0.88, True),
        ([told("target_leak", "suspected")], 0.4, True),  # no score to be restored
        ([told("target_leak", "suspected"), told("lr_too_low", "suspected")], 0.4, False),
    ],
)
def test_when_a_proof_explains_what_a_run_is_behind_by(findings, after, explained):
    valid = {"accuracy": 0.4, "possible": 0.9, "rows": 300, "behind": True}
    proven = Diagnosis(findings, scores={"valid": valid}, restored=(0.4, after))
    assert is_explained(proven) == explained


def test_a_healthy_run_is_not_probed(tmp_path):
    run = nnexp.run(["data=wine", *QUIET], root=tmp_path)
    found = nnexp.diagnose(run, prove=True)
    assert (found.findings, found.probing) == ([], 0)


def test_a_cause_that_was_proven_ends_the_search(tmp_path):
    run = nnexp.run(["data=wine", *SLOW, *QUIET], root=tmp_path)
    found = nnexp.diagnose(run, prove=True)
    assert found.findings[0].verdict == "confirmed"
    assert found.probing == 0


def test_a_budget_that_is_spent_ends_the_search(no_rules, tmp_path):
    run = nnexp.run(["data=wine", *SLOW, *QUIET], root=tmp_path)
    found = nnexp.diagnose(run, prove=True, budget=1e-9)
    assert (found.findings, found.probing) == ([], 0)


def test_a_scaling_that_hurts_is_named(no_rules, tmp_path):
    words = ["data=wine", "data.scaling=none", "optimizer=sgd", "trainer.epochs=10"]
    run = nnexp.run([*words, *QUIET], root=tmp_path)
    found = nnexp.diagnose(run, prove=True)
    scaled = {own.cause: own.fix for own in found.findings}["unscaled_features"]
    assert scaled in (("data.scaling=standard",), ("data.scaling=quantile",))


def test_a_typed_setting_that_hurts_is_named(tmp_path):
    rng = np.random.default_rng(0)
    level = rng.integers(0, 40, 1500)
    frame = pd.DataFrame({"town": [f"T{own}" for own in level], "x": rng.normal(size=1500)})
    frame["label"] = np.where(rng.random(1500) < 0.9, rng.integers(0, 2, 40)[level], level % 2)
    frame.to_csv(tmp_path / "towns.csv", index=False)
    words = ["data=csv", f"data.path={tmp_path / 'towns.csv'}", "data.target=label"]
    run = nnexp.run(
        [*words, "data.min_frequency=100", "trainer.epochs=5", *SMALL, *QUIET], root=tmp_path
    )
    found = nnexp.diagnose(run, prove=True)
    (own,) = found.findings
    assert (own.fix, own.verdict) == (("data.min_frequency=1",), "confirmed")
    probes = {one.name: one for one in found.diagnosis.probes}
    assert probes["data.min_frequency=1, as by itself"].meaning == "better"


def test_a_search_that_nobody_asked_for_is_short(no_rules, tmp_path, monkeypatch):
    run = nnexp.run(["data=wine", *SLOW, *QUIET], root=tmp_path)
    monkeypatch.setattr(searching, "SECONDS", 1e-9)
    found = nnexp.diagnose(run, prove=True)
    assert (found.probing, found.diagnosis.probes) == (0, ())
    monkeypatch.setattr(searching, "SECONDS", 6 * member_seconds(run.folder))
    found = nnexp.diagnose(run, prove=True)
    assert found.diagnosis.probes[-1].meaning.startswith("not made")
    assert [own.name for own in found.diagnosis.probes[1:-1]] == ["learning rate x 0.1"]
