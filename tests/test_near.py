"""What is said of a path that is not there."""

from pathlib import Path

import pytest

from nnexp.cli import main
from nnexp.near import beside


@pytest.mark.parametrize(
    ("typed", "told"),
    [("outputs/run-tow", "run-two"), ("outputs/run-two", ""), ("outputs/else", ""), ("no/run", "")],
)
def test_what_has_a_name_like_it_is_named(tmp_path, monkeypatch, typed, told):
    monkeypatch.chdir(tmp_path)
    for name in ("run-two", "sweeps"):
        Path("outputs", name).mkdir(parents=True)
    expected = f"; beside it there is 'outputs/{told}'" if told else ""
    assert beside(Path(typed)) == expected


@pytest.mark.parametrize("command", ["diagnose", "compare", "resume", "predict"])
def test_a_mistyped_run_is_answered_with_the_one_beside_it(tmp_path, capsys, command):
    (tmp_path / "first-run").mkdir()
    words = [command, str(tmp_path / "first-rum"), *(["x.csv"] if command == "predict" else [])]
    assert main(words) == 2
    assert f"beside it there is '{tmp_path / 'first-run'}'" in capsys.readouterr().err
