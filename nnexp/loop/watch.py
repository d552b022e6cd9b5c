"""The watch that stands beside a loop: it notes, evaluates, and is asked for the diagnosis."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nnexp.diagnosis.nature import Nature
from nnexp.diagnosis.report import Diagnosis
from nnexp.errors import UserError
from nnexp.loop import proof
from nnexp.loop.accepted import check_arguments, check_returned, check_step
from nnexp.loop.attributes import owners_of, same_attributes
from nnexp.loop.diagnose import diagnose_loop
from nnexp.loop.kernel import Kernel, loss_value
from nnexp.loop.looker import Looker, is_look, next_look
from nnexp.loop.meeting import meet
from nnexp.loop.noting import note
from nnexp.loop.numbering import number_outputs
from nnexp.loop.outputs import decide, linear_layers
from nnexp.loop.quiet import modules_of, quiet, same_buffers, same_draws
from nnexp.loop.record import APPLIED, LoopRecord
from nnexp.loop.returned import Path, each, tensor_of
from nnexp.loop.stepped import Updates
from nnexp.loop.table import NO_LABEL, make_table
from nnexp.loop.target import Form
from nnexp.loop.turned import note_direction

SLICE = 128  # rows of each part that are evaluated
# steps from one evaluation to the next: an epoch; no fewer than so many, and than a share of those
# made, whichever is more, once the loop has got going
APART, SHARE, BEGINNING = 128, 8, 4
EXPECTED = 3  # targets among those looked at that would be no numbers, if any were handed over
LAST = 32  # losses before an evaluation that are averaged


class LoopWatch:
    """Watches a training loop; arguments as for `nnexp.watch`."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer],
        loss_fn: Callable[..., Any],
        train: tuple[Any, Any],
        valid: tuple[Any, Any] | None = None,
        factory: Callable[[], nn.Module] | None = None,
        classes: int | Sequence[Any] | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        check_arguments(model, optimizer, loss_fn, factory)
        like = next(model.parameters())
        self.model, self.loss_fn, self.factory = model, loss_fn, factory
        self.optimizers = list(optimizer) if isinstance(optimizer, Sequence) else [optimizer]
        # of several the one with most weights is judged, and what is trained by all
        self.optimizer = max(self.optimizers, key=_weights_of)
        self.loss_modules = modules_of(loss_fn)
        self._owners = owners_of(loss_fn)
        self.passed_over = int(getattr(loss_fn, "ignore_index", NO_LABEL))
        self.table = make_table(train, valid, classes, like, self.passed_over, columns)
        self.record = LoopRecord()
        self.form: Form | None = None
        self.kernel = Kernel()
        self.applied = ""
        self.handed = ""  # what the loop makes of an output before `step`, as of `APPLIED`
        self.nature = Nature("logits", 1, (math.nan, math.nan))
        self.steps = 0
        self.first_rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        self.updates = Updates(self.optimizer)
        self._losses: deque[Any] = deque(maxlen=LAST)
        self._rows = [self.table.spaced(False, SLICE), self.table.spaced(True, SLICE)]
        self._sizes = [len(rows) for rows in self._rows]
        chosen = torch.cat(self._rows)
        self._chosen = chosen.cpu().numpy()
        # the way to the tensor that is judged, and whether it is all that the loss gets
        self.path: Path = ()
        self.picked = False
        if not self.table.x.is_floating_point() and not _takes(model, self.table.x[chosen]):
            self.table = self.table.as_floats(like)
        self.x = self.table.x[chosen]
        try:
            self.linear = linear_layers(model, self.x)
            self.start = self.forward(self.x)
            tensor_of(self.start)
        except Exception as error:
            raise UserError(
                f"the model does not take the rows of train= ({type(error).__name__}: {error})",
                "X as the loop hands it to the model",
                "train=(X, y) after scaling, and of the shape of a batch",
            ) from error
        check_returned(self.start, self.table)
        self.initial = {n: p.detach().clone() for n, p in model.named_parameters()}
        names = {id(p): n for n, p in model.named_parameters()}
        # a weight that is computed from others is none of these: to read it may change it
        held = [own[1]._parameters.get("weight") for own in self.linear]
        weights = [names[id(own)] for own in held if id(own) in names]
        self.looker = Looker(model, dict.fromkeys(weights), self.record)
        self.weights = list(dict.fromkeys(weights))
        self.looker.arm()
        self.looker.snapshot()
        self._targets: list[Tensor] = []
        self._targets_of = -1
        self._evaluate_at = 2**62
        self._collect = 0  # the step from which on losses are kept
        self._last: Any = math.nan
        self._next = 1

    def step(self, loss: Any, output: Any, target: Any, accuracy: float | None = None) -> None:
        """Take note of a step, right after it or right before `optimizer.step()`.

        Arguments:
            loss: of the batch, a tensor or a number, as it was differentiated.
            output: what the model returned for the batch.
            target: what the loss got beside it.
            accuracy: that the loop counts for this batch, a share or in percent; to be checked.
        """
        self.steps += 1
        self.looker.step = self.steps
        self._last = loss
        if self.steps > self._collect:
            self._losses.append(loss.detach() if isinstance(loss, Tensor) else loss)
        if self.steps >= self._next:
            self._attend(loss, output, target, accuracy)

    def diagnosis(self, prove: bool = False, seeds: int = 5) -> Diagnosis:
        """What is wrong with the loop so far, and what is not; may be asked for at any time.

        Arguments:
            prove: re-train with the one change of each finding, paired by seed, and say what it
                brings; needs `factory`.
            seeds: pairs of a proof, >= 2.

        Raises:
            UserError: no step was watched yet, or a proof was asked for without `factory`, or of
                several optimizers.
        """
        if not self.steps or self.form is None:
            raise UserError(
                "no step was watched yet", "a loop that calls step", "watch.step(loss, logits, t)"
            )
        if prove and self.factory is None:
            raise UserError(
                "a proof needs a factory of fresh models",
                "a function that returns the model as it was before training",
                "nnexp.watch(..., factory=lambda: make_model())",
            )
        if prove and len(self.optimizers) > 1:
            raise UserError(
                f"the loop has {len(self.optimizers)} optimizers, and a proof re-trains with one",
                "prove=True of a loop with one optimizer",
                "watch.diagnosis()",
            )
        if not isinstance(seeds, (int, np.integer)) or isinstance(seeds, bool) or seeds < 2:
            raise UserError(
                f"seeds={seeds!r}", "a whole number from 2", "watch.diagnosis(prove=True, seeds=3)"
            )
        self.looker.disarm()
        self._next = self.steps + 1  # where hooks are due they are put back
        with self.unseen():  # some libraries draw while they are imported
            self._evaluate()
            found = diagnose_loop(self)
            return proof.prove_loop(self, found, seeds) if prove else found

    @property
    def first_lr(self) -> float:
        """The learning rate of the first group of parameters when the watch began."""
        return self.first_rates[0]

    @property
    def gathers(self) -> int:
        """How many batches the loop gathers gradients of for a step of its optimizer."""
        made = self.updates.count if self.record.gathered else 0
        return max(1, round(self.steps / made)) if made else 1

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The parameter groups of all optimizers."""
        return [group for own in self.optimizers for group in own.param_groups]

    @property
    def climbs(self) -> bool:
        """Whether an optimizer maximizes."""
        return any(bool(group.get("maximize")) for group in self.groups)

    # ------------------------------------------------------------------------ what is looked at
    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Let the loss be called without a trace in random numbers, its buffers and attributes."""
        held = same_buffers(self.loss_modules), same_attributes(self._owners)
        with same_draws(), held[0], held[1]:
            yield

    def forward(self, x: Tensor, training: bool = False) -> Any:
        """The model's outputs, leaving no trace."""
        with quiet(self.model, training):
            return self.given(self.model(x))

    def given(self, returned: Any) -> Any:
        """What the loop hands on of what the model returned."""
        own = tensor_of(returned, self.path) if self.picked else returned
        return each(own, APPLIED[self.handed]) if self.handed else own

    def judged(self, returned: Any) -> Tensor:
        """The tensor that is judged of what the model returned."""
        return self.main(self.given(returned))

    def main(self, output: Any) -> Tensor:
        """The tensor of an output that is judged."""
        return tensor_of(output, self.path)

    def labelled(self, output: Any, target: Tensor) -> tuple[Any, Tensor]:
        """The rows of a batch that have a label, detached."""
        target = target.detach()
        kept = target.reshape(len(target), -1)[:, 0] != self.passed_over
        if target.is_floating_point() or bool(kept.all()):
            return each(output, lambda own: own.detach()), target
        return each(output, lambda own: own.detach()[kept]), target[kept]

    def loss_of(self, output: Any, rows: Tensor) -> float:
        """The loss of outputs of some rows, as the loop computes it; NaN where it cannot be."""
        if self.form is None:
            return math.nan
        target = self.form.make(self.table, rows)
        return self._loss(output, target)

    def _loss(self, output: Any, target: Tensor) -> float:
        with torch.no_grad(), self.unseen():
            return loss_value(self.loss_fn, each(output, APPLIED[self.applied]), target)

    def held_out_loss(self) -> float:
        """The loss of the held-out slice with the weights as they are; NaN without such rows."""
        rows = self._rows[1]
        return self.loss_of(self.forward(self.table.x[rows]), rows) if len(rows) else math.nan

    def lost_by_unknown(self) -> bool:
        """Whether targets that are no numbers were handed to a loss that they make none.

        Where they are rare, the batches that were looked at may have had none of them.
        """
        form, table = self.form, self.table
        expected = 0.0 if form is None else form.seen * table.unknown[0] / table.train
        if form is None or not table.unknown[0] or not form.dtype.is_floating_point:
            return False
        if not form.unknown and expected >= EXPECTED:
            return False  # the loop takes them away itself
        rows = table.spaced(False, 4)
        target = form.make(table, rows).clone()
        target.reshape(-1)[0] = math.nan
        output = each(self.forward(table.x[rows]), torch.zeros_like)  # the weights may be none
        return not math.isfinite(self._loss(output, target))

    def classes_of(self, output: Any) -> np.ndarray:
        """The class index of each row (n,), -1 for none."""
        levels = self.form.levels(self.table) if self.form is not None else [0.0, 1.0]
        if not self.table.is_classes:
            first = self.main(output).detach()
            means = first.reshape(len(first), -1).double().mean(1)
            # what another loss than a difference gets may be on another scale, as a logarithm
            same = self.kernel.kind in ("squared", "absolute")
            middle = self.table.middle if same else float(means.nanmedian())
            return np.asarray((means > middle).long().cpu().numpy())
        kind = self.applied or self.nature.kind
        return decide(self.main(output), self.kernel, kind, levels)

    def _attend(self, loss: Any, output: Any, target: Any, accuracy: float | None) -> None:
        now = self.steps
        target = check_step(loss, output, target, self.start)
        if self.form is None:
            meet(self, output, target)
            self._learn_targets()
        if is_look(now) and self.form is not None:
            self.form.see(target)
            with self.unseen():
                inputs = note(self, loss, output, target, accuracy)
            before = self.looker.before
            self.looker.look()
            note_direction(self, inputs, target, before)
        if now == 1:
            self._point(0, self.start, math.nan)
            self._evaluate_at = self._gap(len(target))
        if now >= self._evaluate_at:
            self._evaluate()
        ahead = next_look(now) - now
        if ahead <= 2:
            self.looker.arm()
        if ahead == 1:
            self.looker.snapshot()
        look = now + (ahead - 2 if ahead > 2 else 1)
        self._next = min(look, self._evaluate_at)

    def _gap(self, batch: int) -> int:
        """The step of the next evaluation."""
        epoch = -(-self.table.train // max(1, batch))
        gap = max(epoch, min(APART, self.steps // BEGINNING), self.steps // SHARE)
        self._collect = self.steps + gap - LAST
        return self.steps + gap

    def _evaluate(self) -> None:
        """Evaluate the slices, and note the mean of the losses since the last time."""
        if self.record.points and self.record.points[-1]["step"] == self.steps:
            return
        losses = [float(own) for own in self._losses or (_plain(self._last),)]
        self._losses.clear()
        mean = sum(losses) / len(losses)
        self._point(self.steps, self.forward(self.x), mean)
        self._evaluate_at = self._gap(self.record.batch)

    def _learn_targets(self) -> None:
        """Read anew what the targets of the slices are, where more of them were seen."""
        if self.form is None or self._targets_of == len(self.form.values):
            return
        self._targets_of = len(self.form.values)
        given = self.form, self.table, self.main(self.start).detach()
        with self.unseen():
            self.table, self.kernel = number_outputs(self.loss_fn, self.kernel, *given)
        self._true = self.table.index[self._chosen]
        self._targets = [self.form.make(self.table, rows) for rows in self._rows]

    def _point(self, step: int, output: Any, mean: float) -> None:
        point = {
            "step": float(step),
            "lr": float(self.optimizer.param_groups[0]["lr"]),
            "batch_loss": mean,
        }
        begin = 0
        self._learn_targets()
        hits = self.classes_of(output) == self._true
        for name, target, size in zip(("slice", "val"), self._targets, self._sizes, strict=True):
            if size:
                part = slice(begin, begin + size)
                point[f"{name}_loss"] = self._loss(each(output, itemgetter(part)), target)
                point[f"{name}_accuracy"] = float(hits[part].mean())
            begin += size
        self.record.points.append(point)


def _weights_of(optimizer: torch.optim.Optimizer) -> int:
    """How many numbers an optimizer moves."""
    return sum(p.numel() for group in optimizer.param_groups for p in group["params"])


def _plain(loss: Any) -> Any:
    return loss.detach() if isinstance(loss, Tensor) else loss


def _takes(model: nn.Module, x: Tensor) -> bool:
    try:
        with quiet(model):
            model(x)
    except Exception:  # whatever a model may raise
        return False
    return True
