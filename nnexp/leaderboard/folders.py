"""Which run folders lie under the paths that a user names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shlex import quote

from nnexp.config.saved import FILE as CONFIG_FILE
from nnexp.errors import UserError
from nnexp.files import open_regular, read_regular
from nnexp.near import beside
from nnexp.track.folder import METRICS_FILE, MULTIRUN_FILE, SWEEP_FILE
from nnexp.track.status import FILE as STATUS_FILE

MARKS = (STATUS_FILE, CONFIG_FILE, METRICS_FILE, "manifest.json")  # any of them marks a run
LARGEST = 1 << 20  # bytes of a configuration that are looked at
DEEPEST = 4  # folders below a path: outputs/sweeps/<date>/<time>/<n>
NUMBER = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
JOBS = re.compile(rb"^jobs: (\d{1,9})$", re.MULTILINE)  # in sweep.yaml
MOST_JOBS = 100_000  # of a sweep


def find_runs(paths: Sequence[str | Path], lost: bool = False) -> list[Path]:
    """The run folders that are named, or lie below what is named.

    Links to folders are not followed below a path. Each folder comes once; numbers in names are
    sorted as numbers.

    Arguments:
        paths: run folders, sweep folders, or trees of both, such as `outputs`.
        lost: give also the folders that jobs of a sweep had by their numbers, and that are gone.

    Raises:
        UserError: a path does not exist, is no folder, or holds no run.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        if not path.is_dir():
            what = "is no folder" if path.exists() else f"does not exist{beside(path)}"
            raise _nothing(f"{str(path)!r} {what}")
        runs = list(_below(path, DEEPEST, lost))
        for run in runs:
            found.setdefault(run.resolve(), run)
        if not runs:
            raise _nothing(f"there is no run under {str(path)!r}", path)
    if not found:
        raise _nothing("no run folder is named")
    names = relative_names(list(found))
    return [run for _, run in sorted(zip(names, found.values(), strict=True), key=_natural_pair)]


def is_run(folder: Path) -> bool:
    """Whether a folder holds what marks a run."""
    return any((folder / mark).exists() for mark in MARKS)


def relative_names(folders: Sequence[Path]) -> list[str]:
    """The folders' paths below the deepest folder that they are all in, with slashes.

    Arguments:
        folders: absolute paths, one at least.
    """
    try:
        common = Path(os.path.commonpath([folder.parent for folder in folders]))
    except ValueError:  # on several drives
        return [folder.as_posix() for folder in folders]
    return [folder.relative_to(common).as_posix() for folder in folders]


def natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """A key to sort by: `10` comes after `9`."""
    parts = re.split(r"(\d+)", name)
    return tuple((not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts if p)


def _natural_pair(pair: tuple[str, Path]) -> tuple[tuple[bool, int, str], ...]:
    return natural(pair[0])


def _below(folder: Path, depth: int, lost: bool) -> Iterator[Path]:
    names = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names[entry.name] = entry.is_dir(follow_symlinks=False)
    except OSError:  # of somebody else's
        return
    marks = [mark for mark in MARKS if mark in names]
    if marks and (marks != [CONFIG_FILE] or not _is_another_s(folder / CONFIG_FILE)):
        yield folder
        return
    if depth == 0:
        return
    for name, is_folder in names.items():
        if not is_folder or name.startswith("."):
            continue
        runs = list(_below(folder / name, depth - 1, lost))
        if not runs and MULTIRUN_FILE in names and NUMBER.fullmatch(name):
            yield folder / name  # a sweep's member of which nothing is left
        yield from runs
    if lost and MULTIRUN_FILE in names:
        yield from (folder / str(number) for number in _gone(folder, names))


def _gone(sweep: Path, names: Iterable[str]) -> list[int]:
    """The numbers of jobs of a sweep that have no folder: below those of others, or below the
    number of its jobs where it has come to an end. None where its jobs are not called by numbers.
    """
    there = {int(name) for name in names if NUMBER.fullmatch(name)}
    if not there or max(there) >= MOST_JOBS:
        return []
    count = max(max(there) + 1, _job_count(sweep))
    return sorted(set(range(count)) - there)


def _job_count(sweep: Path) -> int:
    """How many jobs a sweep had at its end; 0 where it does not tell."""
    try:
        found = JOBS.search(read_regular(sweep / SWEEP_FILE, LARGEST))
    except OSError:
        return 0
    return min(int(found[1]), MOST_JOBS) if found else 0


def _is_another_s(config: Path) -> bool:
    """Whether a config.yaml alone is no run's: it begins a composition, or lacks what a run has."""
    try:
        with open_regular(config, None) as file:
            tops = {line.split(b":")[0] for line in file.read(LARGEST).splitlines() if b":" in line}
    except OSError:
        return False
    return b"defaults" in tops or not tops & {b"trainer", b"optimizer"}


def _nothing(wrong: str, path: Path | None = None) -> UserError:
    remedy = "ls outputs outputs/sweeps" if path is None else f"ls {quote(str(path))}"
    return UserError(wrong, "a run folder, a sweep's folder, or a folder that holds some", remedy)
