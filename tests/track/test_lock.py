"""A folder that one process writes into at a time."""

import os
import signal
import subprocess
import sys

import pytest

from nnexp.errors import UserError
from nnexp.track import lock
from nnexp.track.lock import locked

OF_ANY = "ps aux | grep -E 'nnexp|train.py'"
HOLD = """
import sys
from nnexp.track.lock import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_kept_out(held, tmp_path):
    with pytest.raises(UserError, match="another process"), locked(tmp_path, patience=0):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not lock.LOCKS.exists(), reason="needs Linux")
def test_who_holds_it_is_named(held, tmp_path, monkeypatch):
    with pytest.raises(UserError) as caught, locked(tmp_path, patience=0):
        pass
    assert caught.value.remedy in (f"ps -p {held.pid}", OF_ANY)
    said = f"7: FLOCK  ADVISORY  WRITE {held.pid} {{}} 0 EOF\n"
    found = tmp_path.stat()
    file = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    for own, remedy in ((file, f"ps -p {held.pid}"), (f"{file}0", OF_ANY)):
        monkeypatch.setattr(lock, "LOCKS", tmp_path.parent / "locks")
        lock.LOCKS.write_text(said.format(own))
        with pytest.raises(UserError) as caught, locked(tmp_path, patience=0):
            pass
        assert caught.value.remedy == remedy
    assert "train.py" in OF_ANY


def test_the_lock_goes_with_the_process(held, tmp_path):
    os.kill(held.pid, signal.SIGKILL)
    held.wait()
    with locked(tmp_path, patience=0):
        pass
    with locked(tmp_path, patience=0):
        pass


def test_a_system_without_locks(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with locked(tmp_path), locked(tmp_path):
        pass
