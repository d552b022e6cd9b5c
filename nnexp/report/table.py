"""The leaderboard as a table, and the runs that are in no mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnexp.leaderboard import Configuration, Leaderboard, Summary
from nnexp.leaderboard.board import SAME, UNKNOWN
from nnexp.leaderboard.ended import Ended, ended_alike
from nnexp.leaderboard.grouping import order_of
from nnexp.leaderboard.table import stop_of
from nnexp.leaderboard.words import number, plural, score_title, setting, short_names
from nnexp.lines import one_line
from nnexp.report.labels import brief
from nnexp.report.markup import Markup, element, scroll
from nnexp.scores import is_loss

WIDEST = 28  # characters that are kept in one line
FITTING = 12  # rows that are shown at once


def leaderboard_table(board: Leaderboard) -> Markup:
    """The section of the leaderboard: a row a configuration."""
    rows = board.configurations
    names = short_names(board.varied)
    scores = [
        score
        for score in dict.fromkeys([board.sort, "val_loss", "val_accuracy"])
        if any(row.scores[score].n for row in rows)
    ]
    tests = [s for s in board.tests if any(row.scores[s].n for row in rows)]
    compared = board.paired
    known = any(math.isfinite(row.scores[board.sort].low) for row in rows)
    half = "± 95 %" if known else "± std. error"
    told = "mean, and half its 95 % interval" if known else "mean, and its standard error over rows"
    means = [_head(score_title(score), "", told, half) for score in scores]
    # what ranks comes first: a narrow screen shows it beside the rank
    head = [_head("#"), means[0], *(_head(names[key], "left", key) for key in board.varied)]
    stop = _head("stopped after", "", "epoch after which successive halving stopped its runs")
    head += [_head("runs"), *[stop] * board.halved, *means[1:]]
    if compared:
        told = "mean paired difference, and half its 95 % interval"
        head.append(_head("less the first", "", told, "± 95 %"))
        head.append(_head("p", "", "paired t-test, adjusted by Holm's method"))
        head.append(_head(f"{board.unit} needed", "", "to tell it from the first with 80 % power"))
    told = f"mean, and its standard error over rows, and over {board.unit} where there are several"
    head += [_head(score_title(score), "test", told, "± std. error") for score in tests]
    head.append(_head("names of runs", "left"))
    orders = {key: _orders(board, key) for key in board.varied}
    body = [_row(board, row, (scores, tests), known, compared, orders) for row in rows]
    table = element(
        "table",
        element("thead", element("tr", *head)),
        element("tbody", *body),
        class_="board sortable",
    )
    better = "lower" if is_loss(board.sort) else "higher"
    lead = (
        f"Ranked by mean {score_title(board.sort)}, {better} is better; test scores rank nothing."
    )
    standings = [row.standing for row in rows]
    if "same" in standings:
        lead += f" {SAME}: "
        lead += (
            f"the difference may be chance ({board.test})."
            if compared
            else "without several runs of each, a difference may be chance."
        )
    if "unknown" in standings:
        lead += f" {UNKNOWN}."
    if len(rows) > FITTING:
        lead += f" The table scrolls through its {len(rows)} rows."
    return element(
        "section",
        element("h2", "Leaderboard"),
        element("p", lead, class_="lead"),
        scroll(table, "leaderboard", "scroll tall"),
        id="leaderboard",
    )


def runs_in_no_mean(board: Leaderboard) -> Markup | None:
    """The section of the runs that failed, diverged or did not end; None without any."""
    if not board.failed:
        return None
    head = [_head(t, "left") for t in ("runs", "status", "settings", "reason")]
    body = list(map(_ended, ended_alike(board)))
    table = element(
        "table",
        element("thead", element("tr", *head)),
        element("tbody", *body),
        class_="board failed sortable",
    )
    return element(
        "section",
        element("h2", "Runs that are in no mean"),
        element("p", f"{plural(len(board.failed), 'run')}, and how each ended.", class_="lead"),
        scroll(table, "runs that are in no mean", "scroll tall"),
        id="failed",
    )


def _row(
    board: Leaderboard,
    row: Configuration,
    columns: tuple[Sequence[str], Sequence[str]],
    known: bool,
    compared: bool,
    orders: dict[str, dict[int, int]],
) -> Markup:
    scores, tests = columns
    sign = row.mark
    cells = [element("td", str(row.rank), element("span", f" {sign}") if sign else None)]
    cells.append(_score(row.scores[scores[0]], known))
    for key in board.varied:
        shown = brief(row.values[key]) if key in row.values else "–"
        exact = setting(row.values[key]) if key in row.values else shown
        told = exact if exact != shown else None
        cells.append(
            element("td", shown, class_=_width(shown), title=told, data_v=orders[key][row.rank])
        )
    cells.append(element("td", f"{len(row.records)}/{row.planned}", data_v=len(row.records)))
    if board.halved:
        cells.append(element("td", stop_of(row), data_v=row.stopped_after))
    cells += [_score(row.scores[score], known) for score in scores[1:]]
    against = row.against_leader
    if compared and against is None:
        cells += [element("td", class_="none")] * 3
    elif compared and against is not None:
        half = (against.high - against.low) / 2
        cells.append(_two(_signed(against.difference), half, against.difference))
        cells.append(element("td", _p(against.p_holm), data_v=_exact(against.p_holm)))
        needed = against.pairs_needed
        shown = "" if against.distinguishable else "?" if needed is None else str(needed)
        cells.append(element("td", shown, data_v=needed))
    cells += [_score(row.scores[score], False, "test") for score in tests]
    runs = " ".join(one_line(record.name) for record in row.records)
    cells.append(element("td", runs, class_="left names", data_v=row.rank))
    return element("tr", *cells, class_="same" if sign else row.standing)


def _ended(own: Ended) -> Markup:
    words = " ".join(filter(None, [own.settings, own.repeats]))
    return element(
        "tr",
        element("td", own.names, class_="left"),
        element("td", element("span", own.status, class_=f"status {_status(own.status)}"),
                class_="left"),
        element("td", words or "–", class_=_width(words)),
        element("td", own.reason or "–", class_="left reason"),
    )  # fmt: skip


def _width(shown: str) -> str:
    return "left" if len(shown) <= WIDEST else "left long"


def _status(status: str) -> str:
    return status if status in ("diverged", "failed", "interrupted", "running") else "other"


def _head(title: str, class_: str = "", told: str | None = None, small: str = "") -> Markup:
    below = element("small", small) if small else None
    return element("th", title, below, scope="col", class_=class_ or None, title=told)


def _score(score: Summary, interval: bool, class_: str | None = None) -> Markup:
    """A mean, and below it half its interval or its standard error."""
    around = (score.high - score.low) / 2 if interval else score.stderr
    return _two(number(score.mean), around, score.mean, class_)


def _two(large: str, around: float, exact: float, class_: str | None = None) -> Markup:
    """A cell with a number and, below, how sure it is."""
    small = element("small", f"± {number(around)}") if math.isfinite(around) else None
    return element("td", large, small, data_v=_exact(exact), class_=class_)


def _signed(value: float) -> str:
    return f"+{number(value)}" if value > 0 else number(value)


def _p(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.3f}" if value >= 0.001 else "<.001"


def _exact(value: float) -> str | None:
    return f"{value:.6g}" if math.isfinite(value) else None


def _orders(board: Leaderboard, key: str) -> dict[int, int]:
    """Rank of a configuration -> place of its value among all values, to sort by."""
    rows = sorted(
        board.configurations,
        key=lambda r: (key not in r.values, order_of(r.values.get(key)), r.rank),
    )
    return {row.rank: place for place, row in enumerate(rows)}
