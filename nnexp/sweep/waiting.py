"""Jobs that have not begun, or did not come to their end: what their folders say of it.

A job has its folder before its turn comes, so that a sweep that is killed still knows all of its
runs.
"""

from __future__ import annotations

import contextlib

from nnexp.config.saved import config_text, overrides_text
from nnexp.errors import UserError
from nnexp.leaderboard.records import NOT_BEGUN
from nnexp.runs.jobs import Job
from nnexp.track.folder import write_text
from nnexp.track.status import FILE as STATUS
from nnexp.track.status import read_status, write_status

CUT_SHORT = "the sweep was ended before its end"
FAILED, DISK_FULL = "another job failed", "the disk is full"  # why others are not begun


def announce(job: Job) -> None:
    """Leave in a job's folder what will be run there, unless an attempt at it is there already."""
    assert job.config is not None
    if (job.folder / STATUS).exists():
        return
    job.folder.mkdir(parents=True, exist_ok=True)
    write_text(job.folder / "config.yaml", config_text(job.config), sync=False)
    write_text(job.folder / "overrides.yaml", overrides_text(job.overrides), sync=False)
    write_status(job.folder, "interrupted", NOT_BEGUN, sync=False)


def break_off(job: Job, why: str = "") -> None:
    """Note in a job, and in its folder where it has one, that it is not run to its end now.

    Arguments:
        job: not ended.
        why: what kept it from beginning; empty for Ctrl-C.
    """
    job.status, job.reason = "interrupted", f"{NOT_BEGUN}: {why}" if why else NOT_BEGUN
    try:
        if read_status(job.folder)["status"] == "running":
            job.reason = CUT_SHORT
    except UserError:  # it has no folder yet
        return
    with contextlib.suppress(OSError):  # of a full disk
        write_status(job.folder, job.status, job.reason, sync=False)
