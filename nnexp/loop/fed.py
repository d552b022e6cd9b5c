"""Whether the batches of a loop are the rows that `watch` was given, each with its own target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.rules.optimisation import BATCHES, OTHER_ROWS
from nnexp.loop.record import LoopRecord
from nnexp.loop.table import LoopTable

LEAST = 64  # rows of batches that were looked at, below which nothing is said
SAME = 0.9  # share of them that are rows of X where batches are not changed on their way
NONE = 0.05  # share of them, up to which the batches are something else than X
MILD = 0.5  # of the distance of nearest rows of X: nearer ones are rows of X with some noise
WIDER = 0.2  # logarithm of the spread of columns in batches over that in X, either way
MIXED, ALIKE = -0.4, 0.15  # logarithm of the spread of mixed rows over that of X, and how far it
# differs from column to column
CHUNK = 4096  # rows of X that distances are taken to at a time
OUTSIDE = 0.5  # share of a column's numbers outside of the range that X has in it
NARROW = 0.2  # spread of a column's numbers over that of X
SOME = 0.1  # share of the columns that are so narrow, from which on it is no augmentation
INNER = (0.05, 0.95)  # quantiles of a column between which its spread is measured
BETTER = 3.0  # standard errors by which rows of batches are told better than those of X
NEVER = 1e-9  # p of a class without a row in the batches looked at, over all classes
TIED = 0.5  # how far targets follow those of the rows, of what they could beyond chance


@dataclass(frozen=True)
class Fed:
    """Rows that the model got in training.

    Arguments:
        rows: (n, D) float64.
        places: the train row of each that is equal to it (n,), the first of several; -1 for none.
        wanted: what each was to give (n,): a class index, or a number.
        equal: how many train rows are equal to it (n,).
        mixed: whether those have different targets (n,), the first one of several, so that each of
            them is right.
    """

    rows: np.ndarray
    places: np.ndarray
    wanted: np.ndarray
    equal: np.ndarray
    mixed: np.ndarray

    @property
    def is_same(self) -> bool:
        """Whether they are rows of X as they stand there."""
        return len(self.rows) >= LEAST and float((self.places >= 0).mean()) >= SAME


def read_fed(record: LoopRecord, table: LoopTable) -> Fed:
    """The rows that were looked at, found again in the train rows."""
    kept = [(part, own) for part, own in record.fed if len(part)]
    if not kept:
        none = np.zeros(0, np.int64)
        return Fed(np.zeros((0, 0)), none, np.zeros(0), none, none > 0)
    rows = _plain(torch.cat([part for part, _ in kept]).to(table.x.dtype))
    keys = [row.tobytes() for row in rows]
    # a few thousand at most, however many train rows there are
    found: dict[bytes, list[int]] = {key: [] for key in keys}
    for place, row in enumerate(_plain(table.x[: table.train])):
        if (own := found.get(row.tobytes())) is not None:
            own.append(place)
    numbers = table.y.reshape(len(table.y), -1)[:, 0].double().numpy(force=True)
    targets = table.index if table.is_classes else numbers
    mixed = {key: len(np.unique(targets[own])) > 1 for key, own in found.items()}
    return Fed(
        rows.astype(np.float64),
        np.array([found[key][0] if found[key] else -1 for key in keys], dtype=np.int64),
        np.concatenate([own for _, own in kept]),
        np.array([len(found[key]) for key in keys], dtype=np.int64),
        np.array([mixed[key] for key in keys]),
    )


def _plain(rows: Tensor) -> np.ndarray:
    """Rows that are equal in bytes where they are equal (n, D)."""
    if rows.dtype == torch.bfloat16:  # numpy has none
        rows = rows.float()
    return np.ascontiguousarray(rows.detach().cpu().reshape(len(rows), -1).numpy()) + 0  # no -0.0


def cautions(fed: Fed, table: LoopTable) -> list[str]:
    """What makes all that is said of the loop doubtful, one line each."""
    return [*_numbered_otherwise(fed, table), *_elsewhere(fed, table), *_few(fed, table)]


def _numbered_otherwise(fed: Fed, table: LoopTable) -> list[str]:
    """Labels in words that the loop numbers in another order than the sorted one."""
    known = (fed.places >= 0) & ~fed.mixed
    if not table.is_classes or not isinstance(table.classes[0], str) or known.sum() < LEAST:
        return []
    wanted, own = fed.wanted[known], table.index[fed.places[known]]
    share, _ = _followed(wanted, own)
    if share < SAME or float((wanted == own).mean()) >= SAME:
        return []
    numbers = np.arange(len(table.classes))
    order = [int(np.bincount(own[wanted == n], minlength=1).argmax()) for n in numbers]
    names = [str(table.classes[place]) for place in order]
    return [
        "the loop numbers the labels in another order than the sorted one, in which y was read: "
        f"hand watch classes={names}. Until then what is said here is about wrong labels"
    ]


def _elsewhere(fed: Fed, table: LoopTable) -> list[str]:
    """Batches that were prepared in another way than X."""
    if len(fed.rows) < LEAST or fed.is_same or not table.x.is_floating_point():
        return []
    known = table.flat[: table.train]
    with np.errstate(invalid="ignore"):
        low, high = np.nanmin(known, 0), np.nanmax(known, 0)
        room = 0.25 * (high - low)
        outside = ((fed.rows < low - room) | (fed.rows > high + room)).mean(0)
        spread, own = _spread(known), _spread(fed.rows)
        size = np.abs(np.nanmedian(known, 0)) + spread
    varies = (high > low) & np.isfinite(size)
    # noise goes beyond the range of a column that hardly varies, and is meant
    wide = high - low >= NARROW * np.nanmedian(high - low)
    narrow = varies & (spread > 0) & (own < NARROW * spread)
    if narrow.sum() < SOME * varies.sum():  # cut out, as some columns are by augmentation
        narrow[:] = False
    beyond = varies & wide & (outside > OUTSIDE)
    if not narrow.any() and not beyond.any():
        return []
    worst = int(np.argmax(np.where(beyond, 1 + outside, 0) + narrow))
    count = int((beyond | narrow).sum())
    part = (0.0, 1.0) if beyond[worst] else INNER  # what the columns were told by
    (own_low, own_high), (low_x, high_x) = (
        np.nanquantile(one[:, worst], part) for one in (fed.rows, known)
    )
    mostly = "" if beyond[worst] else ", but for a tenth of the rows,"
    return [
        f"the batches are on another scale than X in {count} of {len(low)} columns: "
        f"{table.columns[worst]!r} is{mostly} within [{own_low:.3g}, {own_high:.3g}] in the "
        f"batches, and within [{low_x:.3g}, {high_x:.3g}] in X. Hand X to watch as the model gets "
        "it: until then what is said here is about rows that the loop never saw"
    ]


def _spread(rows: np.ndarray) -> np.ndarray:
    low, high = np.nanquantile(rows, INNER, axis=0)
    return np.asarray(high - low)


def _few(fed: Fed, table: LoopTable) -> list[str]:
    """Batches that hold the same few rows again and again."""
    found = fed.places[fed.places >= 0]
    if not fed.is_same:
        return []
    _, first = np.unique(found, return_index=True)
    met = int(fed.equal[fed.places >= 0][first].sum())  # equal rows are met together
    usual = table.train * (1 - (1 - 1 / table.train) ** len(found))
    if met >= 0.5 * usual or len(found) < 2 * met:
        return []
    return [
        f"the loop trains on few of its rows: {len(found)} rows of batches that were looked at are "
        f"{met} of the {table.train} rows of X, where about {usual:.0f} are usual: "
        "next(iter(loader)) begins with the first batch each time"
    ]


def prepared_otherwise(
    fed: Fed, table: LoopTable, behind: bool, told: float = math.nan, own_told: float = math.nan
) -> list[Nomination]:
    """Batches that hold no row of X, in a loop that does worse than its table allows.

    Rows that are nearer to a row of X than rows of X are to each other are those with some noise.
    Rows that are as wide as those of X are augmented on purpose, unless the model tells them better
    than those of X: what augments rows makes them harder.

    Arguments:
        fed: the rows that were looked at.
        table: of the loop.
        behind: whether it does worse.
        told, own_told: accuracy of the model on the rows of the later half of the looks and on
            train rows of X; NaN where it has none.
    """
    found = float((fed.places >= 0).mean()) if len(fed.rows) >= LEAST else 1.0
    if not behind or found > NONE or not table.x.is_floating_point():
        return []
    known = np.nan_to_num(table.flat[: table.train])
    drawn = np.unique(np.linspace(0, len(known) - 1, LEAST).astype(np.int64))
    usual = _to_nearest(known[drawn], known, drawn)
    away = float(np.median(_to_nearest(np.nan_to_num(fed.rows[:LEAST]), known)))
    if away < MILD * np.median(usual):
        return []
    spread, own = _spread(known), _spread(fed.rows)
    varies = (spread > 0) & (own > 0)
    ratios = np.log(own[varies] / spread[varies])
    if len(ratios) and _is_mixed(fed.rows, known, ratios, away):
        return []
    otherwise = bool(varies.any()) and float(np.median(np.abs(ratios))) > WIDER
    error = math.sqrt(max(own_told * (1 - own_told), 1 / len(fed.rows)) / (len(fed.rows) / 2))
    if not otherwise and told < own_told + BETTER * error:
        return []
    return [
        Nomination(
            "preprocessing_mismatch",
            (Evidence("rows of batches that are rows of X", f"{found:.0%}", "all of them"),),
            "what the model is trained on was prepared in another way than X and the held-out "
            "rows: scaled batch by batch, say, or with noise that covers the differences",
            ("hand the model rows of X as they are, scaled once by all train rows",),
            0.9 if otherwise else 0.7,  # rows that are mixed or shifted may be meant
            subject=OTHER_ROWS,
        )
    ]


def _is_mixed(rows: np.ndarray, known: np.ndarray, ratios: np.ndarray, away: float) -> bool:
    """Whether rows are like weighted means of two rows of X each (mixup, Zhang et al. 2018).

    These have the means of X, and its spread shrunk alike in all columns, to 1 / sqrt(2) at most.

    Arguments:
        rows, known: of the batches, and of X.
        ratios: logarithm of the spread of columns in batches over that in X.
        away: distance of rows of batches to the nearest of X, in the median.
    """
    middle = float(np.median(ratios))
    if not MIXED < middle <= 0.05:
        return False
    # rows of X that are all multiplied by one factor are nothing but that
    some = np.nan_to_num(rows[:LEAST]) / np.exp(middle)
    if np.median(_to_nearest(some, known)) < MILD * away:
        return False
    error = known.std(0) / np.sqrt(len(rows))
    shifted = np.abs(np.nan_to_num(rows).mean(0) - known.mean(0)) > 4 * error + 1e-9
    return float(np.median(np.abs(ratios - middle))) < ALIKE and shifted.mean() <= 0.05


def _to_nearest(rows: np.ndarray, known: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
    """The distance of rows (n, D) to the nearest of the known ones, their `own` places aside."""
    least = np.full(len(rows), np.inf)
    size = (rows**2).sum(1)[:, None]
    for first in range(0, len(known), CHUNK):
        part = known[first : first + CHUNK]
        away = size + (part**2).sum(1) - 2 * rows @ part.T
        if own is not None:
            here = (own >= first) & (own < first + len(part))
            away[np.flatnonzero(here), own[here] - first] = np.inf
        least = np.minimum(least, away.min(1))
    return np.sqrt(np.maximum(least, 0))


def misaligned(fed: Fed, table: LoopTable) -> list[Nomination]:
    """Rows that are trained with the targets of others.

    Of equal rows with different targets nobody knows whose target a batch brings.
    """
    known = (fed.places >= 0) & ~fed.mixed
    if not fed.is_same or table.is_wide or int(known.sum()) < LEAST:
        return []
    wanted = fed.wanted[known]
    if table.is_classes:
        own = table.index[fed.places[known]]
        share, chance = _followed(wanted, own)
        tied = (share - chance) / max(1 - chance, 1e-9)
    else:
        own = table.y.reshape(-1).double().numpy(force=True)[fed.places[known]]
        fine = np.isfinite(own) & np.isfinite(wanted)
        if not fine.any() or min(np.ptp(own[fine]), np.ptp(wanted[fine])) == 0:
            return []
        tied = abs(float(np.corrcoef(own[fine], wanted[fine])[0, 1]))
        chance = 0.0
    if tied >= TIED or chance > 0.95:
        return []
    return [
        Nomination(
            "label_permuted",
            (
                Evidence(
                    "how far the targets of the batches follow those of their rows in y",
                    tied,
                    "1; 0 is chance",
                ),
                Evidence("rows of batches that were found in X", int(known.sum()), "most"),
            ),
            "the loss gets each row with the target of another: X and y are shuffled apart, or "
            "indexed by different numbers",
            ("one index for both: model(X[rows]) and y[rows]",),
            0.98,
            certain=True,
            subject=BATCHES,
        )
    ]


def never_fed(fed: Fed, table: LoopTable, drawn: float) -> list[Nomination]:
    """Classes of y that no batch brings, though many of those looked at should have.

    Arguments:
        fed: the rows that were looked at.
        table: of the loop.
        drawn: how many rows drawn one by one say as much, as of `independent`.
    """
    if not table.is_classes or table.is_wide or not len(fed.wanted):
        return []
    counts = np.bincount(table.index[: table.train], minlength=len(table.classes))
    share = counts / max(1, counts.sum())
    met = np.isin(np.arange(len(share)), fed.wanted)
    chance = (1 - share) ** drawn
    missed = np.flatnonzero(~met & (chance < NEVER / len(share)))
    if not len(missed):
        return []
    names = ", ".join(f"class {table.classes[place]!r}" for place in missed[:6])
    return [
        Nomination(
            "unseen_class",
            (
                Evidence("classes of y of which no batch looked at has a row", names, "none"),
                Evidence(
                    "their rows among those of batches that were looked at",
                    f"0 of {len(fed.wanted)}",
                    f"about {share[missed].sum() * len(fed.wanted):.0f}",
                ),
            ),
            "the loop leaves these rows of y out: a sampler, a filter or a slice of the rows keeps "
            "them from the network, which never learns that there are such",
            ("draw the batches from all rows of y: DataLoader(..., shuffle=True)",),
            0.95,
            certain=True,
            title="a class has no row in any batch",
        )
    ]


def _followed(given: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """How often a row's class is the most frequent one among the other rows with its target.

    Returns:
        That share, and the one of the class that is most frequent over all.
    """
    hits = 0.0
    classes = int(true.max()) + 1
    for target in np.unique(given):
        own = true[given == target]
        counts = np.bincount(own, minlength=classes)
        for label in np.unique(own):
            others = counts.copy()
            others[label] -= 1
            hits += counts[label] * float(others[label] >= others.max() and others[label] > 0)
    return hits / len(true), float(np.bincount(true).max() / len(true))
