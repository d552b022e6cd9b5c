"""What Hydra's launcher does for nnexp: a batch of jobs, configured and trained as stacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from nnexp.config.located import located
from nnexp.config.many import compose_many
from nnexp.errors import UserError
from nnexp.runs.jobs import Job
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
    loader = hydra_context.config_loader

    def load(overrides: list[str]) -> DictConfig:
        return loader.load_sweep_config(config, overrides)

    wanted = [[word for word in own if not is_about_sweep(word)] for own in job_overrides]
    words = [word for word in config.hydra.overrides.task if not is_about_sweep(word)]
    jobs = []
    for place, (overrides, found) in enumerate(
        zip(wanted, compose_many(load, wanted, (words, config)), strict=True)
    ):
        number = initial_job_idx + place
        job = Job(number, sweep / _subdir(load, config, overrides, number), overrides)
        if isinstance(found, UserError):  # perhaps of a file that says how to sweep
            job.fail(located(found, config.hydra.overrides.task))
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


def _subdir(load: Any, config: DictConfig, overrides: list[str], number: int) -> str:
    """A job's folder below the sweep's, from `hydra.sweep.subdir`."""
    given = OmegaConf.to_container(config.hydra.sweep, resolve=False)
    if isinstance(given, dict) and given.get("subdir") == OWN_SUBDIR:
        return str(number)
    own = load(overrides)
    with open_dict(own):
        own.hydra.job.id, own.hydra.job.num = str(number), number
    return str(own.hydra.sweep.subdir)


def _returned(job: Job) -> JobReturn:
    result = JobReturn(
        overrides=job.overrides,
        working_dir=str(job.folder),
        task_name="train",
        status=JobStatus.COMPLETED,
    )
    result.return_value = job.score
    return result
