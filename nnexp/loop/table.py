"""The rows that a loop trains and validates on, as they are given to `watch`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnexp.errors import UserError

MOST_CLASSES = 30  # distinct whole numbers that are taken for classes, not for quantities
EACH = 2  # rows a class, on average, that distinct numbers must have to be classes


@dataclass(frozen=True)
class Table:
    """Train rows and held-out rows of a loop.

    Arguments:
        x: (N, ...) inputs of all rows, train rows first, as the model takes them.
        y: (N, ...) targets as they were given, as numbers.
        index: class index (N,) int64; for quantities whether they are above the train median.
        classes: the labels in index order; empty for quantities.
        train: how many rows train; the others are held out.
    """

    x: Tensor
    y: Tensor
    index: np.ndarray
    classes: Sequence[Any]
    train: int

    @property
    def is_classes(self) -> bool:
        """Whether the targets are classes."""
        return bool(self.classes)

    def by_number(self, outputs: int) -> Table:
        """The table of a model with so many outputs: whole targets number them, where some of the
        classes are in no row.
        """
        y = self.y
        if not self.is_classes or y.ndim != 1 or y.is_floating_point() or y.dtype == torch.bool:
            return self
        most = int(y.max())
        if int(y.min()) < 0 or not len(self.classes) <= most < outputs:
            return self
        return replace(self, classes=list(range(outputs)), index=y.cpu().numpy().astype(np.int64))

    @cached_property
    def codes(self) -> Tensor:
        """`index` on the device of the inputs."""
        return torch.from_numpy(self.index).to(self.x.device)

    @cached_property
    def values(self) -> list[float]:
        """The distinct targets as they were given, ascending."""
        if self.y.ndim == 2 and self.y.shape[1] > 1:
            return sorted({float(code) for code in self.index})
        return [float(value) for value in self.y.reshape(len(self.y)).unique().tolist()]

    @cached_property
    def middle(self) -> float:
        """The median target of the train rows."""
        return float(self.y[: self.train].double().reshape(self.train, -1)[:, 0].median())

    @property
    def flat(self) -> np.ndarray:
        """Inputs as a table (N, D) float64."""
        return self.x.detach().cpu().reshape(len(self.x), -1).to(torch.float64).numpy()

    def part(self, valid: bool) -> np.ndarray:
        """Row numbers of the train rows, or of the held-out ones."""
        return np.arange(self.train, len(self.x)) if valid else np.arange(self.train)

    def spaced(self, valid: bool, most: int) -> Tensor:
        """At most `most` row numbers of a part, evenly spaced, on the device of the inputs."""
        rows = self.part(valid)
        if len(rows) > most:
            rows = rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
        return torch.from_numpy(rows).to(self.x.device)


def make_table(
    train: tuple[Any, Any], valid: tuple[Any, Any] | None, classes: Any, like: Tensor
) -> Table:
    """The table of what was given to `watch`.

    Arguments:
        train, valid: inputs (N, ...) and targets (N,), (N, 1) or (N, C); tensors, arrays, frames.
        classes: how many classes there are, or their labels in index order; 0 for quantities;
            None to tell by the targets.
        like: a parameter of the model, whose dtype and device the inputs get.

    Raises:
        UserError: inputs and targets of different lengths, or no rows.
    """
    parts = [_pair(train, "train")] + ([] if valid is None else [_pair(valid, "valid")])
    y = np.concatenate([own for _, own in parts])
    values: Tensor
    if y.dtype.kind in "OUS":
        texts = y.astype(str)
        names = _order(np.unique(texts).tolist(), classes)
        place = {name: code for code, name in enumerate(names)}
        index = np.array([place[text] for text in texts.reshape(-1).tolist()], dtype=np.int64)
        values = torch.from_numpy(index)
    else:
        values = torch.from_numpy(np.ascontiguousarray(y))
        named = isinstance(classes, Sequence) and not isinstance(classes, str)
        names, index = _classes(y, len(parts[0][1]), len(classes) if named else classes)
        if named and len(classes) >= len(names):
            names = list(classes)
    x = torch.cat([torch.as_tensor(own) for own, _ in parts])
    dtype = like.dtype if x.is_floating_point() or like.dtype != torch.float32 else torch.float32
    return Table(
        x=x.to(device=like.device, dtype=dtype),
        y=values.to(like.device),
        index=index,
        classes=names,
        train=len(parts[0][1]),
    )


def _order(labels: list[str], given: Any) -> list[str]:
    """Texts in index order: as they were given where all are, else in that of the alphabet."""
    if isinstance(given, Sequence) and not isinstance(given, str):
        names = [str(one) for one in given]
        if set(labels) <= set(names):
            return names
    return labels


def _pair(part: tuple[Any, Any], name: str) -> tuple[Tensor, np.ndarray]:
    if not isinstance(part, tuple | list) or len(part) != 2:
        raise UserError(
            f"{name}= is of type {type(part).__name__}, and no pair",
            "inputs (N, D) and targets (N,)",
            f"{name}=(X, y)",
        )
    x, y = (_array(one) for one in part)
    if x.dtype == object:
        raise UserError(
            f"{name}= has inputs that are no numbers",
            "inputs (N, D) as the loop hands them to the model",
            f"{name}=(X, y)",
        )
    if len(x) != len(y) or not len(x) or x.ndim < 2:
        raise UserError(
            f"{name}= has inputs of shape {tuple(x.shape)} and targets of shape {tuple(y.shape)}",
            "inputs (N, D) and targets (N,) with as many rows",
            f"{name}=(X, y)",
        )
    return torch.from_numpy(np.ascontiguousarray(x)), y


def _array(one: Any) -> np.ndarray:
    if isinstance(one, Tensor):
        one = one.detach().cpu()
        return one.float().numpy() if one.dtype == torch.bfloat16 else one.numpy()
    return np.asarray(one)


def _classes(y: np.ndarray, train: int, given: Any) -> tuple[list[Any], np.ndarray]:
    """Labels in index order and the index of each row; no labels for quantities."""
    if y.ndim == 2 and y.shape[1] > 1 and given != 0:
        sums = y.sum(1)
        if y.min() >= 0 and np.allclose(sums, 1, atol=1e-3):
            return list(range(y.shape[1])), y.argmax(1).astype(np.int64)
    flat = y.reshape(len(y), -1)[:, 0].astype(np.float64)
    known = np.unique(flat[np.isfinite(flat)])
    whole = y.dtype.kind in "iub" or bool((known == np.round(known)).all())
    few = len(known) <= 2 or (whole and len(known) <= MOST_CLASSES)
    if given is None and not (few and len(known) * EACH <= len(y)):
        given = 0
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool) and given == 0:
        return [], (flat > np.median(flat[:train])).astype(np.int64)
    names: list[Any] = [int(v) if float(v).is_integer() else float(v) for v in known]
    count = given if isinstance(given, (int, np.integer)) else 0
    if whole and len(known) and known.min() >= 0 and count > known.max():
        names = list(range(int(count)))
        return names, flat.astype(np.int64)
    return names, np.searchsorted(known, np.nan_to_num(flat)).clip(0, len(known) - 1)
