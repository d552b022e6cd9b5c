"""What of a sweep is finished already, by the content of the jobs' configurations."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from nnexp.config import saved
from nnexp.config.schema.config import Config
from nnexp.config.shell import shell
from nnexp.config.typed import FILE as WORDS_FILE
from nnexp.data import Dataset
from nnexp.errors import TRAIN, UserError
from nnexp.files import read_regular
from nnexp.runs.jobs import Job, TakenError, content_id, score_of
from nnexp.runs.started import FILES
from nnexp.sweep.record import read_record
from nnexp.track import manifest
from nnexp.track.blank import is_blank
from nnexp.track.folder import DIAGNOSIS_FILE, METRICS_FILE, REPORT_FILE, read_json
from nnexp.track.status import ENDED, read_status


def take_finished(jobs: Sequence[Job], sweep: Path) -> list[Job]:
    """Find the jobs that a sweep's folder holds, and give the others folders of their own.

    Arguments:
        jobs: a finished one takes over its folder, status and score; one that has failed, since
            it has no configuration, gets the folder where this is recorded already. Their numbers
            become those of their folders.
        sweep: the sweep's folder.

    Returns:
        The jobs that are still to be run.
    """
    finished: dict[str, list[Path]] = {}
    begun: dict[str, list[Path]] = {}
    used = set()
    # a sweep may have folders of folders (hydra.sweep.subdir); a hidden one is none of a run
    folders = {
        path.parent for path in sweep.rglob(saved.FILE) if not path.parent.name.startswith(".")
    }
    going = [job for job in jobs if job.status == "running"]
    wanted = {content_id(job.config) for job in going if job.config is not None}
    unmade = _unmade(sweep, wanted)
    for folder in sorted(folders, key=_by_number):
        key = _key(folder, wanted)
        if key is None:
            continue
        used.add(folder)
        if any(folder in own for own in unmade.values()):
            continue
        (finished if _is_final(folder) else begun).setdefault(key, []).append(folder)
    missing = []
    for job in going:
        assert job.config is not None
        key = content_id(job.config)
        if finished.get(key):
            _move(job, finished[key].pop(0), sweep)
            status = read_status(job.folder)
            job.status, job.reason = status["status"], status["reason"] or ""
            job.score = score_of(job.config, read_json(job.folder / METRICS_FILE))
            continue
        missing.append(job)
        words = saved.overrides_text(job.overrides)
        _place(job, begun.get(key) or unmade.get(words), sweep, used)
    for job in jobs:
        if job.status == "failed" and not isinstance(job.error, TakenError):
            _place(job, unmade.get(saved.overrides_text(job.overrides)), sweep, used)
    return missing


def check_tables(
    finished: Iterable[Job], datasets: Iterable[tuple[Job, Dataset]], sweep: Path
) -> None:
    """Refuse to train on another table than the jobs that are finished were trained on.

    Arguments:
        finished: jobs of the sweep.
        datasets: of those that are to be trained.
        sweep: the sweep's folder.

    Raises:
        UserError: a table's files hold something else than when a finished job was trained.
    """
    now = {_files(job.config): dataset.summary for job, dataset in datasets}
    for job in finished:
        files = _files(job.config)
        if not any(files) or files not in now:
            continue
        table, told = now[files], manifest.read_manifest(job.folder).get("data")
        before = told.get("fingerprint") if isinstance(told, dict) else None
        if before not in (None, table["fingerprint"]):
            words = " ".join(map(shell, read_record(sweep, trust=True)))  # which runs nothing
            raise UserError(
                f"the table {table['source']!r} has changed since job {job.number} was trained",
                "the table that the finished jobs were trained on; with another one it is another "
                "sweep",
                f"{TRAIN} -m {words}".strip(),
            )


def _files(config: Config | None) -> tuple[str | None, ...]:
    """The files that a table is read from, each None for one that is made, or not read at all."""
    return tuple(getattr(config.data, name, None) for name in FILES) if config else ()


def _place(job: Job, own: list[Path] | None, sweep: Path, used: set[Path]) -> None:
    """Give a job one of its own folders, or else one that nobody has."""
    if own:
        _move(job, own.pop(0), sweep)
    elif job.folder in used or not is_blank(job.folder):
        _move(job, _next(sweep, used), sweep)
    used.add(job.folder)


def _move(job: Job, folder: Path, sweep: Path) -> None:
    """Give a job a folder, and the number that this has in its sweep."""
    job.folder = folder
    if folder.parent == sweep and folder.name.isdecimal():
        job.number = int(folder.name)


def _key(folder: Path, wanted: set[str]) -> str | None:
    """The content of a run folder's configuration, hashed; None for what is no run folder.

    Arguments:
        folder: perhaps a run's.
        wanted: what is looked for. A configuration that is none of these may be an older one, and
            lack keys which have the same meaning now: it is read to tell.
    """
    try:
        key = hashlib.sha256(read_regular(folder / saved.FILE, saved.LARGEST)).hexdigest()
    except OSError:
        return None
    if key in wanted:
        return key
    with contextlib.suppress(UserError):
        return content_id(saved.read_config(folder, trust=True))  # which imports nothing
    return key


def _unmade(sweep: Path, wanted: set[str]) -> dict[str, list[Path]]:
    """By the words of jobs the folders whose configuration is damaged, or was never made.

    By its words such a folder is known to be the sweep's own, and which job is to replace it.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(sweep.rglob(WORDS_FILE), key=lambda path: _by_number(path.parent)):
        folder = path.parent
        if folder.name.startswith(".") or _key(folder, wanted) in wanted:
            continue
        try:
            saved.read_config(folder, trust=True)  # which imports nothing
        except UserError:
            with contextlib.suppress(OSError, UnicodeDecodeError):
                words = read_regular(path, saved.LARGEST).decode()
                found.setdefault(words, []).append(folder)
    return found


def _is_final(folder: Path) -> bool:
    """Whether a run has ended, with all files of its training as its manifest says."""
    try:
        changed = set(manifest.verify(folder)) - {DIAGNOSIS_FILE, REPORT_FILE}
        return read_status(folder)["status"] in ENDED and not changed
    except (UserError, OSError):
        return False


def _next(sweep: Path, used: set[Path]) -> Path:
    number = 1 + max((int(f.name) for f in used if f.name.isdigit()), default=-1)
    while os.path.lexists(sweep / str(number)) or sweep / str(number) in used:
        number += 1
    return sweep / str(number)


def _by_number(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdigit() else 10**9, str(path))
