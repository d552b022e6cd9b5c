"""The tables of diagnosis_unseen.py, and the settings under which a plain run on each is healthy.

Clicks, laboratory panels, windows of telemetry, claims, weighted words, survey items, small
pictures and fingerprints of bits: 320 to 8000 rows, two to twelve classes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from diagnosis_tables import TABLES, TARGET, Table


def clicks(folder: Path, rows: int = 8000, seed: int = 91) -> pd.DataFrame:
    """Sessions that end in an order or not; `landing` is the number of a page, without order."""
    rng = np.random.default_rng(seed)
    pages, seconds = 1 + rng.negative_binomial(2, 0.25, rows), np.exp(rng.normal(4.2, 1.1, rows))
    scroll, visits = rng.beta(2, 1.5, rows), rng.geometric(0.35, rows)
    price, hour = np.exp(rng.normal(3.0, 0.8, rows)), rng.uniform(0, 24, rows)
    country = np.minimum(rng.geometric(0.18, rows), 18) - 1
    source, landing = rng.choice(5, rows, p=[0.4, 0.3, 0.15, 0.1, 0.05]), rng.integers(0, 40, rows)
    z = (
        0.22 * (pages - 7)
        + 0.8 * (np.log(seconds) - 4.2)
        + 2.2 * (scroll - 0.57)
        - 0.9 * (np.log(price) - 3) * (visits < 3)
        + 0.8 * np.cos((hour - 20) / 24 * 2 * np.pi)
        + rng.normal(0, 0.5, 18)[country]
        + rng.normal(0, 0.7, 5)[source]
        + rng.normal(0, 1.3, 40)[landing]
        + rng.logistic(0, 0.5, rows)
    )
    frame = pd.DataFrame(
        {
            "pages": pages,
            "seconds": seconds.round(1),
            "scroll": scroll.round(3),
            "visits": visits,
            "price": price.round(2),
            "hour": hour.round(2),
            "country": [f"c{k:02d}" for k in country],
            "source": np.array(["search", "direct", "mail", "social", "ad"])[source],
            "landing": 100 + landing,
        }
    )
    return frame.assign(**{TARGET: (z > np.quantile(z, 0.65)).astype(int)})


def labs(folder: Path, rows: int = 700, seed: int = 92) -> pd.DataFrame:
    """Three findings by four panels of four values; a panel is not always ordered, by chance."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    hidden = rng.normal(0, 0.4, (3, 16))[kind] + rng.normal(0, 0.5, (rows, 4)).repeat(4, 1)
    values = hidden + rng.normal(0, 0.7, (rows, 16))
    units = np.array([0.1, 12, 0.8, 150, 3, 0.02, 40, 7, 1, 300, 0.3, 25, 5, 0.6, 90, 2])
    frame = pd.DataFrame(
        (np.exp(0.35 * values) * 4 * units).round(4),
        columns=[f"p{panel}{name}" for panel in range(4) for name in "abcd"],
    )
    for panel in (1, 2, 3):
        names = [f"p{panel}{name}" for name in "abcd"]
        frame.loc[rng.random(rows) < 0.1, names] = np.nan
    frame["age"] = (rng.normal(55, 14, rows) + 7 * (kind == 2)).round(0)
    frame["sex"] = rng.choice(["f", "m"], rows)
    return frame.assign(**{TARGET: np.array(["benign", "chronic", "acute"])[kind]})


def turbines(folder: Path, machines: int = 150, each: int = 20, seed: int = 93) -> pd.DataFrame:
    """Windows of machines in one of four states: four statistics of each of four sensors."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(machines), each)
    rows = len(who)
    state = rng.choice(4, rows, p=[0.4, 0.25, 0.2, 0.15])
    load = rng.normal(0, 1, (rows, 1))
    values = (
        rng.normal(0, 0.75, (4, 16))[state]
        + rng.normal(0, 0.45, (machines, 16))[who]
        + load * rng.normal(0, 0.8, 16)
        + 0.6 * load * rng.normal(0, 0.8, (4, 16))[state]
        + rng.normal(0, 0.95, (rows, 16))
    )
    units, middles = np.geomspace(2000, 0.01, 16), np.geomspace(9000, 0.05, 16)
    names = [f"s{sensor}_{name}" for sensor in range(4) for name in ("mean", "rms", "peak", "kurt")]
    frame = pd.DataFrame((values * units + middles).round(5), columns=names)
    frame.insert(0, "machine", [f"wt{k:03d}" for k in who])
    frame = frame.assign(**{TARGET: np.array(["ok", "wear", "ice", "loose"])[state]})
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def claims(folder: Path, rows: int = 2500, seed: int = 94) -> pd.DataFrame:
    """Claims that are paid or looked into, by amounts and ratios with long tails."""
    rng = np.random.default_rng(seed)
    amount, premium = np.exp(rng.normal(7.5, 1.3, rows)), np.exp(rng.normal(6, 0.5, rows))
    delay, before = rng.exponential(20, rows), rng.poisson(0.9, rows)
    growth, margin = rng.standard_t(2.5, rows), rng.standard_t(3, rows)
    severity, age = rng.integers(1, 6, rows), rng.integers(18, 85, rows)
    region, vehicle = rng.integers(0, 8, rows), rng.integers(0, 14, rows)
    z = (
        1.1 * (np.log(amount / premium) - 1.5)
        + 0.8 * before
        + 0.5 * np.log1p(delay)
        + 0.9 * np.tanh(growth)
        - 0.7 * np.tanh(margin) * (severity > 2)
        + rng.normal(0, 0.7, 8)[region]
        + rng.normal(0, 0.9, 14)[vehicle]
        + rng.logistic(0, 0.45, rows)
    )
    frame = pd.DataFrame(
        {
            "amount": amount.round(2),
            "premium": premium.round(2),
            "delay": delay.round(1),
            "before": before,
            "growth": growth.round(4),
            "margin": margin.round(4),
            "severity": severity,
            "age": age,
            "region": np.array(list("ABCDEFGH"))[region],
            "vehicle": [f"class {k}" for k in vehicle],
        }
    )
    return frame.assign(**{TARGET: np.where(z > np.quantile(z, 0.7), "review", "pay")})


def words(folder: Path, rows: int = 2400, seed: int = 95) -> pd.DataFrame:
    """Twelve topics of short texts as the weights of a hundred words, most of them 0."""
    rng = np.random.default_rng(seed)
    topic = rng.choice(12, rows, p=np.geomspace(3, 1, 12) / np.geomspace(3, 1, 12).sum())
    usual = rng.dirichlet(np.full(100, 0.6))
    own = 0.72 * usual + 0.28 * rng.dirichlet(np.full(100, 0.12), 12)
    length = 12 + rng.poisson(14, rows)
    counts = np.array([rng.multinomial(n, own[k]) for n, k in zip(length, topic, strict=True)])
    rare = np.log((1 + rows) / (1 + (counts > 0).sum(0)))
    weights = np.log1p(counts) * rare
    weights /= np.linalg.norm(weights, axis=1, keepdims=True) + 1e-9
    frame = pd.DataFrame(weights.round(4), columns=[f"w{k:02d}" for k in range(100)])
    return frame.assign(**{TARGET: [f"topic{k:02d}" for k in topic]})


def likert(folder: Path, rows: int = 1500, seed: int = 96) -> pd.DataFrame:
    """Five kinds of customers by twenty items from 1 (no) to 5 (yes)."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(5, rows, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    traits = rng.normal(0, 0.75, (5, 4))[kind] + rng.normal(0, 0.8, (rows, 4))
    agrees = rng.normal(0, 0.4, (rows, 1))  # some say yes to everything
    answers = traits @ rng.normal(0, 0.5, (4, 20)) + agrees + rng.normal(0, 0.8, (rows, 20))
    items = np.clip(np.round(3 + answers), 1, 5).astype(int)
    frame = pd.DataFrame(items, columns=[f"q{k + 1:02d}" for k in range(20)])
    return frame.assign(**{TARGET: kind + 1})


def glyphs(folder: Path, rows: int = 1800, seed: int = 97) -> pd.DataFrame:
    """Seven signs on seven by seven points of grey, moved by a point and smeared."""
    rng = np.random.default_rng(seed)
    place = np.arange(7) - 3
    x, y = np.meshgrid(place, place)
    signs = np.stack([x == 0, y == 0, x == y, x == -y, abs(x) == 2, abs(x) + abs(y) == 2, y == -2])
    label = rng.integers(0, 7, rows)
    grids = signs[label].astype(float)
    moves = rng.choice([-1, 0, 1], (rows, 2), p=[0.2, 0.6, 0.2])
    grids = np.stack([np.roll(own, move, (0, 1)) for own, move in zip(grids, moves, strict=True)])
    grids *= rng.uniform(90, 230, (rows, 1, 1))
    grids = np.clip(grids + rng.normal(15, 24, grids.shape), 0, 255).round(0).astype(int)
    frame = pd.DataFrame(grids.reshape(rows, 49), columns=[f"g{k:02d}" for k in range(49)])
    return frame.assign(**{TARGET: label})


def bits(folder: Path, rows: int = 320, seed: int = 98) -> pd.DataFrame:
    """Compounds that act or do not, by a fingerprint of 48 bits."""
    rng = np.random.default_rng(seed)
    scaffold = rng.integers(0, 5, rows)
    chance = np.clip(rng.beta(1.2, 3, (5, 48)), 0.04, 0.9)[scaffold]
    found = (rng.random((rows, 48)) < chance).astype(int)
    z = found @ np.where(rng.random(48) < 0.3, rng.normal(0, 1.8, 48), 0)
    z = z + rng.logistic(0, 0.25, rows)
    frame = pd.DataFrame(found, columns=[f"b{k:02d}" for k in range(48)])
    return frame.assign(**{TARGET: np.where(z > np.quantile(z, 0.55), "active", "inert")})


NESTEROV = ("optimizer=sgd", "optimizer.lr=0.03", "optimizer.momentum=0.8",
            "optimizer.nesterov=true")  # fmt: skip
_TABLES = (
    Table("clicks", clicks, ("optimizer=adamw", "optimizer.lr=0.004", "trainer.batch_size=128",
          "trainer.epochs=12", "model.hidden=[32,16]", "data.categorical=[landing]")),
    Table("labs", labs, ("optimizer=rmsprop", "optimizer.lr=0.001", "trainer.batch_size=16",
          "trainer.epochs=40", "model.hidden=[40]", "data.missing=median", "data.scaling=robust",
          "reg.dropout=0.15")),
    Table("turbines", turbines, (*NESTEROV, "scheduler=cosine", "trainer.batch_size=50",
          "trainer.epochs=40", "model.hidden=[48]", "model.activation=tanh",
          "data.drop=[machine]")),
    Table("claims", claims, ("optimizer.lr=0.002", "trainer.batch_size=64", "trainer.epochs=24",
          "model.hidden=[24]", "model.activation=gelu", "data.scaling=quantile", "reg.l2=0.002")),
    Table("words", words, ("optimizer.lr=0.003", "trainer.batch_size=40", "trainer.epochs=20",
          "model.hidden=[64]", "data.scaling=minmax", "reg.dropout=0.2")),
    Table("likert", likert, ("optimizer=sgd", "optimizer.lr=0.02", "trainer.batch_size=25",
          "trainer.epochs=25", "model.hidden=[20]", "model.activation=silu", "reg.l2=0.004")),
    Table("glyphs", glyphs, ("optimizer.lr=0.004", "trainer.batch_size=60", "trainer.epochs=25",
          "model.hidden=[60,30]", "data.scaling=minmax", "scheduler=step")),
    Table("bits", bits, ("optimizer=rmsprop", "optimizer.lr=0.001", "trainer.batch_size=8",
          "trainer.epochs=40", "model.hidden=[16]", "data.scaling=none", "reg.l2=0.01")),
)  # fmt: skip
TABLES.update({table.name: table for table in _TABLES})
ALL = tuple(table.name for table in _TABLES)
