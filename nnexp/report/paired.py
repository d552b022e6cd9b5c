"""What a proof showed: the score before and after the change, with the interval of the gain."""

from __future__ import annotations

import math

from nnexp.diagnosis.finding import Proof
from nnexp.leaderboard.words import number, plural
from nnexp.report.dots import Cell, Row, dot_rows
from nnexp.report.labels import sentence
from nnexp.report.markup import Markup, element
from nnexp.report.values import p_value, share, signed

METRICS = {  # the longer first
    "balanced_accuracy/val": "balanced validation accuracy",
    "accuracy/val": "validation accuracy",
}
NOTE = "Strokes are means; the bar is the 95 % interval of the gain, paired by seed."


def proof_section(proof: Proof) -> Markup:
    """The proof as a small chart beside its figures."""
    low, high = proof.ci95
    change = proof.after - proof.before
    if abs(change + proof.gain) < abs(change - proof.gain):  # the less the better
        low, high = -high, -low
    rows = [
        _row("without the fix", proof.before, math.nan, math.nan, "apart"),
        _row("with the fix", proof.after, proof.before + low, proof.before + high, "first"),
    ]
    title = sentence(_metric(proof.metric)).removesuffix(".")
    facts = [
        ("gain", f"{signed(proof.gain)}, 95 % interval {_interval(proof.ci95)}"),
        ("p of no gain", p_value(proof.p)),
        ("re-runs", f"{plural(proof.seeds, 'pair')} of seeds, {proof.seconds:.1f} s in all"),
    ]
    part = proof.recovered
    if part is not None and math.isfinite(part) and not math.isclose(part, 1):  # of several
        facts.append(("share of what all changes bring", share(part)))
    return element(
        "div",
        element(
            "div",
            dot_rows(rows, [title], [True]),
            element("p", NOTE, class_="lead"),
        ),
        element(
            "dl",
            *(element("div", element("dt", name), element("dd", told)) for name, told in facts),
        ),
        class_="proof",
    )


def _row(name: str, score: float, low: float, high: float, series: str) -> Row:
    return Row(f"{name} {number(score)}", [Cell((), score, low, high, series)])


def _metric(name: str) -> str:
    for short, words in METRICS.items():
        name = name.replace(short, words)
    return name


def _interval(ends: tuple[float, float]) -> str:
    return f"{signed(ends[0])} to {signed(ends[1])}"
