"""One run, from a configuration to a run folder.

table -> split -> preprocess -> tensors -> stack of one -> trainer -> scores -> files
"""

from __future__ import annotations

import json
import math
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save as safetensors_bytes

from nnexp import assemble
from nnexp.config.compose import compose
from nnexp.config.pairings import warnings
from nnexp.config.saved import config_text
from nnexp.config.schema import Config
from nnexp.data import Dataset, load_table, prepare
from nnexp.errors import UserError
from nnexp.hparams import hparams
from nnexp.model.weights import to_arrays
from nnexp.scoring import Part, score_part
from nnexp.track import folder as folders
from nnexp.track.history import History, HistoryFrame, read_history
from nnexp.track.log import open_log
from nnexp.track.manifest import describe, write_manifest
from nnexp.track.progress import make_progress
from nnexp.track.status import write_status
from nnexp.track.summary import print_messages, print_summary
from nnexp.train.machine import keep_freed_memory, pick_device, pick_threads, threads
from nnexp.train.plan import Data
from nnexp.train.trainer import Epoch, Outcome, fit

HISTOGRAM_EPOCHS = 20  # about so many epochs have weight histograms
WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class Run:
    """A run that has ended.

    Arguments:
        status: `done`, `diverged` or `interrupted`.
        reason: why it ended before its last epoch; None where it did not.
        folder: its files; `nnexp.load(folder)` predicts with its weights.
        metrics: the content of metrics.json.
    """

    status: str
    reason: str | None
    folder: Path
    metrics: dict[str, Any]

    @property
    def history(self) -> HistoryFrame:
        """history.csv as a DataFrame; `history.plot()` draws the learning curves."""
        return read_history(self.folder)


def run(overrides: Sequence[str] = (), root: str | Path = "outputs") -> Run:
    """Train as `python train.py OVERRIDES` does, from Python.

    Arguments:
        overrides: command line overrides, `["optimizer=sgd", "reg.l2=0.01"]`.
        root: where the run's folder is made.

    Raises:
        UserError: a mistake in the overrides or in the table.
    """
    overrides = [str(override) for override in overrides]
    config = compose(overrides)
    folder = folders.create(root)
    return run_in_folder(config, folder, overrides, ["nnexp.run", *overrides])


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
    started = datetime.now(UTC)
    write_status(folder, "running")
    folders.write_text(folder / "config.yaml", config_text(config))
    folders.write_text(folder / "overrides.yaml", _yaml_list(overrides))
    try:
        with open_log(folder) as log:
            log.info("overrides: %s", " ".join(overrides) or "none")
            result = _run(config, folder, overrides, command, started, log.info)
    except KeyboardInterrupt:
        write_status(folder, "interrupted", "Ctrl-C before the end of the run")
        raise
    except BaseException as error:
        reason = error.wrong if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        write_status(folder, "failed", reason)
        raise
    write_status(folder, result.status, result.reason)
    return result


def _run(
    config: Config,
    folder: Path,
    overrides: Sequence[str],
    command: Sequence[str],
    started: datetime,
    log: Callable[..., None],
) -> Run:
    keep_freed_memory()
    device = pick_device(config.device)
    plan = assemble.plan(config)

    # table -> split -> preprocess, fitted on train rows only
    dataset = prepare(load_table(config.data), config.data, seed=config.seeds.split)
    _check_parts(config, dataset)

    # tensors on the device
    compute = plan.compute or plan.dtype
    coded = assemble.coding(config, dataset.classes)
    counts = np.bincount(dataset.y[dataset.train], minlength=len(dataset.classes))
    weights = assemble.class_weights(config, counts)
    data = Data(
        x=torch.from_numpy(dataset.x).to(device, compute),
        codes=None if dataset.codes is None else torch.from_numpy(dataset.codes).to(device),
        targets=assemble.targets(coded, dataset.y, weights, plan.dtype).to(device),
        train=torch.from_numpy(dataset.train).to(device),
        valid=torch.from_numpy(dataset.valid).to(device),
    )
    test = torch.from_numpy(dataset.test).to(device)

    # stack of one -> trainer
    model = assemble.model(config, dataset.x.shape[1], dataset.levels, coded.outputs)
    member = assemble.member(config, len(model.dropout_widths) - 1)
    loss = assemble.loss(config, coded, weights, torch.zeros((), dtype=plan.dtype, device=device))
    decision = assemble.decision(config, coded)
    batch = min(plan.batch_size, len(dataset.train))
    count = pick_threads(config.threads, 6.0 * batch * model.layout.weights)
    print_messages([_describe(dataset), *dataset.messages], warnings(config))
    for line in (*dataset.messages, *warnings(config)):
        log("%s", line)
    log("%d train, %d validation, %d test rows; %d parameters; %s, %d threads",
        len(dataset.train), len(dataset.valid), len(dataset.test), model.layout.used, device,
        count)  # fmt: skip
    with threads(count), _observers(config, folder, overrides, model.layers) as (observe, board):
        with _interrupts() as stop:
            (outcome,) = fit(
                model, data, [member], loss, decision, plan, observe=observe, stop=stop
            )
        # at once: whatever happens while scoring, the weights are there
        dataset.preprocessor.save(folder)
        _save_weights(folder, model, outcome, dataset.classes, dataset.x.shape[1])
        stack = model.bind(
            outcome.theta.unsqueeze(0).to(device),
            outcome.buffers.unsqueeze(0).to(device),
            dtype=compute,
        )
        parts = {
            name: score_part(stack, data, rows, loss, decision, plan.batch_size)
            for name, rows in (("val", data.valid), ("test", test))
        }
        metrics = _metrics(outcome, parts)
        if board is not None:
            _finish_board(board, config, outcome, dataset.classes, parts, metrics)

    # files; the manifest last, for it lists the others
    folders.write_json(folder / "metrics.json", metrics)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
    facts = describe(
        device=name,
        threads=count,
        data=dataset.summary,
        seeds={"split": config.seeds.split, **vars(member.seeds)},
        started=started,
        duration=(datetime.now(UTC) - started).total_seconds(),
        command=command,
    )
    write_manifest(folder, facts)
    reason = outcome.reason
    if outcome.status == "interrupted":
        reason = f"Ctrl-C after {outcome.epochs} epochs"
    log("%s after %d epochs; best epoch %d%s",
        outcome.status, outcome.epochs, outcome.best_epoch, f"; {reason}" if reason else "",
    )  # fmt: skip
    if reason:
        print_messages([f"{outcome.status}: {reason}"])
    print_summary(metrics, folder, epochs=outcome.epochs, tensorboard=config.trainer.tensorboard)
    return Run(outcome.status, reason, folder, metrics)


@contextmanager
def _observers(
    config: Config, folder: Path, overrides: Sequence[str], layers: Sequence[str]
) -> Iterator[tuple[Callable[[Epoch], None], Any]]:
    """What an epoch is shown to: history.csv, the progress display, TensorBoard (None if off)."""
    trainer = config.trainer
    history = History(folder)
    board = None
    if trainer.tensorboard:
        from nnexp.track.board import Board, code_block

        board = Board(folder)
        board.text("config", code_block(config_text(config)))
        board.text("overrides", code_block("\n".join(overrides) or "none"))
        board.hparams(hparams(config), dict.fromkeys(METRICS), status="running")
    progress = make_progress(trainer.progress, trainer.epochs, monitor=trainer.monitor)
    spacing = math.ceil(trainer.epochs / HISTOGRAM_EPOCHS)

    def observe(epoch: Epoch) -> None:
        row: dict[str, Any] = {"epoch": epoch.number}
        row.update({name: float(values[0]) for name, values in epoch.record.items()})
        history.append(row)
        progress.epoch(row)
        if board is None:
            return
        for layer, norm, ratio in zip(
            layers, epoch.gradient_norm[0], epoch.update_ratio[0], strict=True
        ):
            row[f"gradient_norm/{layer}"], row[f"update_ratio/{layer}"] = norm, ratio
        row["gradient_norm/all"] = row.pop("gradient_norm")
        board.epoch(row)
        if epoch.number == 1 or epoch.number % spacing == 0:
            for layer in layers:
                values = epoch.weights(0, layer).float().numpy()
                board.histogram(epoch.number, f"weights/{layer}", values)

    try:
        yield observe, board
    finally:
        progress.close()
        if board is not None:
            board.close()


METRICS = tuple(
    f"hparam/{part}_{score}"
    for part in ("val", "test")
    for score in ("loss", "accuracy", "balanced_accuracy", "auc")
)


def _finish_board(
    board: Any,
    config: Config,
    outcome: Outcome,
    classes: Sequence[Any],
    parts: dict[str, Part | None],
    metrics: dict[str, Any],
) -> None:
    for name, part in parts.items():
        if part is not None:
            title = f"{name}, epoch {outcome.best_epoch}"
            board.confusion(outcome.best_epoch, f"confusion/{name}", part.confusion, classes, title)
    values = {}
    for tag in METRICS:
        part_name, _, score = tag.removeprefix("hparam/").partition("_")
        values[tag] = (metrics[part_name] or {}).get(score)
    board.hparams(hparams(config), values, status=outcome.status, step=outcome.best_epoch)


def _metrics(outcome: Outcome, parts: dict[str, Part | None]) -> dict[str, Any]:
    scores = {name: None if part is None else part.scores for name, part in parts.items()}
    return {"best_epoch": outcome.best_epoch, **scores}


def _save_weights(
    folder: Path, model: assemble.Model, outcome: Outcome, classes: Sequence[Any], inputs: int
) -> None:
    arrays = to_arrays(model, outcome.theta, outcome.buffers)
    about = json.dumps({"format": 1, "inputs": inputs, "classes": list(classes)})
    # one key: the order of several is not settled, and the file would differ from run to run
    folders.write_bytes(folder / WEIGHTS_FILE, safetensors_bytes(arrays, {"nnexp": about}))


def _check_parts(config: Config, dataset: Dataset) -> None:
    """Refuse a run that would be judged by validation rows where there are none."""
    by_validation = config.trainer.monitor.startswith("val_")
    if len(dataset.valid) == 0 and by_validation:
        raise UserError(
            f"trainer.monitor={config.trainer.monitor}, and no row is left for validation",
            "validation rows (data.split.valid, or valid in the split column), or train_loss or "
            "train_accuracy",
            "trainer.monitor=train_loss",
        )


def _describe(dataset: Dataset) -> str:
    summary = dataset.summary
    kinds = list(summary["columns"].values())
    columns = ", ".join(
        f"{kinds.count(kind)} {kind}" for kind in ("numeric", "categorical") if kind in kinds
    )
    return (
        f"{summary['source']}: {summary['rows']} rows, {columns} columns, "
        f"{len(dataset.classes)} classes; {len(dataset.train)} train, {len(dataset.valid)} "
        f"validation, {len(dataset.test)} test"
    )


def _yaml_list(items: Sequence[str]) -> str:
    import yaml

    return yaml.safe_dump(list(items), allow_unicode=True)


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag that training asks for; the second one interrupts at once.

    Outside the main thread, where Python delivers no signals, the flag is never set.
    """
    asked = False
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return

    def handle(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
