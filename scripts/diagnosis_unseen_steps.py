"""What the cases of diagnosis_unseen.py do to a table: one function for each mistake.

As those of diagnosis_faults.py: each takes a frame and a generator, and gives another frame.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from diagnosis_faults import HELD_OUT, SPLIT, Rng, columns_of
from diagnosis_tables import TARGET

EVERY = ("train", "valid", "test", "honest", "any")


def _rows(frame: pd.DataFrame, where: Sequence[str]) -> np.ndarray:
    """Whether each row is in one of the parts; of `any` rows nobody knows yet."""
    if SPLIT not in frame:
        return np.ones(len(frame), dtype=bool)
    return np.asarray(frame[SPLIT].isin(list(where)))


def _numbers(frame: pd.DataFrame, names: Sequence[str] = ()) -> tuple[pd.DataFrame, list[str]]:
    """The frame with some numeric columns as floats, or all of them, and their names."""
    chosen = list(names) or columns_of(frame)
    return frame.astype(dict.fromkeys(chosen, "float64")), chosen


def _label(frame: pd.DataFrame) -> np.ndarray:
    """The place of each label among the classes, int64."""
    return np.unique(frame[TARGET].to_numpy(), return_inverse=True)[1]


# ------------------------------------------------------------------------------------- the labels
def order_labels(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """The column of labels was sorted by itself; the rows come in any order."""
    return frame.assign(**{TARGET: np.sort(np.asarray(frame[TARGET]))})


def turn_label_column(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """The labels were pasted upside down."""
    return frame.assign(**{TARGET: np.asarray(frame[TARGET])[::-1]})


def join_by_column(frame: pd.DataFrame, rng: Rng, column: str) -> pd.DataFrame:
    """The features were sorted by a column, the labels were not."""
    names = columns_of(frame, numeric=False)
    sorted_rows = frame[names].sort_values(column, ignore_index=True)
    return sorted_rows.assign(**{TARGET: np.asarray(frame[TARGET])})


def slip(frame: pd.DataFrame, rng: Rng, start: float, by: int) -> pd.DataFrame:
    """From a place in the file on, labels belong to the row so many before."""
    labels, first = np.array(frame[TARGET]), int(start * len(frame))
    labels[first:] = np.roll(labels[first:], by)
    return frame.assign(**{TARGET: labels})


def mistake_for(
    frame: pd.DataFrame, rng: Rng, share: float, labels: Sequence[Any], where: Sequence[str] = EVERY
) -> pd.DataFrame:
    """A share of one class was taken for another, and of the other for the one."""
    one, other = labels
    wrong = (rng.random(len(frame)) < share) & _rows(frame, where)
    turned = frame[TARGET].map(lambda label: {one: other, other: one}.get(label, label))
    return frame.assign(**{TARGET: np.where(wrong, turned, frame[TARGET])})


def guess(
    frame: pd.DataFrame, rng: Rng, share: float, where: Sequence[str] = EVERY
) -> pd.DataFrame:
    """Somebody labelled a share of the rows by guessing, as often each class as it is there."""
    labels = np.asarray(frame[TARGET])
    wrong = (rng.random(len(frame)) < share) & _rows(frame, where)
    return frame.assign(**{TARGET: np.where(wrong, rng.permutation(labels), labels)})


def recode(frame: pd.DataFrame, rng: Rng, where: Sequence[str] = HELD_OUT) -> pd.DataFrame:
    """In some parts the classes are numbered from the last to the first."""
    classes = np.unique(frame[TARGET].to_numpy())
    turned = classes[len(classes) - 1 - _label(frame)]
    return frame.assign(**{TARGET: np.where(_rows(frame, where), turned, frame[TARGET])})


def number_classes(frame: pd.DataFrame, rng: Rng, first: float, by: float) -> pd.DataFrame:
    """Classes as numbers, from `first` on and `by` apart."""
    return frame.assign(**{TARGET: first + by * _label(frame)})


def contradict(frame: pd.DataFrame, rng: Rng, share: float, agree: bool = False) -> pd.DataFrame:
    """Some rows are written down again in their part, with another label unless they agree."""
    again = frame[rng.random(len(frame)) < share]
    classes, place = np.unique(frame[TARGET].to_numpy()), _label(frame)[again.index]
    if not agree:
        place = (place + rng.integers(1, len(classes), len(again))) % len(classes)
    return pd.concat([frame, again.assign(**{TARGET: classes[place]})], ignore_index=True)


def make_rare(frame: pd.DataFrame, rng: Rng, label: Any, rows: int) -> pd.DataFrame:
    """A class of which so many rows are left."""
    own = rng.permutation(np.flatnonzero(frame[TARGET] == label))[rows:]
    return frame.drop(index=frame.index[own]).reset_index(drop=True)


def lack(frame: pd.DataFrame, rng: Rng, labels: Sequence[Any]) -> pd.DataFrame:
    """Train rows without some classes."""
    gone = frame[TARGET].isin(list(labels)) & (frame[SPLIT] == "train")
    return frame[~gone].reset_index(drop=True)


# ---------------------------------------------------------------------------------- the features
def rescale(
    frame: pd.DataFrame,
    rng: Rng,
    by: float,
    add: float = 0.0,
    columns: Sequence[str] = (),
    where: Sequence[str] = EVERY,
) -> pd.DataFrame:
    """Some columns in another unit, in some parts."""
    frame, names = _numbers(frame, columns)
    chosen = _rows(frame, where)
    frame.loc[chosen, names] = frame.loc[chosen, names] * by + add
    return frame


def to_unit_range(
    frame: pd.DataFrame, rng: Rng, where: Sequence[str] = EVERY, spread: bool = False
) -> pd.DataFrame:
    """Columns brought to [0, 1] by the train rows, or to deviation 1, in some parts."""
    frame, names = _numbers(frame)
    known = frame.loc[_rows(frame, ("train", "any")), names]
    low, size = known.min(), known.max() - known.min()
    if spread:
        low, size = known.mean(), known.std()
    chosen = _rows(frame, where)
    frame.loc[chosen, names] = (frame.loc[chosen, names] - low) / size
    return frame


def invert(frame: pd.DataFrame, rng: Rng, where: Sequence[str], top: float) -> pd.DataFrame:
    """Dark on light in some parts, light on dark in others."""
    return rescale(frame, rng, -1.0, top, where=where)


def logs(frame: pd.DataFrame, rng: Rng, where: Sequence[str] = EVERY) -> pd.DataFrame:
    """Logarithms of what is positive, in some parts."""
    frame, names = _numbers(frame)
    positive = [name for name in names if frame[name].min() >= 0]
    chosen = _rows(frame, where)
    frame.loc[chosen, positive] = np.log1p(frame.loc[chosen, positive])
    return frame


def clock(frame: pd.DataFrame, rng: Rng, first: float, every: float) -> pd.DataFrame:
    """When each row was written, in one order with the file."""
    steps = rng.exponential(every, len(frame))
    return frame.assign(written_at=(first + np.cumsum(steps)).round(0))


def account(frame: pd.DataFrame, rng: Rng, digits: int) -> pd.DataFrame:
    """A number of so many digits for each row, as drawn."""
    return frame.assign(account=rng.integers(10 ** (digits - 1), 10**digits, len(frame)))


def lost_point(
    frame: pd.DataFrame, rng: Rng, by: float, rows: int = 1, columns: Sequence[str] = ()
) -> pd.DataFrame:
    """In a few train rows a column's cell has lost its decimal point."""
    frame, names = _numbers(frame, columns)
    train = np.flatnonzero(_rows(frame, ("train", "any")))
    for name in names:
        size = by * (1 + frame[name].abs().max())
        frame.loc[frame.index[rng.choice(train, rows, replace=False)], name] = size
    return frame


def whole_numbers(frame: pd.DataFrame, rng: Rng, by: float = 1.0) -> pd.DataFrame:
    """What was written as whole numbers, of a multiple."""
    frame, names = _numbers(frame)
    frame[names] = (frame[names] * by).fillna(0).astype(int)
    return frame


def other_rows(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """The features of the row half a file away."""
    names = columns_of(frame, numeric=False)
    half = {name: np.roll(np.asarray(frame[name]), len(frame) // 2) for name in names}
    return frame.assign(**half)


def static(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """A sensor that was not plugged in: hum in the place of every number."""
    frame, names = _numbers(frame)
    hum = np.sin(np.arange(len(frame))[:, None] * 0.37 + np.arange(len(names)))
    frame[names] = hum + rng.normal(0, 0.05, hum.shape)
    return frame


def blur(frame: pd.DataFrame, rng: Rng, size: float) -> pd.DataFrame:
    """Errors of so many deviations in every number: there is less to learn, in all parts alike."""
    frame, names = _numbers(frame)
    frame[names] += size * frame[names].std().to_numpy() * rng.normal(0, 1, frame[names].shape)
    return frame


def hash_names(frame: pd.DataFrame, rng: Rng, most: int = 9973) -> pd.DataFrame:
    """Every text as the remainder of its hash."""
    for name in columns_of(frame, numeric=False):
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = [zlib.crc32(f"{name}{text}".encode()) % most for text in frame[name]]
    return frame


def token(frame: pd.DataFrame, rng: Rng, each: int = 1) -> pd.DataFrame:
    """A text that so many rows share, and that says nothing."""
    number = rng.permutation(len(frame)) // each
    return frame.assign(token=[f"{zlib.crc32(str(k).encode()):08x}" for k in number])


# ----------------------------------------------------------------------------------- missing cells
def unplug(
    frame: pd.DataFrame,
    rng: Rng,
    share: float,
    columns: Sequence[str],
    fill: float = np.nan,
    where: Sequence[str] = EVERY,
) -> pd.DataFrame:
    """In a share of the rows all of some columns are lost at once, or hold a number instead."""
    frame, names = _numbers(frame, columns)
    lost = (rng.random(len(frame)) < share) & _rows(frame, where)
    frame.loc[lost, names] = fill
    return frame


def fill_blanks(frame: pd.DataFrame, rng: Rng, value: float) -> pd.DataFrame:
    """A number for every number that is missing."""
    frame, names = _numbers(frame)
    frame[names] = frame[names].fillna(value)
    return frame


def withhold(
    frame: pd.DataFrame, rng: Rng, columns: Sequence[str], label: Any, often: float, seldom: float
) -> pd.DataFrame:
    """Cells that are missing more often for one class, in every part alike."""
    frame, names = _numbers(frame, columns)
    rate = np.where(frame[TARGET] == label, often, seldom)
    for name in names:
        frame.loc[rng.random(len(frame)) < rate, name] = np.nan
    return frame


def hide_extremes(frame: pd.DataFrame, rng: Rng, columns: Sequence[str]) -> pd.DataFrame:
    """Values above the upper third are not told, mostly."""
    frame, names = _numbers(frame, columns)
    for name in names:
        lost = (frame[name].rank(pct=True) > 0.6) & (rng.random(len(frame)) < 0.93)
        frame.loc[lost, name] = np.nan
    return frame


def known_later(
    frame: pd.DataFrame, rng: Rng, column: str, label: Any, missing: bool = True
) -> pd.DataFrame:
    """A column that is filled in after the outcome, for one class or for all others."""
    if pd.api.types.is_numeric_dtype(frame[column]):
        frame, _ = _numbers(frame, [column])
    own = np.asarray(frame[TARGET] == label)
    lost = (own if missing else ~own) & (rng.random(len(frame)) < 0.97)
    frame.loc[lost & ~_rows(frame, ("honest",)), column] = np.nan
    return frame


def ratio(frame: pd.DataFrame, rng: Rng, above: str, below: str) -> pd.DataFrame:
    """A quotient of two columns, with what division by 0 makes of it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return frame.assign(ratio=np.asarray(frame[above], float) / np.asarray(frame[below], float))


def log_of_zero(frame: pd.DataFrame, rng: Rng, columns: Sequence[str]) -> pd.DataFrame:
    """Logarithms, of 0 too."""
    with np.errstate(divide="ignore"):
        return frame.assign(**{f"log_{name}": np.log(frame[name]) for name in columns})
