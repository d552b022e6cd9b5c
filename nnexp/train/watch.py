"""What is seen of a stack besides loss and accuracy: the signals that a diagnosis reads.

Of every epoch the validation outputs are kept, which are there anyway. At log-spaced epochs a slice
of the train rows goes through the network in evaluation mode, beside the validation rows where
their last chunk has room. Everything is done member by member or row by row, so that a member's
signals do not depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from nnexp.model.module_stack import ModuleStack
from nnexp.train.evaluate import CHUNK, chunks, room
from nnexp.train.outputs import OutputReader, Outputs
from nnexp.train.plan import Problem
from nnexp.train.signals import SATURATED, STEADY, Signals, is_log_spaced
from nnexp.train.state import StackState

SLICE = 48  # train rows looked at: of four numbers of validation rows in five, they fit in a chunk
KEPT_EPOCHS = 64  # validation outputs are kept for so many epochs at most, ...
KEPT_BYTES = 2**22  # ... and for so many bytes of one member
STEP_SIGNALS = ("gradient_norm", "update_ratio")  # of each layer, at an epoch's last full step


@dataclass(frozen=True)
class _Looked:
    """The slice of train rows that is looked at, of K members."""

    rows: Tensor  # (K, size)
    shared: bool  # whether all members have the same
    has_room: list[bool]  # of each member, whether they fit beside its validation rows
    x: Tensor | None  # (K, size, D), where a member's do not
    codes: Tensor | None  # (K, size, Q)


@dataclass(frozen=True)
class _Glance:
    """What a log-spaced epoch showed, as it was computed: worked up with the others."""

    place: int  # among the kept epochs
    outputs: Tensor  # of the slice (K, size, C)
    units: list[Tensor]  # of each hidden layer (K, H): largest values (relu), or saturated shares
    norms: list[Tensor]  # of each weight matrix (K,)


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
        # of each kept epoch its number, validation outputs, and gradient norms and update ratios
        self._numbers: list[int] = []
        self._outputs: list[list[Outputs]] = []
        self._steps: list[tuple[np.ndarray, np.ndarray] | None] = []
        self._glances: list[_Glance] = []
        self._bytes = 0
        self._new: list[Outputs] = []
        self._looked: _Looked | None = None
        self._beside: _Glance | None = None  # of this epoch

    def beside(self, epoch: int) -> Tensor | None:
        """Train rows that are to be evaluated beside the validation rows of all members.

        Returns:
            (size,), or (K, size), each member's own; None where none are.
        """
        if not is_log_spaced(epoch):
            return None
        looked = self._look()
        if not all(looked.has_room):
            return None
        return looked.rows[0] if looked.shared else looked.rows

    def glance_beside(self, outputs: Tensor) -> None:
        """Take logits (K, size, C) of what `beside` asked for, which were the last rows of the
        forward pass that has just been.
        """
        self._beside = self._glance(outputs)

    def validation(
        self,
        places: Sequence[int],
        logits: Tensor,
        losses: Tensor,
        predicted: Tensor,
        true: Tensor,
    ) -> None:
        """Take the validation outputs of some members that have equally many rows.

        Arguments:
            places: which k members.
            logits: (k, m, C), not written to afterwards.
            losses: of each row (k, m) float64.
            predicted: class indices (k, m); -1, no class, where the outputs are NaN.
            true: class indices (k, m).
        """
        self._new.append(Outputs(tuple(places), logits, losses, predicted, true))

    def begin(self, first: bool) -> None:
        """Take note of the initial state.

        Arguments:
            first: whether it is before the first epoch; else only what the first flips are
                counted from.
        """
        if first:
            self.epoch(0, None)
            return
        self._forget_logits()
        self._reader.read([self._new], len(self.state.members))
        self._new = []

    def epoch(self, number: int, steps: tuple[np.ndarray, np.ndarray] | None) -> None:
        """Take note of an epoch; `validation` was called before, where there are such rows.

        Arguments:
            number: of the epoch, 0 before the first.
            steps: gradient norms and update ratios of the layers, each (K, layers); None before
                the first epoch.
        """
        if is_log_spaced(number):
            self._glances.append(self._beside or self._glance_alone())
            self._beside = None
        else:
            self._forget_logits()
        self._numbers.append(number)
        self._steps.append(steps)
        self._outputs.append(self._new)
        self._bytes += sum(own.member_bytes() for own in self._new)
        self._new = []

    def is_full(self) -> bool:
        """Whether `flush` should be called."""
        return len(self._numbers) >= KEPT_EPOCHS or self._bytes >= KEPT_BYTES

    def flush(self) -> Signals:
        """The signals of the epochs since the last flush."""
        numbers, members = self._numbers, len(self.state.members)
        values = self._reader.read(self._outputs, members)
        if self._glances:
            places = [own.place for own in self._glances]
            for name, seen in {**self._of_slices(), **self._of_units(), **self._norms()}.items():
                values[name] = np.full((len(numbers), members), np.nan)
                values[name][places] = seen
        stepped = [place for place, own in enumerate(self._steps) if own is not None]
        if stepped:
            # (E, 2, K, layers)
            seen = np.array([own for own in self._steps if own is not None])
            for place, layer in enumerate(self.state.model.layers):
                for kind, name in enumerate(STEP_SIGNALS):
                    column = values[f"{name}/{layer}"] = np.full((len(numbers), members), np.nan)
                    column[stepped] = seen[:, kind, :, place]
        self._numbers, self._outputs, self._steps = [], [], []
        self._glances, self._bytes = [], 0
        return Signals(numbers, values)

    def keep(self, rows: Sequence[int]) -> None:
        """Keep only the members `rows`, in this order; `flush` was called before."""
        self._looked = None
        self._reader.keep(rows)

    def _forget_logits(self) -> None:
        for own in self._new:
            own.logits = None

    def _look(self) -> _Looked:
        """The slice of the members that are in the stack."""
        if self._looked is None:
            data, members = self.problem.data, self.state.members
            size = min(data.train_rows, SLICE)
            step = data.train_rows // size
            parts = [data.parts[member.part].train for member in members]
            rows = torch.stack([part[: step * size : step] for part in parts])
            shared = len({member.part for member in members}) == 1
            # a user's module may make its outputs of all rows of a pass
            alone = isinstance(self.state.stack, ModuleStack)
            lengths = [0 if alone else len(data.parts[own.part].valid) for own in members]
            has_room = [length > 0 and room(length) >= size for length in lengths]
            x = codes = None
            if not all(has_room):
                flat = rows.reshape(-1)
                x = data.x.index_select(0, flat).view(*rows.shape, -1)
                if data.codes is not None:
                    codes = data.codes.index_select(0, flat).view(*rows.shape, -1)
            self._looked = _Looked(rows, shared, has_room, x, codes)
        return self._looked

    @torch.no_grad()
    def _glance_alone(self) -> _Glance:
        """Send the slice through the network by itself.

        In a stack of validation parts of different lengths, each member's is rounded as it is
        where the member is alone: in a chunk or not.
        """
        stack, looked = self.state.stack, self._look()
        has_room, size = looked.has_room, looked.rows.shape[1]
        in_chunk = by_itself = None
        if any(has_room):
            data, rows = self.problem.data, looked.rows
            filled = torch.cat((rows[:, :1].expand(-1, CHUNK - size), rows), 1)
            ((_, out),) = chunks(stack, data.x, data.codes, filled, len(has_room))
            in_chunk = self._glance(out[:, -size:])
        if not all(has_room):
            assert looked.x is not None
            by_itself = self._glance(stack.forward(looked.x, looked.codes))
        if in_chunk is None or by_itself is None:
            found = in_chunk or by_itself
            assert found is not None
            return found
        chosen = torch.tensor(has_room, device=looked.rows.device).unsqueeze(1)
        pairs = zip(in_chunk.units, by_itself.units, strict=True)
        return replace(
            in_chunk,
            outputs=torch.where(chosen.unsqueeze(2), in_chunk.outputs, by_itself.outputs),
            units=[torch.where(chosen, one, other) for one, other in pairs],
        )

    def _glance(self, outputs: Tensor) -> _Glance:
        """Look at hidden units and weights right after the slice went through the network.

        Arguments:
            outputs: of the slice (K, size, C), whose rows were the last of the pass.
        """
        out = outputs if outputs.dtype == torch.float64 else outputs.float()
        units = []
        for _, full in self.state.stack.activations():
            values = full[:, -outputs.shape[1] :]  # (K, size, H)
            if self.activation == "relu":
                units.append(values.amax(1))
            elif self.activation in SATURATED:
                low, high = SATURATED[self.activation]
                units.append(((values < low) | (values > high)).double().mean(1))
        layout, theta = self.state.model.layout, self.state.theta
        parts = [theta[:, slot.offset : slot.offset + slot.size] for slot in layout.matrices]
        norms = [torch.linalg.vector_norm(part, dim=1) for part in parts]
        return _Glance(len(self._numbers), out, units, norms)

    def _of_slices(self) -> dict[str, np.ndarray]:
        """Loss and accuracy of the slices at which was glanced, (E, K)."""
        looked, times = self._look(), len(self._glances)
        data, loss, plan = self.problem.data, self.problem.loss, self.problem.plan
        members, size = looked.rows.shape
        out = torch.cat([own.outputs for own in self._glances])  # (E * K, size, C)
        weight = data.targets.row_weights(looked.rows)
        dense = data.targets.dense(looked.rows).repeat(times, 1, 1)
        repeated = None if weight is None else weight.repeat(times, 1)
        total = loss.rows(out, dense, repeated).double().sum(1)
        shared = float(size) if repeated is None else repeated.double().sum(1)
        losses = loss.of_set(total, shared, size, plan.batch_size).cpu().numpy()
        hits = self.problem.decision.classes(loss.activate(out)).view(times, members, size)
        right = (hits == data.targets.classes[looked.rows]).double().mean(2).cpu().numpy()
        return {"slice_loss": losses.reshape(times, members), "slice_accuracy": right}

    def _of_units(self) -> dict[str, np.ndarray]:
        """By layer the shares (E, K) of its units that do nothing, or are always saturated."""
        kind = "dead" if self.activation == "relu" else "saturated"
        found = {}
        for place, name in enumerate(self.state.model.layers[: len(self._glances[0].units)]):
            units = torch.stack([own.units[place] for own in self._glances])  # (E, K, H)
            idle = units <= 0 if kind == "dead" else units >= STEADY
            found[f"{kind}/{name}"] = idle.double().mean(2).cpu().numpy()
        return found

    def _norms(self) -> dict[str, np.ndarray]:
        """By layer the norms (E, K) of its weights."""
        found = {}
        for place, name in enumerate(self.state.model.layers):
            norms = torch.stack([own.norms[place] for own in self._glances])
            found[f"weight_norm/{name}"] = norms.double().cpu().numpy()
        return found
