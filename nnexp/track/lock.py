"""A folder that one process alone may write into; the lock is gone with the process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nnexp.errors import UserError

LOCKS = Path("/proc/locks")
PATIENCE = 5.0  # seconds in which children of a killed process come to their end


@contextmanager
def locked(folder: str | Path, patience: float | None = None) -> Iterator[None]:
    """Hold a folder for as long as the block runs, and where it breaks off its forked children.

    No file is left behind. Where the system has no such locks (Windows), nothing is held.

    Arguments:
        folder: it exists.
        patience: seconds to wait for another process to let go; None for `PATIENCE`.

    Raises:
        UserError: another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + (PATIENCE if patience is None else patience)
        while not _taken(fcntl, handle):
            if time.monotonic() > until:
                raise UserError(
                    f"another process is at work in {str(folder)!r}",
                    "one process at a time; what goes on elsewhere needs no resuming",
                    _who(handle),
                )
            time.sleep(0.05)
        yield
        # children that have done their work may take a moment to end, and inherited the lock
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_UN)
    finally:
        os.close(handle)


def _who(handle: int) -> str:
    """The command that shows who holds a folder, where the system tells by its number."""
    found = os.fstat(handle)
    file = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    with suppress(OSError):
        for line in LOCKS.read_text(encoding="ascii", errors="replace").splitlines():
            words = line.split()  # 1: FLOCK ADVISORY WRITE 4711 08:01:131 0 EOF
            if (
                words[1:2] == ["FLOCK"]
                and words[5:6] == [file]
                and Path("/proc", words[4]).exists()
            ):
                return f"ps -p {words[4]}"
    return "ps aux | grep -E 'nnexp|train.py'"


def _taken(fcntl: object, handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[attr-defined]
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
