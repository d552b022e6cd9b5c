"""Tables and cases of scripts/bench_diagnosis.py that were made after the first rules.

They were looked at once as cases that no rule had seen; rules have learnt from them since.
"""

from __future__ import annotations

from pathlib import Path

import diagnosis_faults as do
import numpy as np
import pandas as pd
from diagnosis_case import HOLD, PARTS, SCORES, Case, sgd
from diagnosis_cases import make
from diagnosis_faults import step
from diagnosis_tables import TABLES, TARGET, Table
from diagnosis_usual import (
    Sizes,
    outlier_faults,
    sentinel_fault,
    two_class_faults,
    usual_controls,
    usual_faults,
)


def borrowers(folder: Path, rows: int = 4000, seed: int = 31) -> pd.DataFrame:
    """Loans: skewed amounts, shares, categories, blanks at random; 30 % of one class."""
    rng = np.random.default_rng(seed)
    amount = np.exp(rng.normal(9, 0.8, rows))
    wage = np.exp(rng.normal(10.4, 0.5, rows))
    months = rng.choice([12, 24, 36, 48, 60], rows)
    late = rng.poisson(0.7, rows)
    used = rng.beta(2, 3, rows)
    purpose, home = rng.integers(0, 8, rows), rng.integers(0, 4, rows)
    effect = rng.normal(0, 0.6, 8)
    z = (
        1.8 * np.log(amount * months / wage / 10)
        + 1.3 * late
        + 3 * (used - 0.4)
        + effect[purpose]
        + 0.8 * (home == 1) * (used > 0.4)
    )
    z = z + rng.logistic(0, 0.5, rows)
    frame = pd.DataFrame(
        {
            "amount": amount.round(2),
            "wage": wage.round(0),
            "months": months,
            "late": late,
            "used": used.round(4),
            "purpose": np.array(["car", "home", "debt", "trip", "school", "shop", "tax", "other"])[
                purpose
            ],
            "home": np.array(["rent", "own", "loan", "free"])[home],
        }
    )
    for name in ("wage", "used"):
        frame[name] = frame[name].where(rng.random(rows) > 0.04)
    return frame.assign(**{TARGET: np.where(z > np.quantile(z, 0.7), "bad", "good")})


def sensors(folder: Path, rows: int = 2600, seed: int = 32) -> pd.DataFrame:
    """24 correlated readings of six states of a machine, on scales from millivolts to pascals."""
    rng = np.random.default_rng(seed)
    state = rng.integers(0, 6, rows)
    centres = rng.normal(0, 1.1, (6, 8))
    latent = centres[state] + rng.normal(0, 0.8, (rows, 8))
    mixed = np.tanh(latent @ rng.normal(0, 0.5, (8, 24))) + rng.normal(0, 0.15, (rows, 24))
    values = mixed * np.geomspace(0.02, 300, 24) + np.linspace(0, 900, 24)
    frame = pd.DataFrame(values.round(5), columns=[f"s{k:02d}" for k in range(24)])
    return frame.assign(**{TARGET: state})


def shells(folder: Path, rows: int = 2400, seed: int = 33) -> pd.DataFrame:
    """Three shells around each other in five dimensions: no column tells anything alone."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, rows)
    way = rng.normal(0, 1, (rows, 5))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    radius = 1.0 + label + rng.normal(0, 0.25, rows)
    frame = pd.DataFrame((way * radius[:, None]).round(5), columns=list("abcde"))
    return frame.assign(**{TARGET: np.array(["inner", "middle", "outer"])[label]})


def answers(folder: Path, rows: int = 1800, seed: int = 34) -> pd.DataFrame:
    """A questionnaire of 14 answers from 1 to 5, of which many rows are alike."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(0, 1, (rows, 3))
    loads = rng.normal(0, 0.9, (3, 14))
    given = np.clip(np.round(3 + mood @ loads + rng.normal(0, 0.7, (rows, 14))), 1, 5)
    z = 1.6 * mood[:, 0] - 1.2 * mood[:, 1] + 0.8 * mood[:, 0] * mood[:, 2]
    frame = pd.DataFrame(given.astype(int), columns=[f"q{k + 1}" for k in range(14)])
    return frame.assign(**{TARGET: (z + rng.logistic(0, 0.25, rows) > 0).astype(int)})


def grades(folder: Path, rows: int = 900, seed: int = 35) -> pd.DataFrame:
    """Four classes of unequal size that overlap, of few rows."""
    rng = np.random.default_rng(seed)
    label = rng.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    centres = np.array([[0, 0, 0], [2, 1, 0], [3, -1, 1], [1, 3, 2.5]])
    values = centres[label] + rng.normal(0, 0.9, (rows, 3))
    noise = rng.normal(0, 1, (rows, 5))
    frame = pd.DataFrame(np.c_[values, noise].round(4), columns=[f"g{k}" for k in range(8)])
    return frame.assign(**{TARGET: np.array(["a", "b", "c", "d"])[label]})


_USUAL = ("trainer.epochs=30", "trainer.batch_size=32", "model.hidden=[48]", "optimizer.lr=0.003")
_BEST = "reg.l2=0.001"
SECOND_TABLES = (
    Table("borrowers", borrowers, (*_USUAL, "model.hidden=[24]", "trainer.epochs=20", _BEST)),
    Table("sensors", sensors, (*_USUAL, "trainer.batch_size=64")),
    Table("shells", shells, (*_USUAL, "model.hidden=[64,64]", "trainer.epochs=40")),
    Table("answers", answers, (*_USUAL, "model.hidden=[16]", "trainer.epochs=20", "reg.l2=0.01")),
    Table("grades", grades, (*_USUAL, "model.hidden=[16]", "trainer.epochs=40", "reg.l2=0.003")),
)
TABLES.update({table.name: table for table in SECOND_TABLES})
ALL = tuple(table.name for table in SECOND_TABLES)
SIZES = Sizes()
TWO = ("borrowers", "answers")  # of two classes
WIDE = ("borrowers", "sensors")  # of unlike scales


def _cases() -> list[Case]:
    found: list[Case] = []

    def fault(*words, **options) -> None:  # type: ignore[no-untyped-def]
        found.append(make(*words, **options))

    raw = "data.scaling=none"
    found += usual_faults(ALL, SIZES)
    for table in WIDE:
        fault("F21", table, "unscaled_features|dominant_feature", raw)
        fault("F21 sgd", table, "unscaled_features|dominant_feature", raw, same=sgd(0.01))
    fault("F21 units", "shells", "unscaled_features", raw, base=[step(do.magnify, decades=4)])
    fault("F21 units", "grades", "unscaled_features", raw, base=[step(do.magnify, decades=4)])
    found += two_class_faults(TWO, rate=0.01, labels=(-1, 1))
    found += outlier_faults(("sensors", "shells", "grades"), size=3e6, columns=24)
    for table in ("shells", "sensors"):
        fault("F59a", table, "underfit_capacity", "model=linear")
        fault("F38", table, "label_mapping_mismatch", base=[PARTS], steps=[step(do.turn_labels)])
    fault("F48", "answers", "selection_leak", kind="optimism", base=[PARTS],
          steps=[step(do.encode_by_target, levels=700)],
          clean_steps=[step(do.encode_by_target, levels=700, honestly=True)])  # fmt: skip
    fault("F40", "grades", "class_imbalance", steps=[step(do.thin_class, label="d", rows=25)],
          clean=("loss.class_weight=balanced",), score=SCORES[1], fair=False)  # fmt: skip
    fault("F51", "grades", "validation_too_small", "data.split.valid=0.015", kind="noise")
    found.append(sentinel_fault("borrowers", ("used", "wage"), 0.15, -99999))
    fault("F33", "borrowers", "missingness_leak", kind="optimism", base=[HOLD],
          steps=[step(do.blank_by_label, column="amount", label="bad")])  # fmt: skip
    return found


SECOND = [*_cases(), *usual_controls(ALL)]
