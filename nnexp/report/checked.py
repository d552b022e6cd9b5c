"""What a diagnosis looked at and found in order, and what is worth knowing."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.report.labels import sentence
from nnexp.report.markup import Markup, element


def checked_section(checked: Sequence[str], notes: Sequence[str]) -> Markup | None:
    """The section; None where there is neither.

    Arguments:
        checked: what was found in order, one line each.
        notes: what is no fault, one line each.
    """
    if not checked and not notes:
        return None
    parts: list[Markup] = []
    if checked:
        parts.append(element("h2", "Checked, and in order"))
        items = (element("li", sentence(line)) for line in checked)
        parts.append(element("ul", *items, class_="checked"))
    if notes:
        parts.append(element("h2", "Worth knowing"))
        parts.append(
            element("ul", *(element("li", sentence(line)) for line in notes), class_="notes")
        )
    return element("section", *parts, id="checked")
