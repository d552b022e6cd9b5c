"""Numbers that stand for a missing cell: a spike at one value, far from all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nnexp.diagnosis.audit.chance import share_p
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.moved import stuck_columns
from nnexp.diagnosis.audit.table import scales
from nnexp.diagnosis.audit.table.lone import find_lone
from nnexp.diagnosis.audit.words import figure, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

CELLS = 5  # that hold the value: fewer are outliers
SHARE = 0.003  # of the column: a rarer value spoils little
MOST = 0.6  # of the column: beyond it the value is what the column is about (zero-inflation)
OTHERS = 10  # distinct other values: with fewer the column is a code itself
FAR = 3.0  # gap to the next value over the range of all others
WIDER = 5.0  # spread of a column with the value over the one without it, which spoils the scale
CODE_GAP = 1.0  # gap over the spread of the others, for values written as codes are: -9, 999
ZERO_GAP = 2.5  # distance of 0 from the middle of the others, in their spreads ...
ZERO_MANY = 0.02  # ... where so many cells hold it; of fewer it has to be
ZERO_FAR = (3.0, 1.0)  # so far from the middle and from the nearest
ALONE = 0.05  # others within half a spread of the value, as a share of the cells that hold it
TOGETHER = (0.9, 0.5)  # share of a spike's rows where another column has the value too; elsewhere
CHANCE = 1e-6  # p of that, over all columns

# of a column where 0 stands for missing as in another one: its zeros over those of the other, or
# the other way round; over its next most frequent value; and its least other value over the middle
# one, and over the usual step from value to value
AS_OFTEN, STANDS_OUT, BEGIN, STEPS = 1.5, 3, 0.2, 8
# columns of a like range that begin with 0 and have no spike there, over those that have, from
# which on zeros are usual; the share of them that have fewer zeros than one whose zeros are none;
# and how many times larger the largest value of one may be
USUAL, FEW, ALIKE = 3, 0.1, 1.25

# amounts that may be nil: columns with zeros beside numbers below such a share of the middle one;
# so many of them, and so many times the columns whose zeros stand apart, make nil of those, too,
# where other cells come down to such a share of the middle one
NIL, NILS, NIL_TIMES, DOWN = 0.1, 2, 2, 0.25
SPREAD = 1.349  # quartiles of a normal distribution are so many standard deviations apart


@dataclass(frozen=True)
class Spike:
    """A value that stands alone.

    Arguments:
        name: the column.
        value: the number.
        cells: how many cells hold it.
        share: of the known cells of the column.
        low, high: the range of all other values.
    """

    name: str
    value: float
    cells: int
    share: float
    low: float
    high: float


def check(sheet: Sheet) -> Audit:
    """Numbers in numeric columns that are read as values and mean "missing"."""
    spikes = _spikes(sheet)
    notes = _lone_notes(sheet, {spike.name for spike in spikes})
    if not spikes:
        line = f"no number stands for missing in {len(sheet.numbers)} columns"
        return Audit(notes=notes, checked=[] if notes else [line])
    words = [f"{spike.name}={_exact(spike.value)}" for spike in spikes]
    present = list(sheet.config.sentinels)
    worst = max(spikes, key=_distance)
    evidence = [
        Evidence(
            f"cells of {spike.name!r} that are {figure(spike.value)}",
            f"{spike.cells} ({percent(spike.share)})",
            f"none: the others run from {figure(spike.low)} to {figure(spike.high)}",
        )
        for spike in spikes[:4]
    ]
    return Audit(
        [
            Nomination(
                "sentinel_values",
                tuple(evidence),
                "A value far from all others at which many rows stand is no measurement. Read as "
                "one it shifts the mean, widens the scale, and is averaged into every weight of "
                "its column.",
                (also("data.sentinels", present, words),),
                strength=0.9 if _distance(worst) >= FAR else 0.7,
                subject=", ".join(dict.fromkeys(spike.name for spike in spikes)),
                of_scale=_distance(worst) >= FAR and _spoils_scale(sheet, spikes),
            )
        ],
        notes,
    )


def _lone_notes(sheet: Sheet, told: set[str]) -> list[str]:
    """A line for each column, but those that are told, of which a number may stand for missing."""
    notes, still = [], _stuck(sheet)
    for name, (values, counts) in sheet.distinct.items():
        lone = None if name in told else find_lone(values, counts)
        if lone is None or (name, lone.value) in still:
            continue
        mark = also(
            "data.sentinels", list(sheet.config.sentinels), [f"{name}={_exact(lone.value)}"]
        )
        notes.append(
            f"{name!r} is {_exact(lone.value)} in {lone.cells} cells, and from {figure(lone.low)} "
            f"to {figure(lone.high)} in all others: if that stands for missing, {mark} says so"
        )
    return notes


def _stuck(sheet: Sheet) -> set[tuple[str, float]]:
    """The columns of which one part holds a single number at which they stood still, with it."""
    return {
        (name, number)
        for rows in sheet.parts.values()
        for name, number, *_ in stuck_columns(sheet, rows)
    }


def _spikes(sheet: Sheet) -> list[Spike]:
    """The values of all columns, the one of the largest share first."""
    spikes = [
        spike
        for name, (values, counts) in sheet.distinct.items()
        for spike in find_spikes(name, values, counts)
    ]
    still = _stuck(sheet)
    spikes = [own for own in spikes if (own.name, own.value) not in still]
    spikes = _without_usual_zeros(sheet, spikes)
    if spikes:
        spikes += _in_company(sheet, spikes)
    return sorted(spikes, key=lambda spike: -spike.share)


def without_marks(sheet: Sheet) -> Sheet:
    """The sheet with missing cells where a number stands for one."""
    return _with_gaps(sheet, _spikes(sheet))


def _with_gaps(sheet: Sheet, spikes: Sequence[Spike]) -> Sheet:
    numbers = dict(sheet.numbers)
    for spike in spikes:
        numbers[spike.name] = np.where(
            numbers[spike.name] == spike.value, np.nan, numbers[spike.name]
        )
    return replace(sheet, numbers=numbers)


def _spoils_scale(sheet: Sheet, spikes: Sequence[Spike]) -> bool:
    """Whether the values widen a column many times, and without them the inputs are of one scale
    as the network gets them.
    """
    plain = _with_gaps(sheet, spikes)
    wider = 0.0
    for name in {spike.name for spike in spikes}:
        with_marks, without = (own.numbers[name][sheet.train] for own in (sheet, plain))
        wider = max(wider, float(np.nanstd(with_marks)) / max(float(np.nanstd(without)), 1e-300))
    # what was scaled with the value among the others is next to nothing without it
    rest = scales.check(plain).nominations
    return wider >= WIDER and all(own.cause == "double_scaling" for own in rest)


def _distance(spike: Spike) -> float:
    """Gap to the others over their range."""
    gap = max(spike.low - spike.value, spike.value - spike.high)
    return gap / max(spike.high - spike.low, 1e-300)


def find_spikes(name: str, values: np.ndarray, counts: np.ndarray) -> list[Spike]:
    """The values of a column that look like a code for "missing", two at most.

    A spike is the smallest or the largest value, and beside it

    - so far away that nothing of the column's own range explains it (-999 among -3..3), or
    - written as codes are (-1, -9, -99, 999, 99999999), negative among numbers that are none, or
      far from the others' spread, or
    - 0 among positive numbers that are all far from it (a blood pressure).

    Arguments:
        name: the column.
        values: its distinct finite numbers, ascending (m,).
        counts: how often each is there (m,).
    """
    total, found = int(counts.sum()), []
    for _ in range(2):
        if len(values) < 3:
            break
        both = [place for place in (0, len(values) - 1) if _is_spike(values, counts, place, total)]
        if not both:
            # two codes at both ends hide each other: each is looked at without the other
            inner = [
                place
                for place, other in ((0, len(values) - 1), (len(values) - 1, 0))
                if _frequent(counts[other], total)
                and _is_spike(*_without(values, counts, place, other), total)
            ]
            both = inner
        if not both:
            break
        place = both[0]
        others = np.delete(values, place)
        count = int(counts[place])
        found.append(Spike(name, float(values[place]), count, count / total, others[0], others[-1]))
        values, counts = others, np.delete(counts, place)
    return found


def _without_usual_zeros(sheet: Sheet, spikes: list[Spike]) -> list[Spike]:
    """Spikes without those at 0 of a table where 0 is a number like others.

    That is where several columns of amounts may be nil, as those of what glass is made of, and
    where most columns of such a range have as many zeros: of the dark pixels of images, some are
    far from whatever else the pixel is.
    """
    zeros = {spike.name for spike in spikes if spike.value == 0}
    if zeros and _nils(sheet, zeros) >= max(NILS, NIL_TIMES * len(zeros)):
        spikes = [own for own in spikes if own.value != 0 or own.low > DOWN * _middle(sheet, own)]
    begin = [
        (float(values[-1]), float(counts[0] / counts.sum()))
        for name, (values, counts) in sheet.distinct.items()
        if len(values) > OTHERS and values[0] == 0 and name not in zeros
        if _frequent(int(counts[0]), int(counts.sum()))
    ]

    def is_usual(spike: Spike) -> bool:
        shares = [own for high, own in begin if spike.high / ALIKE <= high <= spike.high * ALIKE]
        if spike.value != 0 or len(shares) <= USUAL * len(zeros):
            return False
        return spike.share >= float(np.quantile(shares, FEW))

    return [spike for spike in spikes if not is_usual(spike)]


def _middle(sheet: Sheet, spike: Spike) -> float:
    """The middle of the other cells of a spike's column."""
    values, counts = sheet.distinct[spike.name]
    others = values != spike.value
    return weighted_quantiles(values[others], counts[others], (0.5,))[0]


def _nils(sheet: Sheet, zeros: set[str]) -> int:
    """How many other columns are amounts that may be nil."""
    found = 0
    for name, (values, counts) in sheet.distinct.items():
        if name in zeros or len(values) <= OTHERS or values[0] != 0:
            continue
        (middle,) = weighted_quantiles(values[1:], counts[1:], (0.5,))
        often = counts[0] >= max(CELLS, SHARE * counts.sum())
        found += bool(often and values[1] <= NIL * middle)
    return found


def _in_company(sheet: Sheet, spikes: list[Spike]) -> list[Spike]:
    """The same value in other columns, at the edge of their range, in the rows of a spike.

    Where a thickness was not taken, nor was what is measured beside it: insulin is 0 in all of
    those rows, though 0 is not far from what else it is. And where a value stands for missing in
    one column, it does so in others that have it as often and nothing near it.
    """
    found: dict[str, Spike] = {}
    known = {spike.name for spike in spikes}
    for spike in spikes:
        rows = sheet.numbers[spike.name] == spike.value
        for name, (values, counts) in sheet.distinct.items():
            if name in known or name in found or len(values) <= OTHERS:
                continue
            place = 0 if values[0] == spike.value else len(values) - 1
            if values[place] != spike.value or not _frequent(int(counts[place]), counts.sum()):
                continue
            same = sheet.numbers[name] == spike.value
            inside, outside = same[rows].sum(), same[~rows].sum()
            others = np.delete(values, place)
            p = share_p(int(inside), int(rows.sum()), int(outside), int((~rows).sum()))
            together = (
                p < CHANCE / len(sheet.distinct)
                and inside >= TOGETHER[0] * rows.sum()
                and outside <= TOGETHER[1] * (~rows).sum()
            )
            if together or _as_plain(spike, values, counts, place):
                count = int(counts[place])
                found[name] = Spike(
                    name, spike.value, count, count / int(counts.sum()), others[0], others[-1]
                )
    return list(found.values())


def _as_plain(spike: Spike, values: np.ndarray, counts: np.ndarray, place: int) -> bool:
    """Whether 0 is as frequent here as in a spike, and the other numbers begin far from it."""
    others, weights = np.delete(values, place), np.delete(counts, place)
    if spike.value != 0 or place != 0 or others[0] <= 0:
        return False
    (middle,) = weighted_quantiles(others, weights, (0.5,))
    often = max(spike.cells, int(counts[place])) <= AS_OFTEN * min(spike.cells, int(counts[place]))
    stands_out = int(counts[place]) >= STANDS_OUT * int(weights.max())
    step = float(np.median(np.diff(others[: len(others) // 2 + 1])))
    return often and stands_out and float(others[0]) >= max(BEGIN * middle, STEPS * step)


def _without(
    values: np.ndarray, counts: np.ndarray, place: int, other: int
) -> tuple[np.ndarray, np.ndarray, int]:
    kept = np.delete(np.arange(len(values)), other)
    return values[kept], counts[kept], place - (other < place)


def _frequent(count: int, total: int) -> bool:
    return count >= CELLS and SHARE <= count / total <= MOST


def _is_spike(values: np.ndarray, counts: np.ndarray, place: int, total: int) -> bool:
    if not _frequent(int(counts[place]), total):
        return False
    value, count = float(values[place]), int(counts[place])
    others, weights = np.delete(values, place), np.delete(counts, place)
    gap = float(min(abs(others[0] - value), abs(others[-1] - value)))
    extent = float(others[-1] - others[0])
    coded = is_code(value)
    if len(others) < OTHERS:  # a column of few codes: only what is written as a code, and far
        return coded and abs(value) >= 9 and gap > 10 * max(extent, 1.0)
    if gap >= FAR * extent:
        return True
    if count < 2 * int(weights[_nearest(place, len(others))]):
        return False  # the tail of a count, not a spike
    low, middle, high, most = weighted_quantiles(others, weights, (0.25, 0.5, 0.75, 0.95))
    spread = (high - low) / SPREAD
    if spread <= 0:
        return False
    alone = int(weights[np.abs(others - value) <= spread / 2].sum()) <= ALONE * count
    if coded and value < 0 and others[0] >= 0:
        return True
    if coded and abs(value) >= 9 and alone and gap >= CODE_GAP * spread:
        return True
    if value != 0 or others[0] <= 0 or most <= 1 or not alone:  # 0 is a share like others
        return False
    if count >= ZERO_MANY * total:
        return middle >= ZERO_GAP * spread
    return middle >= ZERO_FAR[0] * spread and gap >= ZERO_FAR[1] * spread


def _nearest(place: int, others: int) -> int:
    return 0 if place == 0 else others - 1


def is_code(value: float) -> bool:
    """Whether a number is one that people write for "missing".

    >>> [is_code(v) for v in (-1, -999, 9999, 99999999, -99.9, 0, 12)]
    [True, True, True, True, True, False, False]
    """
    if value in (-1.0, -32768.0, -2147483648.0, 2147483647.0, 32767.0):
        return True
    digits = f"{abs(value):.10g}".replace(".", "")
    return set(digits) == {"9"}


def weighted_quantiles(
    values: np.ndarray, counts: np.ndarray, shares: tuple[float, ...]
) -> list[float]:
    """Quantiles of ascending distinct values that stand for `counts` cells each."""
    upto = np.cumsum(counts)
    places = np.searchsorted(upto, np.array(shares) * upto[-1])
    return [float(values[min(place, len(values) - 1)]) for place in places]


def _exact(number: float) -> str:
    """A number to the last digit: cells are compared with it."""
    whole = float(number).is_integer() and abs(number) < 1e15
    return str(int(number)) if whole else repr(float(number))
