import re
import subprocess
import sys
from pathlib import Path

import pytest

from nnexp.track import origin


def git_state():
    return origin.origin()["git"]


def test_command_line_names_the_program_without_its_folder(monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/opt/venv/bin/nnexp", "predict"])
    assert origin.command_line() == ["nnexp", "predict"]
    monkeypatch.setattr(sys, "argv", ["/somewhere/train.py", "seed=1"])
    assert origin.command_line() == ["python", "train.py", "seed=1"]


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(("git", "-C", str(folder), *who, *words), check=True, capture_output=True)


def test_git_commit_and_dirty_flag(tmp_path: Path, monkeypatch) -> None:
    git(tmp_path, "init", "-q")
    monkeypatch.chdir(tmp_path)
    assert git_state() == {"commit": None, "dirty": False}
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "first")
    state = git_state()
    assert state is not None
    assert re.fullmatch(r"[0-9a-f]{40}", state["commit"])
    assert state["dirty"] is False
    (tmp_path / "untracked").write_text("1")
    assert git_state() == state
    (tmp_path / "a").write_text("2")
    assert git_state() == {**state, "dirty": True}


def test_no_git_is_no_failure(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state() is None


def test_outside_a_repository_the_packages_own_is_asked(tmp_path: Path, monkeypatch) -> None:
    asked: list[Path] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(origin, "_ask", asked.append)
    assert git_state() is None
    assert asked == [tmp_path, Path(origin.__file__).parent]
    monkeypatch.setattr(origin, "__file__", "/x/site-packages/nnexp/track/origin.py")
    asked.clear()
    assert git_state() is None
    assert asked == [tmp_path]


def test_cpu_model_falls_back_to_the_architecture(monkeypatch) -> None:
    def unreadable(*args: object, **kwargs: object) -> None:
        raise OSError("no /proc")

    monkeypatch.setattr(Path, "open", unreadable)
    assert origin.cpu_model()


def test_package_that_is_not_installed_has_no_version(monkeypatch) -> None:
    monkeypatch.setattr(origin, "PACKAGES", ("surely-not-installed",))
    assert origin.versions()["surely-not-installed"] is None


def test_git_is_asked_while_something_else_is_done(tmp_path: Path, monkeypatch) -> None:
    git(tmp_path, "init", "-q")
    monkeypatch.chdir(tmp_path)
    asked, ask = [], origin._ask
    monkeypatch.setattr(origin, "_ask", lambda place: asked.append(place) or ask(place))
    with origin.asked_origin() as answer:
        assert asked == [tmp_path]
        assert answer()["git"] == {"commit": None, "dirty": False}
    assert asked == [tmp_path]
    with pytest.raises(ZeroDivisionError), origin.asked_origin():  # git is not left behind
        raise ZeroDivisionError
    monkeypatch.setattr(origin, "GIT_TIMEOUT", 0.0)
    assert git_state() is None
