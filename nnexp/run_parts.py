"""Which rows of its table a run was trained, validated and tested on: `nnexp parts`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import join, quote
from typing import Any

import numpy as np
import pandas as pd

from nnexp import calls
from nnexp.arguments import Arguments
from nnexp.config.saved import read_config
from nnexp.csv_out import check_name, write_csv
from nnexp.data.cache import Tables
from nnexp.data.names import counted
from nnexp.errors import UserError
from nnexp.runs.material import check_source
from nnexp.runs.same_table import check_table, facts_of_manifest

NAMES = ("train", "valid", "test")  # as data.split.method=column reads them


def main(words: Sequence[str]) -> int:
    """`nnexp parts WORDS`; returns the exit status."""
    parser = Arguments(
        "nnexp parts",
        "RUN [-o FILE] [--trust]",
        "Say which rows of its table a run was trained, validated and tested on.",
        {"--output": "--out"},
    )
    parser.add("run", type=Path, metavar="RUN", help="a run folder")
    parser.add("-o", "--out", type=Path, metavar="FILE", help="a CSV for it")
    parser.add("--trust", action="store_true", help="allow its table to be downloaded")
    options = parser.parse_args(words)
    command = ["nnexp", "parts", str(options.run)]
    if options.out is not None:
        check_name(options.out, "parts")
    try:
        found = _parts(options.run, options.trust)
    except UserError as error:
        remedy = join([*command, "--trust"]) if error.remedy.endswith("--trust") else error.remedy
        raise UserError(error.wrong, error.allowed, remedy) from error
    write_csv(found.reset_index(), options.out, join(command), "parts")
    if options.out is None:
        return 0
    told = ", ".join(f"{(found == name).sum()} {name}" for name in NAMES)
    print(f"{counted(len(found), 'row')}, {told}: {options.out}")
    return 0


def parts(run: Any, trust: bool = False) -> pd.Series:
    """Which rows of its table a run was trained, validated and tested on.

    The table is read and split as the run did it; nothing is told of a table that has changed.

    Arguments:
        run: a finished run's folder, or what `nnexp.run` gave.
        trust: allow the table to be downloaded, and kept where the run folder says.

    Returns:
        For each row of the table (index `row`, from 0; those of `data.test_path` follow on those
        of `data.path`) "train", "valid", "test", or "" where it is in none: left out, in another
        fold, or without a label.

    Raises:
        UserError: it is no finished run, or its table is not there, or is another one now.
    """
    folder = calls.folder(run, "nnexp.parts")
    try:
        return _parts(folder, trust)
    except UserError as error:
        trusted = error.remedy.endswith("--trust")
        remedy = f"nnexp.parts({str(folder)!r}, trust=True)" if trusted else error.remedy
        raise UserError(error.wrong, error.allowed, remedy) from error


def _parts(folder: Path, trust: bool) -> pd.Series:
    config = read_config(folder, trust)
    facts = facts_of_manifest(folder)
    if not facts:
        raise UserError(
            f"{str(folder)!r} has not finished, or says nothing of its table",
            "a run whose status.json says done, interrupted or diverged",
            f"nnexp resume {quote(str(folder))}",
        )
    check_source(config, trust)
    tables = Tables()
    dataset = tables.prepare(config.data, *config.seeds.of_split)
    check_table(folder, dataset, facts)
    size = dataset.summary["rows"]
    names = np.full(size, "", dtype=object)
    for name in NAMES:
        names[dataset.rows[getattr(dataset, name)]] = name
    return pd.Series(names, index=pd.RangeIndex(size, name="row"), name="part")
