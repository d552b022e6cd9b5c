"""Sweeps to run, by the command in this process, on a table that takes no time."""

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from nnexp.cli import main, train
from nnexp.runs.stack import RunStack
from nnexp.sweep import chunk, execute

QUICK = [
    "data=iris",
    "model.hidden=[8]",
    "trainer.epochs=3",
    "trainer.tensorboard=false",
    "trainer.progress=plain",
]
FILES = ("model.safetensors", "metrics.json", "history.csv", "config.yaml")


@dataclass(frozen=True)
class Swept:
    """A command that has ended."""

    status: int
    folder: Path
    out: str
    err: str

    def content(self, number, files=FILES):
        """The bytes of a job's files, those that are there."""
        paths = [self.folder / str(number) / name for name in files]
        return {path.name: path.read_bytes() for path in paths if path.exists()}

    @property
    def leaderboard(self):
        return (self.folder / "leaderboard.csv").read_bytes()


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Run `python train.py -m` with quick settings in an empty folder, or `nnexp WORDS`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    monkeypatch.setenv("COLUMNS", "120")

    def run(*words, folder="swept", program=None, custom=False):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            if program is not None:
                status = main([program, *words])
            else:
                quick = [word for word in QUICK if not (custom and word.startswith("model."))]
                resumed = any(word.startswith("sweep.resume=") for word in words)
                place = [] if resumed else [f"hydra.sweep.dir={folder}"]
                status = train(["-m", *quick, *words, *place])
        return Swept(status, tmp_path / folder, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def stacks(monkeypatch):
    """Let a stack's making or training be spoilt; the parent measures by a stack of one."""

    def spoil(before=lambda tasks: None, training=lambda tasks: None):
        class Spoilt(RunStack):
            def __init__(self, tasks, datasets):
                before(tasks)
                super().__init__(tasks, datasets)

            def train(self, *given, **options):
                training(self.tasks)
                return super().train(*given, **options)

        for module in (chunk, execute):
            monkeypatch.setattr(module, "RunStack", Spoilt)

    return spoil
