"""A loop as the rules for runs see it: what was watched, in the form of a run's records."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from torch import nn

from nnexp.config.schema.sources import CsvConfig
from nnexp.data.columns import Column
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.seen import Inputs, Units
from nnexp.loop.cut import is_cut_in_order
from nnexp.loop.record import LoopRecord
from nnexp.loop.table import LoopTable
from nnexp.train.signals import SATURATED, STEADY

LATE = 3  # looks that stand for the later part of a loop: as many steps as all before, and more
MOVES = "update_ratio/"  # columns of how far a step moves a layer


def make_loop_sheet(table: LoopTable) -> Sheet:
    """The audit's view of the rows: a numeric column for each input."""
    flat = table.flat
    flat = np.where(np.isfinite(flat), flat, np.nan)
    names = list(table.columns)
    train, valid = table.part(False), table.part(True)
    config = CsvConfig(scaling="none", missing="none")
    config.split.shuffle = not is_cut_in_order(flat, table.train)
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
    return Inputs(list(table.columns), rms, std, np.isfinite(flat).all(0))


def make_history(record: LoopRecord, batches: float = 1.0) -> pd.DataFrame:
    """The evaluations as the epochs of a history.

    Arguments:
        record: of the loop.
        batches: that a step of the optimizer is made of, as far as they were watched.
    """
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
            "steps": np.round(points["step"].to_numpy(dtype=float) / batches),
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


def usual_move(record: LoopRecord) -> float | None:
    """How far a step moves the layer that it moves most, in the later part of a loop; None where
    nothing was looked at.

    Looks are at powers of two: of the last ones each stands for as many steps as all before it.
    """
    looks = [[v for name, v in own.items() if name.startswith(MOVES)] for own in record.layers]
    largest = [max(own) for own in looks if own and np.isfinite(own).all()]
    if not largest:
        return None
    return float(np.median(largest[-LATE:] if len(largest) >= 2 * LATE else largest))


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
        if len(weight) > 1:
            alike[label] = 1.0 - (len(np.unique(weight, axis=0)) - 1) / (len(weight) - 1)
    return Units(dead, saturated, alike)


def chain(linear: list[tuple[str, nn.Linear, torch.Tensor]]) -> tuple[int, ...]:
    """The widths of the layers, inputs first; empty where they do not follow one another."""
    if not linear:
        return ()
    sizes = [linear[0][1].in_features, *(own[1].out_features for own in linear)]
    fits = all(b[1].in_features == a[1].out_features for a, b in pairwise(linear))
    return tuple(sizes) if fits else ()
