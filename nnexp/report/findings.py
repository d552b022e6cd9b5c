"""The findings of a diagnosis: verdict, evidence, what it means, the fix, and its proof."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.diagnosis.causes import CAUSES
from nnexp.diagnosis.finding import CONFIRMED, HARMLESS, SUSPECTED, Evidence, Finding
from nnexp.lines import one_line, shorten
from nnexp.report.labels import sentence
from nnexp.report.markup import Markup, element, scroll
from nnexp.report.paired import proof_section
from nnexp.report.retyped import retyped
from nnexp.report.values import value

SIGNS = {CONFIRMED: "✓", SUSPECTED: "?", HARMLESS: "–"}
FAMILIES = {
    "table": "the table",
    "labels": "the labels",
    "split": "the split",
    "loss": "the loss",
    "optimisation": "the optimisation",
    "network": "the network",
}
LONGEST = 400  # characters of a title


def findings_section(
    findings: Sequence[Finding],
    typed: Sequence[str] | None,
    program: Sequence[str] = (),
) -> Markup | None:
    """The section of the findings in order; None without any.

    Arguments:
        findings: the most probable cause first.
        typed: the overrides of the run; None where they are not known.
        program: that it was typed for.
    """
    if not findings:
        return None
    lead = "The most probable cause first."
    if any(own.proof is None and own.verdict != HARMLESS for own in findings):
        lead += (
            " Suspected: its signs are there, and nothing was re-run; nnexp diagnose --prove does."
        )
    if any(own.verdict == HARMLESS for own in findings):
        lead += " Harmless: it is there, and costs this run no accuracy."
    return element(
        "section",
        element("h2", "Findings"),
        element("p", lead, class_="lead"),
        *(_finding(place, own, typed, program) for place, own in enumerate(findings, 1)),
        id="findings",
    )


def chip(verdict: str) -> Markup:
    """A verdict as a label that does not rely on its colour."""
    kind = verdict if verdict in SIGNS else "other"
    sign = element("span", SIGNS[verdict] + " ", aria_hidden="true") if verdict in SIGNS else None
    return element("span", sign, verdict, class_=f"chip {kind}")


def command(line: str) -> Markup:
    """A command that a click selects, and a button of the page's script copies."""
    return element("div", element("code", line), class_="command")


def _finding(
    place: int, own: Finding, typed: Sequence[str] | None, program: Sequence[str]
) -> Markup:
    known = CAUSES.get(own.cause)
    family = f" · {FAMILIES.get(known.family, known.family)}" if known else ""
    title = shorten(one_line(own.title), LONGEST)
    return element(
        "article",
        element("h3", f"{place}. {title[:1].upper()}{title[1:]}"),
        element("p", chip(own.verdict), " ", element("code", own.cause), family, class_="kind"),
        element("p", element("strong", "What it means. "), sentence(own.explanation))
        if own.explanation
        else None,
        _evidence(own.evidence) if own.evidence else None,
        *_fix(own, typed, program),
        proof_section(own.proof) if own.proof is not None else None,
        class_=f"finding {own.verdict if own.verdict in SIGNS else 'other'}",
    )


def _evidence(items: Sequence[Evidence]) -> Markup:
    rows = [
        element(
            "tr",
            element("td", one_line(item.signal)),
            element("td", element("b", value(item.value), class_=_kind(item.value))),
            element("td", one_line(item.expected)),
        )
        for item in items
    ]
    head = [element("th", name, scope="col") for name in ("signal", "value", "expected")]
    table = element(
        "table", element("thead", element("tr", *head)), element("tbody", *rows), class_="evidence"
    )
    return scroll(table, "evidence")


def _kind(found: object) -> str | None:
    """The class of a number, which is never broken across lines."""
    return "number" if isinstance(found, int | float) and not isinstance(found, bool) else None


def _fix(own: Finding, typed: Sequence[str] | None, program: Sequence[str]) -> list[Markup]:
    if not own.fix:
        return [element("p", element("strong", "Fix. "), "No setting mends it.")]
    words = [element("code", word) for word in own.fix]
    spaced: list[str] = [part for word in words for part in (word, " ")][:-1]
    rest = " Not needed here; to run it nevertheless:" if own.verdict == HARMLESS else ""
    told = element("p", element("strong", "Fix. "), *spaced, rest, class_="fix")
    if typed is None:
        note = "What was typed is not known: add it to the command of the run."
        return [told, element("p", note, class_="lead")]
    return [told, command(retyped(typed, own.fix, program))]
