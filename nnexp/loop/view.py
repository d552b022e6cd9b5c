"""A loop as the rules for runs see it: what was watched, in the form of a run's records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn.utils.parametrize import ParametrizationList

from nnexp.config.schema.config import Config
from nnexp.config.schema.loss import LossConfig
from nnexp.config.schema.model import CustomModelConfig, MLPConfig
from nnexp.config.schema.options import OPTIONS
from nnexp.config.schema.regularizer import RegConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.config.schema.trainer import TrainerConfig
from nnexp.data.columns import Column
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.seen import Inputs, Units
from nnexp.loop.record import LoopRecord
from nnexp.loop.table import LoopTable
from nnexp.train.signals import SATURATED, STEADY

LOSSES = {
    "softmax": "cross_entropy",
    "nll": "nll",
    "logistic": "bce_with_logits",
    "bce": "bce",
    "squared": "mse",
    "absolute": "mae",
}
ACTIVATIONS = {
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.LeakyReLU: "leaky_relu",
    nn.GELU: "gelu",
    nn.ELU: "elu",
    nn.SiLU: "silu",
}


def make_loop_sheet(table: LoopTable) -> Sheet:
    """The audit's view of the rows: a numeric column x0, x1, ... for each input."""
    flat = table.flat
    flat = np.where(np.isfinite(flat), flat, np.nan)
    names = [f"x{place}" for place in range(flat.shape[1])]
    train, valid = table.part(False), table.part(True)
    config = CsvConfig(scaling="none", missing="none")
    frame = pd.DataFrame(flat, columns=names)
    kept = {n for n, own in zip(names, flat.T, strict=True) if _varies(own[train])}
    columns = [
        Column(n, "numeric") if n in kept else Column(n, "dropped", "one value in train")
        for n in names
    ]
    return Sheet(
        frame=frame,
        columns=columns,
        numbers={n: own for n, own in zip(names, flat.T, strict=True) if n in kept},
        levels={},
        y=table.index,
        classes=list(table.classes) or ["low", "high"],
        train=train,
        valid=valid,
        test=np.zeros(0, np.int64),
        config=config,
        rows=np.arange(len(flat)),
    )


def _varies(values: np.ndarray) -> bool:
    known = values[np.isfinite(values)]
    return len(known) > 0 and bool(known.min() < known.max() or len(known) < len(values))


def make_inputs(table: LoopTable) -> Inputs:
    """What reaches the network of the train rows."""
    flat = table.flat
    x = flat[: table.train]
    with np.errstate(invalid="ignore", over="ignore"):
        rms, std = np.sqrt((x * x).mean(0)), x.std(0)
    names = [f"x{place}" for place in range(flat.shape[1])]
    return Inputs(names, rms, std, np.isfinite(flat).all(0))


def make_history(record: LoopRecord, table: LoopTable) -> pd.DataFrame:
    """The evaluations as the epochs of a history."""
    points = record.frame()
    points = points[points["step"] > 0].reset_index(drop=True)
    sliced = points["slice_loss"] if "slice_loss" in points else points["batch_loss"]
    losses = sliced.where(np.isfinite(sliced), points["batch_loss"])
    history = pd.DataFrame(
        {
            "epoch": np.arange(1, len(points) + 1),
            "train_loss": losses.to_numpy(dtype=float),
            "train_accuracy": points["slice_accuracy"].to_numpy(dtype=float),
            "lr": points["lr"].to_numpy(dtype=float),
        }
    )
    if "val_loss" in points and np.isfinite(points["val_loss"]).any():
        history["val_loss"] = points["val_loss"].to_numpy(dtype=float)
        history["val_accuracy"] = points["val_accuracy"].to_numpy(dtype=float)
    return history


def make_signals(record: LoopRecord, start: bool) -> pd.DataFrame:
    """Evaluations and looks as the rows of signals.

    Arguments:
        record: of the loop.
        start: whether its first loss can be set against that of guessing.
    """
    points = record.frame().rename(columns={"step": "epoch"})
    if not start:
        points = points.drop(columns=[n for n in ("slice_loss",) if n in points])
    return pd.concat([points, pd.DataFrame(record.layers)], ignore_index=True)


def make_config(
    model: nn.Module,
    linear: list[tuple[str, nn.Linear, torch.Tensor]],
    optimizer: torch.optim.Optimizer,
    loss_fn: Any,
    kind: str,
    initial: Mapping[str, torch.Tensor],
    first_lr: float,
    epochs: int,
    batch: int,
    is_affine: bool,
) -> Config:
    """The configuration that a run like the loop would have."""
    return Config(
        data=CsvConfig(scaling="none", missing="none"),
        model=_model(model, linear, initial, is_affine),
        reg=RegConfig(
            dropout=max([0.0, *(one.p for one in _hidden_dropouts(model))]),
            label_smoothing=float(getattr(loss_fn, "label_smoothing", 0.0) or 0.0),
        ),
        optimizer=_optimizer(optimizer, first_lr),
        loss=LossConfig(name=LOSSES.get(kind, "mse")),
        trainer=TrainerConfig(epochs=max(1, epochs), batch_size=max(1, batch), checkpoint="last"),
    )


def _hidden_dropouts(model: nn.Module) -> list[Any]:
    return [one for one in model.modules() if isinstance(one, (nn.Dropout, nn.AlphaDropout))]


def _model(
    model: nn.Module, linear: list[Any], initial: Mapping[str, torch.Tensor], is_affine: bool
) -> Any:
    if not linear or _has_others(model):
        return CustomModelConfig()
    hidden = [own[1].out_features for own in linear[:-1]]
    kinds = [
        name for one in model.modules() for kind, name in ACTIVATIONS.items() if type(one) is kind
    ]
    normed = any("BatchNorm" in type(one).__name__ for one in model.modules())
    layered = any("LayerNorm" in type(one).__name__ for one in model.modules())
    activation = "identity" if is_affine else (kinds[0] if kinds else _by_values(linear))
    biases = [
        float(initial[key].mean()) for n, *_ in linear[:-1] if (key := f"{n}.bias") in initial
    ]
    return MLPConfig(
        bias_init=max(biases, key=abs, default=0.0),
        hidden=hidden,
        activation=activation,
        norm="batch" if normed else "layer" if layered else "none",
    )


def _has_others(model: nn.Module) -> bool:
    """Whether other layers than linear ones are trained, norms and activations aside."""
    return any(
        p.requires_grad
        for one in model.modules()
        if not isinstance(one, (nn.Linear, ParametrizationList, nn.PReLU))
        and "Norm" not in type(one).__name__
        for p in one.parameters(recurse=False)
    )


def _by_values(linear: list[Any]) -> str:
    """The activation by what the layers behind it get."""
    given = [own[2] for own in linear[1:]]
    if not given:
        return "relu"
    low, high = min(float(x.min()) for x in given), max(float(x.max()) for x in given)
    if low == 0:
        return "relu"
    if low >= -1 and high <= 1:
        return "sigmoid" if low >= 0 else "tanh"
    return "gelu"


def _optimizer(optimizer: torch.optim.Optimizer, lr: float) -> Any:
    group = optimizer.param_groups[0]
    name = type(optimizer).__name__.lower()
    name = {"nadam": "adam", "radam": "adam", "adamax": "adam"}.get(name, name)
    options = OPTIONS["optimizer"]
    known = options.get(name)
    if known is None:
        known = options["sgd"] if name in ("asgd",) else options["adam"]
        return known(lr=_typical(known) if name not in ("asgd",) else lr)
    keys = {field.name for field in fields(known)}
    values = {
        key: (list(value) if isinstance(value, tuple) else float(value))
        for key, value in group.items()
        if key in keys and isinstance(value, (int, float, tuple)) and not isinstance(value, bool)
    }
    return known(**{**values, "lr": lr})


def _typical(known: Any) -> float:
    return float(known().lr)


def make_units(linear: list[tuple[str, nn.Linear, torch.Tensor]], activation: str) -> Units:
    """The hidden units, by what the next layer gets of them.

    Arguments:
        linear: layers in order, each with its inputs (n, in), as of `linear_layers`.
        activation: its name, as for a run.
    """
    dead, saturated, alike = {}, {}, {}
    for (name, layer, _), (_, after, given) in pairwise(linear):
        if after.in_features != layer.out_features:
            continue
        label = f"layer {name}"
        if activation == "relu":
            dead[label] = float((given.abs().amax(0) == 0).double().mean())
        elif activation in SATURATED:
            low, high = SATURATED[activation]
            share = ((given < low) | (given > high)).double().mean(0)
            saturated[label] = float((share >= STEADY).double().mean())
        weight = layer.weight.detach().cpu().float().numpy()  # numpy has no bfloat16
        units = np.unique(weight, axis=0).shape[0]
        alike[label] = 1.0 - (units - 1) / max(1, weight.shape[0] - 1)
    return Units(dead, saturated, alike)


def chain(linear: list[tuple[str, nn.Linear, torch.Tensor]]) -> tuple[int, ...]:
    """The widths of the layers, inputs first; empty where they do not follow one another."""
    if not linear:
        return ()
    sizes = [linear[0][1].in_features, *(own[1].out_features for own in linear)]
    fits = all(b[1].in_features == a[1].out_features for a, b in pairwise(linear))
    return tuple(sizes) if fits else ()
