"""The tables that the cases of scripts/bench_diagnosis.py are made on, read or made as frames.

Every table is a frame whose label is the column `target`. Rows are drawn once, by a seed of the
table's own, so that a case and its twin without the fault hold the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

TARGET = "target"
PIMA_ZEROS = ("glucose", "blood_pressure", "skin_thickness", "insulin", "bmi")


@dataclass(frozen=True)
class Table:
    """A table and what suits it.

    Arguments:
        name: what leave-one-table-out goes by.
        read: makes the frame; takes the folder of the real tables.
        overrides: settings under which a plain run on it is healthy.
        own: the overrides that read it without a file, where nnexp has it.
        file: the real table it needs, or "".
        csv: what those of `own` would have set by themselves.
    """

    name: str
    read: Callable[[Path], pd.DataFrame]
    overrides: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    file: str = ""
    csv: tuple[str, ...] = ()


def _bundled(name: str) -> Callable[[Path], pd.DataFrame]:
    def read(folder: Path) -> pd.DataFrame:
        from sklearn import datasets

        frame: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
        return frame.rename(columns={"target": TARGET})

    return read


def _made(kind: str, **options: object) -> Callable[[Path], pd.DataFrame]:
    """Rows of sklearn.datasets.make_<kind>, as `data=<kind>` has them."""

    def read(folder: Path) -> pd.DataFrame:
        from sklearn import datasets

        values, labels = getattr(datasets, f"make_{kind}")(**options)
        frame = pd.DataFrame(values, columns=[f"x{k + 1}" for k in range(values.shape[1])])
        return frame.assign(**{TARGET: labels})

    return read


def _real(
    file: str, target: str, most: int = 4000, missing: str | None = None
) -> Callable[[Path], pd.DataFrame]:
    """A file of the folder of real tables: `most` of its rows, drawn, in the order of the file."""

    def read(folder: Path) -> pd.DataFrame:
        frame = pd.read_csv(folder / file, skipinitialspace=True, na_values=missing)
        if len(frame) > most:
            rows = np.random.default_rng(len(frame)).choice(len(frame), most, replace=False)
            frame = frame.iloc[np.sort(rows)]
        frame = frame.rename(columns={target: TARGET}).reset_index(drop=True)
        if frame[TARGET].dtype == object or str(frame[TARGET].dtype) == "str":
            frame[TARGET] = frame[TARGET].astype(str).str.strip("'. ")
        return frame

    return read


# -------------------------------------------------------------------------------- made tables
def people(folder: Path, rows: int = 3000, seed: int = 11) -> pd.DataFrame:
    """Persons with numbers and categories, two classes; nothing is missing."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows).astype(float)
    education = rng.integers(6, 21, rows).astype(float)
    income = np.exp(rng.normal(10, 0.6, rows) + 0.04 * (education - 13))
    hours = np.clip(rng.normal(38, 9, rows), 2, 80)
    balance = rng.normal(0, 1, rows)
    city = rng.integers(0, 6, rows)
    job = rng.integers(0, 12, rows)
    effect = rng.normal(0, 0.8, 12)
    z = (
        2.2 * (np.log(income) - 10)
        + 0.9 * balance
        + 0.5 * (age - 48) / 18
        - 0.7 * ((age - 48) / 18) ** 2
        + 0.6 * (education - 13) / 4
        + effect[job]
        + 0.3 * (city == 2)
    )
    label = (z + rng.logistic(0, 0.45, rows) > np.median(z)).astype(int)
    return pd.DataFrame(
        {
            "age": age,
            "education": education,
            "income": income.round(0),
            "hours": hours.round(1),
            "balance": balance.round(3),
            "city": np.array([f"city{k}" for k in city]),
            "job": np.array([f"job{k}" for k in job]),
            TARGET: label,
        }
    )


def machines(folder: Path, rows: int = 2000, seed: int = 12) -> pd.DataFrame:
    """Sensors of machines, three classes; one of them reads below zero as often as above."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 3, rows)
    temperature = rng.normal(-4 + 7 * (label == 1), 5, rows)
    pressure = rng.normal(101 + 4 * (label == 2), 3, rows)
    vibration = np.exp(rng.normal(0.4 * label, 0.6, rows))
    current = rng.normal(0, 1, rows) + 1.4 * np.where(label == 0, np.sign(temperature + 4), 0)
    vendor = np.where(rng.random(rows) < 0.6, label, rng.integers(0, 5, rows))
    return pd.DataFrame(
        {
            "temperature": temperature.round(2),
            "pressure": pressure.round(2),
            "vibration": vibration.round(4),
            "current": current.round(3),
            "vendor": np.array([f"v{k}" for k in vendor]),
            TARGET: np.array(["ok", "hot", "leak"])[label],
        }
    )


def patients(folder: Path, subjects: int = 60, each: int = 20, seed: int = 13) -> pd.DataFrame:
    """Visits of patients: the label is the patient's, and the features mostly tell who it is.

    A second set of as many patients is marked `honest` in the column `split`.
    """
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, 2 * subjects)
    center = rng.normal(0, 1, (2 * subjects, 10))
    center[:, 0] += 0.9 * label
    who = np.repeat(np.arange(2 * subjects), each)
    values = center[who] + rng.normal(0, 0.25, (len(who), 10))
    frame = pd.DataFrame(values.round(4), columns=[f"m{k}" for k in range(10)])
    frame.insert(0, "patient", [f"p{k:03d}" for k in who])
    frame[TARGET] = label[who]
    frame["split"] = np.where(who < subjects, "any", "honest")
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def shops(folder: Path, rows: int = 4000, levels: int = 60, seed: int = 14) -> pd.DataFrame:
    """A nominal code with an effect of its own for each level, and three weak numbers."""
    rng = np.random.default_rng(seed)
    code = rng.integers(0, levels, rows)
    effect = rng.normal(0, 2, levels)
    values = rng.normal(0, 1, (rows, 3))
    z = effect[code] + values @ np.array([0.8, -0.6, 0.4]) + rng.logistic(0, 0.5, rows)
    frame = pd.DataFrame(values.round(4), columns=["a", "b", "c"])
    return frame.assign(shop=code, **{TARGET: (z > 0).astype(int)})


def ravine(folder: Path, rows: int = 4000, seed: int = 15) -> pd.DataFrame:
    """Standardised, but strongly correlated: the class lies in a direction of little variance."""
    rng = np.random.default_rng(seed)
    scale = np.geomspace(10, 0.5, 16)
    turn = np.linalg.qr(rng.normal(0, 1, (16, 16)))[0]
    latent = rng.normal(0, 1, (rows, 16))
    label = (latent[:, -1] + latent[:, -2] > 0).astype(int)
    values = (latent * scale) @ turn
    frame = pd.DataFrame(values, columns=[f"x{k + 1}" for k in range(16)])
    return frame.assign(**{TARGET: label})


def _without(read: Callable[[Path], pd.DataFrame], *columns: str) -> Callable[[Path], pd.DataFrame]:
    """A table without some columns that would be a mistake of their own."""
    return lambda folder: read(folder).drop(columns=list(columns))


def _horse_colic(folder: Path) -> pd.DataFrame:
    """Without horses that are in it twice, and what is known only later."""
    later = ("hospital_number", "lesion_1", "lesion_2", "lesion_3", "outcome", "cp_data")
    read = _without(_real("horse_colic.csv", "surgical_lesion", missing="?"), *later)
    return read(folder).drop_duplicates(ignore_index=True)


def _pima(folder: Path) -> pd.DataFrame:
    """With blanks for the zeros that stand for a missing value."""
    frame: pd.DataFrame = _real("pima_diabetes.csv", "outcome")(folder)
    return frame.assign(**{name: frame[name].where(frame[name] != 0) for name in PIMA_ZEROS})


def _digits_overrides() -> tuple[str, ...]:
    return ("trainer.epochs=20", "trainer.batch_size=64", "optimizer.lr=0.003")


_SMALL = ("trainer.epochs=30", "trainer.batch_size=16", "model.hidden=[32]", "optimizer.lr=0.003")
_LATE = ("trainer.epochs=30", "trainer.batch_size=64", "model.hidden=[64,64]")
_WEAK = ("trainer.epochs=20", "trainer.batch_size=32", "model.hidden=[16]", "optimizer.lr=0.003")
_FEW = ("trainer.epochs=25", "trainer.batch_size=32", "model.hidden=[16]", "optimizer.lr=0.01")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "digits",
            _bundled("digits"),
            _digits_overrides(),
            ("data=digits",),
            csv=("data.scaling=minmax",),
        ),
        Table("wine", _bundled("wine"), _SMALL, ("data=wine",)),
        Table("iris", _bundled("iris"), (*_SMALL, "optimizer.lr=0.01"), ("data=iris",)),
        Table("breast_cancer", _bundled("breast_cancer"), _WEAK, ("data=breast_cancer",)),
        Table(
            "moons",
            _made("moons", n_samples=1000, noise=0.2, random_state=0),
            ("trainer.epochs=30", "optimizer.lr=0.003"),
            ("data=moons",),
        ),
        Table(
            "circles",
            _made("circles", n_samples=1000, noise=0.1, factor=0.5, random_state=0),
            ("trainer.epochs=30", "optimizer.lr=0.003", "model.hidden=[64,64]"),
            ("data=circles",),
        ),
        Table(
            "blobs",
            _made("blobs", n_samples=1000, n_features=6, centers=5, cluster_std=3, random_state=2),
            ("trainer.epochs=20", "model.hidden=[32]", "optimizer.lr=0.01"),
            ("data=blobs", "data.features=6", "data.centers=5", "data.std=3", "data.seed=2"),
        ),
        Table(
            "classification",
            _made(
                "classification",
                n_samples=2000,
                n_features=20,
                n_informative=5,
                n_redundant=2,
                class_sep=1.0,
                flip_y=0.01,
                random_state=0,
            ),
            (
                "trainer.epochs=20",
                "trainer.batch_size=64",
                "model.hidden=[64]",
                "optimizer.lr=0.003",
            ),
            ("data=classification", "data.rows=2000"),
        ),
        Table("people", people, _WEAK),
        Table("machines", machines, _FEW),
        Table("patients", patients, (*_FEW, "model.hidden=[64]", "data.drop=[patient]")),
        Table("shops", shops, (*_WEAK, "data.categorical=[shop]")),
        Table("ravine", ravine, (*_LATE, "optimizer.lr=0.01", "reg.l2=0.003")),
        Table(
            "letter",
            _real("letter.csv.gz", "class"),
            ("trainer.epochs=30", "trainer.batch_size=64", "optimizer.lr=0.003"),
            file="letter.csv.gz",
        ),
        Table(
            "vowel",
            _without(_real("vowel.csv", "Class"), "Train or Test", "Speaker Number"),
            ("trainer.epochs=30", "optimizer.lr=0.003"),
            file="vowel.csv",
        ),
        Table(
            "speakers",
            _without(_real("vowel.csv", "Class"), "Train or Test"),
            ("trainer.epochs=30", "optimizer.lr=0.003", 'data.drop=["Speaker Number"]'),
            file="vowel.csv",
        ),
        Table(
            "adult", _real("adult_train.csv.gz", "income", 3000), _WEAK, file="adult_train.csv.gz"
        ),
        Table("mushroom", _real("mushroom.csv", "class", 2000), _WEAK, file="mushroom.csv"),
        Table(
            "car",
            _real("car.csv", "class"),
            ("trainer.epochs=30", "model.hidden=[64]", "optimizer.lr=0.01"),
            file="car.csv",
        ),
        Table(
            "electricity",
            _real("electricity.csv.gz", "class"),
            ("trainer.epochs=30", "optimizer.lr=0.005"),
            file="electricity.csv.gz",
        ),
        Table(
            "fashion",
            _real("fashion_mnist_1000_train.csv.gz", "y"),
            ("trainer.epochs=20", "optimizer.lr=0.002", "data.scaling=minmax"),
            file="fashion_mnist_1000_train.csv.gz",
        ),
        Table(
            "horse_colic",
            _horse_colic,
            (*_FEW, "reg.l2=0.01"),
            file="horse_colic.csv",
        ),
        Table(
            "mammographic",
            _real("mammographic_masses.csv", "Severity"),
            (*_FEW, "model.hidden=[8]"),
            file="mammographic_masses.csv",
        ),
        Table("mammography", _real("mammography.csv", "class", 4000), _FEW, file="mammography.csv"),
        Table("nsl_kdd", _real("nsl_kdd.csv.gz", "class", 3000), _WEAK, file="nsl_kdd.csv.gz"),
        Table("oil_spill", _real("oil_spill.csv", "class"), _WEAK, file="oil_spill.csv"),
        Table(
            "pima",
            _pima,
            _FEW,
            file="pima_diabetes.csv",
        ),
        Table(
            "soybean",
            _real("soybean.csv", "class"),
            ("trainer.epochs=20", "model.hidden=[64]", "optimizer.lr=0.003"),
            file="soybean.csv",
        ),
        Table(
            "titanic",
            _without(_real("titanic.csv", "Survived"), "PassengerId", "Cabin"),
            _FEW,
            file="titanic.csv",
        ),
        Table(
            "weather",
            _real("weather_canberra.csv", "RainTomorrow"),
            (*_FEW, "model.hidden=[8]", "data.drop=[RISK_MM]", "reg.l2=0.01"),
            file="weather_canberra.csv",
        ),
    )
}
