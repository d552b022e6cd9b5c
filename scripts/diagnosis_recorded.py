"""A finished run as the rules of other tools want it: curves, gradients, weights, activations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS = 1000  # train rows whose activations are looked at
Array = np.ndarray
Layers = Sequence[tuple[Array, Array]]


def _empty() -> Array:
    return np.zeros(0)


@dataclass
class Recorded:
    """What is known of a run.

    Arguments:
        loss, val_loss, accuracy, val_accuracy, penalty: a number an epoch; NaN where there is none.
        lr: learning rate of the configuration.
        gradients, updates: by layer, first to last: gradient norm and update ratio, an epoch.
        hidden: the activation of the hidden layers.
        output: the activation of the last one.
        outputs: how many there are.
        loss_name, reduction: of the data loss.
        dropout: the largest of the hidden layers.
        classes: how many.
        x: train inputs (N, D).
        labels: class indices of train rows (N,).
        targets: least and largest target of a single output; None where there are several.
        initial, weights: weight (in, out) and bias of each layer, at the start and saved.
        plain: whether the network is linear layers and activations alone.
        confusion: (C, C), validation rows by their class and the predicted one; None for none.
    """

    loss: Array
    val_loss: Array = field(default_factory=_empty)
    accuracy: Array = field(default_factory=_empty)
    val_accuracy: Array = field(default_factory=_empty)
    penalty: Array = field(default_factory=_empty)
    lr: float = 1e-3
    gradients: list[Array] = field(default_factory=list)
    updates: list[Array] = field(default_factory=list)
    hidden: str = "relu"
    output: str = "logits"
    outputs: int = 2
    loss_name: str = "cross_entropy"
    reduction: str = "mean"
    dropout: float = 0.0
    classes: int = 2
    x: Array = field(default_factory=lambda: np.zeros((0, 1)))
    labels: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    targets: tuple[float, float] | None = None
    initial: Layers = ()
    weights: Layers = ()
    plain: bool = True
    confusion: Array | None = None

    @cached_property
    def before(self) -> list[Array]:
        """What enters the activation of each hidden layer, (rows, H), at the saved weights."""
        return self._forward()[0]

    @cached_property
    def after(self) -> list[Array]:
        """What leaves it."""
        return [activate(self.hidden, value) for value in self.before]

    @cached_property
    def ends(self) -> Array | None:
        """The outputs (rows, C) before the last activation; None where the layers are unknown."""
        return self._forward()[1]

    @property
    def mean_gradients(self) -> list[Array]:
        """By layer about the mean |gradient| of a weight, an epoch."""
        return [
            norm / math.sqrt(weight.size)
            for norm, (weight, _) in zip(self.gradients, self.initial, strict=True)
        ]

    def _forward(self) -> tuple[list[Array], Array | None]:
        if not self.plain or not self.weights:
            return [], None
        found, value = [], self.x[:ROWS].astype(np.float64)
        with np.errstate(all="ignore"):
            for weight, bias in self.weights[:-1]:
                found.append(value @ weight + bias)
                value = activate(self.hidden, found[-1])
            weight, bias = self.weights[-1]
            return found, value @ weight + bias


def activate(name: str, value: Array) -> Array:
    """A hidden activation of an array."""
    with np.errstate(over="ignore"):
        gate = 1 / (1 + np.exp(-value * (1.702 if name == "gelu" else 1)))
    match name:
        case "relu":
            return np.maximum(value, 0)
        case "leaky_relu":
            return np.where(value > 0, value, 0.01 * value)
        case "tanh":
            return np.tanh(value)
        case "sigmoid":
            return gate
        case "silu" | "gelu":
            return value * gate
        case "selu":
            return 1.0507 * np.where(value > 0, value, 1.6733 * np.expm1(np.minimum(value, 0)))
    return value


def read(folder: Path) -> Recorded:
    """A finished run, from its folder and its table."""
    from nnexp.config.saved import read_config
    from nnexp.data import load_table, prepare
    from nnexp.runs import assemble

    config = read_config(folder)
    source = load_table(config.data)
    table = prepare(source, config.data, *config.seeds.of_split)
    coded = assemble.coding(config, table.classes)
    model = assemble.model(config, table.x.shape[1], table.levels, coded.outputs)
    initial, weights = _layers(folder, model, assemble.training_seeds(config).init)
    values = np.array([0.0, 1.0]) if table.raw is None else table.raw[table.train]
    history, signals = (pd.read_csv(folder / f"{n}.csv") for n in ("history", "signals"))
    signals = signals[signals["epoch"] > 0]
    dropout = config.reg.dropout
    norm, skip = (getattr(config.model, name, None) for name in ("norm", "skip"))

    def column(name: str, frame: pd.DataFrame = history) -> Array:
        known = frame[name] if name in frame else pd.Series(np.nan, frame.index)
        return known.astype(float).to_numpy()

    return Recorded(
        loss=column("train_loss"),
        val_loss=column("val_loss"),
        accuracy=column("train_accuracy"),
        val_accuracy=column("val_accuracy"),
        penalty=column("train_penalty"),
        lr=float(config.optimizer.lr),
        gradients=[column(f"gradient_norm/{name}", signals) for name in model.layers],
        updates=[column(f"update_ratio/{name}", signals) for name in model.layers],
        hidden=getattr(config.model, "activation", "identity"),
        output=config.model.output,
        outputs=coded.outputs,
        loss_name=config.loss.name,
        reduction=config.loss.reduction,
        dropout=max(dropout) if isinstance(dropout, list) else float(dropout),
        classes=len(table.classes),
        x=table.x[table.train],
        labels=table.y[table.train],
        targets=None if coded.columns else (float(values.min()), float(values.max())),
        initial=initial,
        weights=weights,
        plain=norm in ("none", None) and not skip and table.codes is None,
        confusion=_confusion(folder, source.frame, table),
    )


def _layers(folder: Path, model: Any, seed: int) -> tuple[Layers, Layers]:
    """Weights and biases at the start, and saved."""
    import torch

    from nnexp.files import open_tensors
    from nnexp.model.weights import weights_from_tensors

    with open_tensors(folder / "model.safetensors", 1 << 30) as tensors:
        saved, _ = weights_from_tensors(model, tensors)
    found = []
    for theta in (model.initial([seed], torch.float32)[0], saved):
        views = {name: view[0].numpy() for name, view in model.layout.views(theta).items()}
        found.append([(views[f"{name}.weight"], views[f"{name}.bias"]) for name in model.layers])
    return found[0], found[1]


def _confusion(folder: Path, frame: pd.DataFrame, table: Any) -> Array | None:
    """Validation rows by true and predicted class."""
    import nnexp

    if not len(table.valid):
        return None
    said = nnexp.load(folder).predict(frame.iloc[table.rows[table.valid]])
    place = {str(label): k for k, label in enumerate(table.classes)}
    counts = np.zeros((len(place), len(place)), dtype=np.int64)
    for true, predicted in zip(table.y[table.valid], said, strict=True):
        if str(predicted) in place:
            counts[true, place[str(predicted)]] += 1
    return counts
