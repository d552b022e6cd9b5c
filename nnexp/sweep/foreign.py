"""Jobs of a sweep that another launcher than nnexp's runs, perhaps in processes of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from nnexp.config.saved import read_config
from nnexp.config.schema.config import Config
from nnexp.config.schema.sweep import SweepConfig
from nnexp.errors import UserError
from nnexp.leaderboard.records import NOT_BEGUN
from nnexp.runs.jobs import Job
from nnexp.sweep.failure import record_failure
from nnexp.sweep.launch import compose_jobs, folder_of
from nnexp.sweep.waiting import CUT_SHORT, announce
from nnexp.track.blank import is_blank
from nnexp.track.status import read_status


def check_launcher(settings: SweepConfig, words: Sequence[str]) -> None:
    """Refuse what only nnexp's own launcher can do."""
    asked = (
        (settings.resume is not None, f"sweep.resume={settings.resume}"),
        (settings.dry_run, "sweep.dry_run=true"),
        (settings.method == "halving", "sweep.method=halving"),
    )
    for given, word in asked:
        if given:
            chosen = next((w for w in words if w.startswith("hydra/launcher=")), "this launcher")
            raise UserError(
                f"{word} with {chosen}",
                "nnexp's own launcher, which is chosen where no other is",
                "hydra/launcher=nnexp",
            )


def launch_elsewhere(
    launcher: Launcher,
    hydra_context: HydraContext,
    config: DictConfig,
    session: Any,
    jobs: Sequence[Sequence[str]],
    first: int,
) -> list[JobReturn]:
    """Have a batch of jobs run, but for those that Hydra cannot compose, which fail alone.

    Such a launcher would end with the first of them, and run none after it.

    Arguments:
        launcher, hydra_context, config: as Hydra gives them to a sweeper.
        session: of the command; the jobs are noted in it.
        jobs: for each its overrides.
        first: the number of the first.

    Those that Ctrl-C has kept from beginning are noted too, with folders as nnexp's own launcher
    leaves them: a resume runs them.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        UserError: no job of a sweep's first batch can be composed, or one has its folder elsewhere.
    """
    composed = compose_jobs(hydra_context, config, jobs)
    mistakes = _mistakes(hydra_context, config, jobs, composed)
    if not first and len(mistakes) == len(jobs):
        raise mistakes[0]
    folder = Path(str(config.hydra.sweep.dir))
    folders = {
        place: folder_of(hydra_context, config, folder, list(jobs[place]), first + place)
        for place in set(range(len(jobs))) - set(mistakes)
    }
    returns: list[JobReturn] = []
    try:
        for wrong, group in groupby(range(len(jobs)), mistakes.__contains__):
            places = list(group)
            own = [list(jobs[place]) for place in places]
            number = first + places[0]
            if wrong:
                errors = [mistakes[place] for place in places]
                returns += _refuse(session, folder, own, errors, number)
            else:
                found = launcher.launch(own, initial_job_idx=number)
                _adopt(session, found, own, folder, number)
                returns += found
    except KeyboardInterrupt:
        known = {job.number for job in session.jobs}
        for place, own_folder in sorted(folders.items()):
            if first + place not in known:
                job = Job(first + place, own_folder, list(jobs[place]))
                made = composed[place]
                job.config = made if isinstance(made, Config) else None
                _leave(job)
                session.jobs.append(job)
        raise
    return returns


def _leave(job: Job) -> None:
    """Note a job that Ctrl-C has kept from beginning, or from being told of."""
    with suppress(UserError):
        status = read_status(job.folder)
        job.status, job.reason = status["status"], status["reason"] or ""
        if job.status == "running":  # in a process that was ended with the launcher's
            job.status, job.reason = "interrupted", CUT_SHORT
        return
    job.status, job.reason = "interrupted", NOT_BEGUN
    if not is_blank(job.folder):
        return
    if job.config is not None:
        announce(job)
    else:
        record_failure(job)


def _mistakes(
    hydra_context: HydraContext,
    config: DictConfig,
    jobs: Sequence[Sequence[str]],
    composed: Sequence[Config | UserError],
) -> dict[int, UserError]:
    """What is wrong with the jobs that Hydra cannot compose, by their places."""
    found = {}
    for place, made in enumerate(composed):
        if isinstance(made, UserError):
            # what can be composed may be resolved where it runs, as ${hydra:job.num}
            try:
                hydra_context.config_loader.load_sweep_config(config, list(jobs[place]))
            except Exception:
                found[place] = made
    return found


def _refuse(
    session: Any,
    folder: Path,
    jobs: Sequence[list[str]],
    errors: Sequence[UserError],
    first: int,
) -> list[JobReturn]:
    """Note jobs that cannot be run."""
    returns = []
    for number, (overrides, error) in enumerate(zip(jobs, errors, strict=True), first):
        job = Job(number, folder / str(number), overrides)
        session.start(job)
        job.fail(error)
        if is_blank(job.folder):
            record_failure(job)
        session.end(job)
        result = JobReturn(overrides=overrides, status=JobStatus.FAILED)
        result.return_value = error
        returns.append(result)
    return returns


def _adopt(
    session: Any,
    results: Sequence[JobReturn],
    jobs: Sequence[Sequence[str]],
    folder: Path,
    first: int,
) -> None:
    """Note jobs that have run in other processes."""
    known = {job.number for job in session.jobs}
    for number, (result, overrides) in enumerate(zip(results, jobs, strict=True), first):
        if number in known:
            continue
        own = _folder_of(result) or folder / str(number)
        job = Job(number, own, list(overrides))
        try:
            status = read_status(own)
            job.status, job.reason = status["status"], status["reason"] or ""
        except UserError:
            job.status = "failed"
            job.reason = "it left no status"
            if result.status == JobStatus.FAILED:
                job.reason = " ".join(str(result._return_value).split())
        job.score = result._return_value if result.status == JobStatus.COMPLETED else None
        with suppress(UserError):  # a mistake in the job, which has no configuration then
            job.config = read_config(own, trust=True)  # which imports nothing
        session.jobs.append(job)


def _folder_of(result: JobReturn) -> Path | None:
    """Where a job has run; None where it does not say. Its working directory is another thing."""
    if result.hydra_cfg is None:
        return None
    output = OmegaConf.select(result.hydra_cfg, "hydra.runtime.output_dir")
    return None if output is None else Path(str(output))
