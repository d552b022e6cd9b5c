"""From what was watched to a diagnosis: the rules for runs, those for loops, and the audit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nnexp.diagnosis.audit.learners import forest
from nnexp.diagnosis.audit.learners.yardstick import Yardstick, measure
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split import order
from nnexp.diagnosis.conclude import HARM, ODD, conclude
from nnexp.diagnosis.finding import HARMLESS, Evidence, Nomination
from nnexp.diagnosis.judged import Rows
from nnexp.diagnosis.nature import Nature
from nnexp.diagnosis.report import Diagnosis
from nnexp.diagnosis.rules import Rule, inputs, labels, network, optimisation, rates, regularization
from nnexp.diagnosis.rules.loss import penalty
from nnexp.diagnosis.seen import Seen
from nnexp.loop import metric, modes, pairing, updates, view, weights
from nnexp.loop import rates as rates_of_loop
from nnexp.loop.added import of_penalty
from nnexp.loop.batched import independent, sorted_batches
from nnexp.loop.configured import make_config
from nnexp.loop.fed import Fed, cautions, misaligned, never_fed, prepared_otherwise, read_fed
from nnexp.loop.fixes import (
    IMPUTE,
    IMPUTE_INFINITE,
    NO_WARM_UP,
    STEP_EACH,
    TWO_LABELS,
    in_code,
    in_python,
)
from nnexp.loop.ignored import ignored
from nnexp.loop.outputs import is_affine, linear_layers, nature_of_outputs
from nnexp.loop.quantities import (
    FEWEST,
    cut_off,
    other_scale,
    unknown_targets,
    unscaled_target,
)
from nnexp.loop.quiet import quiet
from nnexp.loop.ratio import added, ratio_of
from nnexp.loop.record import LoopRecord
from nnexp.loop.turned import is_turned, size_of
from nnexp.loop.weighed import class_weights

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

LOOKED = 512  # rows on which units and outputs are looked at
DRAWN = 0.7  # changes of label down the held-out rows, over those of rows drawn at random
THROWN = 0.6  # strength of a rate that is too high, by which the last steps were thrown about
FEW = 8  # rows whose outputs are looked at by themselves, and with as many others
SHOWN = 120  # characters of what was raised
PLAIN = 0.5  # strength of one of `PLAIN_MISTAKES`, from which on it explains a loop that is behind
QUIET = ("loss_not_averaged", "wrong_loss")  # a note where they do no harm: often on purpose
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
# causes of the audit that do not depend on what the target is
OF_ROWS = (
    "nonfinite_inputs",
    "preprocessing_mismatch",
    "duplicate_leak",
    "unscaled_features",
    "dominant_feature",
    "double_scaling",
)

# what explains a loop that is behind, where no jump of the loss says that its steps overshoot
PLAIN_MISTAKES = ("broadcast_mismatch", "parameters_not_updated")
# causes that inputs cannot have which are codes, as of an embedding
OF_NUMBERS = (
    "unscaled_features",
    "dominant_feature",
    "outlier_crushed_feature",
    "double_scaling",
    "categorical_as_number",
    "identifier_feature",
)


def diagnose_loop(watch: LoopWatch) -> Diagnosis:
    """The diagnosis of a loop as it stands."""
    table, record = watch.table, watch.record
    sheet = view.make_loop_sheet(table)
    looked = table.x[table.spaced(False, LOOKED)]
    linear = linear_layers(watch.model, looked)
    kind = nature_of_outputs(watch.model, looked, linear[-1] if linear else None, watch.judged)
    applied, _, over_rows = watch.applied.removeprefix("squeeze ").partition(" over ")
    if applied in ("softmax", "log_softmax", "sigmoid", "tanh", "relu"):
        kind = Nature(applied, kind.width, kind.range, over_rows=bool(over_rows))
    watch.nature = kind
    several = len(np.unique(sheet.y[sheet.train])) > 1
    trees = measure(sheet) if several else None
    seen = make_seen(watch, sheet, trees, linear)
    pairs = _pairing(watch, kind)
    fed = read_fed(record, table)
    found = [*pairing.nominate_pairing(pairs), *_of_loop(watch, seen), *misaligned(fed, table)]
    found += never_fed(fed, table, independent(record, table))
    found += prepared_otherwise(
        fed, table, seen.knows_table and seen.is_behind, *_told_of_batches(watch, fed, seen)
    )
    found += [*ignored(watch, kind.width), *sorted_batches(record, table)]
    rules = RULES if not table.is_classes else (*RULES, *OF_CLASSES)
    signs = [in_code(own) for rule in rules for own in rule(seen)]
    if table.is_wide:  # nothing tells what could be reached: only what is odd by itself counts
        signs = [own for own in signs if own.certain or own.strength >= ODD]
    if any(NO_WARM_UP in own.fix for own in found):
        # of the rate that the warm-up holds down, and not of the one that was asked for
        signs = [own for own in signs if own.cause != "lr_too_low"]
    if any(STEP_EACH in own.fix for own in found):
        signs = [own for own in signs if own.cause != "undertrained"]
    if any(own.cause in PLAIN_MISTAKES and own.strength >= PLAIN for own in found):
        signs = [own for own in signs if not _is_quiet(own)]
    found += signs
    if any(own.cause == "lr_too_high" and own.strength >= THROWN for own in signs):
        # the last weights may well be far from those before
        found = [own for own in found if own.fix != (weights.RESTORE,)]
    # of one class nothing is learnt; what can be told is where the others are
    audit = audit_sheet(sheet, trees) if several else order.check(sheet)
    # a leak makes a loop look better than it is: no score speaks against it
    of_table = [
        replace(own, certain=own.certain or own.cause == "target_leak")
        for own in map(in_code, audit.nominations)
    ]
    held = sheet.y[sheet.valid]
    # train rows alone were put in order
    if len(np.unique(held)) > 1 and order.changes(held) >= DRAWN:
        of_table = [own for own in of_table if own.cause != "ordered_split"]
    if not table.x.is_floating_point():
        of_table = [own for own in of_table if own.cause not in OF_NUMBERS]
    if not table.is_classes:
        of_table = [own for own in of_table if own.cause in OF_ROWS]
    notes = [*map(in_python, audit.notes)] if table.is_classes else [_little_judged(watch)]
    if table.unlabelled:
        notes.append(
            f"{table.unlabelled} rows with the target {watch.passed_over}, which the loss passes "
            "over, are left out"
        )
    for count, part in zip(table.unknown, ("train", "held-out"), strict=True):
        if count:
            notes.append(f"{count} {part} rows whose target is NaN or infinity are left out")
    if not (table.is_classes or table.told) and table.is_whole:
        notes.append(
            "y holds whole numbers and is taken for quantities, as the loss takes them; with "
            "classes= they are classes"
        )
    if table.is_classes and bool((watch.classes_of(watch.forward(watch.x)) < 0).all()):
        notes.append(
            "the outputs are NaN or infinite: no row counts as right, whatever argmax says"
        )
    if not math.isfinite(record.points[-1].get("slice_loss", math.nan)):
        notes.append("the loss of the train rows is no number or could not be computed")
    if not several and not audit.nominations:
        found = [own for own in found if own.cause != "label_encoding"]
        found.append(_of_one(sheet))
    told = conclude(seen, [*found, *of_table])
    if not table.is_classes:  # whether they are above the median is no accuracy
        told = [replace(own, evidence=tuple(_unscored(own.evidence))) for own in told]
    if bool(torch.isinf(table.x).any()):
        put = {IMPUTE: IMPUTE_INFINITE}
        told = [replace(own, fix=tuple(put.get(word, word) for word in own.fix)) for own in told]
    for own in told:
        if own.verdict == HARMLESS and own.cause in QUIET:
            notes.append(f"{own.title}; it does no harm here")
    return Diagnosis(
        [own for own in told if own.verdict != HARMLESS or own.cause not in QUIET],
        checked=[in_python(line) for line in audit.checked] if table.is_classes else (),
        notes=notes,
        scores={
            name: own.plain(seen.is_part_behind(own), seen.raises_rare)
            for name, own in (("valid", seen.valid), ("train", seen.train))
            if own is not None and table.is_classes
        },
        in_code=True,
        cautions=[*cautions(fed, table), *_of_looks(record)],
    )


def _of_one(sheet: Sheet) -> Nomination:
    """That all rows have the same target."""
    label = str(sheet.classes[int(sheet.y[sheet.train[0]])])
    return Nomination(
        "label_encoding",
        (Evidence("targets of the train rows", f"{label} alone", "two or more"),),
        "all rows have the same target, as where labels are made by a comparison that never holds: "
        "nothing can be learnt, and any accuracy is that of naming it",
        (TWO_LABELS,),
        1.0,
        certain=True,
        title="all rows have the same target",
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


def _is_quiet(own: Nomination) -> bool:
    """Whether a rate is called too high of a loss that fell without jumps."""
    return own.cause == "lr_too_high" and bool(own.against) and own.strength <= THROWN


def _unscored(evidence: Sequence[Evidence]) -> Iterator[Evidence]:
    return (own for own in evidence if not own.signal.startswith(HARM))


def _of_looks(record: LoopRecord) -> list[str]:
    """That gradients are not known, where looking at one failed."""
    if not record.unseen:
        return []
    why = record.unseen.partition("\n")[0][:SHOWN]
    return [
        "the gradients and inputs of the steps could not be looked at further, and what only they "
        f"tell is not judged: {why}"
    ]


def _little_judged(watch: LoopWatch) -> str:
    """What is judged of quantities and of several labels a row, and how far they are predicted."""
    table = watch.table
    what = "several targets a row" if table.is_wide else "a quantity"
    told = f"y is {what}: of that the loop, the scales and the shapes are judged, and no score"
    rows = table.spaced(True, LOOKED)
    if table.is_wide or len(rows) < FEWEST or watch.kernel.kind not in ("squared", "absolute"):
        return told
    predicted = watch.main(watch.forward(table.x[rows])).reshape(len(rows), -1).double()
    y = table.y[rows].reshape(-1).double()
    spread = float(y.var(correction=0))
    if predicted.shape[1] != 1 or not spread > 0:
        return told
    share = 1 - float((y - predicted[:, 0]).square().mean()) / spread
    if not math.isfinite(share):
        return told
    return f"{told}; R2 of {len(rows)} held-out rows is {share:.2f}"


def _class_weights(watch: LoopWatch) -> list[float] | None:
    """How much the loop's loss weighs the classes."""
    table = watch.table
    known, rows = np.unique(table.index[: table.train], return_index=True)
    if not table.is_classes or table.is_wide or len(known) != len(table.classes) or watch.applied:
        return None
    like = watch.main(watch.start)
    places = torch.from_numpy(rows).to(like.device)
    return class_weights(watch.loss_of, watch.kernel, like, places)


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
        epochs=round(_passes(watch)),
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
        passes=_passes(watch),
        moved=view.usual_move(record),
        first_rate=watch.first_lr,
    )


def _passes(watch: LoopWatch) -> float:
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


def _scale(watch: LoopWatch, seen: Seen) -> float:
    """What a change of the loss is held against: of numbers the loss before the first step."""
    if watch.kernel.kind in ("squared", "absolute", "other"):
        return watch.record.points[0].get("slice_loss", math.nan)
    return seen.loss_scale


def _of_loop(watch: LoopWatch, seen: Seen) -> list[Nomination]:
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
    found += rates_of_loop.rising(watch.optimizer, record, _passes(watch))
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
