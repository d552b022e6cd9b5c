"""manifest.json: what a run folder holds, and what made it.

It names no host, no user and no environment variable.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import Any

from nnexp.errors import UserError
from nnexp.near import beside
from nnexp.track.folder import read_json, write_json
from nnexp.track.origin import command_line
from nnexp.track.origin import origin as gather

FILE = "manifest.json"
FORMAT_VERSION = 1


def describe(
    *,
    device: str,
    threads: int,
    data: Any,
    seeds: Mapping[str, Any],
    started: datetime,
    duration: float | None = None,
    command: Sequence[str] | None = None,
    origin: Mapping[str, Any] | None = None,
    products: str = "torch",
) -> dict[str, Any]:
    """Gather what `write_manifest` is to say about a run.

    Arguments:
        device: the device it computes on, such as "cpu" or "NVIDIA H200".
        threads: the CPU threads it computes with.
        data: the fingerprint of its data: a hash, or a dict of several.
        seeds: purpose -> seed.
        started: when it started, with a time zone.
        duration: seconds it took; None where it is not over.
        command: the words of the command line; None for this process' own.
        origin: what `nnexp.track.origin.origin` gave, for many runs at once; None to ask now.
        products: the library that multiplies matrices.

    Raises:
        ValueError: `started` has no time zone.
    """
    if started.tzinfo is None:
        raise ValueError(f"started needs a time zone. Received: {started!r}")
    return {
        "command": shlex.join(command_line() if command is None else command),
        "started": started.astimezone(UTC).isoformat(timespec="milliseconds"),
        "duration": None if duration is None else round(duration, 3),
        "seeds": dict(seeds),
        "data": data,
        "device": device,
        "threads": threads,
        "products": products,
        **(gather() if origin is None else origin),
    }


def write_manifest(folder: str | Path, facts: Mapping[str, Any], *, sync: bool = True) -> None:
    """Write manifest.json, after all other files that the training of a run leaves.

    Call it again whenever a file of the folder is replaced or added.

    Arguments:
        folder: the run folder; its files are hashed as they are now.
        facts: what `describe` gathered, or the content of the manifest to be renewed.
        sync: wait until all of them are on the disk.
    """
    content = {"format_version": FORMAT_VERSION, **facts, "files": list_files(folder, sync=sync)}
    content["format_version"] = FORMAT_VERSION
    write_json(Path(folder) / FILE, content, sync=sync)


def renew_entry(folder: str | Path, name: str) -> None:
    """List one file of a finished run as it is now; what is said of the others stays.

    Where there is no manifest, or a damaged one, that stays as it is.

    Arguments:
        folder: a run folder.
        name: of a file in it that was written after the run.
    """
    folder = Path(folder)
    try:
        content = read_manifest(folder)
    except UserError:
        return
    size = _regular_size(folder, name)
    if size is not None:
        content["files"][name] = {"size": size, "sha256": _sha256(folder / name, sync=True)}
        content["files"] = dict(sorted(content["files"].items()))
    write_json(folder / FILE, content)


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read a run folder's manifest.

    Arguments:
        folder: the run folder.

    Raises:
        UserError: there is none, it is damaged, or a newer nnexp wrote it.
    """
    path = Path(folder) / FILE
    content = read_json(path)
    version = content.get("format_version") if isinstance(content, dict) else None
    if type(version) is int and version > FORMAT_VERSION:
        raise UserError(
            f"{str(path)!r} has format version {version}, from a newer nnexp",
            f"format version {FORMAT_VERSION}",
            "pip install --upgrade nnexp",
        )
    files = content.get("files") if isinstance(content, dict) else None
    if version != FORMAT_VERSION or not _is_file_list(files):
        raise UserError(
            f"{str(path)!r} is damaged",
            "format_version 1, and size and sha256 of every file",
            f"head {quote(str(path))}",
        )
    return content


def verify(folder: str | Path) -> list[str]:
    """Name the files of a run folder that are not what its manifest says.

    Arguments:
        folder: the run folder. Nothing outside it is read, whatever the manifest names.

    Returns:
        Names, sorted, of the files that are missing, no regular files, or of other content;
        files that the manifest does not know are not named.

    Raises:
        UserError: there is no manifest, or it is damaged.
    """
    folder = Path(folder)
    files = read_manifest(folder)["files"]
    return sorted(name for name, entry in files.items() if not _is_as_listed(folder, name, entry))


def check_files(folder: str | Path, limits: Mapping[str, int]) -> None:
    """Refuse a run folder some files of which are not what its manifest says.

    Arguments:
        folder: the run folder.
        limits: name -> bytes that it may have, of each file that is going to be read.

    Raises:
        UserError: the run has not finished, or a file is missing, a link, too large or changed.
    """
    folder = Path(folder)
    if not (folder / FILE).exists():
        below = sorted(path.parent for path in folder.glob(f"*/{FILE}"))  # of a sweep
        raise UserError(
            f"{str(folder)!r} is no folder of a finished run: it has no {FILE}{beside(folder)}",
            "a run whose status.json says done, interrupted or diverged",
            f"one of its runs, such as {below[0]}" if below else _whole(folder),
        )
    files = read_manifest(folder)["files"]
    for name, limit in limits.items():
        size = _regular_size(folder, name)
        if size is None:
            wrong = "is missing, or no regular file"
        elif size > limit:
            wrong = f"is larger than {limit} bytes"
        elif name not in files or not _is_as_listed(folder, name, files[name]):
            wrong = f"is not what {FILE} says: it was changed after the run, or damaged"
        else:
            continue
        raise UserError(
            f"{str(folder / name)!r} {wrong}",
            "the file that the run wrote, unchanged",
            "ls outputs",
        )


def _whole(folder: Path) -> str:
    """What makes a finished run of a folder."""
    begun = (folder / "status.json").is_file()
    return shlex.join(["nnexp", "resume", str(folder)]) if begun else "ls outputs"


def list_files(folder: str | Path, *, sync: bool = False) -> dict[str, dict[str, Any]]:
    """Give size and sha256 of a run's finished files, by their names with forward slashes.

    Arguments:
        folder: the run folder. Left out are what goes on growing (TensorBoard events, the log),
            the status, the manifest itself, checkpoints, which are gone once the run has ended,
            temporary files and links.
        sync: wait until they are on the disk.
    """
    folder = Path(folder)
    found = {}
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            size = None if _is_left_out(relative) else _regular_size(folder, relative)
            if size is not None:
                found[relative] = {"size": size, "sha256": _sha256(path, sync)}
    return found


def _is_left_out(name: str) -> bool:
    leaf = name.rpartition("/")[2]
    return (
        name in {FILE, "status.json", "train.log"}
        or name.startswith("checkpoint/")
        or leaf.startswith("events.out.tfevents.")
        or leaf.endswith(".tmp")
    )


def _is_as_listed(folder: Path, name: str, entry: Mapping[str, Any]) -> bool:
    # The size first: it costs nothing, and bounds what is read.
    size = _regular_size(folder, name)
    return size == entry["size"] and _sha256(folder / name) == entry["sha256"]


def _is_file_list(files: Any) -> bool:
    return isinstance(files, dict) and all(
        isinstance(entry, dict)
        and type(entry.get("size")) is int
        and isinstance(entry.get("sha256"), str)
        for entry in files.values()
    )


def _regular_size(folder: Path, name: str) -> int | None:
    """Size of a regular file inside the folder that is reached through no link, else None."""
    if "\\" in name or "\0" in name or ":" in name:
        return None
    steps = name.split("/")
    if any(step in {"", ".", ".."} for step in steps):
        return None
    path = folder
    for step in steps:
        path = path / step
        try:
            found = path.lstat()
        except OSError:
            return None
        if stat.S_ISLNK(found.st_mode):
            return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _sha256(path: Path, sync: bool = False) -> str:
    with path.open("rb") as file:
        if sync and os.name != "nt":  # there a file open for reading cannot be synced
            os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()
