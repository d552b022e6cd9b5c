"""What Hydra's sweeper does for nnexp: words -> jobs -> the launcher -> a leaderboard."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig

from nnexp.config.grammar import parse
from nnexp.config.held import in_order
from nnexp.config.keys import literal
from nnexp.config.located import located
from nnexp.config.misplaced import SWEEP_FOLDER, check_folder_key
from nnexp.config.quick import quick_yaml
from nnexp.config.schema.config import Config
from nnexp.config.schema.sweep import SweepConfig
from nnexp.config.shell import shell
from nnexp.errors import UserError
from nnexp.files import is_full, read_regular, write_bytes
from nnexp.leaderboard.grouping import is_repetition
from nnexp.leaderboard.words import plural
from nnexp.leaderboard.writing import cannot_write
from nnexp.runs.jobs import Job, TakenError, resume_command, taken
from nnexp.scores import is_loss
from nnexp.sweep.comparable import check_comparable, one_at_a_time
from nnexp.sweep.count import job_count
from nnexp.sweep.covering import check_covers
from nnexp.sweep.draw import jobs_of
from nnexp.sweep.foreign import check_launcher, launch_elsewhere
from nnexp.sweep.launch import LAUNCHER, as_typed, compose_jobs
from nnexp.sweep.record import read_record, write_record
from nnexp.sweep.settings import is_about_sweep, settings_of
from nnexp.sweep.space import Space, spaces
from nnexp.sweep.waiting import DISK_FULL, FAILED, break_off
from nnexp.sweep.words import check_lists, check_used, check_words
from nnexp.track.folder import (
    LARGEST_JSON,
    MULTIRUN_FILE,
    SWEEP_FILE,
    check_links,
    write_text,
)
from nnexp.track.lock import locked
from nnexp.track.status import FILE as STATUS

MOST = 100_000  # jobs of a sweep
DRAWN, FEW = 1000, 8  # configurations and seeds that are advised where there are too many


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
    check_folder_key(as_typed(config.hydra.overrides.hydra), sweep=True)
    settings = settings_of(config)
    check_used(settings, words)
    stacks = _stacks(config)
    if not stacks:
        check_launcher(settings, words)
    own = [word for word in words if not is_about_sweep(word)]
    try:
        found = spaces(own, settings.params, settings.zip)
    except UserError as error:  # perhaps of a file of conf/sweep
        raise located(error, words) from None
    _say_replaced(own)
    folder = Path(settings.resume or str(config.hydra.sweep.dir))
    if (folder / STATUS).exists():  # its jobs would count as parts of that run
        raise taken(folder, sweep=True, own=False)
    if settings.resume is None:
        _check_new(folder)
    else:
        _check_resumed(folder, words, config, session)
        check_covers(folder, hydra_context, session.arguments)
    session.folder = folder
    if settings.dry_run:
        return _run(found, settings, launcher, hydra_context, config, session)
    folder.mkdir(parents=True, exist_ok=True)  # a foreign launcher asks for it, too
    with locked(folder):
        if settings.resume is None:
            _check_new(folder)  # once more: another process may have held it
        before = {name: _content(folder / name) for name in (MULTIRUN_FILE, SWEEP_FILE)}
        _write_begun(folder, config, session, settings.resume is not None)
        why = ""
        try:
            returns = _run(found, settings, launcher, hydra_context, config, session)
            if any(job.reason.endswith(FAILED) for job in session.jobs):
                # that job may well fail again, before the others' turn
                more = f"{resume_command(folder)} sweep.on_error=continue"
                session.ended = ("a job failed, and sweep.on_error=stop begins nothing more", more)
            return returns
        except UserError:
            if not session.jobs:  # nothing was run
                for name, content in before.items():
                    _put_back(folder / name, content)
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
            _note_jobs(folder, session)
            from nnexp.sweep.finish import finish

            called = [session.command[0], *session.arguments]
            session.listed = finish(folder, session.jobs, settings.report, called)


def _stacks(config: DictConfig) -> bool:
    """Whether nnexp's own launcher runs the jobs."""
    return str(config.hydra.launcher.get("_target_", "")) == LAUNCHER


def _check_resumed(folder: Path, words: Sequence[str], config: DictConfig, session: Any) -> None:
    """Refuse to resume what is no sweep, without its words, or in two folders."""
    if not folder.is_dir():
        raise UserError(
            f"there is no sweep {str(folder)!r} to resume",
            "the folder of a sweep, whose jobs are folders in it",
            "ls outputs/sweeps/*",
        )
    if len(words) == 1 and _has_words(folder):
        raise UserError(
            f"sweep.resume={folder} without the words of that sweep",
            "the command of the sweep once more with it; or nnexp resume, which knows the words",
            f"nnexp resume {quote(str(folder))}",
        )
    given = str(config.hydra.sweep.dir)
    typed = any(word.startswith(f"{SWEEP_FOLDER}=") for word in session.arguments)
    if typed and Path(given).resolve() != folder.resolve():
        raise UserError(
            f"sweep.resume={folder} and {SWEEP_FOLDER}={given}: two folders for one sweep",
            f"{SWEEP_FOLDER} for a new sweep; one that is resumed stays in its folder",
            shell(f"{SWEEP_FOLDER}={literal(str(folder))}"),
        )
    check_links(folder)


def _write_begun(folder: Path, config: DictConfig, session: Any, resumed: bool) -> None:
    """Note what the sweep was called with."""
    try:
        write_text(folder / MULTIRUN_FILE, quick_yaml(config))
        write_record(folder, session.arguments)
    except OSError as error:
        if not resumed or is_full(error):
            raise  # another folder will do
        raise cannot_write(folder, error) from error


def _note_jobs(folder: Path, session: Any) -> None:
    """Note how many jobs there were, so that one of which the folder is deleted is missed."""
    jobs = session.jobs
    if jobs and all(job.folder == folder / str(job.number) for job in jobs):
        with suppress(OSError):  # of a full disk
            write_record(folder, session.arguments, max(job.number for job in jobs) + 1)


def _content(path: Path) -> bytes | None:
    """What is in a file; None where there is none."""
    return read_regular(path, LARGEST_JSON) if path.exists() else None


def _put_back(path: Path, content: bytes | None) -> None:
    """Let a file hold what it held; None to remove it."""
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_bytes(path, content)


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
    hydra_context: HydraContext,
    config: DictConfig,
    session: Any,
) -> list[Sequence[JobReturn]]:
    """Launch the batches of jobs."""
    stacks = _stacks(config)
    returns: list[Sequence[JobReturn]] = []
    _say_repeated(found)

    def launch(jobs: list[list[str]]) -> Sequence[JobReturn]:
        first = sum(map(len, returns))
        if stacks:
            results = launcher.launch(jobs, initial_job_idx=first)
        else:
            results = launch_elsewhere(launcher, hydra_context, config, session, jobs, first)
        returns.append(results)
        return results

    if settings.method == "optuna":
        from nnexp.sweep.proposals import Proposals

        samples = [job for space in found for job in one_at_a_time(space)]
        composed = compose_jobs(hydra_context, config, samples)
        check_comparable([own for own in composed if isinstance(own, Config)], "optuna")
        proposals = Proposals(found, settings)
        while jobs := proposals.ask():
            scores = [_score(result) for result in launch(jobs)]
            proposals.tell(_losses(session, scores))
            if settings.dry_run or (settings.on_error == "stop" and session.any_failed):
                break
        return returns
    if (count := job_count(found, settings)) > MOST:
        raise _too_many(count, found, settings)
    jobs = jobs_of(found, settings)
    if settings.method != "grid" and settings.n is not None:
        _say_fewer(jobs, settings.n)
    launch(jobs)
    return returns


def _too_many(count: int, found: Sequence[Space], settings: SweepConfig) -> UserError:
    """The error of too many jobs: fewer configurations, or fewer seeds where those are the many."""
    most = MOST // job_count(found, replace(settings, method="random", n=1))
    repeating = [axis for space in found for axis in space.axes if axis.repeats]
    words, left = [], count
    if most < DRAWN and repeating:
        longest = max(repeating, key=lambda axis: len(axis.values))
        words = [f"'{longest.keys[0]}=range({FEW})'"]
        left, most = count * FEW // len(longest.values), DRAWN
    if left > MOST:
        words += ["sweep.method=random", f"sweep.n={min(DRAWN, most)}"]
    return UserError(f"the sweep has {count} jobs", f"at most {MOST}", " ".join(words))


def _say_replaced(words: Sequence[str]) -> None:
    """Say where several values give way to a later word for the same key."""
    last: dict[str, str] = {}
    for word in words:
        key = word.lstrip("+").partition("=")[0]
        before = last.get(key, word)
        if before != word and parse(before).is_sweep_override():
            print(f"{before} gives way to {word}, which comes after it", file=sys.stderr)
        last[key] = word


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
