"""What is seen of a stack besides loss and accuracy: the signals that a diagnosis reads.

Of every epoch the validation outputs are kept, which are there anyway, and worked up for many
epochs at once. At log-spaced epochs a slice of the train rows goes through the network in
evaluation mode. Everything is done member by member or row by row, so that a member's signals do
not depend on its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nnexp.train.decision import Decision
from nnexp.train.losses import Loss
from nnexp.train.plan import Data
from nnexp.train.state import StackState

SLICE = 64  # train rows looked at
KEPT_EPOCHS = 32  # validation outputs are kept for so many epochs at most, ...
KEPT_BYTES = 2**22  # ... and for so many bytes of one member
# outputs of a bounded activation beyond which its derivative is below 2 % of the largest
SATURATED = {"tanh": (-0.99, 0.99), "sigmoid": (0.005, 0.995)}
STEADY = 0.95  # share of the rows on which a saturated unit is saturated


@dataclass(frozen=True)
class Signals:
    """What was seen of an epoch.

    Arguments:
        epoch: its number; 0 before the first.
        values: by column of signals.csv an array (K,) float64, NaN where nothing was seen.
    """

    epoch: int
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class _Outputs:
    """Validation outputs of some members that have equally many rows."""

    places: tuple[int, ...]
    logits: Tensor  # (k, m, C)
    losses: Tensor  # (k, m) float64
    true: Tensor  # (k, m)


@dataclass(frozen=True)
class _Looked:
    """The slice of train rows that is looked at, of K members."""

    rows: Tensor  # (K, size)
    x: Tensor  # (K, size, D)
    codes: Tensor | None  # (K, size, Q)


def is_log_spaced(epoch: int) -> bool:
    """Whether the epoch is one of 0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, ...: a power of sqrt(2)."""
    if epoch < 3:
        return epoch >= 0
    return epoch == round(2 ** (round(2 * math.log2(epoch)) / 2))


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
        data, loss, decision: as for `fit`.
        batch_size: of training, by which a summed loss is scaled.
    """

    def __init__(
        self, state: StackState, data: Data, loss: Loss, decision: Decision, batch_size: int
    ) -> None:
        self.state, self.data, self.loss, self.decision = state, data, loss, decision
        self.batch_size = batch_size
        self.activation = getattr(state.model, "activation", "")
        self.classes = max(2, len(decision.columns or decision.values))
        self._outputs: list[list[_Outputs]] = []  # of each kept epoch
        self._rows: list[Signals] = []  # of each kept epoch, without what the outputs tell
        self._bytes = 0
        self._new: list[_Outputs] = []
        self._looked: _Looked | None = None
        self._slices: dict[int, Tensor] = {}  # outputs (K, size, C) by place among the kept epochs
        # of each member the last epoch's predicted classes and losses
        self._before: dict[int, tuple[np.ndarray, np.ndarray]] = {}

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
        self._new.append(_Outputs(tuple(places), logits, losses, true))
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
        self._read([-1], [self._new])
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
        found = self._read([row.epoch for row in self._rows], self._outputs)
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
        self._before = {new: self._before[old] for new, old in enumerate(rows) if self._before}

    def _read(
        self, numbers: Sequence[int], epochs: Sequence[Sequence[_Outputs]]
    ) -> list[dict[str, np.ndarray]]:
        """What the validation outputs of some epochs tell, by column (K,)."""
        whole: dict[str, np.ndarray] = {}  # (E, K)
        for group in zip(*epochs, strict=True):  # the same members in each epoch
            for name, values in self._of_group(numbers, group).items():
                if name not in whole:
                    whole[name] = np.full((len(epochs), len(self.state.members)), math.nan)
                whole[name][:, list(group[0].places)] = values
        return [{name: own[place] for name, own in whole.items()} for place in range(len(epochs))]

    def _of_group(self, numbers: Sequence[int], group: Sequence[_Outputs]) -> dict[str, np.ndarray]:
        """The same members in E epochs, of which these are the numbers: by column (E, k)."""
        epochs, places = len(group), group[0].places
        logits = torch.cat([one.logits for one in group])  # (E * k, m, C)
        outputs = self.loss.activate(logits)
        rows, count = outputs.shape[1], self.classes
        shape = (epochs, len(places), rows)
        predicted = self.decision.classes(outputs).cpu().numpy().reshape(shape)
        losses = torch.stack([one.losses for one in group]).cpu().numpy()
        true = group[0].true.cpu().numpy()  # (k, m)
        hits = predicted == true
        named = _counts(predicted + 1, count + 1)[..., 1:]  # -1 is no class
        rows_of = _counts(true, count)  # (k, C)
        told = _counts(np.broadcast_to(true, shape), count, hits)
        recalls = np.where(rows_of > 0, told / np.maximum(rows_of, 1), np.inf)
        now = {
            "val_accuracy": hits.mean(2),
            "val_loss": self._reduced(group, losses),
            "val_majority": named.max(-1) / rows,
            "val_recall_min": recalls.min(-1),
        }
        own = [self._before.get(place) for place in places]
        if all(one is not None for one in own):
            first_classes = np.stack([one[0] for one in own if one is not None])
            first_losses = np.stack([one[1] for one in own if one is not None])
        else:
            first_classes, first_losses = predicted[0], np.full(shape[1:], math.nan)
        before = np.concatenate((first_classes[None], predicted[:-1]))
        change = (losses - np.concatenate((first_losses[None], losses[:-1]))) / rows
        flipped = predicted != before
        now["val_flips"] = np.where(np.isnan(change[..., 0]), math.nan, flipped.mean(2))
        for name, which in (
            ("right", ~flipped & hits),
            ("wrong", ~flipped & ~hits),
            ("flips", flipped),
        ):
            moved = np.where(np.isfinite(change), np.where(which, change, 0.0), math.nan)
            now[f"val_moved_{name}"] = moved.sum(2)
        spaced = [place for place, number in enumerate(numbers) if is_log_spaced(number)]
        now["val_entropy"] = np.full(shape[:2], math.nan)
        if spaced:
            chosen = outputs.view(*shape, -1)[spaced].flatten(0, 1)
            shares = self.decision.probabilities(chosen)
            entropy = -(shares * shares.clamp(min=1e-30).log()).double().sum(-1).cpu().numpy()
            means = entropy.reshape(len(spaced), *shape[1:]).mean(2)
            now["val_entropy"][spaced] = means / math.log(count)
        for place, classes, own_losses in zip(places, predicted[-1], losses[-1], strict=True):
            self._before[place] = (classes, own_losses)
        return now

    def _reduced(self, group: Sequence[_Outputs], losses: np.ndarray) -> np.ndarray:
        """The loss (E, k) of the row losses (E, k, m), as `validate` reduces it."""
        total = torch.from_numpy(losses.sum(2))
        rows = losses.shape[2]
        if self.data.targets.weights is None:
            return self.loss.of_set(total, float(rows), rows, self.batch_size).numpy()
        by_class = self.data.targets.weights
        labels = self.data.targets.classes
        of_class = torch.zeros(int(labels.max()) + 1, dtype=torch.float64, device=labels.device)
        of_class[labels] = by_class.double()
        weight = of_class[group[0].true].sum(1).cpu()
        return self.loss.of_set(total, weight, rows, self.batch_size).numpy()

    def _look(self) -> _Looked:
        """The slice of the members that are in the stack."""
        if self._looked is None:
            data, members = self.data, self.state.members
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
        looked, times, data = self._look(), len(self._slices), self.data
        members, size = looked.rows.shape
        out = torch.cat(list(self._slices.values()))  # (E * K, size, C)
        weight = data.targets.row_weights(looked.rows)
        dense = data.targets.dense(looked.rows).repeat(times, 1, 1)
        repeated = None if weight is None else weight.repeat(times, 1)
        total = self.loss.rows(out, dense, repeated).double().sum(1)
        shared = float(size) if repeated is None else repeated.double().sum(1)
        losses = self.loss.of_set(total, shared, size, self.batch_size).cpu().numpy()
        hits = self.decision.classes(self.loss.activate(out)).view(times, members, size)
        right = (hits == data.targets.classes[looked.rows]).double().mean(2).cpu().numpy()
        found = [
            (place, {"slice_loss": loss, "slice_accuracy": accuracy})
            for place, loss, accuracy in zip(
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


def _counts(labels: np.ndarray, classes: int, which: np.ndarray | None = None) -> np.ndarray:
    """How often each label is there (..., C), of labels (..., m); of some only where `which`."""
    groups = labels.reshape(-1, labels.shape[-1])
    flat = (groups + classes * np.arange(len(groups))[:, None]).reshape(-1)
    if which is not None:
        flat = flat[which.reshape(-1)]
    found = np.bincount(flat, minlength=classes * len(groups))
    return found.reshape(*labels.shape[:-1], classes)
