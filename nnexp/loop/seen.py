"""A loop as the rules for runs see it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nnexp.diagnosis.audit.learners import forest
from nnexp.diagnosis.audit.learners.yardstick import Yardstick, measure
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.judged import Rows
from nnexp.diagnosis.seen import Seen
from nnexp.loop import view
from nnexp.loop.configured import make_config
from nnexp.loop.outputs import is_affine
from nnexp.loop.quiet import quiet
from nnexp.loop.ratio import added
from nnexp.loop.weighed import class_weights

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch


def make_seen(watch: LoopWatch, sheet: Sheet, trees: Yardstick | None, linear: list[Any]) -> Seen:
    """The loop as the rules for runs see it."""
    table, record = watch.table, watch.record
    made = watch.updates.count if record.gathered else 0
    history = view.make_history(record, watch.steps / made if made else 1.0)
    kernel = watch.kernel.kind
    config = make_config(
        watch.model,
        linear,
        optimizer=watch.optimizer,
        loss_fn=watch.loss_fn,
        kind=kernel,
        initial=watch.initial,
        first_lr=watch.first_lr,
        epochs=round(passes_of(watch)),
        batch=record.batch,
        is_affine=is_affine(watch.model, table.x[table.spaced(False, 16)], linear),
        class_weight=_class_weights(watch),
    )
    extra = added(watch)
    if extra is not None:
        history["train_penalty"] = extra
        config.reg.l2 = 1e-3
    losses = np.array([own["batch_loss"] for own in record.points[1:]])
    broken = any(not bool(torch.isfinite(p).all()) for p in watch.model.parameters())
    diverged = broken or (len(losses) > 0 and not math.isfinite(losses[-1]))
    proper = kernel in ("softmax", "logistic") and table.is_classes
    valid, train = judge_weights(watch, sheet, trees)
    loss = record.points[-1].get("slice_loss", math.nan)
    with quiet(watch.model):  # a weight that is computed from others is computed where it is read
        units = view.make_units(linear, getattr(config.model, "activation", ""))
    if kernel in ("squared", "absolute"):
        config.data.labels = "raw"  # of numbers as they are no loss of the class shares is known
    return Seen(
        config=config,
        overrides=(),
        status="diverged" if diverged else "done",
        reason="NaN or infinity in the loss or in the weights" if diverged else "",
        history=history,
        signals=view.make_signals(record, proper),
        best_epoch=0 if diverged else len(history),
        classes=list(sheet.classes),
        counts=np.bincount(sheet.y[sheet.train], minlength=len(sheet.classes)),
        outputs=watch.nature.width,
        widths=view.chain(linear),
        steps=max(1, watch.steps // watch.gathers // max(1, len(history))),
        valid_rows=len(sheet.valid),
        rows=len(sheet.y),
        inputs=view.make_inputs(table) if table.x.is_floating_point() else None,
        valid=valid,
        train=train,
        units=units,
        train_loss=loss if math.isfinite(loss) else None,
        passes=passes_of(watch),
        moved=view.usual_move(record),
        first_rate=watch.first_lr,
    )


def passes_of(watch: LoopWatch) -> float:
    """How often the train rows were gone through."""
    return watch.steps / math.ceil(watch.table.train / watch.record.batch)


def judge_weights(
    watch: LoopWatch, sheet: Sheet, trees: Yardstick | None
) -> tuple[Rows | None, Rows | None]:
    """The weights as they are on held-out and on train rows, beside the yardstick."""
    table = watch.table
    first = watch.main(watch.forward(table.x[: min(4, table.train)]))
    if not table.is_classes and first.reshape(len(first), -1).shape[1] != 1:
        return None, None
    if trees is None:
        trees = measure(sheet)
    rows = forest.sample(sheet.train)
    own = trees.of_train(sheet, rows)
    at = torch.from_numpy(own.rows).to(table.x.device)
    predicted = watch.classes_of(watch.forward(table.x[at]))
    train = Rows(sheet.y[own.rows], predicted, own.predicted, own.votes)
    if not len(sheet.valid):
        return None, train
    held = forest.sample(sheet.valid)
    there = trees.of_held_out(sheet, rows, held)
    at = torch.from_numpy(held).to(table.x.device)
    predicted = watch.classes_of(watch.forward(table.x[at]))
    return Rows(sheet.y[held], predicted, there.predicted, there.votes), train


def _class_weights(watch: LoopWatch) -> list[float] | None:
    """How much the loop's loss weighs the classes."""
    table = watch.table
    known, rows = np.unique(table.index[: table.train], return_index=True)
    if not table.is_classes or table.is_wide or len(known) != len(table.classes) or watch.applied:
        return None
    like = watch.main(watch.start)
    places = torch.from_numpy(rows).to(like.device)
    return class_weights(watch.loss_of, watch.kernel, like, places)
