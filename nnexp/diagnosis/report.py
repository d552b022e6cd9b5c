"""A diagnosis as a whole: its findings, what was in order, and its forms."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nnexp.diagnosis import form
from nnexp.diagnosis.finding import (
    CARRIES,
    CONFIRMED,
    DIFFERS,
    FLATTERING,
    HARMLESS,
    SUSPECTED,
    Finding,
    Proof,
    Sign,
)
from nnexp.diagnosis.probe import Probe, table
from nnexp.lines import visible
from nnexp.track.markdown import cell

BY_TRAIN = "without validation rows it is judged by train rows alone, which tell little"
NO_JUDGE = "no re-run can prove it: there are no validation rows to judge by"
OF_LOOPS = "to be looked for in the loop and its data"  # where no one change is known
SHOWN = 3
SPLIT = "data.split."  # a fix of it
OPEN, LEAST_OPEN = 0.5, 0.05  # share of the gap to other learners, and accuracy, left open
SOME = 0.2  # of the gap: what no setting mends may be the reason for it
APART = 0.05  # of accuracy behind other learners, which is worth a word also where it may be chance


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a run, and what is not.

    Arguments:
        findings: the most probable cause first.
        checked: what was looked at and found in order, one line each.
        notes: what is worth knowing and no fault, one line each.
        explained: why loss and accuracy part, in words; "" where nothing was watched.
        scores: `accuracy`, `possible` and their rows, of validation and train rows.
        considered: signs of faults that did no harm that is seen; a proof looks into them where
            nothing else is told.
        probes: what the run became with one thing changed on purpose; empty unless asked for.
        in_code: whether fixes are words of code, of a loop of one's own, rather than overrides.
        restores: after a proof the smallest set of changes that mends the run, as overrides; empty
            where none is known.
        restored: accuracy of the re-runs without and with these; empty where it is not known.
        cautions: what makes the rest doubtful, one line each; they are told first.
    """

    findings: Sequence[Finding]
    checked: Sequence[str] = ()
    notes: Sequence[str] = ()
    explained: str = ""
    scores: Mapping[str, Any] = field(default_factory=dict)
    considered: Sequence[Sign] = ()
    probes: Sequence[Probe] = ()
    in_code: bool = False
    restores: Sequence[str] = ()
    restored: Sequence[float] = ()
    cautions: Sequence[str] = ()

    @property
    def alarms(self) -> list[Finding]:
        """Findings that are not harmless."""
        return [own for own in self.findings if own.verdict != HARMLESS]

    def plain(self) -> dict[str, Any]:
        """The content of diagnosis.json."""
        more: dict[str, Any] = {}
        if self.probes:
            more["probes"] = [own.plain() for own in self.probes]
        if self.restores:
            more["restores"] = list(self.restores)
        if self.restored:
            more["restored"] = list(self.restored)
        if self.cautions:
            more["cautions"] = list(self.cautions)
        return {
            "findings": [own.plain() for own in self.findings],
            "explained": self.explained,
            "scores": dict(self.scores),
            "checked": list(self.checked),
            "notes": list(self.notes),
            **more,
        }

    @staticmethod
    def from_plain(content: Mapping[str, Any]) -> Diagnosis:
        """Read what `plain` gave.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it has another form.
        """
        return Diagnosis(
            [Finding.from_plain(own) for own in content["findings"]],
            list(form.texts(content.get("checked", ()))),
            list(form.texts(content.get("notes", ()))),
            form.read_text(content.get("explained", "")),
            _scores(content.get("scores", {})),
            probes=tuple(Probe.from_plain(own) for own in content.get("probes", ())),
            restores=form.texts(content.get("restores", ())),
            restored=tuple(map(form.read_number, content.get("restored", ()))),
            cautions=form.texts(content.get("cautions", ())),
        )

    def text(self, command: str = "") -> str:
        """For a terminal: at most three findings, two lines each, and how to prove them.

        Arguments:
            command: that proves them; "" to name none.
        """
        lines = [f"caution: {own}" for own in self.cautions]
        for own in self.findings[:SHOWN]:
            first = own.evidence[0]
            lines.append(f"{own.verdict}: {own.title} ({own.cause})")
            fix = self._typed(own)
            usual = f" (expected {first.expected})" if first.expected not in ("", "any") else ""
            lines.append(f"  {_told(own, fix)}; {first.signal}: {_short(first.value)}{usual}")
        more = len(self.findings) - SHOWN
        if more > 0:
            lines.append(f"{more} more in {'findings' if self.in_code else 'diagnosis.json'}")
        if command and any(own.fix and own.proof is None for own in self.alarms):
            lines.append(f"to prove it: {command}" if self._judges else NO_JUDGE)
        if not self.findings or (not self.alarms and is_behind(self)):
            lines.append(_healthy(self))
        lines += [f"note: {own}" for own in self.noted]
        lines += self._further(command)
        return "".join(f"{visible(line)}\n" for line in lines) + table(self.probes)

    @property
    def noted(self) -> list[str]:
        """Notes that are told with the findings, where no leak is told, and nothing else either, or
        what makes more of the same columns and rows.
        """
        if any(own.cause in FLATTERING for own in self.alarms):
            return []
        doubtful = not self.alarms or bool(self.restores)
        kinds = (CARRIES, f"validation {DIFFERS}") if is_behind(self) else (CARRIES,)
        return [own for own in self.notes if doubtful and own.startswith(kinds)]

    def _further(self, command: str) -> list[str]:
        """How to look further where nothing is suspected; nothing for no command."""
        if not command or self.alarms:
            return []
        if is_behind(self):
            return [] if self.probes else [f"to look further: {command}"]
        odd = [sign.finding.title for sign in self.considered if sign.odd]
        if not odd or not self._judges:
            return []
        return [f"odd, without harm that is seen: {odd[0]}", f"to try it: {command}"]

    @property
    def _judges(self) -> bool:
        """Whether a re-run can be judged: without validation rows none can."""
        return "valid" in self.scores or "train" not in self.scores

    def markdown(self) -> str:
        """As a page, for TensorBoard's text tab."""
        lines = [f"**Caution**: {own}.\n" for own in self.cautions]
        for place, own in enumerate(self.findings, 1):
            lines += [
                f"### {place}. {own.title}",
                "",
                f"`{own.cause}`, {own.verdict}. {own.explanation}.",
            ]
            lines += ["", "| signal | value | expected |", "| --- | --- | --- |"]
            lines += [
                f"| {cell(item.signal)} | {cell(_short(item.value))} | {cell(item.expected)} |"
                for item in own.evidence
            ]
            lines += ["", f"Fix: `{self._typed(own)}`", ""]
            if own.proof is not None:
                lines += [f"Re-run with it: {_gain(own.proof)}.", ""]
        if not self.findings or (not self.alarms and is_behind(self)):
            lines += [_healthy(self), ""]
        if self.probes:
            lines += ["### Probes", "", "| changed | score | gain | what it tells |"]
            lines += ["| --- | --- | --- | --- |"]
            lines += [
                f"| {cell(own.name)} | {own.score} | {own.told} | {own.meaning} |"
                for own in self.probes
            ]
            lines += [""]
        if self.explained:
            lines += ["### Loss and accuracy", "", self.explained, ""]
        for title, items in (("In order", self.checked), ("Worth knowing", self.notes)):
            if items:
                lines += [f"### {title}", "", *(f"- {cell(item)}" for item in items), ""]
        return "\n".join(lines)

    def _typed(self, own: Finding) -> str:
        if not own.fix:
            return OF_LOOPS if self.in_code else "no setting mends it"
        return "; ".join(own.fix) if self.in_code else shlex.join(own.fix)

    def __str__(self) -> str:
        return self.text()


def cure(diagnosis: Diagnosis) -> str:
    """What to call the changes that a proof has found."""
    causes = {own.cause for own in diagnosis.findings if own.verdict == CONFIRMED and own.fix}
    if causes & {*FLATTERING}:
        return "what makes the score one to be believed"
    if stays_open(diagnosis):
        return "what helps, though most of the gap to other learners stays open"
    return "what restores the score"


def stays_open(diagnosis: Diagnosis, share: float = OPEN) -> bool:
    """Whether more than a share of what the run is behind by is left after the proven changes."""
    valid = diagnosis.scores.get("valid")
    if not isinstance(valid, Mapping) or len(diagnosis.restored) != 2:
        return False
    proofs = [own.proof for own in diagnosis.findings if own.verdict == CONFIRMED]
    if any(own is not None and own.metric.startswith("balanced") for own in proofs):
        return False  # what it won is recall, for which accuracy may be given up
    before, after = diagnosis.restored
    possible = float(valid["possible"])
    return possible - after > max(LEAST_OPEN, share * (possible - before))


def unmended(diagnosis: Diagnosis) -> int:
    """How many of the first findings stay first: no setting mends them, and the rest leaves some
    of the gap open.
    """
    if not stays_open(diagnosis, SOME):
        return 0
    mended = [own.verdict != SUSPECTED or bool(own.fix) for own in diagnosis.findings]
    return mended.index(True) if True in mended else len(mended)


def is_behind(diagnosis: Diagnosis) -> bool:
    """Whether the run is worse on validation rows than its table allows."""
    valid = diagnosis.scores.get("valid")
    return isinstance(valid, Mapping) and valid.get("behind") is True


def _scores(content: Mapping[str, Any]) -> dict[str, Any]:
    """Scores as they were read; those of validation rows are told, and looked at."""
    found = {name: {k: form.simple(v) for k, v in own.items()} for name, own in content.items()}
    if valid := found.get("valid"):
        valid["accuracy"], valid["possible"] = map(
            form.read_number, (valid["accuracy"], valid["possible"])
        )
        form.whole(valid["rows"])
        for name in ("recall", "possible_recall"):
            if name in valid:
                valid[name] = form.read_number(valid[name])
    return found


def _told(own: Finding, fix: str) -> str:
    # more validation rows make no run better, and others than those that judged it
    if own.proof is None or own.cause == "validation_too_small":
        return f"fix: {fix}"
    if own.verdict != CONFIRMED and other_rows_judge(own):
        return f"{fix} (judged on other rows): {_gain(own.proof)}"
    # what stands, since what may help against it is no cure
    useless = own.verdict == SUSPECTED and own.proof.gain < 0
    return f"{fix}{' does not help' * useless}: {_gain(own.proof)}"


def other_rows_judge(own: Finding) -> bool:
    """Whether a fix changes which rows are held out: a lower score is no word against it."""
    return own.cause == "deletion_bias" or any(word.startswith(SPLIT) for word in own.fix)


def _gain(proof: Proof) -> str:
    low, high = proof.ci95
    return (
        f"{proof.metric} {proof.before:.3f} -> {proof.after:.3f} (gain {proof.gain:+.3f}, "
        f"95 % interval {low:+.3f} to {high:+.3f}, {proof.seeds} seeds)"
    )


def _healthy(own: Diagnosis) -> str:
    valid = own.scores.get("valid")
    if not valid:
        by_train = not own.in_code and "train" in own.scores
        told = [BY_TRAIN] if by_train else own.notes
        return f"diagnosis: nothing found{''.join(f'; {note}' for note in told)}"
    behind = is_behind(own)
    found = "no cause found for what is missing" if behind else "nothing found"
    apart = valid["possible"] - valid["accuracy"]
    few = ", too few to tell the two apart" if apart >= APART and not behind else ""
    if valid.get("traded") is True and not behind:
        few = ", with less recall in the mean: the loss of the run weighs the classes"
    elif "recall" in valid:
        few += (
            f"; the loss of the run weighs the classes: mean recall {valid['recall']:.3f} where "
            f"theirs is {valid['possible_recall']:.3f}, weighed alike"
        )
    return (
        f"diagnosis: {found}; accuracy {valid['accuracy']:.3f} where other learners reach "
        f"{valid['possible']:.3f} on the same {valid['rows']} validation rows{few}"
    )


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return "[" + ", ".join(_short(item) for item in value) + "]"
    return str(value)
