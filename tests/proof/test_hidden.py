"""Typed settings that hide columns or levels from all learners are tried by a proof."""

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp.config.compose import compose
from nnexp.diagnosis.report import Diagnosis
from nnexp.proof.hidden import hidden


def signs(*typed, told=None):
    words = ["data=wine", *typed]
    return [sign.finding.fix for sign in hidden(compose(words), words, told or Diagnosis([]))]


@pytest.mark.parametrize(
    ("typed", "fixes"),
    [
        ("data.max_levels=5", [("data.max_levels=100",)]),
        ("data.max_levels=1000", []),  # it leaves less out
        ("data.min_frequency=50", [("data.min_frequency=1",)]),
        ("data.drop=[ash]", []),  # chosen by somebody who knows the column
        ("trainer.epochs=3", []),
    ],
)
def test_what_leaves_out_more_than_usual_is_tried(typed, fixes):
    assert signs(typed) == fixes


def test_a_run_that_is_behind_is_probed_instead():
    valid = {"accuracy": 0.4, "possible": 0.9, "rows": 300}
    for behind in (True, False):
        told = Diagnosis([], scores={"valid": {**valid, "behind": behind}})
        assert len(signs("data.max_levels=5", told=told)) == (not behind)


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    """A table whose one column of towns tells the label."""
    rng = np.random.default_rng(0)
    town = rng.integers(0, 12, 600)
    frame = pd.DataFrame({"town": [f"T{own}" for own in town], "x": rng.normal(size=600)})
    frame["label"] = np.where(rng.random(600) < 0.95, town % 2, 1 - town % 2)
    path = tmp_path_factory.mktemp("table") / "towns.csv"
    frame.to_csv(path, index=False)
    return path


def test_a_column_that_was_left_out_is_found_and_acquits_the_labels(towns, tmp_path):
    quiet = ["trainer.progress=none", "trainer.tensorboard=false", "trainer.epochs=5"]
    words = ["data=csv", f"data.path={towns}", "data.target=label", "data.max_levels=5"]
    run = nnexp.run([*words, *quiet, "optimizer.lr=0.01"], root=tmp_path)
    assert {own.cause for own in nnexp.diagnose(run).findings} >= {"label_permuted"}
    found = nnexp.diagnose(run, prove=True)
    (own,) = (one for one in found.findings if one.verdict != "harmless")
    assert (own.verdict, own.fix) == ("confirmed", ("data.max_levels=100",))
    assert own.title == "a column is left out for its many levels, which tell the label"
    assert "the labels belong to their rows, which a re-run tells" in found.diagnosis.checked
