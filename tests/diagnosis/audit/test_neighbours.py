import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.rows import find_rows
from nnexp.diagnosis.audit.split import neighbours


def look(sheet):
    return neighbours.check(sheet, find_rows(sheet))


@pytest.mark.parametrize("noise", [1e-6, 1e-3, 1e-2])
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "digits", "classification", "blobs"])
def test_noisy_copies(sheet_of, table, parts_of, causes, name, noise):
    frame, y = table(name)
    frame, parts, rng = frame.astype(float), parts_of(len(y)), np.random.default_rng(0)
    train, valid = np.flatnonzero(parts == "train"), np.flatnonzero(parts == "valid")
    count = int(0.5 * len(valid))
    source, target = rng.choice(train, count, False), rng.choice(valid, count, False)
    moved = noise * frame.std().to_numpy() * rng.normal(size=(count, frame.shape[1]))
    frame.iloc[target] = frame.iloc[source].to_numpy() + moved
    y[target] = y[source]
    found = look(sheet_of(frame, y, parts))
    assert causes(found) == ["duplicate_leak"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "name",
    ["breast_cancer", "wine", "iris", "digits", "moons", "circles", "blobs", "classification"],
)
def test_tables_as_they_are(sheet_of, table, causes, name, seed):
    assert causes(look(sheet_of(*table(name), seed=seed))) == []


@pytest.mark.parametrize("copies", [2, 3, 5])
@pytest.mark.parametrize("name", ["breast_cancer", "classification", "wine"])
def test_copies_of_every_row(sheet_of, table, causes, name, copies):
    frame, y = table(name)
    rng = np.random.default_rng(1)
    rows = np.repeat(np.arange(len(y)), copies)
    rows = rng.permutation(rows)
    values = frame.astype(float).to_numpy()[rows]
    noise = 0.03 * frame.std().to_numpy() * rng.normal(size=values.shape)
    copied = pd.DataFrame(values + noise, columns=frame.columns)
    assert causes(look(sheet_of(copied, y[rows]))) == ["duplicate_leak"]
