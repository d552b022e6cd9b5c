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
from nnexp.loop.arrays import array
from nnexp.loop.labels import check_classes, halves, index_numbers, index_texts
from nnexp.loop.names import column_names

NO_LABEL = -100  # that torch.nn.functional.cross_entropy passes over


@dataclass(frozen=True)
class LoopTable:
    """Train rows and held-out rows of a loop.

    Arguments:
        x: (N, ...) inputs of all rows, train rows first, as the model takes them.
        y: (N, ...) targets as they were given, as numbers.
        index: class index (N,) int64; for quantities whether they are above the train median.
        classes: the labels in index order; empty for quantities.
        train: how many rows train; the others are held out.
        told: whether the user said how many classes there are, or that there are none.
        unlabelled: rows that were left out since the loss passes over them.
        unknown: train rows, and held-out ones, that were left out since their target is NaN or
            infinity.
        columns: names of the inputs of a row (D,).
    """

    x: Tensor
    y: Tensor
    index: np.ndarray
    classes: Sequence[Any]
    train: int
    told: bool = False
    unlabelled: int = 0
    unknown: tuple[int, int] = (0, 0)
    columns: tuple[str, ...] = ()

    @property
    def is_classes(self) -> bool:
        """Whether the targets are classes."""
        return bool(self.classes)

    @property
    def is_wide(self) -> bool:
        """Whether a row has several targets."""
        return self.y[0].numel() > 1

    @property
    def labels(self) -> int:
        """How many labels a row has, of which several may be there; 0 where it has none such."""
        several = self.is_wide and not self.is_classes and self.y.ndim == 2
        return self.y.shape[1] if several and bool(((self.y == 0) | (self.y == 1)).all()) else 0

    @property
    def is_whole(self) -> bool:
        """Whether each row has one target, which is a whole number."""
        if self.is_wide or self.y.dtype == torch.bool:
            return False
        return not self.y.is_floating_point() or bool((self.y == self.y.round()).all())

    def by_number(self, outputs: int) -> LoopTable:
        """The table of a model with so many outputs: whole targets number them, where some of the
        classes are in no row.
        """
        if not self.is_classes or not self.is_whole or self.y.is_floating_point():
            return self
        most = int(self.y.max())
        if int(self.y.min()) < 0 or not len(self.classes) <= most < outputs:
            return self
        return self._numbered(outputs)

    def as_used(self, outputs: int, target: Tensor, kernel: str) -> LoopTable:
        """The table as the loss reads its targets, where the targets alone leave it open.

        Arguments:
            outputs: how many the model has for a row.
            target: of a batch, as the loss gets it.
            kernel: kind of the loss, as of `Kernel`.
        """
        if self.told and self._coded(target):
            return replace(self, y=self.codes.to(self.y.device))
        if self.told or not self.is_whole:
            return self.by_number(outputs)
        low, high = int(self.y.min()), int(self.y.max())
        if not self.is_classes:  # too many to be sure of
            numbers = not target.is_floating_point() and target.numel() == len(target)
            return self._numbered(high + 1) if numbers and 0 <= low <= high < outputs else self
        # squares of numbers that do not count from 0 as labels do, or were given as quantities are
        ordered = low != 0 or self.y.is_floating_point()
        measured = kernel == "other" or (kernel in ("squared", "absolute") and ordered)
        if target.is_floating_point() and outputs == 1 and len(self.classes) > 2 and measured:
            first = self.y.reshape(-1).double().cpu().numpy()
            return replace(self, classes=[], index=halves(first, self.train))
        return self.by_number(outputs)

    def _coded(self, target: Tensor) -> bool:
        """Whether a batch's targets are the class indices, and not the labels of y."""
        if not self.is_classes or self.is_wide or target.numel() != len(target):
            return False
        given = set(target.reshape(-1).tolist())
        return not given <= set(self.values) and given <= set(range(len(self.classes)))

    def as_floats(self, like: Tensor) -> LoopTable:
        """The table with inputs as floats, where the model takes no whole numbers."""
        return replace(self, x=self.x.to(like.dtype if like.is_floating_point() else torch.float32))

    def _numbered(self, classes: int) -> LoopTable:
        index = self.y.reshape(-1).cpu().numpy().astype(np.int64)
        return replace(self, classes=list(range(classes)), index=index)

    @cached_property
    def codes(self) -> Tensor:
        """`index` on the device of the inputs."""
        return torch.from_numpy(self.index).to(self.x.device)

    @cached_property
    def values(self) -> list[float]:
        """The distinct targets as they were given, ascending."""
        if self.is_wide:
            return sorted({float(code) for code in self.index})
        return [float(value) for value in self.y.reshape(len(self.y)).unique().tolist()]

    @cached_property
    def places(self) -> Tensor:
        """The place of each row's target among `values` (N,), on the device of the inputs."""
        flat = self.y.reshape(len(self.y)).double().cpu()
        found = torch.searchsorted(torch.tensor(self.values, dtype=torch.float64), flat)
        return found.clamp(max=len(self.values) - 1).to(self.x.device)

    @cached_property
    def rows_of_values(self) -> np.ndarray:
        """A row of each of `values`."""
        return np.unique(self.places.cpu().numpy(), return_index=True)[1]

    @cached_property
    def middle(self) -> float:
        """Halfway from the median target of the train rows to the next; of the mean of each."""
        values = self.y[: self.train].double().reshape(self.train, -1).mean(1)
        values = values[torch.isfinite(values)]
        above = values[values > float(values.quantile(0.5))]
        below = float(values[values <= float(values.quantile(0.5))].max())
        return (below + float(above.min())) / 2 if len(above) else below

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
    train: tuple[Any, Any],
    valid: tuple[Any, Any] | None,
    classes: Any,
    like: Tensor,
    passed_over: int = NO_LABEL,
    columns: Any = None,
) -> LoopTable:
    """The table of what was given to `watch`.

    Arguments:
        train, valid: inputs (N, ...) and targets (N,), (N, 1) or (N, ...); tensors, arrays, frames.
        classes: how many classes there are, or their labels in index order; 0 for quantities;
            None to tell by the targets.
        like: a parameter of the model, whose device the inputs get, and its dtype unless they are
            whole numbers.
        passed_over: a whole target of rows that have none.
        columns: names of the inputs of a row (D,); None for those of a frame, or x0, x1, ...

    Raises:
        UserError: inputs and targets of different lengths, no rows, held-out rows of another shape
            than those of train, or `classes` or `columns` that do not fit.
    """
    given = check_classes(classes)
    parts = [_pair(train, "train")] + ([] if valid is None else [_pair(valid, "valid")])
    for what, place in (("inputs", 0), ("targets", 1)):
        shapes = [tuple(own[place].shape[1:]) for own in parts]
        if shapes[0] != shapes[-1]:
            raise UserError(
                f"a row of valid= has {what} of shape {shapes[-1]}, and one of train= of "
                f"{shapes[0]}",
                "the same columns in both, prepared in the same way",
                "valid=(Xv, yv)",
            )
    kept = [_labelled(x, y, passed_over) for x, y in parts]
    if not len(kept[0][0]):
        raise UserError(
            f"every target of train= is {passed_over}, which the loss passes over",
            "rows with a label",
            "train=(X, y)",
        )
    unlabelled = sum(len(own) for own, _ in parts) - sum(len(own) for own, _ in kept)
    known = [_known(x, y) for x, y in kept]
    lost = [len(own) - len(other) for (_, own), (_, other) in zip(kept, known, strict=True)]
    kept = known if len(known[0][1]) else kept  # which is then refused for want of a number
    y = np.concatenate([own for _, own in kept])
    if y.dtype.kind in "OUS":
        names, index = index_texts(y, given)
        values = torch.from_numpy(index)
    else:
        values = torch.from_numpy(np.ascontiguousarray(y))
        names, index = index_numbers(y, len(kept[0][1]), given)
    x = torch.cat([torch.as_tensor(own) for own, _ in kept])
    whole = not x.is_floating_point() and x.dtype != torch.bool
    return LoopTable(
        x=x.to(device=like.device, dtype=torch.int64 if whole else like.dtype),
        y=values.to(like.device),
        index=index,
        classes=names,
        train=len(kept[0][1]),
        told=given is not None,
        unlabelled=unlabelled,
        unknown=(lost[0], sum(lost[1:])),
        columns=column_names(columns, train[0], x[0].numel()),
    )


def _labelled(x: Tensor, y: np.ndarray, passed_over: int) -> tuple[Tensor, np.ndarray]:
    """The rows that have a label."""
    if y.dtype.kind not in "iu" or y.size != len(y):
        return x, y
    kept = y.reshape(len(y)) != passed_over
    if kept.all() or (kept.any() and y[kept].min() < 0):  # numbers below 0 are no labels
        return x, y
    return x[torch.from_numpy(kept)], y[kept]


def _known(x: Tensor, y: np.ndarray) -> tuple[Tensor, np.ndarray]:
    """The rows whose one target is a number; of several the loop may pass over some itself."""
    if y.dtype.kind != "f" or y.size != len(y):
        return x, y
    known = np.isfinite(y.reshape(len(y)))
    return (x, y) if known.all() else (x[torch.from_numpy(known)], y[known])


def _pair(part: tuple[Any, Any], name: str) -> tuple[Tensor, np.ndarray]:
    if not isinstance(part, tuple | list) or len(part) != 2:
        raise UserError(
            f"{name}= is of type {type(part).__name__}, and no pair",
            "inputs (N, D) and targets (N,)",
            f"{name}=(X, y)",
        )
    if isinstance(part[0], dict) or _is_of_arrays(part[0], len(part[1])):
        raise UserError(
            f"{name}= has several inputs, a {type(part[0]).__name__} of them",
            "one array or tensor (N, D) of inputs, which the model gets",
            "a model of one X that takes it apart, X = torch.cat((X1, X2), 1)",
        )
    x, y = (array(one, what, name) for one, what in zip(part, ("inputs", "targets"), strict=True))
    if x.dtype.kind not in "biuf":
        raise UserError(
            f"{name}= has inputs that are no numbers",
            "inputs (N, D) as the loop hands them to the model",
            f"{name}=(X, y)",
        )
    if len(x) != len(y) or not len(x) or x.ndim < 2:
        raise UserError(
            f"{name}= has inputs of shape {tuple(x.shape)} and targets of shape {tuple(y.shape)}",
            "inputs (N, D) and targets (N,) of as many rows, one at least",
            f"{name}=(X, y)",
        )
    return torch.from_numpy(np.ascontiguousarray(x)), y


def _is_of_arrays(one: Any, rows: int) -> bool:
    """Whether inputs are several arrays of so many rows each, and not a list of rows."""
    if not isinstance(one, (tuple, list)) or len(one) == rows:
        return False
    return bool(one) and all(
        isinstance(own, (np.ndarray, Tensor)) and own.ndim and len(own) == rows for own in one
    )
