"""The probes of a run: what it becomes with one thing changed on purpose."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.diagnosis.probe import Probe
from nnexp.lines import one_line
from nnexp.report.labels import sentence
from nnexp.report.markup import Markup, element, scroll

LEAD = (
    "The run, trained again with one thing changed on purpose; the gain is against the run as it "
    "is, seed by seed, with its 95 % interval. A probe nominates a cause; nnexp diagnose --prove "
    "confirms it with other seeds."
)


def probes_section(probes: Sequence[Probe]) -> Markup | None:
    """The section; None where none were made.

    Arguments:
        probes: the run as it is first.
    """
    if not probes:
        return None
    head = ("changed", "accuracy", "gain", "what it tells")
    rows = [
        element(
            "tr",
            element("td", one_line(own.name)),
            element("td", element("b", own.score, class_="number")),
            element("td", element("span", own.told, class_="number")),
            element("td", sentence(own.meaning) if own.meaning else ""),
        )
        for own in probes
    ]
    table = element(
        "table",
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *rows),
        class_="evidence",
    )
    return element(
        "section",
        element("h2", "Probes"),
        element("p", LEAD, class_="lead"),
        scroll(table, "probes"),
        id="probes",
    )
