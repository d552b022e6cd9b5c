"""The leaderboard as CSV, as a DataFrame, and as Markdown: no times, no absolute paths."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nnexp.config.keys import literal
from nnexp.leaderboard.board import SCORES, UNKNOWN, Configuration, Leaderboard
from nnexp.leaderboard.ended import ended_alike
from nnexp.leaderboard.words import (
    number,
    plural,
    score_title,
    setting,
    short_names,
)
from nnexp.lines import one_line

if TYPE_CHECKING:
    import pandas as pd

MARKDOWN_SIGNS = "\\|`*_<>[]~#"


def rows(board: Leaderboard) -> list[dict[str, Any]]:
    """A row a configuration, each a mapping with the columns of leaderboard.csv.

    `rank`, the varied keys, `runs` that are in the means of `planned`, then for each validation
    score its mean, `_sd`, `_low` and `_high` (95 % interval), for each test score its mean, `_sd`
    and `_stderr` (over seeds and rows), then `difference` from the first by the score that ranks,
    `p` and `p_holm`, `same_as_leader` (None where it was not compared), `seeds_needed`, the epoch
    that successive halving `stopped_after`, and `names` of the runs. A key that a configuration
    does not have, and a number that is not known, are None.
    """
    return [_row(board, configuration) for configuration in board.configurations]


def frame(board: Leaderboard) -> pd.DataFrame:
    """The rows as a DataFrame; `attrs` holds `sort`, `varied` and `notes`."""
    import pandas as pd

    found = rows(board)
    table = pd.DataFrame({column: [row[column] for row in found] for column in found[0]})
    for column in (c for c in table if c not in board.varied):
        if table[column].isna().all():  # pandas would make objects of them
            table[column] = table[column].astype("float64")
    for column in ("seeds_needed", "stopped_after"):
        table[column] = table[column].astype("Int64")
    table["same_as_leader"] = table["same_as_leader"].astype("boolean")
    table.attrs.update(sort=board.sort, varied=list(board.varied), notes=list(board.notes))
    return table


def csv_text(board: Leaderboard) -> str:
    """The rows as CSV: numbers exact, a value as it is typed, an empty cell for None."""
    found = rows(board)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(found[0])
    for row, configuration in zip(found, board.configurations, strict=True):
        cells = {
            key: literal(configuration.values[key]) if key in configuration.values else ""
            for key in board.varied
        }
        writer.writerow([cells.get(key, _cell(value)) for key, value in row.items()])
    return out.getvalue()


def markdown(board: Leaderboard) -> str:
    """The leaderboard as a page of Markdown."""
    names = short_names(board.varied)
    title = score_title(board.sort)
    planned = sum(row.planned for row in board.configurations)
    lines = [
        "# Leaderboard",
        "",
        f"{plural(len(board.configurations), 'configuration')}, {plural(planned, 'run')}, "
        f"ranked by mean {title}.",
        "",
    ]
    scores = list(dict.fromkeys([board.sort, "val_loss", "val_accuracy"]))
    tests = [score for score in board.tests if score in board.winner_test]
    head = ["rank", *(_escaped(names[key]) for key in board.varied), "runs"]
    head += ["stopped after"] * board.halved
    for score in scores:
        head += [score_title(score), "sd", "95 %"]
    head += ["p (Holm)", "same as first", f"{board.unit} needed"]
    head += [f"{score_title(score)} ± s.e." for score in tests]
    table = [head]
    for row in board.configurations:
        cells = [str(row.rank)]
        cells += [_escaped(setting(row.values[k])) if k in row.values else "" for k in board.varied]
        cells.append(f"{len(row.records)}/{row.planned}")
        cells += [stop_of(row)] * board.halved
        for score in scores:
            s = row.scores[score]
            cells += [number(s.mean), number(s.sd), f"{number(s.low)} to {number(s.high)}"]
        against = row.against_leader
        cells += ["", "", ""] if against is None else [
            number(against.p_holm),
            row.mark or "no",
            "" if against.pairs_needed is None else str(against.pairs_needed),
        ]  # fmt: skip
        tested = [row.scores[score] for score in tests]
        cells += [f"{number(s.mean)} ± {number(s.stderr)}" for s in tested]
        table.append(cells)
    lines += _table(table)
    if len(board.configurations) > 1:
        lines += ["", f"≈ {_escaped(LEGEND.format(board.test, board.unit))}"]
        if any(row.standing == "unknown" for row in board.configurations):
            lines += ["", f"{UNKNOWN}."]
    if board.failed:
        lines += ["", "## Runs that are in no mean", ""]
        failed = [["runs", "settings", "status", "reason"]]
        for own in ended_alike(board):
            words = " ".join(filter(None, [own.settings, own.repeats]))
            failed.append(
                [_escaped(own.names), _escaped(words), own.status, _escaped(own.reason or "-")]
            )
        lines += _table(failed)
    lines += ["", "## Notes", "", *(f"- {_escaped(note)}" for note in board.notes)]
    return "\n".join(lines) + "\n"


LEGEND = (
    "not told from the first: the difference may be chance ({}). With 95 % confidence the best is "
    "the first or among these. `{} needed` would tell them apart with 80 % power if the "
    "difference is as it was seen."
)


def _row(board: Leaderboard, row: Configuration) -> dict[str, Any]:
    against = row.against_leader
    cells: dict[str, Any] = {"rank": row.rank}
    cells |= {key: row.values.get(key) for key in board.varied}
    cells |= {"runs": len(row.records), "planned": row.planned}
    for score in SCORES:
        s = row.scores[score]
        last = {"low": s.low, "high": s.high} if score.startswith("val") else {"stderr": s.stderr}
        cells |= {score: _known(s.mean), f"{score}_sd": _known(s.sd)}
        cells |= {f"{score}_{name}": _known(value) for name, value in last.items()}
    cells |= {
        "difference": None if against is None else _known(against.difference),
        "p": None if against is None else _known(against.p),
        "p_holm": None if against is None else _known(against.p_holm),
        "same_as_leader": {"apart": False, "unknown": None}.get(row.standing, True),
        "seeds_needed": None if against is None else against.pairs_needed,
        "stopped_after": row.stopped_after,
        "names": " ".join(one_line(record.name) for record in row.records),
    }
    return cells


def stop_of(row: Configuration) -> str:
    """The epoch after which halving stopped a row, in words; "" where it did not."""
    return "" if row.stopped_after is None else f"epoch {row.stopped_after}"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _table(cells: Sequence[Sequence[str]]) -> list[str]:
    head, *rest = cells
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rest)]


def _escaped(text: str) -> str:
    for sign in MARKDOWN_SIGNS:
        text = text.replace(sign, "\\" + sign)
    return text
