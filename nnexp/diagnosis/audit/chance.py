"""What chance alone would give: the tests behind the audit's findings."""

from __future__ import annotations

import numpy as np

CONFIDENCE = 0.95  # of one-sided bounds of a share


def association(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Whether two codings of the same rows go together: p of the chi-squared test, Cramér's V.

    Arguments:
        a, b: codes from 0 (n,).
    """
    return association_of(cross(a, b))


def cross(a: np.ndarray, b: np.ndarray, least: tuple[int, int] = (0, 0)) -> np.ndarray:
    """How many rows have each pair of codes, (codes of a, codes of b): so many at least."""
    width = max(least[1], int(b.max(initial=-1)) + 1)
    size = max(least[0], int(a.max(initial=-1)) + 1) * width
    return np.bincount(a * width + b, minlength=size).reshape(-1, max(width, 1))


def association_of(counts: np.ndarray) -> tuple[float, float]:
    """As `association`, from the table of counts."""
    from scipy.special import chdtrc

    counts = counts[counts.sum(1) > 0][:, counts.sum(0) > 0].astype(np.float64)
    short = min(counts.shape) - 1 if counts.size else 0
    if short < 1:
        return 1.0, 0.0
    total = counts.sum()
    expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / total
    statistic = float(((counts - expected) ** 2 / expected).sum())
    freedom = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return float(chdtrc(freedom, statistic)), float(np.sqrt(statistic / total / short))


def p_of_means(x: np.ndarray, label: np.ndarray) -> np.ndarray:
    """p (d,) that a column's means in the classes are one, by the F-test (Fisher 1925).

    Arguments:
        x: (n, d), no column of one value alone.
        label: classes (n,), two at least, fewer than rows.
    """
    from scipy.special import fdtrc

    x = x - x.mean(0, dtype=np.float64)
    present, place, counts = np.unique(label, return_inverse=True, return_counts=True)
    sums = np.eye(len(present))[place].T @ x
    between = (sums**2 / counts[:, None]).sum(0)
    within = (x**2).sum(0) - between
    free = len(present) - 1, len(x) - len(present)
    with np.errstate(divide="ignore"):  # classes apart: p is 0
        ratio = (between / free[0]) / (within.clip(0) / free[1])
    return np.asarray(fdtrc(*free, ratio))


def share_p(hits: int, tries: int, others: int, of: int) -> float:
    """p of a share as high as hits / tries where others / of is usual, by Fisher's exact test."""
    from scipy.stats import hypergeom

    if not tries or not of:
        return 1.0
    return float(hypergeom.sf(hits - 1, tries + of, hits + others, tries))


def sign_p(wins: int, losses: int) -> float:
    """p of so many wins where either side is as likely (McNemar's exact test, one-sided)."""
    return binomial_p(wins, wins + losses, 0.5)


def binomial_p(hits: int, tries: int, share: float) -> float:
    """p of so many hits or more where each try hits with probability `share`."""
    from scipy.special import bdtrc

    return float(bdtrc(hits - 1, tries, share)) if hits > 0 else 1.0


def at_least(hits: int, tries: int) -> float:
    """The lower bound of a share (Clopper & Pearson 1934)."""
    from scipy.special import betaincinv

    return float(betaincinv(hits, tries - hits + 1, 1 - CONFIDENCE)) if hits else 0.0


def separation(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Area under the ROC curve, and its standard error where scores tell nothing.

    Ties count half (Mann & Whitney 1947); (0.5, inf) where one side has no rows.

    Arguments:
        scores: (n,).
        truth: bool (n,).
    """
    from scipy.stats import rankdata

    above = int(truth.sum())
    below = len(truth) - above
    if not above or not below:
        return 0.5, float("inf")
    ranks = float(rankdata(scores)[truth].sum())
    area = (ranks - above * (above + 1) / 2) / (above * below)
    return area, float(np.sqrt((above + below + 1) / (12.0 * above * below)))


def largest_gap(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Kolmogorov and Smirnov's distance of two samples, and p of it by chance (asymptotic)."""
    from scipy.special import kolmogorov

    both = np.sort(np.concatenate((a, b)))
    first = np.searchsorted(np.sort(a), both, side="right") / len(a)
    second = np.searchsorted(np.sort(b), both, side="right") / len(b)
    distance = float(np.abs(first - second).max())
    size = len(a) * len(b) / (len(a) + len(b))
    return distance, float(kolmogorov(np.sqrt(size) * distance))
