"""What a diagnosis needs to know of a run, gathered from its folder and its table."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from nnexp.config.saved import read_config
from nnexp.config.schema.config import Config
from nnexp.config.schema.sources import OpenMLConfig
from nnexp.config.typed import read_typed
from nnexp.data.dataset import Dataset, prepare_labelled
from nnexp.data.labelled import Labelled, read_labelled
from nnexp.data.sources import load_table
from nnexp.diagnosis.audit import forest
from nnexp.diagnosis.audit.order import changes
from nnexp.diagnosis.audit.sheet import Sheet, make_sheet
from nnexp.diagnosis.audit.yardstick import Yardstick, measure
from nnexp.diagnosis.judged import Modes, Rows
from nnexp.diagnosis.seen import Inputs, Seen, Units
from nnexp.errors import UserError
from nnexp.files import open_tensors
from nnexp.model.mlp import MLP
from nnexp.model.module import ModuleModel
from nnexp.model.registered import unregistered
from nnexp.model.weights import FILE as WEIGHTS_FILE
from nnexp.model.weights import weights_from_tensors
from nnexp.runs import assemble, own_module
from nnexp.track.history import SIGNALS_FILE, read_history, read_signals
from nnexp.track.status import read_status
from nnexp.train.evaluate import logits
from nnexp.train.signals import SATURATED, STEADY

UNIT_ROWS = 512  # train rows on which hidden units are looked at
MOVED = 1e-3  # of the largest output: rounding in products of other sizes stays far below
MODE_ROWS = 2048  # train rows that go through a user's own module in training mode, too


@dataclass(frozen=True)
class Material:
    """A run's table, read and prepared as the run did.

    Arguments:
        labelled, dataset: as `read_labelled` and `prepare_labelled` gave them.
        sheet: the audit's view of the table.
    """

    labelled: Labelled
    dataset: Dataset
    sheet: Sheet

    @cached_property
    def trees(self) -> Yardstick:
        """What the table allows, measured once."""
        return measure(self.sheet)


def read_material(config: Config) -> Material:
    """Read and prepare the table of a configuration.

    Raises:
        UserError: the table is not there, or has changed so that the choices do not fit.
    """
    labelled = read_labelled(load_table(config.data), config.data)
    return make_material(labelled, config)


def check_source(config: Config, trust: bool) -> None:
    """Refuse a table that would be downloaded, and kept where a stranger's run folder says.

    Arguments:
        config: as the folder has it.
        trust: whether its user trusts it.

    Raises:
        UserError: it is of openml.org, and the folder is not trusted.
    """
    if isinstance(config.data, OpenMLConfig) and not trust:
        raise UserError(
            "the table is of openml.org, and kept where the run folder says",
            "nnexp downloads what a run folder names where you trust the folder",
            "nnexp diagnose RUN --trust",
        )


def make_material(labelled: Labelled, config: Config, dataset: Dataset | None = None) -> Material:
    """The material of a table that is read already, and perhaps prepared."""
    seeds = config.seeds.of_split
    if dataset is None:
        dataset = prepare_labelled(labelled, config.data, *seeds)
    return Material(labelled, dataset, make_sheet(labelled, config.data, *seeds))


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
        "best_epoch": _best_epoch(history, config),
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
        named = model.module.named_parameters()
        seen["frozen"] = [name for name, own in named if not own.requires_grad]
        seen["unregistered"] = unregistered(model.module)
        matrices = zip(model.layers, model.layout.matrices, strict=True)
        seen["matrices"] = {name: slot.shape for name, slot in matrices}
    if not (folder / WEIGHTS_FILE).is_file():
        return Seen(**seen)
    return Seen(**seen, **_judge(folder, config, model, coded, material, signals))


def _best_epoch(history: Any, config: Config) -> int:
    monitor = config.trainer.monitor
    if config.trainer.checkpoint == "last" or monitor not in history:
        return int(history["epoch"].iloc[-1]) if len(history) else 0
    values = history[monitor].to_numpy(dtype=float)
    if not np.isfinite(values).any():
        return 0
    best = np.nanargmin(values) if monitor.endswith("loss") else np.nanargmax(values)
    return int(history["epoch"].iloc[best])


def _inputs(dataset: Dataset) -> Inputs:
    x = dataset.x[dataset.train].astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        rms, std = np.sqrt((x * x).mean(0)), x.std(0)
    return Inputs(dataset.features, rms, std, np.isfinite(dataset.x).all(0))


@torch.no_grad()
def _judge(
    folder: Path,
    config: Config,
    model: assemble.Model,
    coded: assemble.Coding,
    material: Material,
    signals: pd.DataFrame | None,
) -> dict[str, Any]:
    """The kept weights on validation and train rows, beside the yardstick."""
    dataset, sheet = material.dataset, material.sheet
    plan = assemble.plan(config)
    try:
        with open_tensors(folder / WEIGHTS_FILE, 4 << 30) as tensors:
            theta, buffers = weights_from_tensors(model, tensors)
    except UserError:  # NaN in the weights: nothing to judge
        return {}
    except OSError as error:
        raise UserError(
            f"{str(folder / WEIGHTS_FILE)!r} is damaged: {error}",
            "the file that the run wrote, unchanged",
            f"ls -l {shlex.quote(str(folder))}",
        ) from error
    compute = plan.compute or plan.dtype
    stack = model.bind(theta, buffers, dtype=compute)
    counts = np.bincount(dataset.y[dataset.train], minlength=len(dataset.classes))
    weights = assemble.class_weights(config, counts)
    loss = assemble.loss(config, coded, weights, torch.zeros((), dtype=plan.dtype))
    decision = assemble.decision(config, coded)
    targets = assemble.targets(coded, dataset.y, weights, plan.dtype)
    x = torch.from_numpy(dataset.x).to(compute)
    codes = None if dataset.codes is None else torch.from_numpy(dataset.codes)

    def outputs(rows: np.ndarray) -> torch.Tensor:
        return logits(stack, x, codes, torch.from_numpy(rows), 1, targets.outputs)

    def rows_of(true: np.ndarray, out: torch.Tensor, judged: forest.Judged) -> Rows:
        activated = loss.activate(out)
        predicted = np.asarray(decision.classes(activated)[0].numpy())
        scores = np.asarray(decision.probabilities(activated)[0].double().numpy())
        if scores.shape[1] != len(dataset.classes):
            return Rows(true, predicted, judged.predicted, judged.votes)
        return Rows(true, predicted, judged.predicted, judged.votes, scores)

    def losses_of(rows: np.ndarray, out: torch.Tensor) -> torch.Tensor:
        index = torch.from_numpy(rows).unsqueeze(0)
        return loss.rows(out, targets.dense(index), targets.row_weights(index)).double()

    def modes(rows: np.ndarray, out: torch.Tensor) -> Modes:
        both = out, outputs(rows)
        right = [decision.classes(loss.activate(one))[0].numpy() == dataset.y[rows] for one in both]
        lost = [float(losses_of(rows, one).mean()) for one in both]
        return Modes(right[0], right[1], lost[0], lost[1])

    train_rows = forest.sample(dataset.train)
    own_train = np.searchsorted(sheet.rows, dataset.rows[train_rows])
    judged = material.trees.of_train(sheet, own_train)
    out = outputs(train_rows)
    index = torch.from_numpy(train_rows).unsqueeze(0)
    row_weights = targets.row_weights(index)
    total = losses_of(train_rows, out).sum(1)
    shared = float(len(train_rows)) if row_weights is None else row_weights.double().sum(1)
    mean = loss.of_set(total, shared, len(train_rows), plan.batch_size)
    found: dict[str, Any] = {
        "train": rows_of(dataset.y[train_rows], out, judged),
        "train_loss": float(mean[0]),
        "units": _units(model, stack, x, codes, train_rows),
    }
    if isinstance(model, ModuleModel):
        few = x[torch.from_numpy(forest.sample(train_rows, UNIT_ROWS))].unsqueeze(0)
        kind = own_module.nature(model, theta, buffers, few).kind
        found["emitted"] = "" if kind == "logits" else kind
        found["cut"] = own_module.cut(model, theta, buffers, few, _still(signals))
        mixed = np.random.default_rng(0).permutation(train_rows)[:MODE_ROWS]
        own = x[torch.from_numpy(mixed)].unsqueeze(0)
        twice = [outputs(mixed), outputs(mixed)]
        first, second = (decision.classes(loss.activate(one))[0].numpy() for one in twice)
        found["unsteady"] = float((first != second).mean())
        found["is_constant"] = _is_constant(twice[0][0])
        if torch.equal(*twice):
            found["mixes"] = _mixes(outputs, mixed, twice[0][0])
        out = own_module.in_training(model, theta, buffers, own, plan.batch_size)
        found["modes"] = modes(mixed[: out.shape[1]], out)
    if len(dataset.valid):
        own_valid = np.searchsorted(sheet.rows, dataset.rows[dataset.valid])
        judged = material.trees.of_held_out(sheet, own_train, own_valid)
        out = outputs(dataset.valid)
        found["valid"] = rows_of(dataset.y[dataset.valid], out, judged)
    return found


def _is_constant(out: torch.Tensor) -> bool:
    """Whether outputs (n, C) of several rows are the same."""
    return len(out) > 1 and torch.equal(out, out[:1].expand_as(out))


def _mixes(
    outputs: Callable[[np.ndarray], torch.Tensor], rows: np.ndarray, whole: torch.Tensor
) -> bool:
    """Whether rows (n,) have other outputs in other company than `whole` (n, C) shows."""
    halves = [outputs(rows[place::2])[0] for place in (0, 1)]
    moved = max(float((whole[k::2] - own).abs().max()) for k, own in enumerate(halves) if len(own))
    return moved > MOVED * max(float(whole.abs().max()), 1e-12)


def _still(signals: pd.DataFrame | None) -> list[str]:
    """Layers whose gradient was 0 whenever it was seen, while another's was not."""
    if signals is None:
        return []
    prefix = "gradient_norm/"
    norms = {str(n)[len(prefix) :]: signals[n] for n in signals if str(n).startswith(prefix)}
    seen = {name: own[np.isfinite(own)] for name, own in norms.items()}
    still = [name for name, own in seen.items() if len(own) and (own == 0).all()]
    return still if any((own > 0).any() for own in seen.values()) else []


def _units(
    model: assemble.Model, stack: Any, x: torch.Tensor, codes: Any, rows: np.ndarray
) -> Units:
    chosen = torch.from_numpy(forest.sample(rows, UNIT_ROWS))
    stack.forward(x[chosen].unsqueeze(0), None if codes is None else codes[chosen].unsqueeze(0))
    activation = getattr(model, "activation", "")
    dead, saturated, alike = {}, {}, {}
    for name, values in stack.activations():
        if activation == "relu":
            dead[name] = float((values[0].amax(0) <= 0).double().mean())
        elif activation in SATURATED:
            low, high = SATURATED[activation]
            share = ((values[0] < low) | (values[0] > high)).double().mean(0)
            saturated[name] = float((share >= STEADY).double().mean())
    if isinstance(model, MLP):
        for name in model.layers[:-1]:
            weight = model.layout.view(stack.theta, f"{name}.weight")[0]  # (in, out)
            alike[name] = _share_alike(weight.T)
    elif isinstance(model, ModuleModel):
        for name, slot in zip(model.layers, model.layout.matrices, strict=True):
            weight = model.layout.view(stack.theta, slot.name)[0]  # (out, ...)
            alike[name] = _share_alike(weight.flatten(1))
    return Units(dead, saturated, alike)


def _share_alike(weight: torch.Tensor) -> float:
    """The share of a layer's units, rows of `weight` (out, in), that repeat another's weights."""
    units = len(weight)
    distinct = len(np.unique(weight.numpy(), axis=0))
    return 1.0 - (distinct - 1) / (units - 1) if units > 1 else 0.0
