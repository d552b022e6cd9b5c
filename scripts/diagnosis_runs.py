"""Training of the cases of scripts/bench_diagnosis.py, and the test of whether a mistake hurts."""

from __future__ import annotations

import contextlib
import io
import json
import math
import shutil
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from diagnosis_case import Case, commands, merged
from diagnosis_tables import TARGET

MEASURE = 2  # how harm is measured; files of another measure are not taken over
EFFECT = 0.01  # of a score, what harms at least
LEVEL = 0.05  # of the one-sided paired t-test
OPEN = 0.3  # p of a loss that counts, up to which a few seeds leave it open; so does ...
SURE = 0.95  # ... an interval of this level around a loss that counts, if it holds `EFFECT`: ...
MORE = 3  # ... then there are so many times as many, and p is doubled for the second look


@dataclass(frozen=True)
class Scores:
    """What the runs of one configuration reached, one number a seed.

    Arguments:
        values: the score, higher is better; for `optimism` and `noise` minus the gap, so that
            more is better here too.
        status: how the runs ended.
        error: why there are none, or "".
    """

    values: tuple[float, ...]
    status: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Harm:
    """What a mistake costs.

    Arguments:
        before, after: mean score without and with the mistake.
        p: of no harm, one-sided, by the paired t-test; doubled after a second look.
        error: why it could not be told, or "".
        margin: half the width of the paired interval of the loss.
    """

    before: float
    after: float
    p: float
    error: str = ""
    margin: float = 0.0

    @property
    def effect(self) -> float:
        """The score lost."""
        return self.before - self.after

    @property
    def hurts(self) -> bool:
        """Whether the mistake counts as one."""
        return not self.error and self.p < LEVEL and self.effect >= EFFECT

    @property
    def is_open(self) -> bool:
        """Whether more seeds may show that it counts, or that it does not after all."""
        if self.error or self.effect < EFFECT:
            return False
        return self.effect - self.margin < EFFECT if self.hurts else self.p < OPEN


def harm(clean: Scores, faulty: Scores, looks: int = 1) -> Harm:
    """Compare the two by the one-sided paired t-test.

    Arguments:
        clean, faulty: the scores, seed by seed.
        looks: how often they were compared, with more seeds each time.

    >>> harm(Scores((0.9, 0.8, 0.9)), Scores((0.5, 0.5, 0.6))).hurts
    True
    """
    if clean.error or faulty.error:
        return Harm(math.nan, math.nan, math.nan, clean.error or faulty.error)
    before, after = np.array(clean.values), np.array(faulty.values)
    p = min(1.0, looks * paired_p(before - after))
    return Harm(float(before.mean()), float(after.mean()), p, "", margin(before - after))


def margin(differences: np.ndarray) -> float:
    """Half the width of the t interval of a mean, at the level `SURE`; 0 of a single one."""
    from scipy import stats

    count = len(differences)
    if count < 2:
        return 0.0
    error = float(differences.std(ddof=1)) / math.sqrt(count)
    return float(stats.t.ppf((1 + SURE) / 2, count - 1)) * error


def paired_p(differences: np.ndarray) -> float:
    """p of a mean of 0 or less, by the t-test; 0 where all differences are equal and above it."""
    from scipy import stats

    if np.ptp(differences) < 1e-12:
        return 0.0 if differences[0] > 0 else 1.0
    return float(stats.ttest_1samp(differences, 0, alternative="greater").pvalue)


def train(case: Case, folder: Path, data: Path, root: Path, more: Sequence[str] = ()) -> Path:
    """One run of a case, in a folder of its own under `root`; returns the run folder."""
    import nnexp

    with quiet():
        run = nnexp.run([*commands(case, folder, data), *more], root=root)
    return run.folder


def score(
    case: Case,
    folder: Path,
    data: Path,
    root: Path,
    seeds: int,
    more: Sequence[str] = (),
) -> Scores:
    """The scores of a case over seeds, trained as one sweep.

    Arguments:
        case: the case.
        folder: of its CSV.
        data: the folder of the real tables.
        root: where the sweep is written; it is removed.
        seeds: how many.
        more: further overrides.
    """
    import nnexp

    words = merged([*commands(case, folder, data), *more])
    words = [word for word in words if not word.startswith("seed=")]
    listed = ",".join(map(str, range(seeds)))
    words += [f"seed={listed}", "trainer.watch=false", "sweep.report=false", "sweep.processes=1"]
    # other rows for every seed, as what costs two rows of one test part may cost none of another
    words += [f"seeds.split={listed}", "sweep.zip=[seed,seeds.split]"]
    try:
        with quiet():
            swept = nnexp.multirun(words, root=root)
            values = tuple(_score(case, run, folder, words) for run in swept.runs)
    except Exception as error:
        return Scores((), (), getattr(error, "wrong", f"{type(error).__name__}: {error}"))
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return Scores(values, tuple(swept.status))


def _score(case: Case, run: Path, folder: Path, words: Sequence[str]) -> float:
    """The score of a run by its metrics.json, and by honest rows where the case has some."""
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    test = _number(metrics["test"], case.score)
    if case.kind == "test":
        return test
    valid = _number(metrics["val"], case.score)
    if case.kind == "noise":
        return -abs(valid - test)
    honest = honest_rows(words)
    earned = test if honest is None else _predict(run, honest, case.score)
    return earned if case.kind == "honest" else -(valid - earned)


def honest_rows(words: Sequence[str]) -> pd.DataFrame | None:
    """The rows that were kept out of the CSV of a command line."""
    for word in words:
        if word.startswith("data.path="):
            path = Path(word.partition("=")[2]).with_suffix(".honest.csv")
            return pd.read_csv(path) if path.exists() else None
    return None


def _predict(run: Path, rows: pd.DataFrame, score: str) -> float:
    import nnexp

    found = nnexp.load(run).predict(rows)
    right = np.array([str(a) == str(b) for a, b in zip(found, rows[TARGET], strict=True)])
    if score == "accuracy":
        return float(right.mean())
    return float(pd.Series(right).groupby(np.asarray(rows[TARGET])).mean().mean())


def _number(scores: dict[str, Any], name: str) -> float:
    value = scores[name]
    return 0.0 if value is None else float(value)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing printed: the sweep says what it does on both streams."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
