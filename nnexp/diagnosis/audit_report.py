"""What an audit found, as a report that can be printed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from nnexp.data.names import counted
from nnexp.diagnosis.causes import titled
from nnexp.diagnosis.finding import SUSPECTED, Audit, Finding

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
            title=titled(nomination.cause, nomination.subject, nomination.title),
            evidence=(*nomination.evidence, *nomination.against),
            explanation=nomination.explanation,
            fix=nomination.fix,
        )
        for nomination in found.nominations
        if nomination.strength >= SHOWN
    )
    # by itself the table does not say whether these do harm
    signs = (
        f"{titled(own.cause, own.subject, own.title)}; {own.evidence[0].signal}: "
        f"{own.evidence[0].value}"
        for own in found.nominations
        if own.strength < SHOWN
    )
    notes = (*found.notes, *signs)
    return AuditReport(findings, notes, tuple(found.checked), title, found.seconds)


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
