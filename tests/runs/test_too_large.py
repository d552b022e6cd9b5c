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
    for error in (
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(h)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ):
        told = too_large(error, config)
        assert told is not None
        assert told.remedy == "trainer.batch_size=32"


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.empty(10**12, 10**12),
        lambda: torch.empty(10**9, 10**9),
        lambda: torch.ones(1).expand(2**62, 2**3).clone(),
    ],
)
def test_sizes_that_no_address_holds(make):
    with pytest.raises(RuntimeError) as caught:
        make()
    assert too_large(caught.value, compose(["model=linear"])) is not None


def test_a_number_that_overflows_is_no_memory():
    with pytest.raises(RuntimeError, match="without overflow") as caught:
        torch.full((3,), 1e39)
    assert too_large(caught.value, compose([])) is None
    assert too_large(RuntimeError("my counter has an overflow"), compose([])) is None


@pytest.mark.parametrize("model", ["mlp", "linear"])
@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("model.bias_init=1e39", "model.bias_init=0.0"),
        ("model.init_scale=-1e39", "model.init_scale=1.0"),
    ],
)
def test_an_initial_weight_beyond_float32(tmp_path, model, given, remedy):
    with pytest.raises(UserError, match="is beyond what a weight holds") as caught:
        nnexp.run(["data=iris", f"model={model}", given], root=tmp_path)
    assert caught.value.wrong.startswith(given.replace("e39", "e+39"))
    assert caught.value.remedy == remedy
