"""What the cases of scripts/bench_diagnosis.py do to a table: one function for each mistake.

A step is one of these functions with its options. It takes a frame with the label in `target` and
gives another; what it draws depends on its name and options alone. The column `split` says where a
row goes: `train`, `valid` and `test`, `any` where nnexp is to split at random, and `honest` for
rows that are in no file, by which an inflated score is told from an earned one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from diagnosis_tables import TARGET

SPLIT = "split"
HELD_OUT = ("valid", "test")
Rng = np.random.Generator
Change = Callable[..., pd.DataFrame]


@dataclass(frozen=True)
class Step:
    """A change of a table with its options; its text tells it from every other."""

    function: Change
    options: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        return f"{self.function.__name__}{self.options}"

    def __call__(self, frame: pd.DataFrame) -> pd.DataFrame:
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        return self.function(frame.copy(), rng, **dict(self.options))


def step(function: Change, **options: Any) -> Step:
    """A step; lists among the options are kept as tuples."""
    return Step(function, tuple(sorted(options.items())))


def columns_of(frame: pd.DataFrame, numeric: bool = True) -> list[str]:
    """The features, or those that are numbers."""
    names = [str(name) for name in frame.columns if name not in (TARGET, SPLIT)]
    kept = [name for name in names if pd.api.types.is_numeric_dtype(frame[name])]
    return kept if numeric else names


def _in(frame: pd.DataFrame, parts: Sequence[str]) -> np.ndarray:
    """Whether each row is in one of the parts; all rows where the frame has none."""
    if SPLIT not in frame:
        return np.ones(len(frame), dtype=bool)
    return np.asarray(frame[SPLIT].isin([*parts, "any"]))


def _floats(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    return frame.astype(dict.fromkeys(names, "float64"))


def _strongest(frame: pd.DataFrame, count: int) -> list[str]:
    """The numeric columns that say most about the label, by mutual information."""
    from sklearn.feature_selection import mutual_info_classif

    names = columns_of(frame)
    values = frame[names].fillna(frame[names].mean())
    shares = mutual_info_classif(values, frame[TARGET].astype(str), random_state=0)
    return [names[place] for place in np.argsort(-shares)[:count]]


# ------------------------------------------------------------------------------------- the split
def parts(frame: pd.DataFrame, rng: Rng, test: float = 0.25, valid: float = 0.2) -> pd.DataFrame:
    """Write down a random split, with equal class shares in every part."""
    place = rng.permutation(len(frame))
    order = np.lexsort((place, frame[TARGET].astype(str)))
    share = np.empty(len(frame))
    share[order] = (np.arange(len(frame)) * 0.6180339887) % 1  # evenly spread within a class
    names = np.select([share < test, share < test + valid], ["test", "valid"], "train")
    return frame.assign(**{SPLIT: names})


def hold_out(frame: pd.DataFrame, rng: Rng, share: float = 0.3) -> pd.DataFrame:
    """Set honest rows aside; the others are split at random by nnexp."""
    honest = rng.random(len(frame)) < share
    return frame.assign(**{SPLIT: np.where(honest, "honest", "any")})


def cut(frame: pd.DataFrame, rng: Rng, rows: int) -> pd.DataFrame:
    """So many rows, drawn at random."""
    return frame.sample(rows, random_state=int(rng.integers(1 << 30))).reset_index(drop=True)


def sort_by_class(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Rows in the order of their class."""
    return frame.sort_values(TARGET, kind="stable").reset_index(drop=True)


def split_by_order(frame: pd.DataFrame, rng: Rng, column: str) -> pd.DataFrame:
    """The rows with the largest values of a column are held out, half validation, half test."""
    rank = np.asarray(frame[column].rank(method="first", pct=True))
    held = np.where(rng.random(len(frame)) < 0.5, "valid", "test")
    return frame.assign(**{SPLIT: np.where(rank <= 0.6, "train", held)})


def split_speakers(frame: pd.DataFrame, rng: Rng, column: str, honest: int) -> pd.DataFrame:
    """The last groups are honest rows; the others are split at random by nnexp."""
    groups = sorted(frame[column].unique())
    return frame.assign(**{SPLIT: np.where(frame[column].isin(groups[-honest:]), "honest", "any")})


def copy_into_train(
    frame: pd.DataFrame, rng: Rng, share: float, source: str = "valid", times: int = 1
) -> pd.DataFrame:
    """Rows of a held-out part stand in train too."""
    rows = frame[frame[SPLIT] == source]
    rows = rows.sample(frac=share, random_state=int(rng.integers(1 << 30)))
    copies = [rows.assign(**{SPLIT: "train"})] * times
    return pd.concat([frame, *copies], ignore_index=True)


def shift_rows(
    frame: pd.DataFrame,
    rng: Rng,
    deviations: float,
    columns: int,
    where: Sequence[str] = ("test",),
    best: bool = True,
) -> pd.DataFrame:
    """Add so many standard deviations to some columns of the held-out rows."""
    names = _strongest(frame, columns) if best else columns_of(frame)[:columns]
    frame, chosen = _floats(frame, names), frame[SPLIT].isin(where)
    for name in names:
        frame.loc[chosen, name] += deviations * frame[name].std()
    return frame


def drop_class(frame: pd.DataFrame, rng: Rng, classes: Sequence[Any]) -> pd.DataFrame:
    """Classes that no train row has."""
    gone = frame[TARGET].isin(list(classes)) & (frame[SPLIT] == "train")
    return frame[~gone].reset_index(drop=True)


def thin_class(frame: pd.DataFrame, rng: Rng, label: Any, rows: int) -> pd.DataFrame:
    """A class of which so many rows are left."""
    own = np.flatnonzero(frame[TARGET] == label)
    return frame.drop(index=frame.index[rng.permutation(own)[rows:]]).reset_index(drop=True)


# ------------------------------------------------------------------------------------- the labels
def relabel(frame: pd.DataFrame, rng: Rng, values: Sequence[Any]) -> pd.DataFrame:
    """Other numbers for the classes, in their order."""
    classes = sorted(frame[TARGET].unique())
    return frame.assign(**{TARGET: frame[TARGET].map(dict(zip(classes, values, strict=True)))})


def shuffle_labels(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Labels that belong to other rows."""
    return frame.assign(**{TARGET: rng.permutation(np.asarray(frame[TARGET]))})


def shift_labels(frame: pd.DataFrame, rng: Rng, by: int = 1) -> pd.DataFrame:
    """Every row has the label of the row before it."""
    return frame.assign(**{TARGET: np.roll(np.asarray(frame[TARGET]), by)})


def flip_labels(
    frame: pd.DataFrame, rng: Rng, share: float, where: Sequence[str] = ("train", "valid", "test")
) -> pd.DataFrame:
    """A share of the labels becomes another class, drawn evenly."""
    labels, classes = np.array(frame[TARGET]), np.array(sorted(frame[TARGET].unique()))
    wrong = (rng.random(len(frame)) < share) & _in(frame, where)
    place = np.searchsorted(classes, labels)
    other = (place + rng.integers(1, len(classes), len(frame))) % len(classes)
    return frame.assign(**{TARGET: np.where(wrong, classes[other], labels)})


def swap_labels(
    frame: pd.DataFrame, rng: Rng, pairs: Sequence[Sequence[Any]], where: Sequence[str] = ("train",)
) -> pd.DataFrame:
    """Classes exchanged in some parts only."""
    codes = {a: b for one, two in pairs for a, b in ((one, two), (two, one))}
    swapped = frame[TARGET].map(lambda label: codes.get(label, label))
    return frame.assign(**{TARGET: np.where(frame[SPLIT].isin(where), swapped, frame[TARGET])})


def turn_labels(frame: pd.DataFrame, rng: Rng, by: int = 1) -> pd.DataFrame:
    """Class codes that count from another class in train."""
    classes = sorted(frame[TARGET].unique())
    following = {label: classes[(k + by) % len(classes)] for k, label in enumerate(classes)}
    turned = frame[TARGET].map(following)
    return frame.assign(**{TARGET: np.where(frame[SPLIT] == "train", turned, frame[TARGET])})


def repeat_rows(frame: pd.DataFrame, rng: Rng, share: float, conflict: bool) -> pd.DataFrame:
    """Rows that are there twice within their part, with the same label or with another one."""
    rows = frame.sample(frac=share, random_state=int(rng.integers(1 << 30)))
    if conflict:
        rows = flip_labels(rows, rng, 1.0)
    return pd.concat([frame, rows], ignore_index=True)


# ---------------------------------------------------------------------------------- the features
def add_rows_number(
    frame: pd.DataFrame, rng: Rng, first: float = 1, by: float = 1, shuffled: bool = True
) -> pd.DataFrame:
    """A column that counts the rows, such as an id or a time stamp."""
    number = first + by * np.arange(len(frame))
    return frame.assign(row_id=rng.permutation(number) if shuffled else number)


def add_name(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """A text of its own for nearly every row."""
    return frame.assign(code=[f"k{k}" for k in rng.permutation(len(frame))])


def add_noise_columns(frame: pd.DataFrame, rng: Rng, count: int) -> pd.DataFrame:
    """Columns that have nothing to do with the label."""
    values = rng.normal(0, 1, (len(frame), count))
    more = pd.DataFrame(values, columns=[f"noise{k}" for k in range(count)], index=frame.index)
    return pd.concat([frame, more], axis=1)


def magnify(frame: pd.DataFrame, rng: Rng, decades: float, centred: bool = False) -> pd.DataFrame:
    """Every numeric column in a unit of its own, up to so many powers of ten apart."""
    names = columns_of(frame)
    frame = _floats(frame, names)
    powers = rng.permutation(np.linspace(0, decades, len(names)))
    for name, power in zip(names, powers, strict=True):
        frame[name] = (frame[name] + (0 if centred else 2 * frame[name].std())) * 10**power
    return frame


def standardise(
    frame: pd.DataFrame, rng: Rng, where: Sequence[str] = ("train", "valid", "test")
) -> pd.DataFrame:
    """Scale by the train rows, but only the rows of some parts."""
    names = columns_of(frame)
    frame = _floats(frame, names)
    train, chosen = frame.loc[_in(frame, ("train",)), names], _in(frame, where)
    frame.loc[chosen, names] = (frame.loc[chosen, names] - train.mean()) / train.std()
    return frame


def divide(
    frame: pd.DataFrame, rng: Rng, by: float, where: Sequence[str] = ("train", "valid", "test")
) -> pd.DataFrame:
    """Numeric columns divided by a number in some parts."""
    names = columns_of(frame)
    frame, chosen = _floats(frame, names), _in(frame, where)
    frame.loc[chosen, names] /= by
    return frame


def outlier(
    frame: pd.DataFrame, rng: Rng, size: float, columns: int, rows: int = 1
) -> pd.DataFrame:
    """A cell of train rows that is far outside, in the columns that say most."""
    names = _strongest(frame, columns)
    frame = _floats(frame, names)
    train = np.flatnonzero(_in(frame, ("train",)))
    for name in names:
        frame.loc[frame.index[rng.choice(train, rows, replace=False)], name] = size
    return frame


def noise_for_features(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """The features of other rows."""
    names = columns_of(frame, numeric=False)
    order = rng.permutation(len(frame))
    return frame.assign(**{name: np.asarray(frame[name])[order] for name in names})


def flat_features(frame: pd.DataFrame, rng: Rng, rows: int = 3) -> pd.DataFrame:
    """All features are 0, but in a few rows."""
    names = columns_of(frame)
    kept = rng.choice(len(frame), rows, replace=False)
    values = np.zeros((len(frame), len(names)))
    values[kept] = rng.normal(0, 1, (rows, len(names)))
    return frame.assign(**{name: values[:, k] for k, name in enumerate(names)})


def constant_column(frame: pd.DataFrame, rng: Rng, value: float = 7.0) -> pd.DataFrame:
    """A column with one value."""
    return frame.assign(constant=value)


def skewed_column(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """A heavy-tailed column that is no mistake."""
    return frame.assign(amount=np.exp(rng.normal(0, 1.5, len(frame))).round(4))


def grade_column(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """An ordinal column 0 to 5 that tells something."""
    code = pd.Series(pd.factorize(frame[TARGET], sort=True)[0], index=frame.index)
    return frame.assign(grade=np.clip(code + rng.integers(0, 5, len(frame)), 0, 5))


def codes_of_texts(frame: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Every text column as numbers, in an order that means nothing."""
    for name in columns_of(frame, numeric=False):
        if not pd.api.types.is_numeric_dtype(frame[name]):
            codes, levels = pd.factorize(frame[name])
            frame[name] = rng.permutation(len(levels))[codes]
    return frame


def select_columns(frame: pd.DataFrame, rng: Rng, noise: int, keep: int) -> pd.DataFrame:
    """Noise alone, of which the columns were chosen that fit the labels of all rows best."""
    label = np.asarray(frame[TARGET]) == sorted(frame[TARGET].unique())[0]
    values = rng.normal(0, 1, (len(frame), noise))
    used = np.asarray(frame[SPLIT] != "honest")
    apart = values[used & label].mean(0) - values[used & ~label].mean(0)
    chosen = np.argsort(-np.abs(apart))[:keep]
    made = pd.DataFrame(values[:, chosen], columns=[f"g{k}" for k in chosen])
    return made.assign(**{TARGET: np.asarray(frame[TARGET]), SPLIT: np.asarray(frame[SPLIT])})


def encode_by_target(
    frame: pd.DataFrame, rng: Rng, levels: int, honestly: bool = False
) -> pd.DataFrame:
    """A meaningless category as the mean label of its rows: of all rows, or of train rows alone."""
    category = rng.integers(0, levels, len(frame))
    label = np.asarray(frame[TARGET] == sorted(frame[TARGET].unique())[0], dtype=float)
    known = _in(frame, ("train",) if honestly else ("train", "valid"))
    total = np.bincount(category[known], label[known], levels)
    count = np.bincount(category[known], minlength=levels)
    mean = (total + label.mean()) / (count + 1)
    return frame.assign(category=[f"c{k:04d}" for k in category], category_mean=mean[category])


# ----------------------------------------------------------------------------------- missing cells
def nonfinite(
    frame: pd.DataFrame, rng: Rng, share: float = 0.0, cells: int = 0, value: float = np.nan
) -> pd.DataFrame:
    """NaN or infinity in a share of the numeric cells, or in so many of train rows."""
    names = columns_of(frame)
    frame = _floats(frame, names)
    values = frame[names].to_numpy(copy=True)
    hit = rng.random(values.shape) < share
    train = np.flatnonzero(_in(frame, ("train",)))
    for row in rng.choice(train, cells, replace=False):
        hit[row, rng.integers(len(names))] = True
    values[hit] = value
    frame[names] = values
    return frame


def blank(
    frame: pd.DataFrame,
    rng: Rng,
    share: float,
    columns: Sequence[str] | int,
    where: Sequence[str] = ("train", "valid", "test", "honest"),
    fill: Any = np.nan,
) -> pd.DataFrame:
    """Cells lost at random, or with `fill` in their place."""
    names = _strongest(frame, columns) if isinstance(columns, int) else list(columns)
    frame = _floats(frame, [name for name in names if name in columns_of(frame)])
    for name in names:
        lost = (rng.random(len(frame)) < share) & _in(frame, where)
        frame.loc[lost, name] = fill
    return frame


def blank_high(
    frame: pd.DataFrame, rng: Rng, columns: Sequence[str], slope: float = 2.0, offset: float = 0.0
) -> pd.DataFrame:
    """Cells lost the more often, the larger the value that they held."""
    frame = _floats(frame, list(columns))
    for name in columns:
        z = (frame[name].rank(pct=True) - 0.5) * np.sqrt(12)
        lost = rng.random(len(frame)) < 1 / (1 + np.exp(-(slope * z + offset)))
        frame.loc[lost, name] = np.nan
    return frame


def blank_by_label(
    frame: pd.DataFrame,
    rng: Rng,
    column: str,
    label: Any,
    share: float = 0.95,
    otherwise: float = 0.03,
    spared: Sequence[str] = ("honest",),
) -> pd.DataFrame:
    """Cells lost where the label is this one; in honest rows none is."""
    frame = _floats(frame, [column] if column in columns_of(frame) else [])
    rate = np.where(frame[TARGET] == label, share, otherwise)
    lost = rng.random(len(frame)) < rate
    if SPLIT in frame:
        lost &= ~np.asarray(frame[SPLIT].isin(list(spared)))
    frame.loc[lost, column] = np.nan
    return frame


def blank_to_zero(frame: pd.DataFrame, rng: Rng, columns: Sequence[str]) -> pd.DataFrame:
    """A zero where a cell is missing."""
    return frame.fillna(dict.fromkeys(columns, 0))


# --------------------------------------------------------------------------------------- the leak
def leak(frame: pd.DataFrame, rng: Rng, noise: float, scale: float = 1.0) -> pd.DataFrame:
    """A column that is the label in disguise; honest rows do not know it yet and hold the mean."""
    code = pd.factorize(frame[TARGET], sort=True)[0].astype(float)
    value = scale * (code + rng.normal(0, noise, len(frame)))
    if SPLIT in frame:
        honest = np.asarray(frame[SPLIT] == "honest")
        value[honest] = value[~honest].mean()
    return frame.assign(outcome_code=value.round(4))


def forget(frame: pd.DataFrame, rng: Rng, column: str) -> pd.DataFrame:
    """A column that honest rows do not know yet: they hold its mean."""
    frame = _floats(frame, [column])
    honest = frame[SPLIT] == "honest"
    frame.loc[honest, column] = frame.loc[~honest, column].mean()
    return frame
