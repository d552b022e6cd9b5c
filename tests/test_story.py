"""The README's two stories, as typed: found, proven, and the fix is one that can be typed."""

import json
import shlex
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nnexp
from nnexp import cli

pytestmark = pytest.mark.diagnosed
STORIES = {
    "negative": (
        "experiment=negative_loss optimizer=sgd seed=3",
        "nll_on_probabilities",
        ["loss=cross_entropy", "model.output=logits"],
    ),
    "unscaled": ("experiment=unscaled", "unscaled_features", ["data.scaling=standard"]),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_story(name, tmp_path, monkeypatch, capsys):
    words, cause, fix = STORIES[name]
    monkeypatch.chdir(tmp_path)
    folder = f"outputs/{name}"
    typed = [*words.split(), "trainer.progress=none", f"hydra.run.dir={folder}"]
    assert cli.train(typed) == 0
    said = capsys.readouterr().out
    assert f"({cause})" in said
    assert f"to prove it: nnexp diagnose {folder} --prove" in said
    first = json.loads(Path(folder, "diagnosis.json").read_text())["findings"][0]
    assert (first["cause"], first["verdict"], first["proof"]) == (cause, "suspected", None)
    assert first["fix"] == fix

    assert cli.main(["diagnose", folder, "--prove"]) == 0
    said = capsys.readouterr().out
    assert f"confirmed: {first['title']}" in said
    proven = json.loads(Path(folder, "diagnosis.json").read_text())["findings"][0]
    assert (proven["cause"], proven["verdict"]) == (cause, "confirmed")
    proof = proven["proof"]
    assert proof["after"] - proof["before"] == pytest.approx(proof["gain"])
    assert 0 < proof["ci95"][0] < proof["gain"] < proof["ci95"][1]
    assert proof["p"] < 0.05
    assert proof["seeds"] == 5

    # TensorBoard's text tab has the run's own page, and the one with the proof
    pages = EventAccumulator(folder).Reload().Tensors("diagnosis")
    assert [page.step for page in pages] == [0, 1]
    texts = [page.tensor_proto.string_val[0].decode() for page in pages]
    assert [f"Re-run with it: {proof['metric']}" in text for text in texts] == [False, True]

    # the command that is printed is one that can be typed, and does what the proof says
    (line,) = [own for own in said.splitlines() if own.startswith("what restores the score: ")]
    command = shlex.split(line.removeprefix("what restores the score: "))
    assert command[:2] == ["python", "train.py"]
    again = [word for word in command[2:] if not word.startswith("hydra.")]
    mended = nnexp.run(again, root=tmp_path / "again")
    assert mended.metrics["val"]["accuracy"] > proof["before"] + 0.1


def test_a_healthy_run_is_told_that_it_is(tmp_path, capsys):
    run = nnexp.run(["data=wine", "trainer.progress=none"], root=tmp_path)
    content = json.loads((run.folder / "diagnosis.json").read_text())
    assert content["findings"] == []
    assert content["checked"]
    assert "nothing found" in capsys.readouterr().out
