"""The run folder: made for one run alone, its files replaced whole or not at all."""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import stat
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import Any

from nnexp.errors import UserError
from nnexp.files import read_regular, write_bytes

METRICS_FILE = "metrics.json"
SWEEP_FILE, MULTIRUN_FILE = "sweep.yaml", "multirun.yaml"  # of a sweep, beside its runs' folders
DIAGNOSIS_FILE, REPORT_FILE = "diagnosis.json", "report.html"  # written anew by a diagnosis
# what is a file in the folder of any run or sweep
_FILES = {
    *("config.yaml", "overrides.yaml", "status.json", "train.log", "manifest.json"),
    *("history.csv", "signals.csv", "model.safetensors"),
    *("preprocess.json", "preprocess.safetensors", "leaderboard.csv", "leaderboard.md"),
    *(METRICS_FILE, DIAGNOSIS_FILE, REPORT_FILE, SWEEP_FILE, MULTIRUN_FILE),
}
_FILES_OF = re.compile(r"events\.out\.tfevents\..*")
LARGEST_JSON = 64 * 2**20  # bytes; a run's own files stay far below
# a pipe is not waited for, a link not followed
_APPENDING = os.O_WRONLY | os.O_CREAT | os.O_APPEND
for _flag in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"):
    _APPENDING |= getattr(os, _flag, 0)


def create(root: str | Path) -> Path:
    """Make a new run folder, `<root>/<date>/<time with microseconds>-<4 hex>`.

    The folder is made exclusively: two runs that start in the same microsecond get two folders.

    Arguments:
        root: where run folders live; made when missing.

    Raises:
        OSError: the folder cannot be made.
    """
    while True:
        now = datetime.now()
        day = Path(root) / now.strftime("%Y-%m-%d")
        day.mkdir(parents=True, exist_ok=True)
        folder = day / f"{now.strftime('%H-%M-%S-%f')}-{secrets.token_hex(2)}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


def check_links(folder: str | Path) -> None:
    """Refuse a folder in which a file is elsewhere: it would be written to.

    Arguments:
        folder: that of a run or of a sweep; what lies deeper is not looked at.

    Raises:
        UserError: there is a link in it, a pipe or a device, or a folder in the place of a file.
    """
    for path in sorted(Path(folder).iterdir()):
        if not path.is_symlink() and path.is_dir():
            if path.name in _FILES or _FILES_OF.fullmatch(path.name):
                raise UserError(
                    f"{str(path)!r} is a folder, where a run or a sweep has a file",
                    "a folder as a run or a sweep has left it",
                    f"ls -l {quote(str(folder))}",
                )
        elif path.is_symlink() or not path.is_file():
            raise UserError(
                f"{str(path)!r} is a link, or no regular file",
                "a folder as a run or a sweep has left it",
                f"ls -l {quote(str(folder))}",
            )


def write_text(path: str | Path, text: str, *, sync: bool = True) -> None:
    """Replace a text file atomically, in UTF-8 and with its line ends as given.

    Arguments:
        path: the file; its folder must exist.
        text: all of its text; what UTF-8 cannot hold (a path's stray byte) is escaped.
        sync: as for `write_bytes`.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), sync=sync)


def write_json(path: str | Path, value: Any, *, sync: bool = True) -> None:
    """Replace a JSON file atomically; equal values give equal bytes.

    Arguments:
        path: the file; its folder must exist.
        value: dicts (in their own order), lists, numbers, text, None; numpy and torch values
            become numbers and lists, sets sorted lists, paths text; NaN and infinities null.
        sync: as for `write_bytes`.

    Raises:
        TypeError: a value of another type.
    """
    write_text(path, _json_text(value), sync=sync)


def make_json(path: str | Path, value: Any) -> None:
    """Make a JSON file that is not there yet; arguments and errors as for `write_json`.

    Raises:
        FileExistsError: it is there.
    """
    content = _json_text(value).encode("utf-8", "backslashreplace")
    try:
        with Path(path).open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise
    except OSError:  # on a full disk an empty file would remain
        Path(path).unlink(missing_ok=True)
        raise


def _json_text(value: Any) -> str:
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(path: str | Path) -> Any:
    """Read a JSON file of a run folder.

    Arguments:
        path: a regular file, no link, of at most 64 MiB.

    Raises:
        UserError: there is no such file, or it is not JSON.
    """
    path = Path(path)
    try:
        return json.loads(read_regular(path, LARGEST_JSON))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"cannot read {str(path)!r}: {' '.join(str(error).split())}",
            "a JSON file that a run has written",
            f"ls {str(path.parent)!r}",
        ) from error


def append(path: str | Path, content: bytes) -> None:
    """Add bytes to the end of a file in one write, so that a killed run keeps them.

    The file is not held open: thousands of runs can be written side by side.

    Arguments:
        path: the file; made when missing.
        content: what to add.

    Raises:
        OSError: it is a link or no regular file, or the disk is full.
    """
    file = os.open(path, _APPENDING, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(f"no regular file: {str(path)!r}")
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(file, rest) :]
    finally:
        os.close(file)


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold; see `write_json`.

    Arguments:
        value: the value, nested as deep as need be.

    Raises:
        TypeError: a value of another type.
    """
    if value is None or isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # numpy and torch, neither of which is imported for this
        return plain(value.tolist())
    raise TypeError(f"JSON cannot hold a {type(value).__name__}: {value!r}")
