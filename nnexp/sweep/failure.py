"""What is left in the folder of a job that was not run, or not to its end."""

from __future__ import annotations

import traceback

from nnexp.config.saved import config_text, overrides_text
from nnexp.errors import UserError
from nnexp.runs.jobs import Job
from nnexp.track.folder import append, write_text
from nnexp.track.status import write_status


def record_failure(job: Job) -> None:
    """Leave in a job's folder why it was not run, or not to its end."""
    job.folder.mkdir(parents=True, exist_ok=True)
    write_status(job.folder, job.status, job.reason)
    if not (job.folder / "overrides.yaml").exists():
        overrides = overrides_text(job.overrides)
        write_text(job.folder / "overrides.yaml", overrides)
    if job.config is not None and not (job.folder / "config.yaml").exists():
        write_text(job.folder / "config.yaml", config_text(job.config))
    if job.error is not None and not isinstance(job.error, UserError):
        lines = "".join(traceback.format_exception(job.error))
        append(job.folder / "train.log", lines.encode("utf-8", "backslashreplace"))
