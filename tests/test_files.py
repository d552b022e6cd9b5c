"""Files are replaced whole or not at all; what is read is tried in test_hostile.py."""

import os
from pathlib import Path

import pytest

from nnexp import files


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch, call: str) -> None:
    path = tmp_path / "a.bin"
    files.write_bytes(path, b"old")

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), fail)
    with pytest.raises(OSError, match="No space"):
        files.write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_file_is_synced_before_it_is_renamed(tmp_path: Path, monkeypatch) -> None:
    calls = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda d: (calls.append("fsync"), fsync(d)))
    monkeypatch.setattr(Path, "replace", lambda a, b: (calls.append("rename"), replace(a, b)))
    files.write_bytes(tmp_path / "a", b"x")
    assert calls == ["fsync", "rename", "fsync"]
