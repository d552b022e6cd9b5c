"""Seconds to read, split and prepare a made CSV of 150,000 rows and 50 columns.

Run: python scripts/bench_data.py
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from nnexp.config.schema.sources import CsvConfig
from nnexp.data import load_table, prepare
from nnexp.data.labels import code_labels
from nnexp.data.split import split_rows


def make_csv(path: Path, rows: int, seed: int = 0) -> None:
    """Write 30 numeric columns (10 with 5 % missing), 15 categorical, 5 others and a target."""
    rng = np.random.default_rng(seed)
    columns: dict[str, np.ndarray] = {}
    for place in range(30):
        values = rng.normal(size=rows).round(6)
        if place < 10:
            values[rng.random(rows) < 0.05] = np.nan
        columns[f"number{place}"] = values
    for place in range(15):
        levels = np.array([f"level {level}" for level in range(3 + 3 * place)])
        columns[f"category{place}"] = levels[rng.integers(len(levels), size=rows)]
    columns["identifier"] = np.array([f"id-{row:08d}" for row in range(rows)])
    columns["day"] = (
        np.datetime64("2001-01-01") + rng.integers(3000, size=rows).astype("timedelta64[D]")
    ).astype(str)
    columns["count"] = rng.integers(1000, size=rows)
    columns["flag"] = rng.random(rows) < 0.3
    columns["constant"] = np.ones(rows, dtype=int)
    columns["target"] = np.array(["no", "maybe", "yes"])[rng.integers(3, size=rows)]
    pd.DataFrame(columns).to_csv(path, index=False)


def main() -> None:
    """Print the seconds of each step and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=150_000)
    parser.add_argument("--encoding", default="onehot")
    parser.add_argument("--missing", default="mean")
    parser.add_argument("--scaling", default="standard")
    arguments = parser.parse_args()
    config = CsvConfig(
        target="target",
        encoding=arguments.encoding,
        missing=arguments.missing,
        scaling=arguments.scaling,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.csv"
        make_csv(path, arguments.rows)
        size = path.stat().st_size / 1e6
        config = dataclasses.replace(config, path=str(path))
        start = time.perf_counter()
        table = load_table(config)
        read = time.perf_counter()
    labels = code_labels(table.target)
    split_rows(labels.codes, labels.classes, config.split, table.frame)
    split = time.perf_counter()
    data = prepare(table, config)
    prepared = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{arguments.rows} rows, {size:.0f} MB of CSV, {data.x.shape[1]} features")
    print(f"read {read - start:.2f} s")
    print(f"split {split - read:.2f} s (imports of scikit-learn included)")
    print(f"prepare {prepared - split:.2f} s (a split included)")
    print(f"sum {prepared - start:.2f} s, peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
