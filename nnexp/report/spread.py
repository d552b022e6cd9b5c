"""How far the runs of each configuration lie apart, validation and test."""

from __future__ import annotations

from nnexp.leaderboard import Configuration, Leaderboard
from nnexp.leaderboard.comparing import recorded_score
from nnexp.leaderboard.words import number, short_names
from nnexp.lines import one_line
from nnexp.report.dots import Cell, Dot, Row, dot_rows
from nnexp.report.labels import heading, labels
from nnexp.report.markup import Markup, element

MOST = 20  # configurations


def spread(board: Leaderboard) -> Markup:
    """The section: a row a configuration, with its runs, their mean and its interval."""
    rows = board.configurations[:MOST]
    several = any(len(row.records) > 1 for row in rows)
    scores = dict.fromkeys([board.sort, "val_loss", "val_accuracy"])
    figures = []
    for score in scores:
        if not any(row.scores[score].n for row in rows):
            continue
        tested = score.replace("val_", "test_")
        columns = [score] + [tested] * any(row.scores[tested].n for row in rows)
        names = short_names(board.varied)
        drawn = [
            Row(told, [_cell(row, column) for column in columns])
            for row, told in zip(rows, labels(rows, names), strict=True)
        ]
        titles = [heading(column) for column in columns]
        bounded = ["loss" not in score] * len(columns)
        figures.append(dot_rows(drawn, titles, bounded, shared=True))
    told = [("first", "the first")]
    standings = [row.standing for row in rows]
    if "same" in standings:
        told.append(("same", "cannot be told from it"))
    if "unknown" in standings:
        told.append(("unknown", "not compared with it (?)"))
    if "apart" in standings:
        told.append(("apart", "told from it"))
    told.append(("test", "test, which ranks nothing"))
    if len(rows) == 1:
        told = [("first", "validation"), ("test", "test, which ranks nothing")]
    if not any(row.scores[s].n for row in rows for s in row.scores if s.startswith("test")):
        told.pop()
    legend = [
        element("span", element("span", class_=f"bullet {kind}"), words, class_="item")
        for kind, words in told
    ]
    which = f"The {MOST} best. " * (len(board.configurations) > MOST)
    what = (
        "A dot is a run, the stroke the mean, the bar its 95 % interval; a bar may go on beyond "
        "the edge. "
        if several
        else "A dot is a run. "
    )
    title = "Spread over seeds" if several else "Scores of each configuration"
    return element(
        "section",
        element("h2", title),
        element("p", which + what, class_="lead"),
        element("p", *legend, class_="lead items"),
        *figures,
        id="spread",
    )


def _cell(row: Configuration, score: str) -> Cell:
    series = "test" if score.startswith("test") else row.standing
    found = [(one_line(run.name), recorded_score(run, score)) for run in row.records]
    dots = [Dot(value, series, f"run {name}: {number(value)}") for name, value in found]
    summary = row.scores[score]
    mean = summary.mean if len(row.records) > 1 else float("nan")
    if score.startswith("test"):
        return Cell(dots, mean, float("nan"), float("nan"), series)
    return Cell(dots, mean, summary.low, summary.high, series)
