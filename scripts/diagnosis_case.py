"""A case of scripts/bench_diagnosis.py: a table, what was done to it, and a command line."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import diagnosis_faults as do
import pandas as pd
from diagnosis_faults import SPLIT, Step, step
from diagnosis_tables import TABLES, TARGET, Table

SCORES = ("accuracy", "balanced_accuracy")
KINDS = ("test", "honest", "optimism", "noise")


@dataclass(frozen=True)
class Case:
    """A run with a known mistake, or a healthy one.

    Arguments:
        id: its number in the catalogue, its table and what is special.
        table: a name of `TABLES`.
        overrides: the mistake, beside the table's own settings.
        causes: ids that name it rightly, the usual one first; none for a healthy run.
        transform: what is done to the table.
        clean: overrides of the twin without the mistake.
        clean_transform: what is done to the twin's table.
        pair: of two mistakes: for each the ids that name it; `causes` is then the first's.
        score: `accuracy` or `balanced_accuracy`.
        kind: on which rows it is harmed. `test`: test rows. `honest`: the honest rows. `optimism`:
            the harm is the validation score beyond that on honest rows, or else on test rows.
            `noise`: the harm is the distance between validation and test score.
        seed: of a healthy run.
        fair: whether the twin is a healthy run; one that only measures the harm is not.
    """

    id: str
    table: str
    overrides: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    transform: tuple[Step, ...] = ()
    clean: tuple[str, ...] = ()
    clean_transform: tuple[Step, ...] = ()
    pair: tuple[tuple[str, ...], ...] = ()
    score: str = "accuracy"
    kind: str = "test"
    seed: int = 0
    fair: bool = True

    @property
    def control(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.causes

    @property
    def fault(self) -> str:
        """Its number in the catalogue, such as F08."""
        return self.id.split(".")[0]

    def twin(self) -> Case:
        """The same without the mistake, as a healthy run."""
        return Case(
            f"T{self.id}",
            self.table,
            self.clean,
            transform=self.clean_transform,
            score=self.score,
            kind=self.kind,
        )

    @property
    def work(self) -> tuple[object, ...]:
        """What is trained: equal for cases that differ in name alone."""
        table = TABLES[self.table]
        words = merged([*table.overrides, *self.overrides])
        return (self.table, tuple(sorted(words)), tuple(map(str, self.transform)), self.seed)


def merged(overrides: Iterable[str]) -> list[str]:
    """Overrides of which later ones replace earlier ones, and a group's option its old values."""
    words: dict[str, str] = {}
    for word in overrides:
        key = word.split("=")[0]
        if key in ("optimizer", "scheduler", "loss", "model"):
            words = {k: w for k, w in words.items() if not k.startswith(f"{key}.")}
        words[key] = word
    return sorted(words.values(), key=lambda word: "." in word.split("=")[0])


def commands(case: Case, folder: Path, data: Path) -> list[str]:
    """The command line of a case; its CSV is written, unless it is there.

    Arguments:
        case: the case.
        folder: where CSVs are written; the honest rows lie beside them, as `<stem>.honest.csv`.
        data: the folder of the real tables.
    """
    table = TABLES[case.table]
    if not case.transform and table.own:
        source = [*table.own]
    else:
        path, columns = write(table, case.transform, folder, data)
        source = ["data=csv", f"data.path={path}", f"data.target={TARGET}", *table.csv]
        if SPLIT in columns:
            source += ["data.split.method=column", f"data.split.by={SPLIT}"]
    quick = ["trainer.progress=none", "trainer.tensorboard=false", "threads=1"]
    return merged([*source, *table.overrides, *case.overrides, *quick])


def write(
    table: Table, transform: Sequence[Step], folder: Path, data: Path
) -> tuple[Path, list[str]]:
    """The CSV of a table after some steps, and its columns."""
    name = "|".join([table.name, *map(str, transform)])
    stem = f"{table.name}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"
    path, honest = folder / f"{stem}.csv", folder / f"{stem}.honest.csv"
    if not path.exists():
        frame = table.read(data)
        for change in transform:
            frame = change(frame)
        folder.mkdir(parents=True, exist_ok=True)
        if SPLIT in frame:
            apart = frame[SPLIT] == "honest"
            if apart.any():
                _put(frame[apart].drop(columns=SPLIT), honest)
            frame = frame[~apart]
            if (frame[SPLIT] == "any").any():
                frame = frame.drop(columns=SPLIT)
        _put(frame, path)
    columns = pd.read_csv(path, nrows=0).columns
    return path, [str(column) for column in columns]


def _put(frame: pd.DataFrame, path: Path) -> None:
    """Write a CSV as a whole, since another process may do the same."""
    part = path.with_suffix(f".{os.getpid()}")
    frame.to_csv(part, index=False)
    part.rename(path)


# ------------------------------------------------------------------- what many cases are made of
def sgd(lr: float, momentum: float = 0.9) -> tuple[str, ...]:
    """Stochastic gradient descent."""
    return ("optimizer=sgd", f"optimizer.lr={lr:g}", f"optimizer.momentum={momentum:g}")


PARTS = step(do.parts)
HOLD = step(do.hold_out)
RAW = "data.labels=raw"
