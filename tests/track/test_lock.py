"""A folder that one process writes into at a time."""

import os
import signal
import subprocess
import sys

import pytest

from nnexp.errors import UserError
from nnexp.track.lock import locked

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
