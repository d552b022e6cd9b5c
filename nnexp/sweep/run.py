"""The jobs of a sweep, from configurations to finished run folders, whatever launches them."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nnexp.config.schema.sweep import SweepConfig
from nnexp.errors import UserError
from nnexp.leaderboard.words import plural
from nnexp.runs.jobs import Job, TakenError, misplaced, occupied, taken
from nnexp.sweep.comparable import check_rows
from nnexp.sweep.display import Display
from nnexp.sweep.execute import Execution, gib
from nnexp.sweep.failure import record_failure
from nnexp.sweep.finished import check_tables, take_finished
from nnexp.sweep.halving import check_losses, halve, rungs
from nnexp.sweep.waiting import FAILED, announce, break_off
from nnexp.track.blank import is_blank
from nnexp.track.progress import duration
from nnexp.track.status import ENDED
from nnexp.track.status import FILE as STATUS

SHOWN = 20  # failed jobs named before the rest is counted


def run_jobs(
    jobs: Sequence[Job], folder: Path, settings: SweepConfig, command: Sequence[str] = ()
) -> bool:
    """Run jobs as stacks, and note in each what became of it.

    Arguments:
        jobs: new ones, or failed ones that have no configuration.
        folder: of the sweep.
        settings: the `sweep` part of the configuration.
        command: the words typed, for the record.

    Returns:
        Whether it was interrupted.

    Raises:
        UserError: no job can be run.
        OSError: the disk is full; nothing more is begun.
    """
    if settings.method == "halving":
        check_losses(jobs)
    _check_folders(jobs, folder, settings.resume is not None)
    ready = [job for job in jobs if job.status == "running"]
    later = any(job.number for job in jobs[:1])  # a later batch, after other jobs
    if settings.resume is not None:
        before = len(ready)
        ready = take_finished(jobs, folder)
        # of all: one with a mistake in it will never be
        print(f"{before - len(ready)} of {len(jobs)} jobs are finished already", file=sys.stderr)
    # tables are read and split, which may fail jobs
    execution = _execution(ready, settings, command)
    tables = [(ready[place], own) for place, own in execution.datasets.items()]
    if settings.resume is not None:
        check_tables([job for job in jobs if job.status in ENDED], tables, folder)
    if settings.method in ("halving", "optuna"):
        check_rows([(job.config, own) for job, own in tables if job.config], settings.method)
    refusal = _common_mistake(jobs) if jobs and not later else None
    if refusal is not None:
        raise refusal
    if settings.dry_run:
        _dry_run(jobs, execution, settings)
        for job in ready:
            job.status = "planned" if job.status == "running" else job.status
        return False
    failed = [job for job in jobs if job.status == "failed"]
    for job in failed:
        # of a resumed sweep it has a folder of its own by now, but where that is another job's
        if not isinstance(job.error, TakenError) and (
            settings.resume is not None or is_blank(job.folder)
        ):
            record_failure(job, anew=settings.resume is not None)
    _tell(failed)
    going = [job for job in ready if job.status == "running"]
    if failed and settings.on_error == "stop":
        for job in going:
            announce(job)
            break_off(job, FAILED)
    elif going:
        _train(execution, jobs, going, settings)
        if execution.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return execution.interrupted


def _train(
    execution: Execution, jobs: Sequence[Job], going: Sequence[Job], settings: SweepConfig
) -> None:
    chunks = sum(len(own) for own in execution.chunks)
    mode = going[0].config.trainer.progress if going[0].config else "auto"
    execution.shown = Display(execution.jobs, chunks, mode)
    for line in (plan_line(execution, len(going)), *execution.remarks):
        execution.shown.note(line)
    finished = [job for job in jobs if job.status in ENDED]
    try:
        if settings.method == "halving":
            execution.shown.note(_halving_line(going, settings))
            halve(execution, finished, settings.factor, settings.min_epochs)
        else:
            execution.run()
    finally:
        execution.shown.close()


def _halving_line(jobs: Sequence[Job], settings: SweepConfig) -> str:
    """When halving compares, and how many go on."""
    longest = max(job.config.trainer.epochs for job in jobs if job.config)
    found = rungs(longest, settings.factor, settings.min_epochs)
    if not found:
        return (
            f"halving stops nothing: sweep.min_epochs={settings.min_epochs} is not below "
            f"trainer.epochs={longest}"
        )
    epochs, part = ", ".join(map(str, found)), f"one of {settings.factor} configurations"
    return f"halving after epoch {epochs} of {longest}: {part} goes on"


def _common_mistake(jobs: Sequence[Job]) -> UserError | None:
    """The mistake for which no job can be run: that of all of them, or the first where each has
    its own.
    """
    errors = [job.error for job in jobs if isinstance(job.error, UserError)]
    if len(errors) < len(jobs):
        return None
    first = errors[0]
    if len(set(map(str, errors))) == 1:
        return first
    wrong = f"none of {len(jobs)} jobs can be run; of the first {first.wrong}"
    return type(first)(wrong, first.allowed, first.remedy)


def _tell(failed: Sequence[Job]) -> None:
    """Print why jobs have failed before they began, those of one reason together."""
    alike: dict[str, list[Job]] = {}
    for job in failed:
        text = str(job.error) if isinstance(job.error, UserError) else f"error: {job.reason}"
        alike.setdefault(text, []).append(job)
    for text, own in alike.items():
        numbers = ", ".join(str(job.number) for job in own[:SHOWN])
        more = f" and {len(own) - SHOWN} more" if len(own) > SHOWN else ""
        word = "job" if len(own) == 1 else "jobs"
        print(f"{word} {numbers}{more} failed\n{text}", file=sys.stderr, flush=True)


def plan_line(execution: Execution, runs: int) -> str:
    """How runs are divided: `72 runs: 3 stacks (they differ in optimizer), 6 chunks`."""
    groups = [own for own in execution.chunks if own]
    chunks = sum(len(own) for own in groups)
    why = f" (they differ in {', '.join(execution.reasons)})" if len(groups) > 1 else ""
    alone = sum(1 for own in execution.groups if len(own.places) == 1)
    lone = f"; {alone} of them a run alone" if alone and runs > 1 else ""
    processes = min(max(1, execution.processes), chunks)
    split = f", {plural(chunks, 'chunk')}" if chunks != len(groups) else ""
    return (
        f"{plural(runs, 'run')}: {plural(len(groups), 'stack')}{why}{lone}{split}, "
        f"{plural(processes, 'process', 'processes')}"
    )


def _execution(ready: Sequence[Job], settings: SweepConfig, command: Sequence[str]) -> Execution:
    return Execution(
        ready,
        command,
        processes=None if settings.processes == "auto" else int(settings.processes),
        memory=None if settings.memory == "auto" else gib(float(settings.memory)),
        stop_on_error=settings.on_error == "stop",
    )


def _check_folders(jobs: Sequence[Job], sweep: Path, resumed: bool) -> None:
    """Refuse folders that hold anything already, or are another job's too: they are cleared.

    A resumed sweep gives its jobs folders itself.
    """
    owners: set[Path] = set()
    above = {place for own in (sweep.resolve(), Path.cwd()) for place in (own, *own.parents)}
    for job in jobs:
        own = job.folder in owners
        owners.add(job.folder)
        if job.status != "running":
            continue
        if own or (not resumed and (job.folder / STATUS).exists()):
            job.fail(taken(job.folder, sweep=True, own=own))
        elif not resumed and job.folder.resolve() in above:
            job.fail(misplaced(job.folder))
        elif not resumed and not is_blank(job.folder):
            job.fail(occupied(job.folder))


def _dry_run(jobs: Sequence[Job], execution: Execution, settings: SweepConfig) -> None:
    """Print the jobs, the stacks, and what they will take; write nothing."""
    from nnexp.sweep.estimate import estimate, total_seconds

    for job in jobs:
        told = f"{job.status}: {job.reason}" if job.reason else job.status
        state = "" if job.status == "running" else f"  [{told}]"
        print(f"job {job.number}: {' '.join(job.overrides) or '(defaults)'}{state}")
    going = sum(1 for job in execution.jobs if job.status == "running")
    if not going:
        print("nothing is left to run")
        return
    print(plan_line(execution, going))
    if settings.method == "halving":
        print(_halving_line(execution.jobs, settings))
    found = estimate(execution)
    for number, own in enumerate(found, 1):
        size, chunks = own.bytes / 2**20, plural(own.chunks, "chunk")
        print(
            f"stack {number}: {plural(own.runs, 'run')} in {chunks}, about {size:.0f} MiB each, "
            f"{duration(own.seconds)} of one process"
        )
    seconds = total_seconds(found, min(execution.processes, sum(own.chunks for own in found)))
    print(
        f"about {duration(seconds)} in all; memory is limited to {size_in_words(execution.memory)}"
    )


def size_in_words(size: int) -> str:
    """Bytes in words.

    >>> size_in_words(2 << 30), size_in_words(10 << 20)
    ('2.0 GiB', '10 MiB')
    """
    mib = size / 2**20
    if mib >= 1024:
        return f"{mib / 1024:.1f} GiB"
    return f"{mib:.0f} MiB" if mib >= 10 else f"{mib:.3g} MiB"
