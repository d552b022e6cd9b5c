"""One run, from a configuration to a run folder.

table -> split -> preprocess -> tensors -> stack of one -> trainer -> scores -> files
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import OmegaConf

from nnexp import calls
from nnexp.config.compose import compose
from nnexp.config.grammar import parse
from nnexp.config.pairings import warnings
from nnexp.config.schema.config import Config
from nnexp.config.schema.model import CustomModelConfig
from nnexp.config.schema.sources import OpenMLConfig
from nnexp.data import Dataset, load_table
from nnexp.data.dataset import prepare_labelled
from nnexp.data.labelled import Labelled, read_labelled
from nnexp.data.names import listing
from nnexp.errors import UserError
from nnexp.files import is_full
from nnexp.runs import checkpoint
from nnexp.runs.checkpoint import CheckpointSaver
from nnexp.runs.interrupts import interrupts
from nnexp.runs.jobs import check_alone, taken
from nnexp.runs.material import make_material
from nnexp.runs.recording import epoch_row
from nnexp.runs.stack import RunStack
from nnexp.runs.task import Run, Task, begin_run, check_parts
from nnexp.runs.too_large import too_large
from nnexp.track import folder as folders
from nnexp.track.events import append_text
from nnexp.track.lock import locked
from nnexp.track.log import open_log
from nnexp.track.origin import cpu_model
from nnexp.track.progress import make_progress
from nnexp.track.status import ENDED, claim, overwrite_status, read_status, write_status
from nnexp.track.status import FILE as STATUS
from nnexp.track.summary import print_messages, print_summary, print_text
from nnexp.train.machine import pick_device
from nnexp.train.parked import Parked

SHOWN = 12  # column names in a line


def run(overrides: Sequence[str] = (), root: str | Path = "outputs") -> Run:
    """Train as `python train.py OVERRIDES` does, from Python.

    Arguments:
        overrides: command line overrides, `["optimizer=sgd", "reg.l2=0.01"]`.
        root: where the run's folder is made; `hydra.run.dir=FOLDER` among the overrides names the
            folder itself.

    Raises:
        UserError: a mistake in the overrides or in the table, or a folder that holds a run.
    """
    overrides = calls.words(overrides, "nnexp.run", root)
    config = _composed(overrides)
    named = _named(overrides)
    folder = folders.create(calls.root(root, "nnexp.run")) if named is None else _given(named)
    return run_in_folder(config, folder, overrides, ["nnexp.run", *overrides])


def _composed(overrides: list[str]) -> Config:
    try:
        return compose(overrides)
    except UserError as error:
        raise calls.as_call(error, overrides) from error


def _named(overrides: Sequence[str]) -> Path | None:
    """The folder that `hydra.run.dir` among the overrides names, as the command line reads it."""
    named = None
    for word in map(parse, overrides):
        if word.key_or_group == "hydra.run.dir" and not word.is_delete():
            named = OmegaConf.create({"dir": word.value()}).dir  # resolves ${now:...}
    return None if named is None else Path(str(named))


def _given(folder: Path) -> Path:
    """A folder that the user has named, which holds no other run."""
    if (folder / STATUS).exists():
        raise taken(folder, sweep=False, own=False)
    check_alone(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_in_folder(
    config: Config, folder: Path, overrides: Sequence[str] = (), command: Sequence[str] = ()
) -> Run:
    """Train a checked configuration and leave everything in a folder of the run's own.

    Arguments:
        config: the configuration.
        folder: an existing folder that holds no other run.
        overrides: what the user typed, for the record.
        command: the whole command line, for the record.

    Raises:
        UserError: a mistake of the user's. The folder's status is then `failed`, as for any
            other exception.
    """
    if not claim(folder):
        raise taken(folder, sweep=False, own=False)
    with locked(folder), status_kept(folder, config), open_log(folder) as log:
        task = Task(config, folder, overrides, command, log.info)
        begin_run(task)
        log.info("overrides: %s", " ".join(overrides) or "none")
        labelled, dataset = prepare(config)
        return train(task, labelled, dataset, RunStack([task], [dataset]))


@contextmanager
def status_kept(folder: Path, config: Config) -> Iterator[None]:
    """Let a run's status tell of an exception that ends it.

    Where the run has ended before, as in its diagnosis, it stays what it is.
    """
    try:
        yield
    except KeyboardInterrupt:
        _break_off(folder, "interrupted", "Ctrl-C before the end of the run")
        raise
    except BaseException as error:
        told = too_large(error, config)
        _break_off(folder, "failed", reason_of(told or error))
        if told is None:
            raise
        raise told from error


def _break_off(folder: Path, status: str, reason: str) -> None:
    with suppress(UserError):  # none that can be read
        if read_status(folder)["status"] in ENDED:
            return
    try:
        write_status(folder, status, reason)
    except OSError as error:
        if not is_full(error):
            raise
        overwrite_status(folder, status, "the disk is full")


def reason_of(error: BaseException) -> str:
    """Why a run failed, in one line."""
    if isinstance(error, UserError):
        return error.wrong
    return " ".join(f"{type(error).__name__}: {error}".split())


def notes(config: Config, dataset: Dataset) -> list[str]:
    """What to know of a run's table: rows, parts, columns, what became of them."""
    return [*_describe(config, dataset), *dataset.messages]


def prepare(config: Config) -> tuple[Labelled, Dataset]:
    """The table of a run: read, split and prepared.

    Raises:
        UserError: a mistake in it, or it does not go with the configuration.
    """
    pick_device(config.device)  # a device that is not there is said before anything is read

    # table -> split -> preprocess, fitted on train rows only
    labelled = read_labelled(load_table(config.data), config.data)
    dataset = prepare_labelled(labelled, config.data, *config.seeds.of_split)
    check_parts(config, dataset)
    return labelled, dataset


def train(
    task: Task,
    labelled: Labelled,
    dataset: Dataset,
    stack: RunStack,
    start: Parked | None = None,
    trust: bool = True,
) -> Run:
    """Train a run to its end, and show it.

    Arguments:
        task: the run, begun.
        labelled, dataset: its table, as `prepare` gave it.
        stack: of the one run: tensors on the device.
        start: what it goes on from; None to begin.
        trust: whether the folder is its user's own, as that of a run which begins is.
    """
    config = task.config
    print_messages(notes(config, dataset), warnings(config))
    for line in (*notes(config, dataset), *warnings(config)):
        task.log("%s", line)

    # trainer -> scores -> files
    threads = stack.threads(config.threads)
    saver = None
    if config.trainer.save_every:
        facts = partial(facts_of, stack, dataset, threads)
        saver = CheckpointSaver(
            task.folder, config.trainer.save_every, facts, partial(task.log, "%s")
        )
    progress = make_progress(
        config.trainer.progress, config.trainer.epochs, monitor=config.trainer.monitor
    )
    with interrupts() as stop, closing(progress):
        (run,) = stack.train(
            threads,
            observe=lambda epoch: progress.epoch(epoch_row(epoch, 0)),
            stop=stop,
            ended=lambda place, run: progress.close(),
            start=[] if start is None else [start],
            saver=saver,
        )
    assert isinstance(run, Run)
    if run.status != "interrupted":
        checkpoint.remove(run.folder)
    if run.reason:
        print_messages([f"{run.status}: {run.reason}"])
    shown = {**run.metrics, "kept": config.trainer.checkpoint}
    print_summary(shown, run.folder, epochs=run.epochs, tensorboard=config.trainer.tensorboard)
    if wants_diagnosis(config, run):
        diagnose(task, labelled, dataset, trust)
    return run


def wants_diagnosis(config: Config, run: Run) -> bool:
    """Whether a run ends with its findings."""
    return bool(config.trainer.watch and run.epochs)


def facts_of(stack: RunStack, dataset: Dataset, threads: int) -> dict[str, Any]:
    """What a run that is resumed should find unchanged: its table and which rows of it do what,
    and what it computes with.
    """
    versions = {"torch": str(torch.__version__), "numpy": np.__version__}
    means = {**stack.means(threads), "cpu": cpu_model(), **versions}
    return {"data": dataset.summary["fingerprint"], "split": split_id(dataset), "means": means}


def split_id(dataset: Dataset) -> str:
    """Which rows of a table train, validate and test, hashed: sha256 in hexadecimal."""
    split = hashlib.sha256()
    for part in (dataset.train, dataset.valid, dataset.test):
        split.update(np.asarray(dataset.rows[part], dtype="<i8").tobytes() + b"|")
    return split.hexdigest()


def diagnose(task: Task, labelled: Labelled, dataset: Dataset, trust: bool = True) -> None:
    """Say what is wrong with a run that has ended, in its folder, on the screen and in TensorBoard;
    arguments as for `train`.
    """
    from nnexp.runs.diagnosing import diagnose_run, prove_command

    try:
        material = make_material(labelled, task.config, dataset)
        found = diagnose_run(task.folder, material, trust=trust)
    except Exception as error:  # the run is done, whatever becomes of its diagnosis
        task.log("no diagnosis: %s", traceback.format_exc())
        print_messages([], [f"no diagnosis: {reason_of(error)}; see train.log"])
        return
    asks = isinstance(task.config.model, CustomModelConfig)
    asks |= isinstance(task.config.data, OpenMLConfig)
    text = found.text(prove_command(task.folder, trust=asks))
    print_text(text)
    task.log("%s", text.rstrip())
    if task.config.trainer.tensorboard:
        append_text(task.folder, "diagnosis", found.markdown())


def _describe(config: Config, dataset: Dataset) -> list[str]:
    """What was found in the table: rows, parts, columns by kind, missing cells."""
    summary = dataset.summary
    lines = [
        f"{summary['source']}: {summary['rows']} rows, {len(dataset.classes)} classes; "
        f"{len(dataset.train)} train, {len(dataset.valid)} validation, {len(dataset.test)} test"
    ]
    for kind in ("numeric", "categorical"):
        names = [name for name, found in summary["columns"].items() if found == kind]
        if names:
            lines.append(f"{len(names)} {kind}: {listing(names, SHOWN)}")
    missing = [f"{name} {count}" for name, count in summary["missing"].items()]
    if missing:
        how = f"data.missing={config.data.missing}"
        lines.append(f"missing cells: {listing(missing, SHOWN)}; {how}")
    return lines
