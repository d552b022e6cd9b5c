"""The head of the page: what was tried, how it went, and which configuration came first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nnexp.errors import TRAIN, UserError
from nnexp.leaderboard import Leaderboard, Record
from nnexp.leaderboard.chosen import words_of_first
from nnexp.leaderboard.grouping import FOLD, comparable, is_repetition, order_of
from nnexp.leaderboard.nothing import how_ended
from nnexp.leaderboard.records import NOT_BEGUN
from nnexp.leaderboard.words import TITLES, number, plural, score_title, setting, short_names
from nnexp.lines import one_line, shorten
from nnexp.report.commands import commands_of, placeless
from nnexp.report.labels import brief, sentence
from nnexp.report.markup import Markup, element, join
from nnexp.report.observations import number_of
from nnexp.scores import is_loss
from nnexp.track.folder import read_json

STATUSES = ("done", "diverged", "failed", "interrupted", "running", NOT_BEGUN)
MOST_VALUES = 12  # of a setting
MOST_COMMANDS = 3
MOST_KEYS = 3  # that a title names
MOST_LETTERS = 60  # of the data's name in a title
LONGEST = 600  # characters of a command, or of a line on data


def summary_title(board: Leaderboard, records: Sequence[Record]) -> str:
    """What was swept, on which data: the title of a page that is nobody's in particular.

    It names no folder, whose name may be a time.
    """
    names = list(short_names(board.varied).values())
    if len(names) > MOST_KEYS:
        swept = f"{len(names)} settings"
    else:
        swept = " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
    sources = {found for r in records if (found := source_of(r.config)) is not None}
    on = f" on {shorten(one_line(sources.pop()), MOST_LETTERS)}" if len(sources) == 1 else ""
    return f"Sweep of {swept}{on}" if swept else f"{plural(len(records), 'run')}{on}"


def source_of(config: Mapping[str, Any]) -> str | None:
    """What a table is called: its file's name, or the name of the option that brings it."""
    path = config.get("data.path")
    name = Path(str(path)).name if path else config.get("data.name")
    return str(name) if name else None


def head(board: Leaderboard, records: Sequence[Record], title: str) -> Markup:
    """The head.

    Arguments:
        board: the leaderboard of the runs.
        records: all runs.
        title: of the page.
    """
    return element(
        "header",
        element("h1", title),
        element("p", *_verdict(board), *_unfinished(board), class_="verdict"),
        _tiles(board, records),
        element("dl", *_facts(board, records)),
        element("ul", *(element("li", sentence(note)) for note in board.notes), class_="notes"),
    )


def _verdict(board: Leaderboard) -> list[str]:
    """The first, its scores, and whether others can be told from it."""
    if not board.configurations:
        return [f"Nothing can be ranked, of {how_ended(board.failed, board.sort)}."]
    first, rest = board.configurations[0], board.configurations[1:]
    score = first.scores[board.sort]
    title, value = score_title(board.sort), element("strong", number(score.mean))
    if not rest:
        if score.n == 1:
            only = "The only run that is done" if board.incomplete else "The only run"
            return [f"{only} has a {title} of ", value, ". ", *_tested(board)]
        return [f"{score.n} runs have a mean {title} of ", value, ". ", *_tested(board)]
    best = "the lowest" if is_loss(board.sort) else "the highest"
    rivals = sum(row.is_complete == first.is_complete for row in board.configurations)
    those = plural(rivals, "configuration")
    if rivals <= len(rest):
        those = f"the {those} whose runs are all done"
    words: list[str] = [
        element("code", " ".join(f"{_typed(k)}={setting(v)}" for k, v in first.values.items())),
        f" has {best} mean {title} of {those}: ",
        value,
        f" over {plural(score.n, 'run')}. ",
        *_tested(board),
    ]
    same = [row for row in rest if row.standing == "same"]
    unknown = sum(row.standing == "unknown" for row in rest)
    if unknown:
        words.append(
            f"{unknown} of the other {len(rest)} {'was' if unknown == 1 else 'were'} not compared "
            "with it (? in the leaderboard)"
            f"{f'; {len(same)} cannot be told from it (≈)' if same else ''}."
        )
    elif not same:
        words.append("It is told from every other configuration (paired t-test, Holm, 5 %).")
    elif len(same) == len(rest):
        others = "The other" if len(rest) == 1 else f"None of the other {len(rest)}"
        verb = "cannot" if len(rest) == 1 else "can"
        words.append(f"{others} {verb} be told from it: the difference may be chance.")
    else:
        words.append(
            f"{len(same)} of the other {len(rest)} cannot be told from it (≈ in the leaderboard)."
        )
    return words


def _typed(key: str) -> str:
    """A key as it is typed: an option's name is chosen by its group."""
    return key.removesuffix(".name")


def _unfinished(board: Leaderboard) -> list[str]:
    if not board.incomplete:
        return []
    return [" ", element("strong", "The sweep is incomplete."), " What is to come may outdo it."]


def _tested(board: Leaderboard) -> list[str]:
    tests = {name: s for name, s in board.winner_test.items() if math.isfinite(s.mean)}
    shown = [name for name in sorted(board.tests) if name in tests]
    if not shown:
        return []
    several = len(board.configurations) == 1 and len(board.configurations[0].records) > 1
    words: list[str] = [f"On the test rows {'they have' if several else 'it has'} "]
    for place, name in enumerate(shown):
        error = tests[name].stderr
        value = number(tests[name].mean)
        value += f" ± {number(error)}" if math.isfinite(error) else ""
        words += [_between(place, len(shown)), f"{TITLES[name[5:]]} ", element("strong", value)]
    return [*words, " (± one standard error). "]


def _between(place: int, count: int) -> str:
    return "" if not place else " and " if place == count - 1 else ", "


def _tiles(board: Leaderboard, records: Sequence[Record]) -> Markup:
    counts = Counter(map(_state, records))
    ranked = len(board.configurations)
    tried = {
        tuple(comparable(record.config[k]) if k in record.config else () for k in board.varied)
        for record in records
        if record.config
    } | {_typed_settings(record) for record in records if record.words}
    tiles: list[tuple[str, int, str]] = []
    if ranked and ranked < len(tried):  # some have no run that came to a score
        tiles = [("configurations tried", len(tried), ""), ("with a score", ranked, "")]
    elif ranked:
        tiles = [("configurations", ranked, "")]
    tiles += [("runs", len(records), "")]
    tiles += [(s, counts[s], s) for s in STATUSES if counts[s] or s == "done"]
    return element(
        "ul",
        *(
            element(
                "li",
                element("b", str(count)),
                element("span", _word(name, count)),
                class_=kind.replace(" ", "-"),
            )
            for name, count, kind in tiles
        ),
        class_="tiles",
    )


def _typed_settings(record: Record) -> tuple[str, ...]:
    """What was typed for the configuration of a run that failed before it had one."""
    return tuple(w for w in record.words if not is_repetition(w.lstrip("+").partition("=")[0]))


def _state(record: Record) -> str:
    if not record.begun:
        return NOT_BEGUN
    return record.status if record.status in STATUSES else "failed"


def _word(name: str, count: int) -> str:
    return name[:-1] if count == 1 and name in ("configurations", "runs") else name


def _facts(board: Leaderboard, records: Sequence[Record]) -> list[Markup]:
    facts = []
    for key in board.varied:
        found = [row.values[key] for row in board.configurations if key in row.values]
        found += [record.config[key] for record in board.failed if key in record.config]
        values = sorted({comparable(value): value for value in found}.values(), key=order_of)
        shown, more = ", ".join(setting(value) for value in values[:MOST_VALUES]), ""
        if len(values) > MOST_VALUES:
            ends = f"{brief(values[0])} … {brief(values[-1])}"
            shown = ends if all(number_of(value) is not None for value in values) else shown
            more = f" ({len(values)} values)"
        facts.append(_fact(element("code", key), shown + more))
    for key, many in (("seed", "seeds"), (FOLD, "folds")):
        known = [r.config[key] for r in records if r.config.get(key) is not None]
        repeated = sorted({comparable(value): value for value in known}.values(), key=order_of)
        if repeated:
            shown = ", ".join(map(setting, repeated[:MOST_VALUES]))
            more = f", … ({len(repeated)} {many})" if len(repeated) > MOST_VALUES else ""
            facts.append(_fact(element("code", key), shown + more))
    runs = [(own, m) for own in records if (m := _manifest(own)) is not None]
    data = list(dict.fromkeys(told for _, m in runs if (told := data_line(m, True)) is not None))
    if data:
        facts.append(_fact("data", _lines(data, "more")))
    commands = commands_of(runs)
    if commands:
        shown_commands = [element("code", command) for command in commands]
        facts.append(_fact("command", _lines(shown_commands, "more of the kind")))
    words = words_of_first(board)
    if words is not None:
        told = element("code", placeless([*TRAIN.split(), *words]))
        facts.append(_fact("to train the first", told))
    return facts


def _lines(parts: Sequence[str], rest: str) -> Markup:
    """The first few, each in a line, and how many more there are."""
    lines = list(parts[:MOST_COMMANDS])
    if len(parts) > MOST_COMMANDS:
        lines.append(f"and {len(parts) - MOST_COMMANDS} {rest}")
    return join(*(join(element("br") if i else None, line) for i, line in enumerate(lines)))


def _fact(name: str, told: str) -> Markup:
    return element("div", element("dt", name), element("dd", told))


def _manifest(record: Record) -> Mapping[str, Any] | None:
    try:
        content = read_json(record.folder / "manifest.json")
    except UserError:
        return None
    return content if isinstance(content, dict) else None


def _parts(split: Mapping[str, Any], of_all: bool) -> str:
    """`90 train, 30 validation, 30 test rows`; of folds what is the same in all of them, or which
    it is.
    """
    if split.get("folds") and of_all:
        rest = sum(_count(split.get(part)) for part in ("train", "valid", "unused"))
        words = [f"{rest} rows in {split['folds']} folds"]
        return ", ".join([*words, *([f"{rows} test rows"] if (rows := split.get("test")) else [])])
    names = {"train": "train", "valid": "validation", "test": "test", "unused": "unused"}
    parts = [f"{split[part]} {name}" for part, name in names.items() if split.get(part)]
    fold = f" (fold {split.get('fold')} of {split['folds']})" if split.get("folds") else ""
    return f"{', '.join(parts)} rows{fold}"


def _count(value: Any) -> int:
    """A whole number of a JSON file; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def data_line(manifest: Mapping[str, Any], of_all: bool = False) -> str | None:
    """What a manifest says about the table: its source and how its rows are split.

    Arguments:
        manifest: of a run.
        of_all: whether it is to be the same for all folds.
    """
    data = manifest.get("data")
    if not isinstance(data, dict) or not data.get("source"):
        return None
    words = [one_line(str(data["source"]))]
    split = data.get("split")
    if isinstance(split, dict) and split:
        words.append(one_line(_parts(split, of_all)))
    features, classes = data.get("features"), data.get("classes")
    if isinstance(features, int):
        words.append(plural(features, "feature"))
    if isinstance(classes, list) and classes:
        words.append(f"{len(classes)} classes")
    return shorten(", ".join(words), LONGEST)
