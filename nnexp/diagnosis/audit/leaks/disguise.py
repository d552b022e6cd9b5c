"""A column that is the target in disguise."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from nnexp.data.cells import parse_number
from nnexp.diagnosis.audit.chance import sign_p
from nnexp.diagnosis.audit.leaks.column_rules import (
    LIKELY,
    NAMED,
    NEARLY,
    ROWS,
    SETTLED,
    ColumnRule,
    find_rules,
    strongest_column,
)
from nnexp.diagnosis.audit.learners.against import CHANCE, FAR_FEWER, FEWER, STRONG, beats
from nnexp.diagnosis.audit.learners.forest import out_of_bag, sample
from nnexp.diagnosis.audit.learners.others import Others, by_others, judge_others
from nnexp.diagnosis.audit.learners.yardstick import majority
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

TELLING = 0.1  # of the majority's errors, which all others remove: where they tell nothing, that
# one column tells all is no wonder

RANKING = 0.7  # area under the ROC curve by all others, which is telling too: where one class is
# rare they may rank rows well, and name hardly one of it

UNLESS_GOOD = " Unless it is a measurement that good by its nature."
MANY = 3  # columns that can be leaks at once: of more, each is one of many good columns
SPELT = 3  # classes whose names are the values of a column: of two they may be yes and no
LAGGING = 0.9  # rows whose value is the label of the row above
GOOD = "one column tells more than all others together: perhaps known only after the label"
OTHERS = 3  # columns beside it that "all others" needs to mean much
BESIDE_GOOD = 5  # columns beside one that is merely good: of fewer one may be the best by far


def check(sheet: Sheet) -> Audit:
    """Columns that are the label, or settle it better than all other columns together."""
    # a leak is in all rows, and a small train part alone would hide it
    rows = sample(sheet.used)
    y, classes = sheet.y[rows], len(sheet.classes)
    if len(rows) < ROWS:
        return Audit()
    likely = find_rules(sheet, rows)
    rules = [rule for rule in likely if rule.settles or rule.nearly]
    if not rules:
        for rule in likely if len(sheet.names) > BESIDE_GOOD else ():
            if not rule.strong:
                continue
            others = judge_others(sheet, [rule.name], rows)
            accuracy = float(others.right.mean())
            telling = accuracy >= told_nothing(y) or (not rule.measured and _rank(sheet, others))
            if telling and stands_out(rule, others.right):
                return Audit([_leak(sheet, [rule], accuracy, "")])
        spelt = _spelt_alike(sheet, rows)
        return Audit(
            [] if spelt is None else [spelt],
            checked=[] if spelt else ["no single column settles the label"],
        )
    told = {rule.name for rule in rules}
    trees = out_of_bag(sheet.without(told), sheet.y, classes, rows).predicted == y
    enough = len(rules) <= MANY and len(sheet.names) - len(rules) >= OTHERS
    sure = [rule for rule in rules if rule.itself or rule.named]
    found = [rule for rule in rules if rule in sure or (enough and _beats(rule, trees))]
    beside = ""
    if not found and enough and len(sheet.names) - len(rules) > OTHERS:
        beside = strongest_column(sheet, rows, told)
    if beside:
        # two columns that are known only after the label shield each other
        trees = out_of_bag(sheet.without({*told, beside}), sheet.y, classes, rows).predicted == y
        found = [rule for rule in rules if _beats(rule, trees)]
    found = without_measurements(sheet, found, {*told, beside}, rows)
    if not found:
        return Audit(
            checked=[
                f"{columns(sorted(told))} settles the label, and nothing says that it should not"
            ]
        )
    return Audit([_leak(sheet, found, float(trees.mean()), beside)])


def _spelt_alike(sheet: Sheet, rows: np.ndarray) -> Nomination | None:
    """A column of the classes' own names that says more of the label than all others together."""
    names = {str(label) for label in sheet.classes}
    alike = [name for name, (_, texts) in sheet.levels.items() if set(texts) == names]
    numbers = all(parse_number(name) is not None for name in names)
    if len(names) < SPELT or numbers or len(alike) != 1 or len(sheet.names) <= OTHERS:
        return None
    (name,) = alike
    codes, texts = sheet.levels[name]
    place = {str(label): number for number, label in enumerate(sheet.classes)}
    told = np.where(codes >= 0, np.array([place[text] for text in texts])[codes], -1)
    if (told[1:] == sheet.y[:-1]).mean() >= LAGGING:
        return None  # the state of the row above, which is known before
    same = told[rows] == sheet.y[rows]
    others = by_others(sheet, [name], rows)
    ahead, behind = int((same & ~others).sum()), int((~same & others).sum())
    if ahead <= behind or sign_p(ahead, behind) >= CHANCE:
        return None
    return Nomination(
        "target_leak",
        (
            Evidence(
                f"rows whose {name!r} is the name of their class", percent(same.mean()), "any"
            ),
            Evidence(
                "accuracy by all other columns together", round(float(others.mean()), 3), "more"
            ),
        ),
        f"{name!r} holds the names of the classes, and its own row's more often than all other "
        "columns tell: a copy of the target that is partly wrong, or known only after it. Unless "
        "it is what was known before of the same thing.",
        (also("data.drop", sheet.config.drop, [name]),),
        strength=0.75,
        subject=name,
    )


def _leak(sheet: Sheet, found: Sequence[ColumnRule], others: float, beside: str) -> Nomination:
    """What is told of leaks, with the accuracy of all other columns but one that is beside them."""
    names = [rule.name for rule in found]
    best = max(found, key=lambda rule: (rule.itself, rule.accuracy))
    # without a good measurement scores are as much worse: no re-run tells it from a leak
    may_be_good = not best.nearly or all(rule.measured for rule in found)
    evidence = [
        Evidence(
            f"accuracy by {best.name!r} alone, in rows its rule was not made from",
            round(best.accuracy, 3),
            f"below {_least(best)}",
        ),
        Evidence("accuracy by all other columns together", round(others, 3), "more"),
    ]
    if beside:
        evidence.append(Evidence("left out of those, as it may be one too", beside, "none"))
    if best.itself or best.named:
        evidence.insert(
            0,
            Evidence(
                f"values of {best.name!r} within a class",
                "one for each class, or the label's number with a little noise",
                "values that several classes share",
            ),
        )
    what = sheet.numbering.get(best.name)
    if what:
        evidence.append(Evidence(f"what {best.name!r} is", f"it {what}", "a measurement"))
    return Nomination(
        "target_leak",
        tuple(evidence),
        f"{columns(names)} gives the label away: a copy of the target, or known only "
        "after it. Scores are high with it and mean nothing for rows whose label is "
        "not known yet." + (UNLESS_GOOD if may_be_good else ""),
        (also("data.drop", sheet.config.drop, names),),
        strength=0.95 if best.itself else 0.9 if best.nearly else 0.7,
        subject=", ".join(names),
        title=GOOD if may_be_good else "",
        provable=not may_be_good,
    )


def without_measurements(
    sheet: Sheet, found: Sequence[ColumnRule], out: Collection[str], rows: np.ndarray
) -> list[ColumnRule]:
    """Rules that may be leaks: a measurement is none where the other columns tell nothing.

    Arguments:
        sheet: the table.
        found: rules that are better than all other columns.
        out: columns that are none of the others.
        rows: row numbers that the rules are of.
    """
    if not any(rule.measured for rule in found):
        return list(found)
    others = judge_others(sheet, out, rows)
    if others.right.mean() >= told_nothing(sheet.y[rows]):
        return list(found)
    ranked = _rank(sheet, others)
    return [rule for rule in found if not rule.measured or (ranked and rule.settles)]


def _rank(sheet: Sheet, others: Others) -> bool:
    """Whether columns tell the rows of one class from those of the other, if they name none."""
    return len(sheet.classes) == 2 and others.area >= RANKING


def told_nothing(y: np.ndarray) -> float:
    """The accuracy below which columns tell next to nothing of the labels (n,)."""
    base = majority(y)
    return base + TELLING * (1 - base)


def stands_out(rule: ColumnRule, others: np.ndarray) -> bool:
    """Whether a good column makes less than half of the errors that all others make together.

    Arguments:
        rule: the column's, on some rows.
        others: which of these rows (n,) all others tell rightly.
    """
    return beats(rule.right, rule.known, others, FAR_FEWER)


def _least(rule: ColumnRule) -> float:
    """The accuracy from which a rule is looked at."""
    limits = (SETTLED, NEARLY, LIKELY, STRONG, NAMED)
    return next(limit for limit in limits if rule.accuracy >= limit)


def _beats(rule: ColumnRule, trees: np.ndarray) -> bool:
    return beats(rule.right, rule.known, trees, 1.0 if rule.settles else FEWER)
