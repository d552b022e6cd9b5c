"""Two columns that settle the label together: which is larger, how far apart, whether they are the
same, or what beside what.

The label was then made from them, or one of them is known only after it; alone each tells little.
It may also be what a table is about, and no re-run tells which: what is found is left suspected.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from nnexp.data.cells import LARGEST
from nnexp.diagnosis.audit.leaks.column_rules import (
    KNOWN,
    LIKELY,
    REMOVED,
    SETTLED,
    ColumnRule,
    rule_by_cuts,
    rule_by_levels,
)
from nnexp.diagnosis.audit.leaks.disguise import told_nothing
from nnexp.diagnosis.audit.learners.against import FEWER, beats
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.learners.others import by_others
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

ROWS = 100  # of the table, at least
WIDEST = 100  # numeric columns of a table that is searched
KIN = 0.2  # rank correlation of numbers that one compares: dates, or an amount and its limit
LEVELS = 64  # pairs of texts that two columns can make
CATEGORIES = 30  # columns of texts that are paired
ALIKE = 0.5  # share of the texts of each of two columns that both have, where they may be the same
TITLE = "two columns tell more together than all others: perhaps known only after the label"


def check(sheet: Sheet) -> Audit:
    """The first pair of columns that makes far fewer errors than all columns but one of them."""
    rows = sample(sheet.used)
    if len(rows) < ROWS:
        return Audit()
    y = sheet.y[rows]
    for pair, how, rule in _rules(sheet, rows):
        others = [by_others(sheet, [name], rows) for name in pair]
        if not all(beats(rule.right, rule.known, own, FEWER) for own in others):
            continue
        best = float(max(own.mean() for own in others))
        text = f"accuracy by {how.format(*map(repr, pair))}"
        if pair[0] in sheet.levels and by_others(sheet, pair, rows).mean() < told_nothing(y):
            # in a table of nothing else that may be the question
            return Audit(notes=[f"{text}: {rule.accuracy:.3f}, without one of them {best:.3f}"])
        return Audit([_leak(sheet, pair, text, rule, best)])
    return Audit()


def _leak(
    sheet: Sheet, pair: tuple[str, str], text: str, rule: ColumnRule, others: float
) -> Nomination:
    return Nomination(
        "target_leak",
        (
            Evidence(text, round(rule.accuracy, 3), "less"),
            Evidence("accuracy by all columns but one of the two", round(others, 3), "more"),
        ),
        f"{columns(pair)} give the label away together: it was made from them, or one of them is "
        "known only after it. Scores are high with them and mean nothing for rows whose label is "
        "not known yet. Unless both are known before it, and nobody knows the rule.",
        (also("data.drop", sheet.config.drop, pair),),
        strength=0.7,
        subject=", ".join(pair),
        title=TITLE,
        provable=False,  # without columns that make the label by nature scores are as much worse
    )


def _rules(sheet: Sheet, rows: np.ndarray) -> Iterator[tuple[tuple[str, str], str, ColumnRule]]:
    """Pairs that tell nearly all of the label, how they do, and their rule."""
    y, classes = sheet.y[rows], len(sheet.classes)
    cells = {
        name: np.where(np.abs(values[rows]) <= LARGEST, values[rows], np.nan)
        for name, values in sheet.numbers.items()
        if name not in sheet.numbering
    }
    names = [name for name, own in cells.items() if np.isfinite(own).mean() >= KNOWN]
    if 2 <= len(names) <= WIDEST:
        x = np.stack([cells[name] for name in names], 1)
        kin = _kin(x)
        if kin.any():
            i, j = _by_order(x, y, classes, kin)
            pair, order = (names[i], names[j]), np.sign(x[:, i] - x[:, j])
            codes = np.where(np.isnan(order), -1, order + 1).astype(np.int64)
            rule = rule_by_levels(", ".join(pair), codes, y, classes, LIKELY)
            if rule is not None and _tells(rule, LIKELY):
                yield pair, "which of {} and {} is larger", rule
            for i, j, apart, how in _by_distance(x, y, classes, kin):
                pair = names[i], names[j]
                rule = rule_by_cuts(", ".join(pair), apart, y, classes, SETTLED)
                if rule is not None and rule.settles:
                    yield pair, how, rule
    ways = (
        ("whether {} and {} are the same", _by_likeness(sheet, rows)),
        ("what {} is beside {}", _by_texts(sheet, rows)),
    )
    for how, found in ways:
        if found is None:
            continue
        pair, codes = found
        rule = rule_by_levels(", ".join(pair), codes, y, classes, LIKELY)
        if rule is not None and _tells(rule, LIKELY):
            yield pair, how, rule


def _tells(rule: ColumnRule, least: float) -> bool:
    return rule.accuracy >= least and rule.removed >= REMOVED


def _kin(x: np.ndarray) -> np.ndarray:
    """Which columns (n, d) go with each other, bool (d, d)."""
    from scipy.stats import rankdata

    ranks = rankdata(np.where(np.isfinite(x), x, np.nanmedian(x, 0)), axis=0)
    ranks -= ranks.mean(0)
    size = np.sqrt((ranks**2).sum(0)).clip(1e-12)
    together = (ranks / size).T @ (ranks / size) >= KIN
    np.fill_diagonal(together, False)
    return together


def _by_order(x: np.ndarray, y: np.ndarray, classes: int, kin: np.ndarray) -> tuple[int, int]:
    """The pair of columns (n, d) of which it says most of the label which is larger."""
    truth = np.eye(classes, dtype=np.float32)[y]
    above = np.stack([(own[:, None] > x).T.astype(np.float32) @ truth for own in x.T])
    below = above.transpose(1, 0, 2)
    right = above.max(2) + below.max(2) + (truth.sum(0) - above - below).max(2)
    i, j = np.unravel_index(np.where(kin, right, -1.0).argmax(), right.shape)
    return int(i), int(j)


def _by_distance(
    x: np.ndarray, y: np.ndarray, classes: int, kin: np.ndarray
) -> Iterator[tuple[int, int, np.ndarray, str]]:
    """The pairs whose difference, and whose ratio, promises to tell most, with it (n,)."""
    i, j = _by_plane(x, y, classes, kin)
    yield i, j, x[:, i] - x[:, j], "the difference of {} and {}"
    positive = np.asarray((~(x <= 0)).all(0))
    both = kin & positive[:, None] & positive
    if both.any():
        logs = np.log(np.where(positive, x, 1.0))
        i, j = _by_plane(logs, y, classes, both)
        yield i, j, logs[:, i] - logs[:, j], "the ratio of {} and {}"


def _by_plane(x: np.ndarray, y: np.ndarray, classes: int, kin: np.ndarray) -> tuple[int, int]:
    """The pair of columns (n, d) that a linear fit of the label gains most by, over one alone."""
    middle = np.nanmean(x, 0)
    z = np.where(np.isfinite(x), x, middle) - middle
    largest = np.abs(z).max(0)  # first, as of tiny numbers the squares are 0
    z /= np.where(largest > 0, largest, 1.0)
    z /= z.std(0).clip(1e-12)
    truth = np.eye(classes)[y]
    truth = (truth - truth.mean(0)) / truth.std(0).clip(1e-12)
    same, r = z.T @ z / len(z), z.T @ truth / len(z)  # (d, d), (d, C)
    a, b = r[:, None], r[None]
    both = (a**2 + b**2 - 2 * a * b * same[..., None]) / (1 - same**2).clip(1e-6)[..., None]
    gain = (both - np.maximum(a**2, b**2)).max(2)
    i, j = np.unravel_index(np.where(kin, gain, -np.inf).argmax(), gain.shape)
    return int(i), int(j)


def _by_likeness(sheet: Sheet, rows: np.ndarray) -> tuple[tuple[str, str], np.ndarray] | None:
    """The two columns of the same texts for which it tells most of the label whether a row has the
    same in both, and that as codes (n,): 1 for the same, -1 where one is missing.
    """
    y, classes = sheet.y[rows], len(sheet.classes)
    best: tuple[int, tuple[str, str], np.ndarray] | None = None
    for pair in combinations(list(sheet.levels)[:CATEGORIES], 2):
        (first, texts), (second, others) = (sheet.levels[name] for name in pair)
        shared = set(texts) & set(others)
        if len(shared) < 2 or len(shared) < ALIKE * max(len(texts), len(others)):
            continue
        place = {text: number for number, text in enumerate({*texts, *others})}
        a = np.array([place[text] for text in texts])[first[rows]]
        b = np.array([place[text] for text in others])[second[rows]]
        known = (first[rows] >= 0) & (second[rows] >= 0)
        codes = np.where(known, (a == b).astype(np.int64), -1)
        counts = np.bincount((codes + 1) * classes + y, minlength=3 * classes)
        right = int(counts.reshape(3, classes)[1:].max(1).sum())
        if best is None or right > best[0]:
            best = right, pair, codes
    return None if best is None else best[1:]


def _by_texts(sheet: Sheet, rows: np.ndarray) -> tuple[tuple[str, str], np.ndarray] | None:
    """The two columns of texts whose pairs tell most of the label, and the codes of these (n,)."""
    y, classes = sheet.y[rows], len(sheet.classes)
    own = {name: len(texts) for name, (_, texts) in sheet.levels.items() if len(texts) <= LEVELS}
    names = sorted(own, key=lambda name: own[name])[:CATEGORIES]
    best: tuple[int, tuple[str, str]] | None = None
    for place, second in enumerate(names):
        for first in names[:place]:
            if own[first] * own[second] > LEVELS:
                break
            codes = _paired(sheet, (first, second), rows)
            counts = np.bincount(
                (codes + 1) * classes + y, minlength=(own[first] * own[second] + 1) * classes
            )
            right = int(counts.reshape(-1, classes)[1:].max(1).sum())
            if best is None or right > best[0]:
                best = right, (first, second)
    return None if best is None else (best[1], _paired(sheet, best[1], rows))


def _paired(sheet: Sheet, pair: tuple[str, str], rows: np.ndarray) -> np.ndarray:
    (first, _), (second, texts) = (sheet.levels[name] for name in pair)
    known = (first[rows] >= 0) & (second[rows] >= 0)
    return np.where(known, first[rows] * len(texts) + second[rows], -1)
