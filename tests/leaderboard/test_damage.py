"""Files of a finished run that are not what its manifest says."""

import hashlib
import json
import os

import pytest

from nnexp.leaderboard.damage import changed_files
from nnexp.leaderboard.records import read_records
from nnexp.track.manifest import list_files


@pytest.fixture
def run(write):
    """A run folder with weights, a history, a diagnosis and a manifest."""
    folder = write("run")
    for name in ("model.safetensors", "history.csv", "diagnosis.json"):
        (folder / name).write_text("0123")
    content = {"format_version": 1, "files": list_files(folder)}
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def manifest(folder, **changed):
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**content, **changed}))


def told(folder):
    (record,) = read_records([folder])
    return record.reason if record.status == "failed" else None


def test_a_whole_run_is_done(run):
    assert told(run) is None


@pytest.mark.parametrize("name", ["model.safetensors", "history.csv", "config.yaml"])
def test_a_file_that_is_missing(run, name):
    (run / name).unlink()
    assert f"no {name}" in told(run) or told(run) == f"{name} is missing"


def test_a_file_of_another_size(run):
    (run / "model.safetensors").write_text("012")
    assert told(run) == "model.safetensors was changed after the run"


@pytest.mark.parametrize("name", ["metrics.json", "history.csv"])
def test_another_content_of_the_same_size(run, name):
    content = (run / name).read_text()
    (run / name).write_text(content.replace("0", "1"))
    assert told(run) == f"{name} was changed after the run"


def test_a_diagnosis_may_be_made_anew(run):
    (run / "diagnosis.json").write_text("another")
    assert told(run) is None
    (run / "diagnosis.json").unlink()
    assert told(run) is None


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_is_no_file_is_not_opened(run, tmp_path, kind):
    path = run / "history.csv"
    path.rename(tmp_path / "outside")
    if kind == "pipe":
        os.mkfifo(path)  # a reader of it would wait for ever
    elif kind == "link":
        path.symlink_to(tmp_path / "outside")
    else:
        path.mkdir()
    assert told(run) == "history.csv was changed after the run"


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "[" * 100_000, '{"files": {}}', '{"format_version": 1, "files": {"a": 3}}',
     '{"format_version": 1, "files": []}'],
)  # fmt: skip
def test_a_damaged_manifest(run, content):
    (run / "manifest.json").write_text(content)
    assert told(run) == "manifest.json is damaged"


def test_where_nothing_is_known_nothing_is_wrong(run):
    (run / "model.safetensors").unlink()
    manifest(run, format_version=2)
    assert told(run) is None
    (run / "manifest.json").unlink()
    assert told(run) is None


def test_what_is_known_is_not_read_again(run):
    content = (run / "metrics.json").read_bytes()
    (run / "metrics.json").write_bytes(b"x" * len(content))
    assert changed_files(run, {"metrics.json": content}) == []
    assert changed_files(run, {}) == ["metrics.json was changed after the run"]


def test_a_manifest_that_names_files_elsewhere_reads_none_of_them(run, tmp_path):
    secret = tmp_path / "secret"
    os.mkfifo(secret)  # a reader of it would wait for ever
    entry = {"size": 0, "sha256": hashlib.sha256().hexdigest()}
    manifest(run, files={"../secret": entry, str(secret): entry, "a\0b": entry})
    assert all("was changed" in own or "is missing" in own for own in changed_files(run, {}))
