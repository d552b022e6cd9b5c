"""Two classes that held-out labels part plainly and train labels do not: these are wrong, in part.

Where both are of one making, trees that learnt the train rows tell two classes apart in held-out
rows as well as in train rows that they did not see. Rows of one that train labels call the other
spoil the latter alone, and leave the held-out rows a larger share of the one.
"""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import separation
from nnexp.diagnosis.audit.learners.forest import Judged
from nnexp.diagnosis.audit.learners.yardstick import Yardstick
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.apart import are_apart
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

# Held against the clean tables of scikit-learn and shared/data and the made ones of the benchmark:
# none of them is told.
ROWS = 10  # of each of the two, on either side
CLASSES = 30  # of more, each pair is by chance
MORE = 1.3  # share of the one among held-out rows over that among train rows
PLAIN = 0.9  # area under the ROC curve of telling the two apart among held-out rows
APART = 0.12  # what it lacks among train rows, at least, ...
ERRORS = 4.0  # ... and in standard errors


def check(sheet: Sheet, trees: Yardstick) -> Audit:
    """The pair of classes of which train labels are least like held-out ones."""
    classes = len(sheet.classes)
    if classes > CLASSES:
        return Audit()
    found: list[tuple[float, str, int, int, float, float]] = []
    for name, judged in trees.outside.items():
        before = len(found)
        inside, outside = (_shares(sheet, own) for own in (trees.inside, judged))
        for one in map(int, np.flatnonzero(outside >= MORE * inside)):
            for other in map(int, np.flatnonzero(outside < inside)):
                there = _area(sheet, judged, one, other)
                here = _area(sheet, trees.inside, one, other)
                if there is None or here is None:
                    continue
                (plain, _), (within, error) = there, here
                lacking = plain - within
                if plain >= PLAIN and lacking >= max(APART, ERRORS * error):
                    found.append((lacking, name, one, other, plain, within))
        if len(found) > before and are_apart(sheet, judged.rows):
            del found[before:]  # what tells the two apart may be what has changed
    if not found:
        return Audit()
    _, name, one, other, plain, within = max(found)
    shares = [_shares(sheet, own)[one] for own in (trees.inside, trees.outside[name])]
    own, called = sheet.classes[one], sheet.classes[other]
    return Audit(
        [
            Nomination(
                "label_noise",
                (
                    Evidence(
                        f"area under the ROC curve of telling {own!r} from {called!r} by trees, "
                        "among train rows that they did not see",
                        f"{within:.3f}",
                        f"about {plain:.3f}, as among {name} rows",
                    ),
                    Evidence(
                        f"share of {own!r} among train rows",
                        percent(shares[0]),
                        f"about {percent(shares[1])}, as among {name} rows",
                    ),
                ),
                f"Many train rows of {own!r} look labelled as {called!r}, and {name} rows do not: "
                "what is learnt of the two is spoilt, and is judged by labels that are right.",
                (override("reg.label_smoothing", 0.1),),
                strength=0.8,
                subject=f"{own!r} labelled as {called!r}",
            )
        ]
    )


def _shares(sheet: Sheet, judged: Judged) -> np.ndarray:
    counts = np.bincount(sheet.y[judged.rows], minlength=len(sheet.classes))
    return counts / max(1, counts.sum())


def _area(sheet: Sheet, judged: Judged, one: int, other: int) -> tuple[float, float] | None:
    """How well votes tell a class from another in rows of the two; None for few rows."""
    y = sheet.y[judged.rows]
    own, rest = y == one, y == other
    if min(own.sum(), rest.sum()) < ROWS:
        return None
    both = own | rest
    votes = judged.votes[both][:, [one, other]]
    return separation(votes[:, 0] / np.maximum(votes.sum(1), 1e-9), own[both])
