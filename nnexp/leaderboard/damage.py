"""Files of a finished run that are not what its manifest says, as far as a glance tells.

The sizes of all files are compared, and the contents of those that scores and curves are read from:
to hash the weights of hundreds of runs would take a while, and a resume does it. For as many runs
at once what a file takes to open counts, so that files are read without a buffer.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nnexp.track.folder import DIAGNOSIS_FILE, METRICS_FILE, REPORT_FILE
from nnexp.track.manifest import FILE as MANIFEST_FILE
from nnexp.track.manifest import FORMAT_VERSION

HASHED = (METRICS_FILE, "history.csv")
LARGEST = 1 << 26  # bytes that are read; of a larger file the size alone is compared
ANEW = (DIAGNOSIS_FILE, REPORT_FILE)  # written anew by a diagnosis
# never a link, and no waiting for who writes into a pipe
_FLAGS = os.O_RDONLY | sum(getattr(os, f"O_{own}", 0) for own in ("NOFOLLOW", "NONBLOCK", "BINARY"))


def changed_files(folder: Path, known: Mapping[str, bytes]) -> list[str]:
    """What is wrong with the files of a finished run, a few words each; empty where nothing is.

    Arguments:
        folder: the run folder. Nothing outside it is read, whatever the manifest names; where there
            is no manifest, or that of a newer nnexp, nothing is known to be wrong.
        known: name -> content of files that were read already.
    """
    place = os.fspath(folder)
    try:
        content = json.loads(_content(f"{place}/{MANIFEST_FILE}"))
        version = content["format_version"]
        if type(version) is int and version > FORMAT_VERSION:
            return []
        files = [(name, entry["size"], entry["sha256"]) for name, entry in content["files"].items()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [f"{MANIFEST_FILE} is damaged"]
    wrong = []
    for name, size, digest in files:
        if name in ANEW:
            continue
        path = f"{place}/{name}"
        try:
            found = os.lstat(path)
        except (OSError, ValueError):
            wrong.append(f"{name} is missing")
            continue
        whole = stat.S_ISREG(found.st_mode) and found.st_size == size
        if not whole or (name in HASHED and not _has_digest(known.get(name), path, digest)):
            wrong.append(f"{name} was changed after the run")
    return wrong


def _has_digest(known: bytes | None, path: str, digest: Any) -> bool:
    """Whether a file's SHA-256 (hex) is that; true of one that is too large to be read."""
    try:
        content = _content(path) if known is None else known
        return hashlib.sha256(content).hexdigest() == digest
    except ValueError:
        return True
    except OSError:
        return False


def _content(path: str) -> bytes:
    """All bytes of a file.

    Raises:
        FileNotFoundError: it is not there.
        OSError: it is no regular file.
        ValueError: it is too large.
    """
    handle = os.open(path, _FLAGS)
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError("no regular file")
        if found.st_size > LARGEST:
            raise ValueError(f"larger than {LARGEST} bytes")
        return os.read(handle, found.st_size)
    finally:
        os.close(handle)
