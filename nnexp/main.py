"""The training command: Hydra composes each job, `nnexp.runs` runs it; the only `@hydra.main`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import hydra
from hydra._internal.hydra import Hydra
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from nnexp.config.held import held
from nnexp.config.misplaced import check_folder_key
from nnexp.config.own import options_of
from nnexp.config.quick import quick_composition
from nnexp.config.store import conf_dir, register
from nnexp.config.swept import for_all_values
from nnexp.config.translate import translate
from nnexp.config.tree import to_config
from nnexp.errors import UserError
from nnexp.files import is_full
from nnexp.garbage import paused
from nnexp.runs.jobs import Job, TakenError, check_alone, full_disk, score_of, taken
from nnexp.session import SESSION, Session, record


class NoteFolder(Callback):
    """Tells the session where the output will go before it is made (`hydra.callbacks`)."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder of a single run."""
        self._note(config, "run")

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder of a sweep."""
        self._note(config, "sweep")

    def _note(self, config: DictConfig, mode: str) -> None:
        session = SESSION.get(None)
        if session is not None:
            session.note(Path(config.hydra[mode].dir))


def train_with_hydra(
    arguments: Sequence[str], overrides: Sequence[str], command: Sequence[str]
) -> int:
    """Run what a command line asks for: one run, a sweep, or one of Hydra's own pages.

    Arguments:
        arguments: the words of the command line, flags included.
        overrides: the overrides among them.
        command: the whole command, for the record of a run.

    Returns:
        The exit status: 0; 1 where a run failed or diverged; 2 for a mistake of the user's; 130
        for Ctrl-C.
    """
    session = Session(list(command), list(arguments))
    try:
        interrupted = start(session, overrides)
    except SystemExit as leaving:  # Hydra's own pages
        return 2 if leaving.code else 0
    return session.close(interrupted)


def start(session: Session, overrides: Sequence[str]) -> bool:
    """Run what a session's arguments ask for, and note in it what became of it.

    Arguments:
        session: new.
        overrides: those among its arguments.

    Returns:
        Whether Ctrl-C ended it.
    """
    try:
        with options_of(session.arguments):
            return _start(session, overrides)
    except UserError as error:  # a folder of options that is not there
        session.refusal = error
        return False


def _start(session: Session, overrides: Sequence[str]) -> bool:
    register()
    token = SESSION.set(session)
    full_error = os.environ.get("HYDRA_FULL_ERROR")

    def job(composed: DictConfig) -> float | None:
        with _environment("HYDRA_FULL_ERROR", full_error):
            return _run_job(composed, session)

    # by it nnexp's launcher knows that jobs can be trained as stacks
    job.nnexp_session = session  # type: ignore[attr-defined]
    run = hydra.main(config_path=str(conf_dir()), config_name="config", version_base="1.3")(job)
    try:
        # with full errors Hydra raises what it would print and leave with status 1
        with (
            paused(),
            _environment("HYDRA_FULL_ERROR", "1"),
            _arguments(_of_all(session, overrides)),
            _mode_of_flag(session.arguments),
            _python_314(),
            quick_composition(),
        ):
            run()
    except KeyboardInterrupt:
        return True
    except BrokenPipeError:  # `| head`: nobody reads
        raise
    except Exception as error:
        if is_full(error):
            place = getattr(error, "filename", None)
            if place is None:  # of no folder of its own
                raise
            session.ended = f"the disk of {str(place)!r} is full", ""
            return False
        session.refusal = translate(error, overrides)
    finally:
        SESSION.reset(token)
    if session.refusal is not None and _is_sweep(session):
        session.refusal = for_all_values(session.refusal, overrides)
    return False


def _run_job(composed: DictConfig, session: Session) -> float | None:
    """One job of the command; it raises nothing but KeyboardInterrupt.

    Returns:
        The validation score of the weights that it kept, where it came so far.
    """
    settings = HydraConfig.get()
    sweep = settings.mode == RunMode.MULTIRUN
    folder = Path(settings.runtime.output_dir)
    # unresolved: an override may hold ${...}
    overrides = cast(list[str], OmegaConf.to_container(settings.overrides.task, resolve=False))
    job = Job(int(settings.job.num) if sweep else None, folder, overrides)
    session.start(job)
    try:
        if folder == Path.cwd():
            raise _works_in_output(bool(settings.job.chdir))
        if (folder / "status.json").exists():
            raise taken(folder, sweep, any(folder == other.folder for other in session.jobs[:-1]))
        check_alone(folder)
        job.config = config = to_config(composed, overrides)
        if not sweep:
            check_folder_key(settings.overrides.hydra, sweep=False)
        # imported here so that a mistake is answered without torch
        from nnexp.runs.runner import run_in_folder

        result = run_in_folder(config, folder=folder, overrides=overrides, command=session.command)
        job.status, job.reason = str(result.status), str(result.reason or "")
        job.score = score_of(config, result.metrics)
    except UserError as error:
        job.fail(error)
    except KeyboardInterrupt:
        job.status, job.reason = "interrupted", "Ctrl-C"
        record(job, composed)
        raise
    except Exception as error:
        job.fail(error)
        if is_full(error) and not sweep:
            session.ended, job.error = full_disk(folder), None
    # what is there is not this job's, or takes no more
    if isinstance(job.error, TakenError) or is_full(job.error):
        pass
    elif job.error is not None and (sweep or not isinstance(job.error, UserError)):
        record(job, composed)
    session.end(job)
    if sweep and job.status == "interrupted":
        raise KeyboardInterrupt
    return job.score


def _of_all(session: Session, overrides: Sequence[str]) -> list[str]:
    """The arguments for Hydra: of a sweep those that fit all of its jobs; the rest is noted."""
    if _is_sweep(session):
        session.held = held(overrides)
    return [word for word in session.arguments if word not in session.held]


def _is_sweep(session: Session) -> bool:
    return bool({"-m", "--multirun"} & set(session.arguments))


def _works_in_output(moved: bool) -> UserError:
    """The error of a run whose files would lie among those of its user."""
    if moved:
        return UserError(
            "hydra.job.chdir=true makes the output folder the working directory",
            "the working directory stays where the command is typed: paths are read from there",
            "hydra.job.chdir=false",
        )
    return UserError(
        "the output folder is the working directory",
        "hydra.run.dir is a folder of its own",
        "hydra.run.dir=outputs/mine",
    )


@contextmanager
def _environment(name: str, value: str | None) -> Iterator[None]:
    """Set an environment variable, or remove it with None, and put it back."""
    before = os.environ.get(name)
    _set(name, value)
    try:
        yield
    finally:
        _set(name, before)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


@contextmanager
def _arguments(words: Sequence[str]) -> Iterator[None]:
    """Hydra reads the process's arguments; let them be these."""
    before = sys.argv
    sys.argv = [before[0], *words]
    try:
        yield
    finally:
        sys.argv = before


@contextmanager
def _mode_of_flag(words: Sequence[str]) -> Iterator[None]:
    """With -m, spare Hydra composing the whole configuration to look for `hydra.mode` in it."""
    if not {"-m", "--multirun"} & set(words) or any("hydra.mode" in word for word in words):
        yield
        return
    before = Hydra.get_mode
    Hydra.get_mode = lambda *args, **kwargs: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        Hydra.get_mode = before  # type: ignore[method-assign]


@contextmanager
def _python_314() -> Iterator[None]:
    """Let Hydra 1.3 build its parser on Python 3.14, whose argparse refuses its lazy help."""
    check = getattr(argparse.ArgumentParser, "_check_help", None)
    if sys.version_info < (3, 14) or check is None:
        yield
        return
    setattr(argparse.ArgumentParser, "_check_help", lambda *args: None)  # noqa: B010
    try:
        yield
    finally:
        setattr(argparse.ArgumentParser, "_check_help", check)  # noqa: B010
