"""Why loss and accuracy part: which rows moved the loss, and how far the accuracy is chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnexp.diagnosis.report import Diagnosis
from nnexp.report import scale
from nnexp.report.chart import Chart, thinned
from nnexp.report.labels import sentence
from nnexp.report.legend import legend
from nnexp.report.markup import Markup, element
from nnexp.report.observations import number_of
from nnexp.report.prior import Prior
from nnexp.report.run_folder import RunFolder
from nnexp.report.values import signed
from nnexp.statistics import Z, share_stderr

PARTS = (  # of the signals val_moved_*, and of the style
    ("right", "rows that stayed right"),
    ("wrong", "rows that stayed wrong"),
    ("flips", "rows whose class changed"),
)


def decomposition(run: RunFolder, diagnosis: Diagnosis, prior: Prior | None) -> Markup | None:
    """The section; None where there is neither a picture nor a sentence."""
    charts = [
        c for c in (_moved(run), _accuracy(run, diagnosis, prior), _penalty(run)) if c is not None
    ]
    if not charts and not diagnosis.explained:
        return None
    return element(
        "section",
        element("h2", "Why loss and accuracy part"),
        element("p", sentence(diagnosis.explained)) if diagnosis.explained else None,
        element("div", *charts, class_="charts") if charts else None,
        id="decomposition",
        class_="curves",
    )


def cumulated(changes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the changes up to each epoch, from 0; NaN where an epoch has none.

    Arguments:
        changes: (epochs,), NaN where unknown.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # such sums have no place in a chart
        sums = np.cumsum(np.where(np.isfinite(changes), changes, 0.0))
    return np.where(np.isfinite(changes), sums, np.nan)


def _moved(run: RunFolder) -> Markup | None:
    """The change of the validation loss since before the first epoch, by what its rows did."""
    signals = run.signals
    if "epoch" not in signals or any(f"val_moved_{name}" not in signals for name, _ in PARTS):
        return None
    epochs = signals["epoch"]
    lines = [(name, told, cumulated(signals[f"val_moved_{name}"])) for name, told in PARTS]
    if not any(np.isfinite(values).any() for *_, values in lines):
        return None
    begin = np.flatnonzero(np.isfinite(lines[0][2]))[0]
    for *_, values in lines:
        values[:begin][-1:] = 0.0  # where they are counted from
    with np.errstate(over="ignore", invalid="ignore"):
        lines.append(("whole", "all of them", np.sum([values for *_, values in lines], axis=0)))
    ends = np.concatenate([values for *_, values in lines])
    finite = ends[np.isfinite(ends)]
    chart = Chart(
        scale.epochs(float(epochs.min()), float(epochs.max())),
        scale.score_scale([0.0, *finite.tolist(), -1e-9]),
        "Change of the validation loss since the beginning, by rows",
        "epoch",
    )
    chart.marks.across(0.0, "", "zero")
    keys = []
    for series, told, values in lines:
        drawn = thinned(len(epochs))
        chart.line(epochs[drawn].tolist(), values[drawn].tolist(), series, told)
        last = values[np.isfinite(values)]
        keys.append((series, f"{told} {signed(float(last[-1]), '.3g')}" if len(last) else told))
    note = (
        "Rows that stay right, or stay wrong, move the loss and leave the accuracy as it is; only "
        "rows whose class changes move both."
    )
    return element("div", chart.render(), legend(keys), element("p", note, class_="lead"))


def _penalty(run: RunFolder) -> Markup | None:
    """The penalty beside the data loss that it is added to; None where none was added."""
    found = {"train": run.history.get("train_loss"), "penalty": run.history.get("train_penalty")}
    if any(v is None or not np.isfinite(v).any() for v in found.values()):
        return None
    lines = {series: values for series, values in found.items() if values is not None}
    if not np.nanmax(np.abs(lines["penalty"])) > 0:
        return None
    epochs = run.history["epoch"]
    chart = Chart(
        scale.epochs(float(epochs.min()), float(epochs.max())),
        scale.score_scale(np.concatenate(list(lines.values())).tolist()),
        "Data loss and penalty, on train rows",
        "epoch",
    )
    drawn = thinned(len(epochs))
    names = {"train": "data loss", "penalty": "penalty"}
    for series, values in lines.items():
        chart.line(epochs[drawn].tolist(), values[drawn].tolist(), series, names[series])
    return element("div", chart.render(), legend(list(names.items())))


def _accuracy(run: RunFolder, diagnosis: Diagnosis, prior: Prior | None) -> Markup | None:
    """The validation accuracy in its noise, beside what a prior and what other learners reach."""
    source = run.signals if "val_accuracy" in run.signals else run.history
    values, epochs = source.get("val_accuracy"), source.get("epoch")
    if values is None or epochs is None or np.isfinite(values).sum() < 2:
        return None
    rows = _valid_rows(run, diagnosis)
    half = np.zeros(len(values))
    if rows:
        half = Z * share_stderr(np.clip(values, 0, 1), rows)
    low, high = np.clip(values - half, 0, 1), np.clip(values + half, 0, 1)
    valid = diagnosis.scores.get("valid")
    others = number_of(valid.get("possible")) if isinstance(valid, dict) else None
    ends = [*low.tolist(), *high.tolist(), *((prior.accuracy,) if prior else ())]
    chart = Chart(
        scale.epochs(float(epochs.min()), float(epochs.max())),
        scale.score_scale([*ends, *(() if others is None else (others,))], bounded=True),
        "Validation accuracy, and what of it may be chance",
        "epoch",
    )
    if prior:
        chart.marks.across(
            prior.accuracy,
            f"share of the most frequent class in train rows {prior.accuracy:.3f}",
            "prior",
        )
    if others is not None:
        chart.marks.across(others, f"others {others:.3f}", "others")
    drawn = thinned(len(epochs))
    at = epochs[drawn].tolist()
    keys = [("val", "validation accuracy")]
    if rows:
        chart.band(at, low[drawn].tolist(), high[drawn].tolist(), "val")
        keys.append(("band val", f"± 1.96 standard errors of {rows:.0f} rows"))
    chart.line(at, values[drawn].tolist(), "val", "validation accuracy")
    return element("div", chart.render(), legend(keys))


def _valid_rows(run: RunFolder, diagnosis: Diagnosis) -> float:
    valid = diagnosis.scores.get("valid")
    told = number_of(valid.get("rows")) if isinstance(valid, dict) else None
    return max(told or run.score("val", "n") or 0.0, 0.0)
