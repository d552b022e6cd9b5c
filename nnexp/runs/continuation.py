"""A run that was cut off, trained to its end: `nnexp.resume`.

folder -> configuration -> table, as before -> newest good checkpoint -> trainer -> the same folder
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from shlex import join, quote
from typing import Any

from nnexp import calls
from nnexp.config.saved import read_config
from nnexp.config.schema.config import Config
from nnexp.config.typed import read_typed
from nnexp.errors import UserError
from nnexp.runs import checkpoint, runner
from nnexp.runs.checkpoint import Checkpoint
from nnexp.runs.jobs import resume_command, sweep_of
from nnexp.runs.material import check_source
from nnexp.runs.runner import facts_of, prepare, status_kept, train, wants_diagnosis
from nnexp.runs.same_table import check_table, facts_of_manifest
from nnexp.runs.stack import RunStack
from nnexp.runs.started import files_of, is_there, started_in
from nnexp.runs.task import Run, Task
from nnexp.track.folder import (
    DIAGNOSIS_FILE,
    METRICS_FILE,
    REPORT_FILE,
    SWEEP_FILE,
    check_links,
    read_json,
)
from nnexp.track.history import FILE as HISTORY_FILE
from nnexp.track.history import SIGNALS_FILE, read_history
from nnexp.track.lock import locked
from nnexp.track.log import open_log
from nnexp.track.status import ENDED, read_status, write_status
from nnexp.track.summary import print_messages

# what the end of a run writes, the manifest first: without it nothing takes the rest as finished
PRODUCTS = (
    "manifest.json",
    METRICS_FILE,
    DIAGNOSIS_FILE,
    REPORT_FILE,
    "model.safetensors",
    "preprocess.json",
    "preprocess.safetensors",
)


def resume(run: Any, trust: bool = False) -> Run:
    """Train a run that was killed, interrupted or failed to the end that it would have had.

    It goes on from its last good checkpoint; without one it begins anew, in the same folder. What
    the folder holds then is what an undisturbed run leaves, to the byte where it computes alike.

    Arguments:
        run: its folder, or what `nnexp.run` gave.
        trust: allow a model class of the user's own to be run, and a table to be downloaded.

    Returns:
        The run; one that has ended already as it is.

    Raises:
        UserError: this is no run, its table has changed, it is part of a sweep, another process
            is at work in it, or its checkpoint is not its own. The folder is then as it was.
    """
    folder = calls.folder(run, "nnexp.resume")
    if (folder / SWEEP_FILE).is_file():
        raise UserError(
            f"{str(folder)!r} is a sweep",
            "nnexp.resume goes on with a run; what is missing of a sweep is run by the command",
            join(["nnexp", "resume", str(folder)]),
        )
    config = _config(folder, trust)
    check_links(folder)
    if (folder / checkpoint.FOLDER).is_dir():
        check_links(folder / checkpoint.FOLDER)
    with locked(folder):
        status = read_status(folder)
        if status["status"] in ENDED:
            checkpoint.remove(folder)  # it may have been killed before it did
            run = _as_it_ended(folder, status)
            if is_undiagnosed(run, config):
                _diagnose_at_last(run, config, trust)
            return run
        _check_alone(folder)
        _check_place(folder, config, trust)
        with open_log(folder) as log:
            typed = read_typed(folder, trust=True) or []  # for the record: nothing composes them
            task = Task(config, folder, typed, ["nnexp", "resume", str(folder)], log.info)
            labelled, dataset = prepare(config)
            stack = RunStack([task], [dataset])
            (like,) = stack.unbegun()
            check_table(folder, dataset, facts_of_manifest(folder))
            found, remarks = checkpoint.read(
                folder,
                like,
                stack.steps,
                config.trainer.epochs,
                partial(check_table, folder, dataset),
            )
            remarks += _remarks(found, facts_of(stack, dataset, stack.threads(config.threads)))
            with status_kept(folder, config):
                write_status(folder, "running")
                _clear(folder, found)
                print_messages(remarks)
                for line in remarks:
                    log.info("%s", line)
                start = None if found is None else found.parked
                return train(task, labelled, dataset, stack, start, trust)


def _config(folder: Path, trust: bool) -> Config:
    try:
        config = read_config(folder, trust)
        check_source(config, trust)
        return config
    except UserError as error:
        if not error.remedy.endswith("--trust"):
            raise
        remedy = f"nnexp resume {quote(str(folder))} --trust"
        raise UserError(error.wrong, error.allowed, remedy) from error


def _check_alone(folder: Path) -> None:
    """Refuse a job of a sweep, which its sweep goes on with: it may have been parked."""
    if (sweep := sweep_of(folder)) is not None:
        raise UserError(
            f"{str(folder)!r} is part of the sweep {str(sweep)!r}",
            "the folder of a sweep, or of a run that is in none",
            resume_command(folder),
        )


def _check_place(folder: Path, config: Config, trust: bool) -> None:
    """Refuse to go on where the files of the table are not to be found by the paths in it."""
    paths = files_of(config.data)
    lost = [path for path in paths if not is_there(path)]
    if not lost:
        return
    start = started_in(folder, paths)
    more = ["--trust"] if trust else []
    if start is not None:
        own = str(folder.absolute().relative_to(start))
        raise UserError(
            f"from here there is no {lost[0]!r}, which the run reads",
            "the folder in which the run was started; relative paths are read from there",
            f"cd {quote(str(start))} && {join(['nnexp', 'resume', own, *more])}",
        )
    place = Path(lost[0]).parent
    raise UserError(
        f"the table {lost[0]!r} of the run is no longer there",
        "the file back where it was, unchanged; relative paths are read from where the run was "
        "started",
        f"ls -l {quote(str(place))}",
    )


def is_undiagnosed(run: Run, config: Config) -> bool:
    """Whether a run lacks the findings that it should have ended with: it was killed before."""
    there = (run.folder / DIAGNOSIS_FILE).exists()
    return not there and wants_diagnosis(config, run) and sweep_of(run.folder) is None


def _diagnose_at_last(run: Run, config: Config, trust: bool) -> None:
    """Give a run the findings that it lacks; where its table is not at hand, say so."""
    folder = run.folder
    with open_log(folder) as log:
        try:
            _check_place(folder, config, trust)
            labelled, dataset = prepare(config)
            check_table(folder, dataset, facts_of_manifest(folder))
        except UserError as error:  # the run is done, whatever becomes of its diagnosis
            print_messages([], [f"no diagnosis: {error.wrong}; try: {error.remedy}"])
            return
        typed = read_typed(folder, trust) or []
        task = Task(config, folder, typed, ["nnexp", "resume", str(folder)], log.info)
        runner.diagnose(task, labelled, dataset, trust)


def _remarks(found: Checkpoint | None, facts: dict[str, Any]) -> list[str]:
    """What to say of where it goes on, and of what may keep it from being exact."""
    if found is None:
        return ["no checkpoint to go on from: the run begins anew"]
    before, now = found.facts.get("means"), facts["means"]
    before = before if isinstance(before, dict) else {}
    changed = [
        f"{key} {before.get(key)} then, {value} now"
        for key, value in now.items()
        if before.get(key) != value
    ]
    lines = [f"going on after epoch {found.parked.epoch}"]
    if changed:
        lines.append(f"the last digits may differ from an undisturbed run's: {'; '.join(changed)}")
    return lines


def _clear(folder: Path, found: Checkpoint | None) -> None:
    """Let a folder be as at the checkpoint; without one, as when the run began."""
    for name in PRODUCTS:
        (folder / name).unlink(missing_ok=True)
    for path in folder.glob(".*.tmp"):  # of a write that was cut off
        if not path.is_dir():  # a folder is somebody else's
            path.unlink()
    if found is not None:
        checkpoint.cut_back(folder, found)
        return
    checkpoint.remove(folder)
    for path in (folder / HISTORY_FILE, folder / SIGNALS_FILE, *folder.glob(checkpoint.EVENTS)):
        path.unlink(missing_ok=True)


def _as_it_ended(folder: Path, status: dict[str, Any]) -> Run:
    metrics, history = read_json(folder / METRICS_FILE), read_history(folder)
    epochs = int(history["epoch"].iloc[-1]) if len(history) else 0
    return Run(status["status"], status["reason"], folder, metrics, epochs)
