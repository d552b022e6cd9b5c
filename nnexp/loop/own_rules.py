"""What is asked of a loop: the rules for runs that hold for loops, and those for loops alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from nnexp.diagnosis.finding import Nomination
from nnexp.diagnosis.nature import Nature
from nnexp.diagnosis.rules import Rule, inputs, labels, network, optimisation, rates, regularization
from nnexp.diagnosis.rules.loss import penalty
from nnexp.diagnosis.seen import Seen
from nnexp.loop import metric, modes, pairing, updates, weights
from nnexp.loop import rates as rates_of_loop
from nnexp.loop.added import of_penalty
from nnexp.loop.batched import independent, sorted_batches
from nnexp.loop.fed import Fed, misaligned, never_fed, prepared_otherwise
from nnexp.loop.ignored import ignored
from nnexp.loop.quantities import cut_off, other_scale, unknown_targets, unscaled_target
from nnexp.loop.ratio import ratio_of
from nnexp.loop.seen import passes_of
from nnexp.loop.turned import is_turned, size_of

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

LOOKED = 512  # rows on which units and outputs are looked at
FEW = 8  # rows whose outputs are looked at by themselves, and with as many others
# of a run; what only a configuration can say is left out, and pairs of loss and output are ours
RULES: tuple[Rule, ...] = (
    *inputs.RULES,
    labels.imbalance,
    labels.overweighted,
    labels.upside_down,
    labels.exchanged,
    penalty,
    *rates.RULES,
    *optimisation.RULES,
    *network.RULES,
    regularization.too_much,
)


def overfit(seen: Seen) -> list[Nomination]:
    """As of a run, where the rows that are looked at say so, not only the few that are watched."""
    train, valid = seen.train, seen.valid
    if train is None or valid is None:
        return regularization.too_little(seen)
    apart = train.accuracy - valid.accuracy >= regularization.APART
    return regularization.too_little(seen) if apart else []


OF_CLASSES: tuple[Rule, ...] = (overfit,)


def of_loop(watch: LoopWatch, seen: Seen, kind: Nature, fed: Fed) -> list[Nomination]:
    """What is wrong with a loop that no run has.

    Arguments:
        watch: of the loop.
        seen: it as a run.
        kind: what its outputs are.
        fed: the rows that its batches had.
    """
    table, record = watch.table, watch.record
    found = [*pairing.nominate_pairing(_pairing(watch, kind)), *_of_steps(watch, seen)]
    found += [*misaligned(fed, table), *never_fed(fed, table, independent(record, table))]
    found += prepared_otherwise(
        fed, table, seen.knows_table and seen.is_behind, *_told_of_batches(watch, fed, seen)
    )
    return [*found, *ignored(watch, kind.width), *sorted_batches(record, table)]


def _pairing(watch: LoopWatch, kind: Nature) -> pairing.Pairing:
    assert watch.form is not None
    points = watch.record.frame()
    known = points["slice_loss"].to_numpy(dtype=float) if "slice_loss" in points else np.zeros(0)
    fine = known[np.isfinite(known)]
    if watch.kernel.applied and kind.kind == "logits":  # by the loss function, to its inputs
        kind = Nature(watch.kernel.applied, kind.width, kind.range)
    ratio = ratio_of(watch)
    return pairing.Pairing(
        kernel=watch.kernel,
        nature=kind,
        classes=len(watch.table.classes),
        labels=watch.table.labels,
        levels=watch.form.levels(watch.table),
        used=np.unique(watch.table.index).tolist(),
        told=watch.table.told,
        wide=watch.form.is_wide,
        flips={
            "minus in the loop": math.isfinite(ratio) and ratio < 0,
            "minus before backward()": is_turned(watch),
            "minus in the loss": watch.kernel.sign < 0 and not watch.table.labels,
            "maximize of the optimizer": watch.climbs,
        },
        ratio=ratio,
        size=size_of(watch),
        batch=watch.record.batch,
        lr=watch.first_lr,
        plain=type(watch.optimizer).__name__ == "SGD",
        cleared=watch.record.uncleared == 0 and watch.record.gathered == 0,
        shapes=watch.record.shapes,
        lowest=float(fine.min()) if len(fine) else math.nan,
        highest=float(fine.max()) if len(fine) else math.nan,
        start=float(fine[0]) if len(fine) else math.nan,
    )


def _told_of_batches(watch: LoopWatch, fed: Fed, seen: Seen) -> tuple[float, float]:
    """The accuracy of the weights as they are on rows of the later batches, and on train rows of X;
    NaN where there is none.
    """
    table, late = watch.table, len(fed.rows) // 2
    if not table.is_classes or seen.train is None or not len(fed.rows):
        return math.nan, math.nan
    rows = torch.from_numpy(fed.rows[late:]).to(table.x)
    predicted = watch.classes_of(watch.forward(rows.reshape(-1, *table.x.shape[1:])))
    return float((predicted == fed.wanted[late:]).mean()), seen.train.accuracy


def _of_steps(watch: LoopWatch, seen: Seen) -> list[Nomination]:
    record = watch.record
    found = updates.parameters(
        watch.model,
        watch.groups,
        watch.initial,
        record,
        watch.steps,
        watch.updates.idle,
    )
    found += updates.step_of_all(record, watch.steps)
    found += updates.clipped(watch.optimizer, record, size_of(watch))
    found += of_penalty(seen)
    found += rates_of_loop.of_others(watch.optimizer, record, watch.table.train)
    found += rates_of_loop.rising(watch.optimizer, record, passes_of(watch))
    found += rates_of_loop.left_behind(watch.model, watch.groups, record)
    found += weights.clamped(watch.model, watch.initial)
    if seen.diverged and watch.lost_by_unknown():
        found += unknown_targets(watch.table.unknown[0])
    unused = modes.unused_batch_norm(watch.model, record)
    found += unused or modes.mostly_evaluation(watch.model, record)
    rows = watch.table.spaced(False, LOOKED)
    if len(rows) > 1 and not seen.diverged:
        x = watch.table.x[rows]
        evaluated = watch.loss_of(watch.forward(x), rows)
        trained = watch.loss_of(watch.forward(x, training=True), rows)
        if not unused:
            found += modes.stale_batch_norm(
                watch.model, record, evaluated, trained, seen.loss_scale
            )
        found += modes.random_outputs(watch.model, x, watch.path)
        found += _of_strangers(watch, x)
        if not unused and watch.kernel.sign > 0:
            found += weights.put_in_place(
                record.points, evaluated, watch.held_out_loss(), _scale(watch, seen)
            )
    if not (watch.table.is_classes or watch.table.is_wide or seen.diverged):
        found += _of_quantities(watch, rows)
    if seen.train is not None and watch.table.is_classes:
        found += metric.metric(record, seen.train.accuracy, seen.train.possible)
    return found


def _scale(watch: LoopWatch, seen: Seen) -> float:
    """What a change of the loss is held against: of numbers the loss before the first step."""
    if watch.kernel.kind in ("squared", "absolute", "other"):
        return watch.record.points[0].get("slice_loss", math.nan)
    return seen.loss_scale


def _of_strangers(watch: LoopWatch, x: torch.Tensor) -> list[Nomination]:
    """What outputs have of the other rows of a batch, but for what normalises over them on purpose,
    and for outputs that differ by themselves.
    """
    own = watch.model.modules()
    if watch.nature.over_rows or any(
        getattr(one, "track_running_stats", True) is False for one in own
    ):
        return []

    def outputs(rows: torch.Tensor) -> torch.Tensor:
        return watch.main(watch.forward(rows)).detach()

    few = x[:FEW]
    try:
        first, again, alone = outputs(x[: 2 * FEW]), outputs(x[: 2 * FEW]), outputs(few)
    except Exception:  # a model may take batches of one size alone
        return []
    return modes.mixed_rows(first[: len(few)], alone) if torch.equal(first, again) else []


def _of_quantities(watch: LoopWatch, rows: torch.Tensor) -> list[Nomination]:
    """What targets that are numbers have wrong, and predictions of some train rows."""
    table = watch.table
    out = watch.main(watch.forward(table.x[rows])).reshape(len(rows), -1)
    predicted = out.double().mean(1).numpy(force=True)
    y = table.y.reshape(-1).double().numpy(force=True)
    given = table.y[rows].reshape(-1).double().numpy(force=True)
    return [
        *other_scale(y[: table.train], y[table.train :]),
        *unscaled_target(watch.kernel, given, predicted),
        *cut_off(watch.kernel, given, predicted, watch.nature.kind),
    ]
