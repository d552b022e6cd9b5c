"""One run, from a configuration to a run folder.

table -> split -> preprocess -> tensors -> stack of one -> trainer -> scores -> files
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
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
from nnexp.data.names import listing
from nnexp.errors import UserError
from nnexp.interrupts import interrupts
from nnexp.model.weights import to_arrays
from nnexp.recording import record_scores, recording
from nnexp.scoring import Part, score_part
from nnexp.track import folder as folders
from nnexp.track.history import HistoryFrame, read_history
from nnexp.track.log import open_log
from nnexp.track.manifest import describe, write_manifest
from nnexp.track.status import write_status
from nnexp.track.summary import print_messages, print_summary
from nnexp.train.machine import pick_device, pick_threads, threads
from nnexp.train.plan import Data
from nnexp.train.trainer import Outcome, fit

WEIGHTS_FILE = "model.safetensors"
SHOWN = 12  # column names in a line


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
    if isinstance(overrides, str):
        raise UserError(
            f"overrides are one text, {overrides!r}",
            "a list with a text for each override",
            f"nnexp.run({overrides.split()!r})",
        )
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
    notes = [*_describe(config, dataset), *dataset.messages]
    print_messages(notes, warnings(config))
    for line in (*notes, *warnings(config)):
        log("%s", line)
    log("%d train, %d validation, %d test rows; %d parameters; %s, %d threads",
        len(dataset.train), len(dataset.valid), len(dataset.test), model.layout.used, device,
        count)  # fmt: skip
    with threads(count), recording(config, folder, overrides, model.layers) as (observe, board):
        with interrupts() as stop:
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
            record_scores(board, config, outcome, dataset.classes, parts, metrics)

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
    shown = {**metrics, "kept": config.trainer.checkpoint}
    print_summary(shown, folder, epochs=outcome.epochs, tensorboard=config.trainer.tensorboard)
    return Run(outcome.status, reason, folder, metrics)


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


def _yaml_list(items: Sequence[str]) -> str:
    import yaml

    return yaml.safe_dump(list(items), allow_unicode=True)
