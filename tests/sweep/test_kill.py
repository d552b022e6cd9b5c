"""A sample of the kill test: `make kill` runs all of it."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("kill_sweep", ROOT / "scripts/kill_sweep.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("kill_sweep", None)


def test_a_killed_sweep_ends_as_an_undisturbed_one(script):
    words = ["data=iris", "trainer.epochs=60", "trainer.progress=none", "seed=0,1,2"]
    assert script.main(["--kills", "1", *words]) == 0


def test_a_difference_is_found(script, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for file in ("leaderboard.csv", "leaderboard.md"):
            (tmp_path / name / file).write_text(name if file.endswith("csv") else "")
    assert script.differences(tmp_path / "a", tmp_path / "b") == ["leaderboard.csv"]
