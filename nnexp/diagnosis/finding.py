"""What a diagnosis says: evidence, nominated causes, findings, and their form in diagnosis.json."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nnexp.diagnosis import form
from nnexp.diagnosis.causes import CAUSES

CONFIRMED, SUSPECTED, HARMLESS = "confirmed", "suspected", "harmless"
TRIED = 0.4  # strength of a sign that is worth a re-run where nothing else is told, and no word

# how notes of an audit begin that are told with the findings: of a column that may be a leak, and,
# after the name of a part, of rows of another kind
CARRIES, DIFFERS = "one column carries the label", "rows differ from train rows"

# what the proof of a run compares, as diagnosis.json names it
METRIC = re.compile(r"(overstatement of )?(balanced_)?accuracy/val(, the other changes made)?")
ROUNDED = 1e-9  # by which numbers of one proof may be apart

# causes that make the validation score too good: their proof is how much of it goes
FLATTERING = (
    "duplicate_leak",
    "target_leak",
    "group_leak",
    "selection_leak",
    "missingness_leak",
)


@dataclass(frozen=True)
class Evidence:
    """A number of this run or table, beside what it would be if all were well.

    Arguments:
        signal: what was looked at, in words: "largest standard deviation of an input".
        value: what was found; a number, a text, or a list of them.
        expected: what is usual, in words: "about 1".
    """

    signal: str
    value: Any
    expected: str


@dataclass(frozen=True)
class Nomination:
    """A cause that some evidence points to.

    Arguments:
        cause: an id of `causes.CAUSES`.
        evidence: what speaks for it, at least one item; the strongest first.
        explanation: one or two sentences: why this makes loss and accuracy part.
        fix: overrides that can be typed; empty where no setting helps.
        strength: how surely by this evidence alone, in (0, 1].
        against: what speaks against it.
        certain: whether the evidence is the fault itself (NaN in the inputs, rows on both sides)
            or a re-run has shown what mending it brings, rather than a sign of it; a certain cause
            is told whatever the scores are.
        subject: what it is about, such as the columns; "" for the run as a whole.
        title: what it is in one line, where the cause's own title says something else.
        provable: whether re-runs can tell; where not they show its size and leave it suspected.
        of_scale: whether it alone makes the scale of the inputs what it is: what a bad scale brings
            about it does.
        typed: whether its fix puts back what somebody typed, and a re-run has shown what it brings.
    """

    cause: str
    evidence: tuple[Evidence, ...]
    explanation: str
    fix: tuple[str, ...]
    strength: float
    against: tuple[Evidence, ...] = ()
    certain: bool = False
    subject: str = ""
    title: str = ""
    provable: bool = True
    of_scale: bool = False
    typed: bool = False

    def __post_init__(self) -> None:
        if self.cause not in CAUSES:
            raise ValueError(f"Expected one of {sorted(CAUSES)}. Received: cause={self.cause!r}")


@dataclass(frozen=True)
class Proof:
    """What re-runs with the one change showed, paired by seed.

    Arguments:
        metric: the score compared, higher is better.
        before, after: its mean over the seeds without and with the change.
        gain: after - before.
        ci95: its 95 % interval.
        p: of a gain of 0, two-sided, by the paired t-test; 1 where there is no gain. It is
            corrected for the number of changes, and for a second look where there was one.
        seeds: how many pairs.
        seconds: what the re-runs took.
        recovered: share of what all changes together bring that this one does, or None.
    """

    metric: str
    before: float
    after: float
    gain: float
    ci95: tuple[float, float]
    p: float
    seeds: int
    seconds: float
    recovered: float | None = None

    @staticmethod
    def from_plain(content: dict[str, Any]) -> Proof:
        """Read what diagnosis.json holds of it; raises as `Finding.from_plain`."""
        numbers = {key: form.read_number(content[key]) for key in ("before", "after", "gain", "p")}
        recovered = content.get("recovered")
        read = Proof(
            metric=form.read_text(content["metric"]),
            ci95=form.interval(content["ci95"]),
            seeds=form.whole(content["seeds"]),
            seconds=form.read_number(content["seconds"]),
            recovered=None if recovered is None else form.read_number(recovered),
            **numbers,
        )
        if not read.is_sound():
            raise ValueError("no proof of a run")
        return read

    def is_sound(self) -> bool:
        """Whether these can be the numbers of a run's proof: they agree with each other."""
        low, high = self.ci95
        moved = abs(abs(self.after - self.before) - abs(self.gain))
        return (
            METRIC.fullmatch(self.metric) is not None
            and all(0 <= score <= 1 for score in (self.before, self.after))
            and moved <= ROUNDED
            and low - ROUNDED <= self.gain <= high + ROUNDED
            and 0 <= self.p <= 1
            and self.seeds >= 2
            and math.isfinite(self.seconds)
        )


@dataclass(frozen=True)
class Finding:
    """A cause as it is told: the content of one item of diagnosis.json.

    Arguments:
        cause: an id of `causes.CAUSES`.
        verdict: `confirmed` by a proof, `harmless`, or `suspected`.
        title: one line.
        evidence: what speaks for it and then what speaks against it.
        explanation: why this makes loss and accuracy part.
        fix: overrides that can be typed.
        proof: what re-runs showed; None without one.
        provable: as for `Nomination`; not in diagnosis.json.
    """

    cause: str
    verdict: str
    title: str
    evidence: tuple[Evidence, ...]
    explanation: str
    fix: tuple[str, ...]
    proof: Proof | None = None
    provable: bool = True

    def with_proof(self, proof: Proof, verdict: str) -> Finding:
        """The finding after a proof."""
        return replace(self, proof=proof, verdict=verdict)

    def plain(self) -> dict[str, Any]:
        """As diagnosis.json holds it."""
        proof = None
        if self.proof is not None:
            proof = {**vars(self.proof), "ci95": list(self.proof.ci95)}
        return {
            "cause": self.cause,
            "verdict": self.verdict,
            "title": self.title,
            "evidence": [vars(item).copy() for item in self.evidence],
            "explanation": self.explanation,
            "fix": list(self.fix),
            "proof": proof,
        }

    @staticmethod
    def from_plain(content: dict[str, Any]) -> Finding:
        """Read what `plain` gave.

        Raises:
            ValueError, TypeError, KeyError: it has another form, or is confirmed without a proof.
        """
        cause, verdict = form.read_text(content["cause"]), form.read_text(content["verdict"])
        proof = None if content["proof"] is None else Proof.from_plain(content["proof"])
        evidence = tuple(
            Evidence(
                form.read_text(i["signal"]), form.simple(i["value"]), form.read_text(i["expected"])
            )
            for i in content["evidence"]
        )
        if (
            cause not in CAUSES
            or verdict not in (CONFIRMED, SUSPECTED, HARMLESS)
            or not evidence
            or (verdict == CONFIRMED and proof is None)
        ):
            raise ValueError(f"no finding of {cause[:40]!r}")
        title, explanation = (
            form.read_text(content["title"]),
            form.read_text(content["explanation"]),
        )
        fix = form.texts(content["fix"])
        return Finding(cause, verdict, title, evidence, explanation, fix, proof)


@dataclass(frozen=True)
class Sign:
    """A finding that is left out, since it did no harm that is seen.

    Arguments:
        finding: as it would be told.
        odd: whether it is plain enough to make a run suspicious by itself.
    """

    finding: Finding
    odd: bool


@dataclass(frozen=True)
class Audit:
    """What an audit of a table found.

    Arguments:
        nominations: causes that the table or its split points to.
        notes: what is worth knowing and no fault, one line each.
        checked: what was looked at and found in order, one line each, with the figures.
        seconds: what it took.
    """

    nominations: Sequence[Nomination] = ()
    notes: Sequence[str] = ()
    checked: Sequence[str] = field(default_factory=list)
    seconds: float = 0.0
