"""What is left in the folder of a job that was not run, or not to its end."""

from __future__ import annotations

import traceback
from pathlib import Path

from nnexp.config.saved import config_text, overrides_text
from nnexp.errors import UserError
from nnexp.runs.jobs import Job
from nnexp.track.folder import append, write_text
from nnexp.track.status import ENDED, read_status, write_status


def record_failure(job: Job, config: str | None = None, anew: bool = False) -> None:
    """Leave in a job's folder what its run has not: status, words, configuration, traceback.

    Arguments:
        job: failed or interrupted; no other run has its folder.
        config: of a job that has none of its own, what there is of it, as YAML.
        anew: whether a status that an older attempt has left, which was to be replaced, is.
    """
    job.folder.mkdir(parents=True, exist_ok=True)
    if anew or _status(job.folder) not in (*ENDED, job.status):  # the run's own tells more
        write_status(job.folder, job.status, job.reason)
    if job.config is not None:
        config = config_text(job.config)
    for name, text in (("overrides.yaml", overrides_text(job.overrides)), ("config.yaml", config)):
        if text is not None and not (job.folder / name).exists():
            write_text(job.folder / name, text)
    if job.error is not None and not isinstance(job.error, UserError):
        _log_traceback(job.folder / "train.log", job.error)


def _status(folder: Path) -> str:
    try:
        return str(read_status(folder)["status"])
    except UserError:
        return ""


def _log_traceback(log: Path, error: Exception) -> None:
    """Add the traceback, unless the run's own log has it already."""
    lines = traceback.format_exception(error)
    if log.exists() and lines[-1] in log.read_text(encoding="utf-8", errors="replace"):
        return
    append(log, "".join(lines).encode("utf-8", "backslashreplace"))
