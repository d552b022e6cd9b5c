"""Tables and cases of scripts/bench_diagnosis.py that were made after diagnosis_second.py.

As those of that file they were looked at once as cases that no rule had seen.
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
    several_class_faults,
    two_class_faults,
    usual_controls,
    usual_faults,
)


def orders(folder: Path, rows: int = 3600, seed: int = 51) -> pd.DataFrame:
    """Orders that come back or do not: counts, prices, days, shops, cities; a quarter returns."""
    rng = np.random.default_rng(seed)
    price = np.exp(rng.normal(3.4, 0.9, rows))
    items = 1 + rng.poisson(1.2, rows)
    distance = rng.exponential(120, rows)
    before = rng.poisson(0.8, rows)
    rebate = np.where(rng.random(rows) < 0.4, rng.beta(1.5, 6, rows), 0.0)
    weekday, shop = rng.integers(0, 7, rows), rng.choice(5, rows, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    city = np.minimum(rng.zipf(1.6, rows), 25) - 1
    of_shop, of_city = rng.normal(0, 0.9, 5), rng.normal(0, 0.7, 25)
    z = (
        1.1 * (np.log(price) - 3.4)
        + 0.9 * before
        - 0.5 * (items - 2)
        + 3.5 * rebate
        + of_shop[shop]
        + of_city[city]
        + 0.7 * (weekday >= 5) * (distance > 100)
    )
    z = z + rng.logistic(0, 0.4, rows)
    frame = pd.DataFrame(
        {
            "price": price.round(2),
            "items": items,
            "distance": distance.round(1),
            "before": before,
            "rebate": rebate.round(3),
            "weekday": np.array(["mo", "tu", "we", "th", "fr", "sa", "su"])[weekday],
            "shop": np.array(["web", "app", "mall", "phone", "fair"])[shop],
            "city": [f"town {k}" for k in city],
        }
    )
    frame["distance"] = frame["distance"].where(rng.random(rows) > 0.07)
    return frame.assign(**{TARGET: np.where(z > np.quantile(z, 0.75), "returned", "kept")})


def voices(folder: Path, rows: int = 2400, seed: int = 52) -> pd.DataFrame:
    """Eight words as 36 neighbouring levels of a spectrum, shifted and louder by the speaker."""
    rng = np.random.default_rng(seed)
    word = rng.integers(0, 8, rows)
    place = np.linspace(0, 1, 36)
    peaks = rng.uniform(0.1, 0.9, (8, 3))
    heights = rng.uniform(0.5, 1.5, (8, 3))
    moved = peaks[word] + rng.normal(0, 0.025, (rows, 1))
    curves = (heights[word][:, :, None] * np.exp(-((place - moved[:, :, None]) ** 2) / 0.004)).sum(
        1
    )
    loud = np.exp(rng.normal(0, 0.25, (rows, 1)))
    hiss = np.cumsum(rng.normal(0, 0.2, (rows, 36)), 1)
    frame = pd.DataFrame(
        ((curves * loud + hiss) * 0.004).round(6), columns=[f"band{k:02d}" for k in range(36)]
    )
    return frame.assign(**{TARGET: np.array(list("abcdefgh"))[word]})


def spirals(folder: Path, rows: int = 2100, seed: int = 53) -> pd.DataFrame:
    """Three arms around each other, beside three columns of noise."""
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 3, rows)
    along = rng.uniform(0.15, 1, rows)
    angle = 2 * np.pi * arm / 3 + 4.5 * along + rng.normal(0, 0.35, rows)
    values = np.stack((along * np.cos(angle), along * np.sin(angle)), 1) * 40 + (500, -20)
    noise = rng.normal(0, 1, (rows, 3))
    frame = pd.DataFrame(np.c_[values, noise].round(4), columns=["east", "north", "p", "q", "r"])
    return frame.assign(**{TARGET: arm + 1})


def visits(folder: Path, rows: int = 1500, seed: int = 54) -> pd.DataFrame:
    """Three kinds of visitors by what they count up to: skewed counts, some of them missing."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    rates = rng.normal(1.2, 0.45, (3, 12))
    busy = rng.normal(0, 0.35, (rows, 1))
    counts = rng.poisson(np.exp(rates[kind] + busy)).astype(float)
    counts[:, 9:] = rng.poisson(4.0, (rows, 3))
    frame = pd.DataFrame(counts, columns=[f"page{k}" for k in range(12)])
    for name in ("page1", "page4", "page7"):
        frame[name] = frame[name].where(rng.random(rows) > 0.06)
    return frame.assign(**{TARGET: np.array(["guest", "client", "robot"])[kind]})


def clinic(folder: Path, rows: int = 1200, seed: int = 55) -> pd.DataFrame:
    """Ill or well by ten measurements of unlike units that go together, and three signs."""
    rng = np.random.default_rng(seed)
    base = rng.normal(0, 1, (rows, 4))
    values = base @ rng.normal(0, 0.7, (4, 10)) + rng.normal(0, 0.6, (rows, 10))
    units, middles = np.geomspace(0.05, 90, 10), np.geomspace(1, 700, 10)
    signs = rng.integers(0, 3, (rows, 3))
    z = 1.5 * base[:, 0] - 1.2 * base[:, 1] + 0.9 * (signs[:, 0] == 2) - 0.8 * (signs[:, 1] == 0)
    z = z + 0.6 * base[:, 0] * base[:, 2] + rng.logistic(0, 0.35, rows)
    frame = pd.DataFrame((values * units + middles).round(3), columns=[f"m{k}" for k in range(10)])
    names = {
        "skin": ["pale", "red", "grey"],
        "cough": ["none", "dry", "wet"],
        "pulse": ["low", "mid", "up"],
    }
    for place, (name, words) in enumerate(names.items()):
        frame[name] = np.array(words)[signs[:, place]]
    return frame.assign(**{TARGET: np.where(z > 0.2, "ill", "well")})


_USUAL = ("trainer.epochs=30", "trainer.batch_size=32", "optimizer.lr=0.003")
_TABLES = (
    Table("orders", orders, (*_USUAL, "model.hidden=[16]", "trainer.epochs=15", "reg.l2=0.001")),
    Table("voices", voices, (*_USUAL, "model.hidden=[64]", "trainer.batch_size=64")),
    Table("spirals", spirals, (*_USUAL, "model.hidden=[48,48]", "trainer.epochs=50")),
    Table("visits", visits, (*_USUAL, "model.hidden=[32]", "reg.l2=0.003")),
    Table("clinic", clinic, (*_USUAL, "model.hidden=[16]", "reg.l2=0.003")),
)
TABLES.update({table.name: table for table in _TABLES})
ALL = tuple(table.name for table in _TABLES)
SIZES = Sizes(
    rates=(0.05, 0.02, 0.03, 0.05, 0.05),
    high=5.0,
    adam_high=0.25,
    low=5e-5,
    adam_low=1e-5,
    l1=0.06,
    l2=0.2,
    dropout=0.92,
    decay=45,
    flipped=0.25,
    divided=250.0,
    number=(9000, 7),
    copied=(0.6, 1),
    leak=(0.2, 5.0),
    batch=256,
    deep=(20,) * 8,
)
TWO = ("orders", "clinic")  # of two classes
TEXTS = ("orders", "clinic")  # with columns of names


def _cases() -> list[Case]:
    found = usual_faults(ALL, SIZES)

    def fault(*words, **options) -> None:  # type: ignore[no-untyped-def]
        found.append(make(*words, **options))

    raw = "data.scaling=none"
    for table in ("orders", "voices", "spirals", "clinic"):
        causes = "unscaled_features|dominant_feature"
        if table == "voices":  # its inputs are next to nothing
            causes = "double_scaling|unscaled_features"
        fault("F21", table, causes, raw)
        fault("F21 sgd", table, causes, raw, same=sgd(0.02))
    for table in TWO:
        fault("F54", table, "unsuitable_optimizer|lr_too_low", *sgd(0.002, 0), clean=sgd(0.05))
        wide = ("model.hidden=[512,512]", "trainer.epochs=60", "trainer.checkpoint=last")
        fault("F59b", table, "overfit", *wide, clean=("model.hidden=[16]", "reg.l2=0.003"))
    for table in TEXTS:
        fault("F27", table, "categorical_as_number", steps=[step(do.codes_of_texts)])
    found += two_class_faults(TWO, rate=0.02, labels=(1, 2))
    found += outlier_faults(("voices", "visits", "clinic"), size=2e7, columns=36)
    fault("F59a", "spirals", "underfit_capacity", "model=linear")
    fault("F59a narrow", "voices", "underfit_capacity", "model.hidden=[2]")
    found += several_class_faults(("voices", "visits"), gamma=0.2)
    fault("F48", "clinic", "selection_leak", kind="optimism", base=[PARTS],
          steps=[step(do.encode_by_target, levels=500)],
          clean_steps=[step(do.encode_by_target, levels=500, honestly=True)])  # fmt: skip
    fault("F40", "visits", "class_imbalance", steps=[step(do.thin_class, label="robot", rows=30)],
          clean=("loss.class_weight=balanced",), score=SCORES[1], fair=False)  # fmt: skip
    fault("F51", "clinic", "validation_too_small", "data.split.valid=0.012", kind="noise")
    found.append(sentinel_fault("visits", ("page0", "page1", "page2"), 0.2, -9999))
    found.append(sentinel_fault("clinic", ("m0", "m5", "m9"), 0.25, 0, "F31 zeros"))
    fault("F33", "orders", "missingness_leak", kind="optimism", base=[HOLD],
          steps=[step(do.blank_by_label, column="price", label="returned")])  # fmt: skip
    return found


THIRD = [*_cases(), *usual_controls(ALL)]
