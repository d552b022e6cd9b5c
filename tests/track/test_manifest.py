import getpass
import hashlib
import json
import os
import re
import socket
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import torch

from nnexp.errors import UserError
from nnexp.track import manifest
from nnexp.track.manifest import describe, read_manifest, verify, write_manifest
from nnexp.track.origin import PACKAGES

STARTED = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))


def facts(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "device": "cpu",
        "threads": 2,
        "data": {"sha256": "ab"},
        "seeds": {"init": 1},
        "started": STARTED,
        "duration": 1.23456,
    }
    return describe(**{**given, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    for name in ("plots", "checkpoint"):
        (run / name).mkdir(parents=True)
    (run / "checkpoint" / "parked.safetensors").write_bytes(b"gone at the end")
    (run / "model.safetensors").write_bytes(b"weights")
    (run / "plots" / "state.json").write_bytes(b"{}")
    for name in ("train.log", "status.json", "events.out.tfevents.1.2", ".a.1.tmp"):
        (run / name).write_bytes(b"grows")
    write_manifest(run, facts())
    return run


def test_what_is_told(folder: Path) -> None:
    content = read_manifest(folder)
    assert list(content) == [
        "format_version",
        "command",
        "started",
        "duration",
        "seeds",
        "data",
        "device",
        "threads",
        "products",
        "cpu",
        "git",
        "versions",
        "files",
    ]
    assert content["format_version"] == 1
    assert content["started"] == "2030-01-02T01:04:05.678+00:00"
    assert datetime.fromisoformat(content["started"]).tzinfo == UTC
    assert content["duration"] == 1.235
    assert content["cpu"]
    assert content["versions"]["torch"] == torch.__version__
    assert content["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert set(PACKAGES) < set(content["versions"])


def test_files_are_those_that_are_finished(folder: Path) -> None:
    digest = hashlib.sha256(b"weights").hexdigest()
    files = read_manifest(folder)["files"]
    assert set(files) == {"model.safetensors", "plots/state.json"}
    assert files["model.safetensors"] == {"size": 7, "sha256": digest}


def test_nothing_is_told_of_host_user_and_environment(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("NNEXP_TOKEN", "canary-in-the-environment")
    monkeypatch.setattr(sys, "argv", [str(Path.home() / "somewhere" / "train.py"), "seed=1"])
    write_manifest(folder, facts())
    text = (folder / "manifest.json").read_text()
    assert "canary" not in text
    assert str(Path.home() / "somewhere") not in text
    keys = set(re.findall(r'"(\w+)":', text))
    assert not keys & {"host", "hostname", "user", "username", "env", "environment", "pid"}
    values = re.findall(r': "([^"]*)"', text)
    assert socket.gethostname() not in values
    assert getpass.getuser() not in values
    assert json.loads(text)["command"] == "python train.py seed=1"


def test_command_can_be_given_and_is_quoted() -> None:
    assert facts(command=["python", "train.py", "data.path=a b.csv"])["command"] == (
        "python train.py 'data.path=a b.csv'"
    )


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        facts(started=datetime(2030, 1, 2))


def test_untouched_folder_verifies(folder: Path) -> None:
    assert verify(folder) == []
    (folder / "train.log").write_bytes(b"more")
    (folder / "new.txt").write_bytes(b"unknown to the manifest")
    assert verify(folder) == []


def test_one_flipped_bit_other_size_and_missing_file_are_named(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"weighus")
    assert verify(folder) == ["model.safetensors"]
    (folder / "plots" / "state.json").unlink()
    assert verify(folder) == ["model.safetensors", "plots/state.json"]
    write_manifest(folder, read_manifest(folder))
    assert verify(folder) == []
    assert read_manifest(folder)["started"] == "2030-01-02T01:04:05.678+00:00"


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/hostname", "a\\..\\b", "", ".", "link", "pipe"]
)
def test_nothing_outside_is_read(folder: Path, name: str) -> None:
    secret = folder.parent / "secret"
    secret.write_bytes(b"x")
    (folder / "link").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    content = read_manifest(folder)
    entry = {"size": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
    content["files"] = {name: entry}
    (folder / "manifest.json").write_text(json.dumps(content))
    assert verify(folder) == [name]


def test_links_are_not_listed(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "model.safetensors")
    (folder / "folder").symlink_to(folder / "plots")
    assert set(manifest.list_files(folder)) == {"model.safetensors", "plots/state.json"}


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        {"format_version": 1},
        {"format_version": 1, "files": {"a": 1}},
        {"format_version": 1, "files": {"a": {"size": "1", "sha256": "x"}}},
        {"format_version": "1", "files": {}},
    ],
)
def test_damaged_manifest_is_named(tmp_path: Path, content: object) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match="damaged"):
        read_manifest(tmp_path)


def test_newer_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format_version": 2}')
    with pytest.raises(UserError, match="newer nnexp"):
        verify(tmp_path)
