"""What Hydra's sweeper does for nnexp: words -> jobs -> the launcher -> a leaderboard."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from nnexp.config.held import in_order
from nnexp.config.located import located
from nnexp.config.misplaced import check_folder_key
from nnexp.config.quick import quick_yaml
from nnexp.config.saved import read_config
from nnexp.config.schema.sweep import SweepConfig
from nnexp.errors import UserError
from nnexp.files import is_full
from nnexp.leaderboard.grouping import is_repetition
from nnexp.leaderboard.words import plural
from nnexp.runs.jobs import Job, TakenError, resume_command, taken
from nnexp.scores import is_loss
from nnexp.sweep.count import job_count
from nnexp.sweep.covering import check_covers
from nnexp.sweep.draw import jobs_of
from nnexp.sweep.launch import LAUNCHER
from nnexp.sweep.record import read_record, write_record
from nnexp.sweep.settings import is_about_sweep, settings_of
from nnexp.sweep.space import Space, spaces
from nnexp.sweep.waiting import DISK_FULL, FAILED, break_off
from nnexp.sweep.words import check_lists, check_used, check_words
from nnexp.track.folder import MULTIRUN_FILE, SWEEP_FILE, check_links, write_text
from nnexp.track.lock import locked
from nnexp.track.status import FILE as STATUS

MOST = 100_000  # jobs of a sweep


def sweep(
    hydra_context: HydraContext,
    config: DictConfig,
    launcher: Launcher,
    session: Any,
    words: Sequence[str],
) -> list[Sequence[JobReturn]]:
    """Run a sweep.

    Arguments:
        hydra_context, config, launcher: as Hydra gives them to a sweeper.
        session: of the command; the jobs are noted in it.
        words: the overrides that were typed.

    Returns:
        For each batch, for each of its jobs, what became of it.

    Raises:
        UserError: a mistake by which no job can be run.
        KeyboardInterrupt: Ctrl-C.
    """
    if session.held:
        words = in_order([*words, *session.held], session.arguments)
    check_words(words)
    check_lists(words)
    check_folder_key(config.hydra.overrides.hydra, sweep=True)
    settings = settings_of(config)
    check_used(settings, words)
    stacks = str(config.hydra.launcher.get("_target_", "")) == LAUNCHER
    if not stacks:
        _check_launcher(settings, words)
    own = [word for word in words if not is_about_sweep(word)]
    try:
        found = spaces(own, settings.params, settings.zip)
    except UserError as error:  # perhaps of a file of conf/sweep
        raise located(error, words) from None
    folder = Path(settings.resume or str(config.hydra.sweep.dir))
    if settings.resume is not None and not folder.is_dir():
        raise UserError(
            f"there is no sweep {str(folder)!r} to resume",
            "the folder of a sweep, whose jobs are folders in it",
            "ls outputs/sweeps/*",
        )
    if (folder / STATUS).exists():  # its jobs would count as parts of that run
        raise taken(folder, sweep=True, own=False)
    if settings.resume is not None and len(words) == 1 and _has_words(folder):
        raise UserError(
            f"sweep.resume={settings.resume} without the words of that sweep",
            "the command of the sweep once more with it; or nnexp resume, which knows the words",
            f"nnexp resume {quote(str(folder))}",
        )
    if settings.resume is None:
        _check_new(folder)
    if settings.resume is not None:
        check_links(folder)
        check_covers(folder, hydra_context, session.arguments)
    session.folder = folder
    adopt = None if stacks else folder
    if settings.dry_run:
        return _run(found, settings, launcher, session, adopt)
    folder.mkdir(parents=True, exist_ok=True)  # a foreign launcher asks for it, too
    with locked(folder):
        if settings.resume is None:
            _check_new(folder)  # once more: another process may have held it
        write_text(folder / MULTIRUN_FILE, quick_yaml(config))
        write_record(folder, session.arguments)
        why = ""
        try:
            returns = _run(found, settings, launcher, session, adopt)
            if any(job.reason.endswith(FAILED) for job in session.jobs):
                # that job may well fail again, before the others' turn
                more = f"{resume_command(folder)} sweep.on_error=continue"
                session.ended = ("a job failed, and sweep.on_error=stop begins nothing more", more)
            return returns
        except UserError:
            if settings.resume is None and not session.jobs:  # nothing was run
                for name in (MULTIRUN_FILE, SWEEP_FILE):
                    (folder / name).unlink(missing_ok=True)
            raise
        except OSError as error:
            if not is_full(error):
                raise
            why = DISK_FULL
            session.ended = (f"the disk of {str(folder)!r} is full", resume_command(folder))
            return []
        finally:
            for job in session.jobs:
                if stacks and job.status in ("running", "parked"):
                    break_off(job, why)
            from nnexp.sweep.finish import finish

            called = [session.command[0], *session.arguments]
            session.listed = finish(folder, session.jobs, settings.report, called)


def _check_new(folder: Path) -> None:
    """Refuse a folder that holds a sweep."""
    if (folder / SWEEP_FILE).exists():
        raise TakenError(
            f"{str(folder)!r} holds a sweep already",
            "a folder of its own for every sweep, which it gets without hydra.sweep.dir; or to run "
            "what is missing of that one",
            f"nnexp resume {quote(str(folder))}",
        )


def _has_words(folder: Path) -> bool:
    """Whether a sweep was started with words, which its jobs cannot do without."""
    try:
        return bool(read_record(folder, trust=True))
    except UserError:  # from before there was a record, or a damaged one
        return False


def _run(
    found: Sequence[Space],
    settings: SweepConfig,
    launcher: Launcher,
    session: Any,
    adopt: Path | None,
) -> list[Sequence[JobReturn]]:
    """Launch the batches of jobs; `adopt` is the folder where a foreign launcher does it."""
    returns: list[Sequence[JobReturn]] = []
    _say_repeated(found)

    def launch(jobs: list[list[str]]) -> Sequence[JobReturn]:
        first = sum(map(len, returns))
        results = launcher.launch(jobs, initial_job_idx=first)
        returns.append(results)
        if adopt is not None:
            _adopt(session, results, jobs, adopt, first)
        return results

    if settings.method == "optuna":
        from nnexp.sweep.proposals import Proposals

        proposals = Proposals(found, settings)
        while jobs := proposals.ask():
            scores = [_score(result) for result in launch(jobs)]
            proposals.tell(_losses(session, scores))
            if settings.dry_run or (settings.on_error == "stop" and session.any_failed):
                break
        return returns
    if (count := job_count(found, settings)) > MOST:
        raise UserError(
            f"the sweep has {count} jobs",
            f"at most {MOST}",
            "sweep=random sweep.n=1000",
        )
    jobs = jobs_of(found, settings)
    if settings.method != "grid" and settings.n is not None:
        _say_fewer(jobs, settings.n)
    launch(jobs)
    return returns


def _say_repeated(found: Sequence[Space]) -> None:
    """Say where values were given more than once."""
    keys = dict.fromkeys(key.lstrip("+") for space in found for key in space.repeated)
    if keys:
        print(f"values of {', '.join(keys)} that repeat are run once", file=sys.stderr)


def _say_fewer(jobs: Sequence[Sequence[str]], asked: int) -> None:
    """Say where a search has fewer configurations than it was asked for."""
    names = [[word for word in job if not is_repetition(_name(word))] for job in jobs]
    there = len(set(map(tuple, names)))
    if there < asked:
        told = plural(there, "configuration")
        print(f"sweep.n={asked}, and what is varied has {told}, all of which run", file=sys.stderr)


def _name(word: str) -> str:
    return word.lstrip("+").partition("=")[0]


def _check_launcher(settings: SweepConfig, words: Sequence[str]) -> None:
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


def _adopt(
    session: Any,
    results: Sequence[JobReturn],
    jobs: Sequence[Sequence[str]],
    folder: Path,
    first: int,
) -> None:
    """Note jobs that a foreign launcher has run in processes of its own."""
    from nnexp.track.status import read_status

    known = {job.number for job in session.jobs}
    for place, (result, overrides) in enumerate(zip(results, jobs, strict=True)):
        number = first + place
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


def _score(result: JobReturn) -> float | None:
    return result.return_value if result.status == JobStatus.COMPLETED else None


def _losses(session: Any, scores: Sequence[float | None]) -> list[float | None]:
    """Scores as values to be small."""
    jobs = session.jobs[len(session.jobs) - len(scores) :]
    return [
        -score if score is not None and _climbs(job) else score
        for job, score in zip(jobs, scores, strict=True)
    ]


def _climbs(job: Job) -> bool:
    return job.config is not None and not is_loss(job.config.trainer.monitor)
