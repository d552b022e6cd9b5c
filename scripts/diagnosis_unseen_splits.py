"""Leaks and splits of the cases of diagnosis_unseen.py: what reaches the rows that judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from diagnosis_faults import SPLIT, Rng, columns_of
from diagnosis_tables import TARGET
from diagnosis_unseen_steps import _label, _numbers, _rows


def oversample(frame: pd.DataFrame, rng: Rng, times: int, share: float = 1.0) -> pd.DataFrame:
    """Rows drawn again before anything is split; honest rows are not."""
    own = frame[~_rows(frame, ("honest",))]
    again = [own[rng.random(len(own)) < share] for _ in range(times)]
    return pd.concat([frame, *again], ignore_index=True).sample(
        frac=1, random_state=int(rng.integers(1 << 30)), ignore_index=True
    )


def remeasure(
    frame: pd.DataFrame, rng: Rng, times: int, jitter: float, where: Sequence[str] = ("any",)
) -> pd.DataFrame:
    """Rows measured again with a small error, before anything is split."""
    frame, names = _numbers(frame)
    again = pd.concat([frame[_rows(frame, where)]] * times, ignore_index=True)
    again[names] += jitter * frame[names].std().to_numpy() * rng.normal(0, 1, again[names].shape)
    return pd.concat([frame, again], ignore_index=True)


def visits(frame: pd.DataFrame, rng: Rng, each: int, jitter: float, honest: float) -> pd.DataFrame:
    """So many visits of each subject, told apart by `subject`; some subjects are honest rows."""
    subject = np.repeat(np.arange(len(frame)), each)
    apart = rng.random(len(frame)) < honest
    frame, names = _numbers(frame.loc[subject].reset_index(drop=True))
    frame[names] += jitter * frame[names].std().to_numpy() * rng.normal(0, 1, frame[names].shape)
    where = np.where(apart[subject], "honest", "any")
    frame = frame.assign(subject=[f"s{k:04d}" for k in subject], **{SPLIT: where})
    return frame.sample(frac=1, random_state=int(rng.integers(1 << 30)), ignore_index=True)


def verdicts(
    frame: pd.DataFrame, rng: Rng, column: str, labels: Sequence[str], honest: int
) -> pd.DataFrame:
    """Every group, unlike all others, gets one label, and the last groups are honest rows."""
    frame, names = _numbers(frame)
    means = frame.groupby(column)[names].transform("mean")
    frame[names] += 5 * (means - frame[names].mean())
    groups = sorted(frame[column].unique())
    of_group = dict(zip(groups, rng.integers(0, len(labels), len(groups)), strict=True))
    named = np.array(list(labels))[frame[column].map(of_group)]
    apart = frame[column].isin(groups[-honest:])
    return frame.assign(**{TARGET: named, SPLIT: np.where(apart, "honest", "any")})


# ---------------------------------------------------------------------------- what is known later
def remark(frame: pd.DataFrame, rng: Rng, share: float) -> pd.DataFrame:
    """A note that follows the outcome; in honest rows nobody has written it yet."""
    notes = np.array([f"note {k}" for k in rng.permutation(len(np.unique(_label(frame))))])
    known = (rng.random(len(frame)) < share) & ~_rows(frame, ("honest",))
    return frame.assign(remark=np.where(known, notes[_label(frame)], "open"))


def payout(frame: pd.DataFrame, rng: Rng, label: Any, size: float) -> pd.DataFrame:
    """An amount that only one class is paid, and that honest rows wait for."""
    paid = np.asarray(frame[TARGET] == label) & ~_rows(frame, ("honest",))
    return frame.assign(payout=np.where(paid, size * rng.lognormal(0, 0.8, len(frame)), 0).round(2))


def total(frame: pd.DataFrame, rng: Rng, noise: float) -> pd.DataFrame:
    """A total that holds the class beside noise; honest rows hold the middle."""
    value = _label(frame) * 13.0 + 400 + noise * rng.normal(0, 13, len(frame))
    value[_rows(frame, ("honest",))] = value.mean()
    return frame.assign(total=value.round(1))


# ----------------------------------------------------------------------- chosen by held-out labels
def mean_of_code(
    frame: pd.DataFrame, rng: Rng, levels: int, honestly: bool = False
) -> pd.DataFrame:
    """How often the last class stood beside a code that says nothing, in all rows or in train."""
    code = rng.integers(0, levels, len(frame))
    last = (_label(frame) == _label(frame).max()).astype(float)
    known = _rows(frame, ("train",) if honestly else ("train", "valid"))
    sums, counts = np.bincount(code[known], last[known], levels), np.bincount(code[known])
    counts = np.pad(counts, (0, levels - len(counts)))
    return frame.assign(rate=((sums + 0.5 * last.mean()) / (counts + 0.5))[code].round(5))


def near_labels(frame: pd.DataFrame, rng: Rng, count: int, honestly: bool = False) -> pd.DataFrame:
    """The share of the last class among a row's nearest, itself among them unless honestly."""
    from sklearn.neighbors import NearestNeighbors

    names = columns_of(frame)
    filled = frame[names].fillna(frame[names].median())
    values = ((filled - filled.mean()) / (filled.std() + 1e-9)).to_numpy()
    last = (_label(frame) == _label(frame).max()).astype(float)
    known = np.flatnonzero(_rows(frame, ("train",) if honestly else ("train", "valid")))
    found = NearestNeighbors(n_neighbors=count + 1).fit(values[known])
    near = known[found.kneighbors(values, return_distance=False)]
    if honestly:  # never itself
        others = near != np.arange(len(frame))[:, None]
        near = np.array([row[other][:count] for row, other in zip(near, others, strict=True)])
    return frame.assign(near=last[near[:, :count]].mean(1).round(4))


def best_of(frame: pd.DataFrame, rng: Rng, drawn: int, keep: int, honestly: bool) -> pd.DataFrame:
    """Of columns of noise those that went best with the labels of all rows, or of train rows."""
    values = rng.integers(0, 2, (len(frame), drawn)).astype(float)
    label = _label(frame) == _label(frame).max()
    known = _rows(frame, ("train",) if honestly else ("train", "valid"))
    apart = values[known & label].mean(0) - values[known & ~label].mean(0)
    kept = np.argsort(-np.abs(apart))[:keep]
    made = pd.DataFrame(values[:, kept], columns=[f"m{k}" for k in kept], index=frame.index)
    return pd.concat([made, frame[[TARGET, SPLIT]]], axis=1)


# ------------------------------------------------------------------------------- another world
def drift(frame: pd.DataFrame, rng: Rng, deviations: float, columns: Sequence[str]) -> pd.DataFrame:
    """Sensors that drift along the file, of which the end is held out."""
    frame, names = _numbers(frame, columns)
    along = np.linspace(0, 1, len(frame))
    for name in names:
        frame[name] += deviations * frame[name].std() * np.clip((along - 0.5) * 2, 0, None)
    return last_rows(frame, rng)


def last_rows(frame: pd.DataFrame, rng: Rng, share: float = 0.35) -> pd.DataFrame:
    """The end of the file is held out, half of it to validate."""
    held = np.arange(len(frame)) >= (1 - share) * len(frame)
    part = np.where(rng.random(len(frame)) < 0.5, "valid", "test")
    return frame.assign(**{SPLIT: np.where(held, part, "train")})


def elsewhere(frame: pd.DataFrame, rng: Rng, column: str, above: float) -> pd.DataFrame:
    """Rows with large values of a column are held out."""
    held = np.asarray(frame[column].rank(pct=True, method="first") > above)
    part = np.where(rng.random(len(frame)) < 0.5, "valid", "test")
    return frame.assign(**{SPLIT: np.where(held, part, "train")})


def by_label(frame: pd.DataFrame, rng: Rng, runs: int = 1) -> pd.DataFrame:
    """The file in the order of the classes, so many times over."""
    turn = rng.integers(0, runs, len(frame))
    return frame.iloc[np.lexsort((_label(frame), turn))].reset_index(drop=True)


# ------------------------------------------------------------------------------- nothing is wrong
def clear(frame: pd.DataFrame, rng: Rng, size: float) -> pd.DataFrame:
    """Classes that lie far apart in several columns, in honest rows too."""
    frame, names = _numbers(frame)
    middles = rng.normal(0, size, (_label(frame).max() + 1, len(names)))
    frame[names] += middles[_label(frame)] * frame[names].std().to_numpy()
    return frame
