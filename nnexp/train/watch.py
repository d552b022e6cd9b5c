"""What is seen of a stack besides loss and accuracy: the signals that a diagnosis reads.

Of every epoch the validation outputs are kept, which are there anyway. At log-spaced epochs a slice
of the train rows goes through the network in evaluation mode. Everything is done member by member
or row by row, so that a member's signals do not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nnexp.train.outputs import OutputReader, Outputs
from nnexp.train.plan import Problem
from nnexp.train.signals import SATURATED, STEADY, Signals, is_log_spaced
from nnexp.train.state import StackState

SLICE = 64  # train rows looked at
KEPT_EPOCHS = 32  # validation outputs are kept for so many epochs at most, ...
KEPT_BYTES = 2**22  # ... and for so many bytes of one member


@dataclass(frozen=True)
class _Looked:
    """The slice of train rows that is looked at, of K members."""

    rows: Tensor  # (K, size)
    x: Tensor  # (K, size, D)
    codes: Tensor | None  # (K, size, Q)


class Watch:
    """The signals of the members of a stack.

    Columns, where `/LAYER` stands for every weight matrix:

    - val_loss, val_accuracy, and what the validation outputs tell besides: val_majority, the
      share of the class that is predicted most; val_recall_min, the least recall of a class;
      val_flips, the share of rows whose class changed since the epoch before; val_moved_right,
      val_moved_wrong, val_moved_flips, the change of the mean loss since the epoch before from
      rows that stayed right, that stayed wrong, and whose class changed.
    - at log-spaced epochs: val_entropy, the mean entropy of the predicted probabilities over that
      of equal ones, in [0, 1]; slice_loss and slice_accuracy of a slice of the train rows, in
      evaluation mode; weight_norm/LAYER; dead/LAYER, the share of a hidden layer's units that are
      0 on all rows of the slice (relu); saturated/LAYER, that of units which are saturated on
      nearly all (tanh, sigmoid).
    - gradient_norm/LAYER, update_ratio/LAYER at the epoch's last full step.

    Arguments:
        state: the stack; it may lose members later (`keep`).
        problem: what it learns.
    """

    def __init__(self, state: StackState, problem: Problem) -> None:
        self.state, self.problem = state, problem
        self.activation = getattr(state.model, "activation", "")
        decision = problem.decision
        self._reader = OutputReader(problem, max(2, len(decision.columns or decision.values)))
        self._outputs: list[list[Outputs]] = []  # of each kept epoch
        self._rows: list[Signals] = []  # of each kept epoch, without what the outputs tell
        self._bytes = 0
        self._new: list[Outputs] = []
        self._looked: _Looked | None = None
        self._slices: dict[int, Tensor] = {}  # outputs (K, size, C) by place among the kept epochs

    def validation(
        self, places: Sequence[int], logits: Tensor, losses: Tensor, true: Tensor
    ) -> None:
        """Take the validation outputs of some members that have equally many rows.

        Arguments:
            places: which k members.
            logits: (k, m, C), not written to afterwards.
            losses: of each row (k, m) float64.
            true: class indices (k, m).
        """
        self._new.append(Outputs(tuple(places), logits, losses, true))
        self._bytes += (logits[0].numel() + 2 * losses[0].numel()) * logits.element_size()

    def begin(self, first: bool) -> None:
        """Take note of the initial state.

        Arguments:
            first: whether it is before the first epoch; else only what the first flips are
                counted from.
        """
        if first:
            self.epoch(0, {}, {})
            return
        self._reader.read([-1], [self._new], len(self.state.members))
        self._new, self._bytes = [], 0

    def epoch(
        self, number: int, record: Mapping[str, np.ndarray], steps: Mapping[str, np.ndarray]
    ) -> None:
        """Take note of an epoch; `validation` was called before, where there are such rows.

        Arguments:
            number: of the epoch, 0 before the first.
            record: of which `val_loss` and `val_accuracy` are taken.
            steps: `gradient_norm/LAYER` and `update_ratio/LAYER`, each (K,).
        """
        values = {n: record[n] for n in ("val_loss", "val_accuracy") if n in record}
        if is_log_spaced(number):
            values |= self._units() | self._norms()
        self._rows.append(Signals(number, {**values, **steps}))
        self._outputs.append(self._new)
        self._new = []

    def is_full(self) -> bool:
        """Whether `flush` should be called."""
        return len(self._rows) >= KEPT_EPOCHS or self._bytes >= KEPT_BYTES

    def flush(self) -> list[Signals]:
        """The signals of the epochs since the last flush."""
        numbers, members = [row.epoch for row in self._rows], len(self.state.members)
        found = self._reader.read(numbers, self._outputs, members)
        for place, more in self._of_slices():
            found[place] |= more
        rows = [
            Signals(row.epoch, {**row.values, **more})
            for row, more in zip(self._rows, found, strict=True)
        ]
        self._rows, self._outputs, self._bytes = [], [], 0
        return rows

    def keep(self, rows: Sequence[int]) -> None:
        """Keep only the members `rows`, in this order; `flush` was called before."""
        self._looked = None
        self._reader.keep(rows)

    def _look(self) -> _Looked:
        """The slice of the members that are in the stack."""
        if self._looked is None:
            data, members = self.problem.data, self.state.members
            size = min(data.train_rows, SLICE)
            step = data.train_rows // size
            parts = [data.parts[member.part].train for member in members]
            rows = torch.stack([part[: step * size : step] for part in parts])
            flat, codes = rows.reshape(-1), None
            x = data.x.index_select(0, flat).view(*rows.shape, -1)
            if data.codes is not None:
                codes = data.codes.index_select(0, flat).view(*rows.shape, -1)
            self._looked = _Looked(rows, x, codes)
        return self._looked

    @torch.no_grad()
    def _units(self) -> dict[str, np.ndarray]:
        """Send the slice through the network, keep its outputs, and look at the hidden units."""
        stack, looked = self.state.stack, self._look()
        out = stack.forward(looked.x, looked.codes)
        if out.dtype not in (torch.float32, torch.float64):
            out = out.float()
        self._slices[len(self._rows)] = out
        found = {}
        for name, values in stack.activations():  # (K, size, H)
            if self.activation == "relu":
                dead = (values.amax(1) <= 0).double().mean(1)
                found[f"dead/{name}"] = dead.cpu().numpy()
            elif self.activation in SATURATED:
                low, high = SATURATED[self.activation]
                share = ((values < low) | (values > high)).double().mean(1)
                steady = (share >= STEADY).double().mean(1)
                found[f"saturated/{name}"] = steady.cpu().numpy()
        return found

    def _of_slices(self) -> list[tuple[int, dict[str, np.ndarray]]]:
        """Loss and accuracy of the kept slices, by place among the kept epochs."""
        if not self._slices:
            return []
        looked, times = self._look(), len(self._slices)
        data, loss, plan = self.problem.data, self.problem.loss, self.problem.plan
        members, size = looked.rows.shape
        out = torch.cat(list(self._slices.values()))  # (E * K, size, C)
        weight = data.targets.row_weights(looked.rows)
        dense = data.targets.dense(looked.rows).repeat(times, 1, 1)
        repeated = None if weight is None else weight.repeat(times, 1)
        total = loss.rows(out, dense, repeated).double().sum(1)
        shared = float(size) if repeated is None else repeated.double().sum(1)
        losses = loss.of_set(total, shared, size, plan.batch_size).cpu().numpy()
        hits = self.problem.decision.classes(loss.activate(out)).view(times, members, size)
        right = (hits == data.targets.classes[looked.rows]).double().mean(2).cpu().numpy()
        found = [
            (place, {"slice_loss": own, "slice_accuracy": accuracy})
            for place, own, accuracy in zip(
                self._slices, losses.reshape(times, members), right, strict=True
            )
        ]
        self._slices = {}
        return found

    def _norms(self) -> dict[str, np.ndarray]:
        layout, theta = self.state.model.layout, self.state.theta
        slots = [slot for slot in layout.slots.values() if slot.kind == "weight"]
        found = {}
        for name, slot in zip(self.state.model.layers, slots, strict=True):
            part = theta[:, slot.offset : slot.offset + slot.size]
            norm = torch.linalg.vector_norm(part, dim=1).double()
            found[f"weight_norm/{name}"] = norm.cpu().numpy()
        return found
