"""`nnexp.audit`: what a table and its split have wrong, before anything is trained."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.check import check_section
from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.data.labelled import read_labelled
from nnexp.data.names import counted, listing, nearest_column
from nnexp.data.table import Table, table_from_frame
from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit.sheet import Sheet, make_sheet
from nnexp.diagnosis.causes import CAUSES
from nnexp.diagnosis.finding import SUSPECTED, Audit, Finding
from nnexp.diagnosis.given_parts import given_parts
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.python_words import in_call
from nnexp.errors import UserError

WIDTH = 92  # columns of text that a line of the report takes

SHOWN = 0.6  # strength of what is told of a table that no run has tried


@dataclass(frozen=True)
class AuditReport:
    """What an audit found; `print` shows it.

    Arguments:
        findings: causes, the most probable first, each with its evidence and the overrides that
            would fix it. All are suspected: only re-runs can confirm one.
        notes: what is worth knowing and no fault, one line each.
        checked: what was looked at and found in order, one line each, with the figures.
        title: of the table: its name, rows, columns and parts.
        seconds: what it took.
    """

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    checked: tuple[str, ...]
    title: str
    seconds: float

    def __str__(self) -> str:
        lines = [self.title, ""]
        count = len(self.findings)
        lines.append(f"{counted(count, 'finding')}" if count else "nothing wrong was found")
        for place, finding in enumerate(self.findings, 1):
            lines += ["", *_finding_lines(place, finding)]
        for heading, texts in (("worth knowing", self.notes), ("in order", self.checked)):
            if texts:
                lines += ["", heading]
                lines += [line for text in texts for line in _wrapped(text, "  - ", "    ")]
        return "\n".join(lines)


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
    changed, and nothing is trained but trees.

    Arguments:
        frame: N rows, the target among the columns.
        target: the column to predict; or in `overrides` as `data.target`.
        overrides: settings of the `data` group as typed on the command line,
            `["data.scaling=none", "data.split.by=patient"]`.
        train: positions of the train rows, or for each row whether it is one, where the split is
            made already; the other rows are the validation rows, or with `valid` those in neither
            the test rows.
        valid: the validation rows, in either form.
        seed: of the split.
        options: settings of the `data` group by name, `scaling="none"`,
            `split={"method": "group", "by": "patient"}`.

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
        raise in_call(error) from error


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
    config = _config(overrides, target, options)
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
    left_out = [f"{c.name} ({c.reason})" for c in sheet.columns if c.kind == "dropped"]
    if left_out:
        found = replace(found, notes=[*found.notes, f"left out: {listing(left_out, 12)}"])
    return report_of(found, _title(table, sheet))


def report_of(found: Audit, title: str) -> AuditReport:
    """An audit as a report.

    Arguments:
        found: what the audit gave.
        title: of the table.
    """
    findings = tuple(
        Finding(
            cause=nomination.cause,
            verdict=SUSPECTED,
            title=_titled(nomination.cause, nomination.subject),
            evidence=(*nomination.evidence, *nomination.against),
            explanation=nomination.explanation,
            fix=nomination.fix,
        )
        for nomination in found.nominations
        if nomination.strength >= SHOWN
    )
    # by itself the table does not say whether these do harm
    signs = (
        f"{_titled(own.cause, own.subject)}; {own.evidence[0].signal} {own.evidence[0].value}"
        for own in found.nominations
        if own.strength < SHOWN
    )
    notes = (*found.notes, *signs)
    return AuditReport(findings, notes, tuple(found.checked), title, found.seconds)


def _titled(cause: str, subject: str) -> str:
    title = CAUSES[cause].title
    return f"{title}: {subject}" if subject else title


def _config(overrides: Sequence[str], target: str | None, options: Mapping[str, Any]) -> DataConfig:
    config = _composed(overrides, target) if overrides else CsvConfig()
    _set(config, options, "data")
    check_section(config, "data")
    return config


def _composed(overrides: Sequence[str], target: str | None) -> DataConfig:
    from nnexp.config.compose import compose

    if isinstance(overrides, str):
        raise UserError(
            f"overrides are one text, {overrides!r}",
            "a list with a text for each override",
            f"nnexp.audit(frame, overrides={overrides.split()!r})",
        )
    source = ["data=csv", "data.path=table.csv"]  # which no configuration of a table goes without
    if target is not None:
        source.append(override("data.target", target))
    return compose([*source, *overrides]).data


def _set(section: Any, options: Mapping[str, Any], prefix: str) -> None:
    """Set fields of a configuration by name, those of a section from a mapping."""
    names = [item.name for item in fields(section)]
    for name, value in options.items():
        if name not in names:
            raise UserError(
                f"{prefix}.{name} is no setting",
                f"one of {', '.join(names)}",
                f"{prefix}.{nearest_column(name, names)}",
            )
        own = getattr(section, name)
        if is_dataclass(own) and not is_dataclass(value):
            if not isinstance(value, Mapping):
                raise UserError(
                    f"{prefix}.{name} cannot be {value!r}",
                    f"a mapping of {', '.join(item.name for item in fields(own))}",
                    f"{name}={{'{fields(own)[0].name}': {value!r}}}",
                )
            _set(own, value, f"{prefix}.{name}")
        else:
            setattr(section, name, list(value) if isinstance(value, tuple) else value)


def _title(table: Table, sheet: Sheet) -> str:
    parts = ", ".join(
        f"{len(rows)} {name}" for name, rows in (("train", sheet.train), *sheet.parts.items())
    )
    return (
        f"{table.name}: {len(sheet.y)} rows, {counted(len(table.frame.columns), 'column')}, "
        f"{len(sheet.classes)} classes of {table.target.name!r}; {parts}"
    )


def _finding_lines(place: int, finding: Finding) -> list[str]:
    """A finding in text: its title, then evidence as a table, why, and what to type."""
    lines = [f"{place}. {finding.cause}: {finding.title}"]
    for item in finding.evidence:
        lines += _wrapped(item.signal, "     ", "     ")
        lines += _wrapped(f"found {item.value}; expected {item.expected}", "       ", "       ")
    lines += _wrapped(finding.explanation, "   why: ", "        ")
    fix = shlex.join(finding.fix) if finding.fix else "no setting: the table itself"
    return [*lines, f"   fix: {fix}"]


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest)
