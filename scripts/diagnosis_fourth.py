"""Tables and cases of scripts/bench_diagnosis.py that were made after diagnosis_third.py.

As those of that file they were looked at once as cases that no rule had seen; docs/benchmark.md has
those figures and says what was mended after them.
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


def flights(folder: Path, rows: int = 3200, seed: int = 71) -> pd.DataFrame:
    """Flights that are late or not, by hour, distance, weather, carrier and airport."""
    rng = np.random.default_rng(seed)
    hour, wind = rng.uniform(5, 23, rows), rng.gamma(2.5, 4, rows)
    distance, before = np.exp(rng.normal(6.5, 0.7, rows)), rng.exponential(11, rows)
    seats = rng.choice([50, 76, 150, 180, 220], rows)
    rain = np.where(rng.random(rows) < 0.7, 0.0, rng.exponential(3, rows))
    carrier, airport = rng.integers(0, 6, rows), rng.integers(0, 12, rows)
    z = (
        0.16 * (hour - 13)
        + 0.09 * (before - 11)
        + 0.11 * (wind - 10) * (airport % 3 == 0)
        + 0.35 * rain
        + rng.normal(0, 0.8, 6)[carrier]
        + rng.normal(0, 0.6, 12)[airport]
        - 0.3 * (np.log(distance) - 6.5)
    )
    z = z + rng.logistic(0, 0.35, rows)
    frame = pd.DataFrame(
        {
            "hour": hour.round(2),
            "wind": wind.round(1),
            "distance": distance.round(0),
            "before": before.round(1),
            "seats": seats,
            "rain": rain.round(2),
            "carrier": np.array(["aa", "bb", "cc", "dd", "ee", "ff"])[carrier],
            "airport": [f"port {k}" for k in airport],
        }
    )
    frame["wind"] = frame["wind"].where(rng.random(rows) > 0.05)
    return frame.assign(**{TARGET: np.where(z > np.quantile(z, 0.62), "late", "punctual")})


def alloys(folder: Path, rows: int = 1500, seed: int = 72) -> pd.DataFrame:
    """Five alloys by shares that add up to 100 and impurities in parts per million."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 5, rows)
    means = rng.dirichlet(np.full(6, 2.5), 5)
    shares = np.array([rng.dirichlet(55 * means[k]) for k in kind]) * 100
    traces = np.exp(rng.normal(0, 0.5, (5, 5))[kind] + rng.normal(5, 0.55, (rows, 5)))
    frame = pd.DataFrame(
        np.c_[shares.round(3), traces.round(1)],
        columns=[*(f"share{k}" for k in range(6)), *(f"ppm{k}" for k in range(5))],
    )
    return frame.assign(**{TARGET: [f"type {k}" for k in kind]})


def tremors(folder: Path, rows: int = 2200, seed: int = 73) -> pd.DataFrame:
    """Four sources of tremors by energies over six decades, one source a fifth as frequent."""
    rng = np.random.default_rng(seed)
    source = rng.choice(4, rows, p=[0.35, 0.35, 0.23, 0.07])
    loud = rng.normal(0, 0.7, (rows, 1))
    logs = rng.normal(0, 0.6, (4, 18))[source] + loud + rng.normal(0, 0.9, (rows, 18))
    frame = pd.DataFrame(
        np.exp(0.6 * logs) * np.geomspace(1e-3, 1e3, 18), columns=[f"e{k:02d}" for k in range(18)]
    )
    for name in ("e03", "e11"):
        frame[name] = frame[name].where(rng.random(rows) > 0.05)
    names = np.array(["sea", "road", "mine", "quake"])
    return frame.assign(**{TARGET: names[source]})


def rooms(folder: Path, rows: int = 2600, seed: int = 74) -> pd.DataFrame:
    """Rooms with somebody in them or nobody, by climate, light and how both go together."""
    rng = np.random.default_rng(seed)
    warm, damp = rng.normal(21, 2.2, rows), rng.normal(45, 9, rows)
    light, carbon = rng.gamma(1.4, 180, rows), 420 + rng.gamma(2, 160, rows)
    noise, door = rng.normal(38, 7, rows), rng.integers(0, 4, rows)
    floor = rng.integers(0, 3, rows)
    z = (
        0.008 * (carbon - 700)
        + 1.6 * np.sign(light - 210) * np.tanh((warm - 21) / 1.5)
        + 0.12 * (noise - 38)
        + 0.5 * (door >= 2)
        - 0.5 * (floor == 2)
    )
    z = z + rng.logistic(0, 0.3, rows)
    frame = pd.DataFrame(
        {
            "warm": warm.round(2),
            "damp": damp.round(1),
            "light": light.round(0),
            "carbon": carbon.round(0),
            "noise": noise.round(1),
            "door": np.array(["shut", "ajar", "open", "off"])[door],
            "floor": np.array(["low", "mid", "top"])[floor],
        }
    )
    return frame.assign(**{TARGET: np.where(z > 0.3, 7, 3)})


def mushers(folder: Path, rows: int = 1800, seed: int = 75) -> pd.DataFrame:
    """Six teams of dogs by paces, weights and rests that go together in a nonlinear way."""
    rng = np.random.default_rng(seed)
    team = rng.integers(0, 6, rows)
    hidden = rng.normal(0, 1.7, (6, 4))[team] + rng.normal(0, 0.75, (rows, 4))
    mixed = np.tanh(hidden @ rng.normal(0, 0.8, (4, 9))) + 0.25 * hidden[:, :1] ** 2
    values = mixed + rng.normal(0, 0.25, (rows, 9))
    units, middles = np.geomspace(30, 0.02, 9), np.geomspace(300, 0.1, 9)
    frame = pd.DataFrame((values * units + middles).round(5), columns=[f"d{k}" for k in range(9)])
    frame["rests"] = rng.poisson(2 + team % 3)
    return frame.assign(**{TARGET: [f"team {k}" for k in team]})


_USUAL = ("trainer.epochs=30", "trainer.batch_size=32", "optimizer.lr=0.002")
_TABLES = (
    Table("flights", flights, (*_USUAL, "model.hidden=[24]", "trainer.epochs=15", "reg.l2=0.001")),
    Table("alloys", alloys, (*_USUAL, "model.hidden=[40]", "trainer.epochs=40", "reg.l2=0.001")),
    Table("tremors", tremors, (*_USUAL, "model.hidden=[32]", "reg.dropout=0.1")),
    Table("rooms", rooms, (*_USUAL, "model.hidden=[32,16]")),
    Table("mushers", mushers, (*_USUAL, "model.hidden=[64,32]", "trainer.batch_size=48")),
)
TABLES.update({table.name: table for table in _TABLES})
ALL = tuple(table.name for table in _TABLES)
SIZES = Sizes(
    rates=(0.04, 0.03, 0.05, 0.04, 0.05),
    high=6.0,
    adam_high=0.3,
    low=4e-5,
    adam_low=8e-6,
    l1=0.07,
    l2=0.25,
    dropout=0.93,
    decay=50,
    flipped=0.3,
    divided=300.0,
    number=(40000, 5),
    copied=(0.65, 2),
    leak=(0.12, 4.0),
    batch=192,
    deep=(28,) * 8,
)
TWO = ("flights", "rooms")  # of two classes, and with columns of names


def _cases() -> list[Case]:
    found = usual_faults(ALL, SIZES)

    def fault(*words, **options) -> None:  # type: ignore[no-untyped-def]
        found.append(make(*words, **options))

    raw = "data.scaling=none"
    for table in ALL:
        fault("F21", table, "unscaled_features|dominant_feature", raw)
        fault("F21 sgd", table, "unscaled_features|dominant_feature", raw, same=sgd(0.03))
    for table in TWO:
        fault("F54", table, "unsuitable_optimizer|lr_too_low", *sgd(0.0015, 0), clean=sgd(0.05))
        wide = ("model.hidden=[384,384]", "trainer.epochs=70", "trainer.checkpoint=last")
        fault("F59b", table, "overfit", *wide, clean=("model.hidden=[16]", "reg.l2=0.003"))
        fault("F27", table, "categorical_as_number", steps=[step(do.codes_of_texts)])
    found += two_class_faults(TWO, rate=0.03, labels=(3, 4))
    found += outlier_faults(("alloys", "tremors", "mushers"), size=5e7, columns=18)
    fault("F59a", "rooms", "underfit_capacity", "model=linear")
    fault("F59a narrow", "mushers", "underfit_capacity", "model.hidden=[1]")
    found += several_class_faults(("alloys", "tremors"), gamma=0.25)
    fault("F48", "rooms", "selection_leak", kind="optimism", base=[PARTS],
          steps=[step(do.encode_by_target, levels=700)],
          clean_steps=[step(do.encode_by_target, levels=700, honestly=True)])  # fmt: skip
    fault("F40", "tremors", "class_imbalance", steps=[step(do.thin_class, label="quake", rows=35)],
          clean=("loss.class_weight=balanced",), score=SCORES[1], fair=False)  # fmt: skip
    fault("F51", "mushers", "validation_too_small", "data.split.valid=0.01", kind="noise")
    found.append(sentinel_fault("alloys", ("share0", "share1", "ppm0"), 0.2, 99999))
    found.append(sentinel_fault("rooms", ("warm", "carbon", "noise"), 0.25, 0, "F31 zeros"))
    fault("F33", "rooms", "missingness_leak", kind="optimism", base=[HOLD],
          steps=[step(do.blank_by_label, column="damp", label=7)])  # fmt: skip
    return found


FOURTH = [*_cases(), *usual_controls(ALL)]
