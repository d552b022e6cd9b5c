"""A network that no memory holds is a mistake of three lines, alone and in a sweep."""

import json

import pytest
import torch

import nnexp
from nnexp.cli import train
from nnexp.config.compose import compose
from nnexp.errors import UserError
from nnexp.runs.too_large import too_large

HUGE = "[10000000,10000000]"


def test_a_run(tmp_path):
    with pytest.raises(UserError, match="does not fit the memory") as caught:
        nnexp.run(["data=iris", f"model.hidden={HUGE}"], root=tmp_path)
    assert caught.value.remedy == "model.hidden=[128,128]"
    (status,) = tmp_path.rglob("status.json")
    assert "does not fit the memory" in json.loads(status.read_text())["reason"]


def test_a_job_fails_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["-m", "data=iris", f"model.hidden={HUGE},[4]", "trainer.epochs=1"]
    assert train([*words, "hydra.sweep.dir=s"], ("nnexp", "train")) == 1
    assert "does not fit the memory" in " ".join(capsys.readouterr().out.split())
    reasons = [json.loads((tmp_path / "s" / n / "status.json").read_text()) for n in "01"]
    assert [reason["status"] for reason in reasons] == ["failed", "done"]


def test_other_errors_are_others():
    config = compose(["model=linear", "trainer.batch_size=1024"])
    assert too_large(RuntimeError("shapes differ"), config) is None
    assert too_large(ValueError("out of memory"), config) is None
    for error in (MemoryError(), torch.OutOfMemoryError("CUDA out of memory")):
        told = too_large(error, config)
        assert told is not None
        assert told.remedy == "trainer.batch_size=32"
