"""Columns that number or date the rows, name them, or say nothing."""

from __future__ import annotations

import numpy as np

from nnexp.data.columns import ONE
from nnexp.diagnosis.audit.chance import separation
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

NAMING = 0.5  # different texts over the train rows: each stands for two rows at most
NAMES = 20  # of them, at least
UNKNOWN = 0.5  # share of the held-out rows whose text no train row has

# a column that names something less often, and whose values say nothing of the label
MERE, NEW = 0.2, 0.1  # its different texts over the train rows, and the share of unknown ones
ERRORS = 2.0  # standard errors of the area under the ROC curve that values have by chance
FOLDS = 5  # rows that values' shares of the classes were not made from


def check(sheet: Sheet) -> Audit:
    """Columns that can only be memorised: numbers as notes, for a fault is what their scale or a
    split does; texts that reach the network as an input each as a cause.
    """
    notes = [
        f"{name!r} {what}: nothing to learn from but which rows stand beside each other"
        for name, what in sheet.numbering.items()
    ]
    constant = [column.name for column in sheet.columns if column.reason == ONE]
    if constant:
        notes.append(f"{', '.join(map(repr, constant[:6]))}: {ONE}, left out")
    found = {
        column.name: _naming(sheet, sheet.levels[column.name][0])
        for column in sheet.columns
        if column.kind == "categorical" and column.name in sheet.levels
    }
    names = {name: own for name, own in found.items() if own is not None}
    # rare levels that are merged are no input each
    if not names or sheet.config.encoding == "ordinal" or sheet.config.min_frequency > 1:
        return Audit(notes=notes)
    first, (share, unknown) = max(names.items(), key=lambda item: item[1])
    return Audit(
        [
            Nomination(
                "identifier_feature",
                (
                    Evidence(
                        f"different values of {first!r} over train rows", percent(share), "few"
                    ),
                    Evidence(
                        f"held-out rows whose value of {first!r} no train row has",
                        percent(unknown),
                        "few",
                    ),
                ),
                f"{columns(list(names))} names the rows rather than telling anything of them. An "
                "input for each name learns the labels of the train rows by heart, and the "
                "held-out rows have other names.",
                (also("data.drop", sheet.config.drop, list(names)),),
                strength=0.85,
                subject=", ".join(names),
            )
        ],
        notes,
    )


def _naming(sheet: Sheet, codes: np.ndarray) -> tuple[float, float] | None:
    """How many different texts there are, and how many held-out rows have one of their own."""
    known, held = codes[sheet.train], codes[sheet.held_out]
    known, held = known[known >= 0], held[held >= 0]
    levels = len(np.unique(known))
    if levels < NAMES or not len(held):
        return None
    share = levels / len(sheet.train)
    unknown = float((~np.isin(held, known)).mean())
    if share >= NAMING and unknown >= UNKNOWN:
        return share, unknown
    mere = share >= MERE and unknown >= NEW and _says_nothing(sheet, codes)
    return (share, unknown) if mere else None


def _says_nothing(sheet: Sheet, codes: np.ndarray) -> bool:
    """Whether the classes of other rows of its value say nothing of a row's (out of fold)."""
    rows = sheet.train[codes[sheet.train] >= 0]
    cells, y = codes[rows], sheet.y[rows]
    classes, fold = len(sheet.classes), np.random.default_rng(0).permutation(len(rows)) % FOLDS
    told = np.zeros((len(rows), classes))
    for own in range(FOLDS):
        learn = fold != own
        counts = np.zeros((int(cells.max()) + 1, classes))
        np.add.at(counts, (cells[learn], y[learn]), 1)
        usual = np.bincount(y[learn], minlength=classes) / learn.sum()
        told[~learn] = ((counts + usual) / (counts.sum(1, keepdims=True) + 1))[cells[~learn]]
    areas = [separation(told[:, place], y == place) for place in np.unique(y)]
    return all(area - 0.5 <= ERRORS * error for area, error in areas)
