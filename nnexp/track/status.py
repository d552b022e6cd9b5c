"""status.json: how a run stands, or how it ended and why."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Any

from nnexp.errors import UserError
from nnexp.files import open_regular
from nnexp.track.folder import make_json, read_json, write_json

FILE = "status.json"
LARGEST = 1 << 12  # bytes of a status that is written over
STATES = ("running", "done", "failed", "interrupted", "diverged")
ENDED = ("done", "diverged")  # trained to the end; what is in another state goes on or begins anew


def claim(folder: str | Path) -> bool:
    """Make a folder the run's own, by its status `running`; False where another run has it.

    Arguments:
        folder: an existing folder.
    """
    try:
        make_json(Path(folder) / FILE, {"status": "running", "reason": None})
    except FileExistsError:
        return False
    return True


def write_status(
    folder: str | Path, status: str, reason: str | None = None, *, sync: bool = True
) -> None:
    """Replace a run's status atomically.

    Arguments:
        folder: the run folder.
        status: one of `STATES`.
        reason: one line on why it failed, was interrupted or diverged; None where all is well.
        sync: wait until it is on the disk.

    Raises:
        ValueError: another status.
    """
    if status not in STATES:
        raise ValueError(f"status is one of {', '.join(STATES)}. Received: {status!r}")
    line = None if reason is None else " ".join(str(reason).split())
    write_json(Path(folder) / FILE, {"status": status, "reason": line}, sync=sync)


def overwrite_status(folder: str | Path, status: str, reason: str) -> None:
    """Write a run's status over the one that is there, which takes no room on a full disk.

    Unlike `write_status` it may be cut off half way, and nothing is said where it cannot be done.
    """
    content = json.dumps({"status": status, "reason": reason}).encode()
    with suppress(OSError), open_regular(Path(folder) / FILE, LARGEST) as found:
        size = os.fstat(found.fileno()).st_size
        with Path(folder, FILE).open("r+b") as file:
            file.write(content.ljust(size - 1) + b"\n")


def read_status(folder: str | Path) -> dict[str, Any]:
    """Read a run's status: `status` and `reason`.

    Arguments:
        folder: the run folder.

    Raises:
        UserError: the folder has no status, or one of a form unknown here.
    """
    path = Path(folder) / FILE
    content = read_json(path)
    if not isinstance(content, dict) or content.get("status") not in STATES:
        raise UserError(
            f"{str(path)!r} holds no known status",
            f"one of {', '.join(STATES)}",
            f"head {quote(str(path))}",
        )
    return {"reason": None, **content}
