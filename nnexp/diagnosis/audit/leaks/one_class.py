"""A column that tells one class from all others, and is known only after the label."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.leaks.column_rules import (
    ColumnRule,
    bin_columns,
    find_rules,
    has_own_value,
    told_of,
)
from nnexp.diagnosis.audit.leaks.disguise import (
    GOOD,
    MANY,
    OTHERS,
    UNLESS_GOOD,
    stands_out,
    without_measurements,
)
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.learners.others import by_others
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

ROWS = 30  # of the class, and of all others
CLASSES = 10  # looked at, the largest first
# share of the errors on the class that all other columns remove, at most: what they tell nearly as
# well is a measurement like them (an alloy by the metal that makes it one)
LEFT = 0.7
# share of the majority's errors among the other classes that the column removes, at most: what
# tells these apart as well is a measurement, unless one value is the class's own
AMONG_OTHERS = 0.3


def check(sheet: Sheet) -> Audit:
    """Columns that settle whether a row is of one class, where all other columns do not."""
    rows = sample(sheet.used)
    counts = np.bincount(sheet.y[rows], minlength=len(sheet.classes))
    if len(counts) < 3:
        return Audit()  # which `disguise` looks at
    binned = bin_columns(sheet, rows)
    for place in np.argsort(-counts, kind="stable")[:CLASSES]:
        if not ROWS <= counts[place] <= len(rows) - ROWS:
            continue
        label = sheet.classes[place]
        own = sheet.one_against_others(int(place))
        rules = [
            rule
            for rule in find_rules(own, rows, binned)
            if (rule.settles or rule.nearly)
            and (
                has_own_value(own, rule.name, rows)
                or told_of(sheet, rule.name, rows[sheet.y[rows] != place]) <= AMONG_OTHERS
            )
        ]
        if not 0 < len(rules) <= MANY or len(sheet.names) - len(rules) < OTHERS:
            continue
        others = by_others(own, [rule.name for rule in rules], rows)
        base = min(counts[place], len(rows) - counts[place])
        if int((~others).sum()) < (1 - LEFT) * base:
            continue
        found = [rule for rule in rules if stands_out(rule, others)]
        found = without_measurements(own, found, {rule.name for rule in rules}, rows)
        if found:
            return Audit([_leak(sheet, found, repr(label), float(others.mean()))])
    return Audit()


def _leak(sheet: Sheet, found: list[ColumnRule], label: str, others: float) -> Nomination:
    best = max(found, key=lambda rule: rule.accuracy)
    names = [rule.name for rule in found]
    may_be_good = all(rule.measured for rule in found)  # which no re-run tells from a leak
    return Nomination(
        "target_leak",
        (
            Evidence(
                f"accuracy by {best.name!r} alone of telling {label} from all other classes",
                round(best.accuracy, 3),
                f"about {others:.3f}, as by all other columns together",
            ),
        ),
        f"{best.name!r} gives away whether a row is {label}, which the other columns do not know: "
        "it may be known only after the label. Scores are high with it and mean nothing for rows "
        "whose label is not known yet." + (UNLESS_GOOD if may_be_good else ""),
        (also("data.drop", sheet.config.drop, names),),
        strength=0.8,
        subject=", ".join(names),
        title=GOOD if may_be_good else "",
        provable=not may_be_good,
    )
