"""From what was watched to a diagnosis: the rules for runs, those for loops, and the audit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from nnexp.diagnosis.audit.learners.yardstick import measure
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split import order
from nnexp.diagnosis.conclude import HARM, ODD, conclude
from nnexp.diagnosis.finding import HARMLESS, Audit, Evidence, Nomination
from nnexp.diagnosis.nature import Nature
from nnexp.diagnosis.report import Diagnosis
from nnexp.diagnosis.seen import Seen
from nnexp.loop import view, weights
from nnexp.loop.fed import cautions, read_fed
from nnexp.loop.fixes import (
    IMPUTE,
    IMPUTE_INFINITE,
    NO_WARM_UP,
    STEP_EACH,
    TWO_LABELS,
    in_code,
    in_python,
)
from nnexp.loop.notes import notes_on, of_looks
from nnexp.loop.outputs import linear_layers, nature_of_outputs
from nnexp.loop.own_rules import LOOKED, OF_CLASSES, RULES, of_loop
from nnexp.loop.seen import make_seen

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

DRAWN = 0.7  # changes of label down the held-out rows, over those of rows drawn at random
THROWN = 0.6  # strength of a rate that is too high, by which the last steps were thrown about
PLAIN = 0.5  # strength of one of `PLAIN_MISTAKES`, from which on it explains a loop that is behind
QUIET = ("loss_not_averaged", "wrong_loss")  # a note where they do no harm: often on purpose
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
    fed = read_fed(record, table)
    found = of_loop(watch, seen, kind, fed)
    signs = _of_runs(watch, seen, found)
    found += signs
    if any(own.cause == "lr_too_high" and own.strength >= THROWN for own in signs):
        # the last weights may well be far from those before
        found = [own for own in found if own.fix != (weights.RESTORE,)]
    # of one class nothing is learnt; what can be told is where the others are
    audit = audit_sheet(sheet, trees) if several else order.check(sheet)
    of_table = _of_table(watch, sheet, audit)
    notes = [*map(in_python, audit.notes)] if table.is_classes else []
    notes += notes_on(watch)
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
        cautions=[*cautions(fed, table), *of_looks(record)],
    )


def _of_runs(watch: LoopWatch, seen: Seen, found: Sequence[Nomination]) -> list[Nomination]:
    """What the rules for runs say, but for what the loop's own accounts for."""
    rules = RULES if not watch.table.is_classes else (*RULES, *OF_CLASSES)
    signs = [in_code(own) for rule in rules for own in rule(seen)]
    if watch.table.is_wide:
        # nothing tells what could be reached: only what is odd by itself counts
        signs = [own for own in signs if own.certain or own.strength >= ODD]
    if any(NO_WARM_UP in own.fix for own in found):
        # of the rate that the warm-up holds down, and not of the one that was asked for
        signs = [own for own in signs if own.cause != "lr_too_low"]
    if any(STEP_EACH in own.fix for own in found):
        signs = [own for own in signs if own.cause != "undertrained"]
    if any(own.cause in PLAIN_MISTAKES and own.strength >= PLAIN for own in found):
        signs = [own for own in signs if not _is_quiet(own)]
    return signs


def _of_table(watch: LoopWatch, sheet: Sheet, audit: Audit) -> list[Nomination]:
    """What an audit of the loop's rows found, as far as it holds for loops."""
    # a leak makes a loop look better than it is: no score speaks against it
    of_table = [
        replace(own, certain=own.certain or own.cause == "target_leak")
        for own in map(in_code, audit.nominations)
    ]
    held = sheet.y[sheet.valid]
    # train rows alone were put in order
    if len(np.unique(held)) > 1 and order.changes(held) >= DRAWN:
        of_table = [own for own in of_table if own.cause != "ordered_split"]
    if not watch.table.x.is_floating_point():
        of_table = [own for own in of_table if own.cause not in OF_NUMBERS]
    if not watch.table.is_classes:
        of_table = [own for own in of_table if own.cause in OF_ROWS]
    return of_table


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


def _is_quiet(own: Nomination) -> bool:
    """Whether a rate is called too high of a loss that fell without jumps."""
    return own.cause == "lr_too_high" and bool(own.against) and own.strength <= THROWN


def _unscored(evidence: Sequence[Evidence]) -> Iterator[Evidence]:
    return (own for own in evidence if not own.signal.startswith(HARM))
