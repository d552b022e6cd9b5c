"""What Hydra's launcher does for nnexp: a batch of jobs, configured and trained as stacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict

from nnexp.config.located import located
from nnexp.config.many import compose_many
from nnexp.config.schema.config import Config
from nnexp.errors import UserError
from nnexp.runs.jobs import Job, misplaced
from nnexp.sweep.settings import is_about_sweep, settings_of

LAUNCHER = "hydra_plugins.nnexp_sweep.launcher.StackLauncher"
OWN_SUBDIR = "${hydra.job.num}"


def launch(
    hydra_context: HydraContext,
    config: DictConfig,
    session: Any,
    job_overrides: Sequence[Sequence[str]],
    initial_job_idx: int,
) -> Sequence[JobReturn]:
    """Run a batch of jobs.

    Arguments:
        hydra_context, config: as Hydra gives them to a launcher.
        session: of the command; the jobs are noted in it.
        job_overrides: for each job its overrides.
        initial_job_idx: the number of the first.

    Returns:
        For each job what became of it. The return value is the score of its kept weights.

    Raises:
        UserError: no job can be run.
        KeyboardInterrupt: Ctrl-C.
    """
    settings = settings_of(config)
    sweep = Path(settings.resume or str(config.hydra.sweep.dir))
    jobs = []
    for place, found in enumerate(compose_jobs(hydra_context, config, job_overrides)):
        overrides = _of_run(job_overrides[place])
        number = initial_job_idx + place
        job = Job(number, folder_of(hydra_context, config, sweep, overrides, number), overrides)
        if isinstance(found, UserError):
            job.fail(found)
        else:
            job.config = found
        jobs.append(job)
    if jobs and initial_job_idx == 0 and all(job.config is None for job in jobs):
        assert jobs[0].error is not None
        raise jobs[0].error
    session.jobs.extend(jobs)
    # imported here so that a mistake is answered without torch
    from nnexp.sweep.run import run_jobs

    try:
        interrupted = run_jobs(jobs, sweep, settings, session.command)
    except UserError:  # none was run
        del session.jobs[-len(jobs) :]
        raise
    if interrupted:
        raise KeyboardInterrupt
    return [_returned(job) for job in jobs]


def compose_jobs(
    hydra_context: HydraContext, config: DictConfig, jobs: Sequence[Sequence[str]]
) -> list[Config | UserError]:
    """The checked configuration of each job of a sweep, or what is wrong with it.

    Arguments:
        hydra_context, config: as Hydra gives them to a launcher.
        jobs: for each its overrides.
    """
    typed = as_typed(config.hydra.overrides.task)
    words = _of_run(typed)

    def load(overrides: list[str]) -> DictConfig:
        composed: DictConfig = hydra_context.config_loader.load_sweep_config(config, overrides)
        return composed

    composed = compose_many(load, [_of_run(own) for own in jobs], (words, config))
    # a mistake may be of a file that says how to sweep
    return [located(own, typed) if isinstance(own, UserError) else own for own in composed]


def as_typed(words: ListConfig) -> list[str]:
    """The words of a sweep; what a ${...} in them stands for is settled in a job, or never."""
    return cast(list[str], OmegaConf.to_container(words, resolve=False))


def _of_run(words: Sequence[str]) -> list[str]:
    """Those words that say what a run is, and not how to sweep."""
    return [word for word in words if not is_about_sweep(word)]


def folder_of(
    hydra_context: HydraContext,
    config: DictConfig,
    sweep: Path,
    overrides: list[str],
    number: int,
) -> Path:
    """A job's folder: `hydra.sweep.subdir` below the sweep's.

    Arguments:
        hydra_context, config: as Hydra gives them to a launcher.
        sweep: the sweep's folder.
        overrides, number: of the job.

    Raises:
        UserError: it is not in the sweep's.
    """
    given = OmegaConf.to_container(config.hydra.sweep, resolve=False)
    if isinstance(given, dict) and given.get("subdir") == OWN_SUBDIR:
        return sweep / str(number)
    own = hydra_context.config_loader.load_sweep_config(config, overrides)
    with open_dict(own):
        own.hydra.job.id, own.hydra.job.num = str(number), number
    folder = sweep / str(own.hydra.sweep.subdir)
    if sweep.resolve() not in folder.resolve().parents:
        raise misplaced(folder)
    return folder


def _returned(job: Job) -> JobReturn:
    result = JobReturn(
        overrides=job.overrides,
        working_dir=str(job.folder),
        task_name="train",
        status=JobStatus.COMPLETED,
    )
    result.return_value = job.score
    return result
