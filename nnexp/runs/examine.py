"""What a diagnosis needs to know of a run, gathered from its folder and its table."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nnexp.config.saved import read_config
from nnexp.config.schema.config import Config
from nnexp.config.typed import read_typed
from nnexp.data.dataset import Dataset
from nnexp.diagnosis.audit.learners import forest
from nnexp.diagnosis.audit.split.order import changes
from nnexp.diagnosis.seen import Inputs, Seen
from nnexp.errors import UserError
from nnexp.model.mlp import MLP
from nnexp.model.module import ModuleModel
from nnexp.model.weights import FILE as WEIGHTS_FILE
from nnexp.model.weights import MisfitError
from nnexp.runs import assemble, own_module
from nnexp.runs.kept import KeptWeights, open_kept
from nnexp.runs.material import Material
from nnexp.runs.units import look_at_units
from nnexp.scores import is_loss
from nnexp.track.folder import METRICS_FILE, read_json
from nnexp.track.history import SIGNALS_FILE, read_history, read_signals
from nnexp.track.status import read_status


def examine(folder: str | Path, material: Material | None, trust: bool = False) -> Seen:
    """Gather what is known of a run.

    Arguments:
        folder: the run folder.
        material: its table; None where it is not at hand, and the run is judged by its curves.
        trust: see `nnexp.load`.

    Raises:
        UserError: the folder holds no run that has trained for an epoch.
    """
    folder = Path(folder)
    config = read_config(folder, trust)
    status = read_status(folder)
    history = read_history(folder)
    signals = read_signals(folder) if (folder / SIGNALS_FILE).is_file() else None
    facts: dict[str, Any] = {
        "config": config,
        "overrides": read_typed(folder, trust) or [],
        "status": str(status["status"]),
        "reason": str(status.get("reason") or ""),
        "history": history,
        "signals": signals,
        "best_epoch": _best_epoch(folder, history, config),
    }
    if material is None:
        return Seen(
            **facts,
            classes=[],
            counts=np.zeros(0),
            outputs=0,
            widths=(),
            steps=1,
            valid_rows=0,
            rows=0,
        )
    dataset = material.dataset
    coded = assemble.coding(config, dataset.classes)
    model = assemble.model(config, dataset.x.shape[1], dataset.levels, coded.outputs)
    hidden = model.hidden if isinstance(model, MLP) else ()
    seen = {
        **facts,
        "classes": dataset.classes,
        "counts": np.bincount(dataset.y[dataset.train], minlength=len(dataset.classes)),
        "outputs": coded.outputs,
        "widths": (dataset.x.shape[1], *hidden, coded.outputs),
        "steps": -(-len(dataset.train) // config.trainer.batch_size),
        "valid_rows": len(dataset.valid),
        "rows": len(dataset.y),
        "inputs": _inputs(dataset),
        "label_changes": changes(dataset.y[dataset.train]),
        "ordinal": [
            category.name
            for category in dataset.preprocessor.categories
            if config.data.encoding == "ordinal" and category.size > 2
        ],
    }
    if isinstance(model, ModuleModel):
        seen["module"] = own_module.of_definition(model)
    if not (folder / WEIGHTS_FILE).is_file():
        return Seen(**seen, unread="the run has left no weights")
    try:
        kept = open_kept(folder, config, model, coded, dataset)
    except MisfitError as error:
        return Seen(**seen, unread=error.wrong)
    train_rows = forest.sample(dataset.train)
    judged = _judge(kept, material, train_rows)
    if isinstance(model, ModuleModel):
        seen["module"] = own_module.of_weights(seen["module"], kept, train_rows, signals)
    return Seen(**seen, **judged)


def _best_epoch(folder: Path, history: Any, config: Config) -> int:
    """The epoch whose weights were kept; told by the history where the run came to no scores."""
    with contextlib.suppress(UserError, KeyError, TypeError):
        best = read_json(folder / METRICS_FILE)["best_epoch"]
        if type(best) is int and 0 <= best <= len(history):
            return best
    monitor = config.trainer.monitor
    if config.trainer.checkpoint == "last" or monitor not in history:
        return int(history["epoch"].iloc[-1]) if len(history) else 0
    values = history[monitor].to_numpy(dtype=float)
    if not np.isfinite(values).any():
        return 0
    best = np.nanargmin(values) if is_loss(monitor) else np.nanargmax(values)
    return int(history["epoch"].iloc[best])


def _inputs(dataset: Dataset) -> Inputs:
    x = dataset.x[dataset.train].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        rms, std = np.sqrt((x * x).mean(0)), x.std(0)
    return Inputs(dataset.features, rms, std, np.isfinite(dataset.x).all(0))


@torch.no_grad()
def _judge(kept: KeptWeights, material: Material, train_rows: np.ndarray) -> dict[str, Any]:
    """The kept weights on validation and some train rows, beside the yardstick."""
    dataset, sheet = material.dataset, material.sheet
    own_train = np.searchsorted(sheet.rows, dataset.rows[train_rows])
    judged = material.trees.of_train(sheet, own_train)
    out = kept.outputs(train_rows)
    found: dict[str, Any] = {
        "train": kept.judge(train_rows, out, judged),
        "train_loss": kept.mean_loss(train_rows, out),
        "units": look_at_units(kept, train_rows),
    }
    if len(dataset.valid):
        own_valid = np.searchsorted(sheet.rows, dataset.rows[dataset.valid])
        judged = material.trees.of_held_out(sheet, own_train, own_valid)
        found["valid"] = kept.judge(dataset.valid, kept.outputs(dataset.valid), judged)
    return found
