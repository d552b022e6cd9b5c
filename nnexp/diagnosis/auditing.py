"""`nnexp.audit`: what a table and its split have wrong, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nnexp.data.columns import Column
from nnexp.data.labelled import read_labelled
from nnexp.data.names import counted, listing
from nnexp.data.table import Table, table_from_frame
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit.sheet import Sheet, make_sheet
from nnexp.diagnosis.audit_config import audit_config
from nnexp.diagnosis.audit_report import AuditReport, report_of
from nnexp.diagnosis.given_parts import given_parts
from nnexp.diagnosis.python_words import in_call
from nnexp.errors import UserError


def audit(
    frame: pd.DataFrame,
    target: str | None = None,
    overrides: Sequence[str] = (),
    *,
    train: Sequence[int] | None = None,
    valid: Sequence[int] | None = None,
    seed: int = 0,
    **options: Any,
) -> AuditReport:
    """Look for what a table and its split have wrong, before anything is trained on them.

    Leaks, duplicates, groups torn apart, missing cells that tell the label, numbers that stand for
    missing ones, scales, codes, wrong or slipped labels, shifted or ordered parts. Nothing is
    changed, and nothing is trained but trees and linear models.

    Arguments:
        frame: N rows, the target among the columns.
        target: the column to predict; or in `overrides` as `data.target`.
        overrides: settings of the `data` group as typed on the command line,
            `["data.scaling=none", "data.split.by=patient"]`.
        train: positions of the train rows, or for each row whether it is one, where the split is
            made already; the other rows are the validation rows, or with `valid` those in neither
            the test rows.
        valid: the validation rows, in either form; without `train` all others are train rows.
        seed: of the split.
        options: settings of the `data` group by name, `scaling="none"`,
            `split={"method": "group", "by": "patient"}`; columns may be named by a whole number
            where the table numbers them; `sentinels` may be a mapping of columns
            to a number, or several, `{"age": -1, "pressure": [0, 999]}`.

    Raises:
        UserError: an option is unknown or out of range, or does not fit the table.
    """
    if not isinstance(frame, pd.DataFrame):
        raise UserError(
            f"nnexp.audit was given {type(frame).__name__}, which is no table",
            "a pandas DataFrame with the target among its columns",
            "nnexp.audit(pandas.read_csv('table.csv'), target='class')",
        )
    if not len(frame) or not len(frame.columns):
        raise UserError(
            f"the table has {len(frame)} rows and {len(frame.columns)} columns",
            "rows to look at, and a target among the columns",
            "nnexp.audit(pandas.read_csv('table.csv'), target='class')",
        )
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise UserError(f"seed={seed!r}", "a whole number >= 0", "seed=0")
    if isinstance(target, Sized) and not isinstance(target, (str, tuple)):
        raise UserError(
            f"target= is of type {type(target).__name__}, and no name",
            "the name of a column of the table",
            "nnexp.audit(frame.assign(target=y), target='target')",
        )
    target = None if target is None else str(target)  # pandas may number its columns
    try:
        return _audited(frame, target, overrides, options, (train, valid), int(seed))
    except UserError as error:
        if overrides:
            raise
        raise in_call(error, target) from error


def _audited(
    frame: pd.DataFrame,
    target: str | None,
    overrides: Sequence[str],
    options: Mapping[str, Any],
    rows: tuple[Sequence[int] | None, Sequence[int] | None],
    seed: int,
) -> AuditReport:
    """The audit of a table, its train and validation rows given or None."""
    train, valid = rows
    config = audit_config(overrides, target, options)
    names = [str(name) for name in frame.columns]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise UserError(
            f"the table has two columns named {twice!r}",
            "a distinct text for the name of every column",
            "frame.columns = [...]",
        )
    frame = frame.set_axis(names, axis=1).reset_index(drop=True)
    table = table_from_frame(frame, target or config.target, "the table")
    config.target = str(table.target.name)
    if train is not None or valid is not None:
        table = replace(table, parts=given_parts(len(frame), train, valid))
        config.split = replace(config.split, valid=0.0)
    sheet = make_sheet(read_labelled(table, config), config, seed)
    found = audit_sheet(sheet)
    left_out = [f"{c.name} ({_why(c, sheet)})" for c in sheet.columns if c.kind == "dropped"]
    if left_out:
        found = replace(found, notes=[*found.notes, f"left out: {listing(left_out, 12)}"])
    return report_of(found, _title(table, sheet))


def _why(column: Column, sheet: Sheet) -> str:
    """Why a column was dropped; of durations that they are none of dates."""
    if pd.api.types.is_timedelta64_dtype(sheet.frame.dtypes[column.name]):
        return column.reason.replace("a date", "a duration")
    return column.reason


def _title(table: Table, sheet: Sheet) -> str:
    parts = ", ".join(
        f"{len(rows)} {name}" for name, rows in (("train", sheet.train), *sheet.parts.items())
    )
    return (
        f"{table.name}: {len(sheet.y)} rows, {counted(len(table.frame.columns), 'column')}, "
        f"{len(sheet.classes)} classes of {table.target.name!r}; {parts}"
    )
