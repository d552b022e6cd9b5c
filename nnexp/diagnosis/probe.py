"""Probes: what a run becomes when one thing is changed on purpose, and what that tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nnexp.diagnosis import form
from nnexp.lines import visible


@dataclass(frozen=True)
class Probe:
    """One changed run, repeated over seeds.

    Arguments:
        name: what was changed, in words: "one batch of 32 rows".
        fix: the overrides that change a run so; empty where the rows were changed.
        metric: what was measured.
        value: its mean over the seeds; None where no run came to a score.
        gain: value minus that of the run as it is, seed by seed; None where the two are not
            comparable.
        ci95: the 95 % interval of the gain; None without one.
        meaning: what it tells, one line.
    """

    name: str
    fix: tuple[str, ...]
    metric: str
    value: float | None
    gain: float | None
    ci95: tuple[float, float] | None
    meaning: str

    def plain(self) -> dict[str, Any]:
        """As diagnosis.json holds it."""
        interval = None if self.ci95 is None else list(self.ci95)
        return {**vars(self), "fix": list(self.fix), "ci95": interval}

    @staticmethod
    def from_plain(content: dict[str, Any]) -> Probe:
        """Read what `plain` gave.

        Raises:
            ValueError, TypeError, KeyError: it has another form.
        """
        value, gain, interval = content["value"], content["gain"], content["ci95"]
        return Probe(
            form.read_text(content["name"]),
            form.texts(content["fix"]),
            form.read_text(content["metric"]),
            None if value is None else form.read_number(value),
            None if gain is None else form.read_number(gain),
            None if interval is None else form.interval(interval),
            form.read_text(content["meaning"]),
        )

    @property
    def score(self) -> str:
        """The value in figures."""
        return "-" if self.value is None else f"{self.value:.3f}"

    @property
    def told(self) -> str:
        """The gain and its interval, in figures."""
        if self.gain is None or self.ci95 is None:
            return ""
        return f"{self.gain:+.3f} ({self.ci95[0]:+.3f} to {self.ci95[1]:+.3f})"


def table(probes: Sequence[Probe]) -> str:
    """Aligned lines for a terminal; "" without any."""
    if not probes:
        return ""
    rows = [(own.name, own.score, own.told, own.meaning) for own in probes]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ["probes:"]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)]
        lines.append(visible("  " + "  ".join([*cells, row[3]]).rstrip()))
    return "\n".join(lines) + "\n"
