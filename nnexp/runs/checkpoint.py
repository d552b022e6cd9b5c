"""Checkpoints of a run, `checkpoint/<epoch>-<sha256>.safetensors`: what an exact resume needs.

The name tells the content's hash, so that a damaged file is known as one. The last two are kept:
the one before is there until the newest is whole, and serves where that turns out not to be.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from safetensors.numpy import save as safetensors_bytes

from nnexp.config.saved import FILE as CONFIG_FILE
from nnexp.config.typed import read_typed
from nnexp.errors import UserError
from nnexp.files import LARGEST_HEADER, open_regular, open_tensors, write_bytes
from nnexp.runs.parking import from_tensors, to_arrays
from nnexp.track.history import FILE as HISTORY_FILE
from nnexp.track.history import LARGEST, SIGNALS_FILE
from nnexp.train.parked import Parked

FOLDER = "checkpoint"
FORMAT = 1
KEPT = 2
SHARE = 0.02  # of the time that writing may take: with large weights it is done less often
LARGEST_ABOUT = 1 << 20  # characters
TABLES = (CONFIG_FILE, HISTORY_FILE, SIGNALS_FILE)  # what a checkpoint has to agree with
EVENTS = "events.out.tfevents.*"
_NAME = re.compile(r"([1-9][0-9]{0,9})-([0-9a-f]{64})\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read.

    Arguments:
        path: its file.
        parked: what the run goes on from.
        facts: what `CheckpointSaver` was given: what the run was trained on.
        files: name -> `{"size": bytes, "sha256": hex or None}` of the run's files at that time.
    """

    path: Path
    parked: Parked
    facts: Mapping[str, Any]
    files: Mapping[str, Any]


class _ChangedError(Exception):
    """A file of the run is not as a checkpoint says that it was."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not as it was then")
        self.name = name


class CheckpointSaver:
    """Writes checkpoints of a single run now and then (`nnexp.train.trainer.Saver`).

    Arguments:
        folder: the run folder.
        every: seconds between two.
        facts: gives what a resume should find unchanged, as JSON; asked for the first one.
        note: told in a line where one could not be written: the run goes on.
    """

    def __init__(
        self,
        folder: Path,
        every: float,
        facts: Callable[[], Mapping[str, Any]],
        note: Callable[[str], None],
    ) -> None:
        self.folder, self.every, self.note = folder, every, note
        self._ask = facts
        self._facts: Mapping[str, Any] | None = None
        self._due = time.monotonic() + every

    def is_due(self) -> bool:
        """Whether the last one was so long ago."""
        return time.monotonic() >= self._due

    def save(self, members: Sequence[int], parked: Sequence[Parked]) -> None:
        """Write a checkpoint of the one member."""
        begun = time.monotonic()
        try:
            if self._facts is None:
                self._facts = self._ask()
            write(self.folder, parked[0], self._facts)
        except OSError as error:  # a full disk
            self.note(f"no checkpoint after epoch {parked[0].epoch}: {error}")
        now = time.monotonic()
        self._due = now + max(self.every, (now - begun) / SHARE)


def write(folder: Path, parked: Parked, facts: Mapping[str, Any]) -> None:
    """Write a checkpoint; all that it has to agree with is on the disk before it.

    Arguments:
        folder: the run folder.
        parked: the run, parked.
        facts: to be read back, as JSON.
    """
    files = {name: _noted(folder / name) for name in TABLES if (folder / name).exists()}
    files |= {path.name: _noted(path, whole=False) for path in folder.glob(EVENTS)}
    about = json.dumps({"format": FORMAT, "facts": facts, "files": files})
    content = safetensors_bytes(to_arrays(parked), {"nnexp": about})
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    write_bytes(
        place / f"{parked.epoch}-{hashlib.sha256(content).hexdigest()}.safetensors", content
    )
    for path in _all(folder)[KEPT:]:
        path.unlink()


def read(
    folder: Path,
    like: Parked,
    steps: int,
    epochs: int,
    check: Callable[[Mapping[str, Any]], None] = lambda facts: None,
) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that is whole and agrees with the run's other files.

    Arguments:
        folder: the run folder, which may be a stranger's.
        like: the run before its first epoch: what is read has the same names, shapes and types.
        steps: of an epoch.
        epochs: of the run.
        check: raises UserError where the facts are those of another run; called before the rest
            is looked at.

    Returns:
        The checkpoint, None where there is no such one, and a line on each that was passed over.

    Raises:
        UserError: one is whole, and not of this run; the run's configuration has changed, or so
            much of its history that it fits none.
    """
    passed_over: list[str] = []
    changed: _ChangedError | None = None
    for path in _all(folder):
        try:
            found = _read(folder, path, like, check)
        except _ChangedError as error:
            if error.name == CONFIG_FILE:
                raise _another_run(folder, error.name) from error
            changed = changed or error
            passed_over.append(f"{FOLDER}/{path.name[:20]}... is not used: {error}")
            continue
        except OSError as error:
            passed_over.append(f"{FOLDER}/{path.name[:20]}... is not used: {error}")
            continue
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise _foreign(folder, path, str(error) or type(error).__name__) from error
        epoch, best = found.parked.epoch, int(found.parked.selection["best_epoch"])
        if not epoch < epochs or found.parked.steps != epoch * steps or not 0 <= best <= epoch:
            raise _foreign(folder, path, f"it is of epoch {epoch}, step {found.parked.steps}")
        return found, passed_over
    if changed is not None:  # beginning anew would throw away what is whole
        raise _another_run(folder, changed.name) from changed
    return None, passed_over


def cut_back(folder: Path, found: Checkpoint) -> None:
    """Let a run's folder be as it was at a checkpoint, but for its tables (see `History`)."""
    for path in folder.glob(EVENTS):
        entry = found.files.get(path.name)
        if entry is None:
            path.unlink()
        elif path.stat().st_size > entry["size"]:
            os.truncate(path, entry["size"])
    for path in (folder / FOLDER).iterdir():
        if path != found.path and path.is_file():
            path.unlink()


def remove(folder: Path) -> None:
    """Remove all checkpoints of a run."""
    if (folder / FOLDER).is_dir():
        shutil.rmtree(folder / FOLDER)


def _all(folder: Path) -> list[Path]:
    """Files that by their names are checkpoints, the newest first."""
    place = folder / FOLDER
    found = list(place.iterdir()) if place.is_dir() else []
    named = [(match, path) for path in found if (match := _NAME.fullmatch(path.name))]
    return [path for match, path in sorted(named, key=lambda own: -int(own[0][1]))]


def _read(
    folder: Path, path: Path, like: Parked, check: Callable[[Mapping[str, Any]], None]
) -> Checkpoint:
    """A checkpoint; OSError where it is damaged, other errors where it is whole but no such one.

    _ChangedError where it is not the checkpoint that is another one.
    """
    match = _NAME.fullmatch(path.name)
    assert match is not None
    wanted = to_arrays(like)
    limit = LARGEST_HEADER + sum(array.nbytes for array in wanted.values())
    with open_regular(path, limit) as file:
        if _hash(file) != match[2]:
            raise OSError("it is damaged")
    with open_tensors(path, limit) as tensors:
        text = (tensors.metadata() or {}).get("nnexp", "")
        if len(text) > LARGEST_ABOUT:
            raise ValueError("it has too long a description")
        about = json.loads(text)
        if about["format"] != FORMAT:
            raise ValueError(f"it has format {about['format']!r}, not {FORMAT}")
        facts, files = about["facts"], about["files"]
        if not isinstance(facts, dict):
            raise ValueError("it says nothing of what it was made on")
        check(facts)
        parked = from_tensors(tensors, wanted)
    sizes = [entry["size"] for entry in files.values()]
    if not all(type(size) is int and 0 <= size < 1 << 63 for size in sizes):
        raise ValueError("its description is not that of a checkpoint")
    if parked.epoch != int(match[1]):
        raise ValueError(f"it is of epoch {parked.epoch}")
    for name in {CONFIG_FILE, HISTORY_FILE, *files} & set(TABLES):
        size, digest = files[name]["size"], files[name]["sha256"]
        if _prefix_hash(folder / name, size, whole=name == CONFIG_FILE) != digest:
            raise _ChangedError(name)
    return Checkpoint(path, parked, facts, files)


def _noted(path: Path, whole: bool = True) -> dict[str, Any]:
    """Size and hash of a file, or its size alone, once it is on the disk."""
    with path.open("rb") as file:
        if os.name != "nt":  # there a file open for reading cannot be synced
            os.fsync(file.fileno())
        digest = _hash(file) if whole else None
        return {"size": os.fstat(file.fileno()).st_size, "sha256": digest}


def _prefix_hash(path: Path, size: int, whole: bool) -> str | None:
    """The hash of a file's first bytes; None where it has fewer, or others though it is `whole`."""
    try:
        with open_regular(path, LARGEST) as file:
            if os.fstat(file.fileno()).st_size < size:  # before there is room made for so much
                return None
            content = file.read(size)
            if len(content) < size or (whole and file.read(1)):
                return None
    except FileNotFoundError:
        return None
    return hashlib.sha256(content).hexdigest()


def _hash(file: Any) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _another_run(folder: Path, name: str) -> UserError:
    return UserError(
        f"{str(folder / name)!r} has changed since the run wrote it",
        f"{name} as it was; nothing is lost, and the run goes on once it is back. With another one "
        "it is another run",
        shlex.join(["nnexp", "train", *(read_typed(folder) or [])]),
    )


def _foreign(folder: Path, path: Path, why: str) -> UserError:
    return UserError(
        f"{str(path)!r} is no checkpoint of this run: {' '.join(why.split())[:200]}",
        "what the run wrote, unchanged; without a checkpoint it begins anew",
        f"rm -r {quote(str(folder / FOLDER))}",
    )
