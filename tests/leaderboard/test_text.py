import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnexp.leaderboard.leaderboard import leaderboard
from nnexp.leaderboard.text import print_leaderboard


def wide(make, keys, runs=3):
    """Four configurations that differ in many keys, some of long names and values."""
    records = []
    for place in range(4):
        values = {
            f"model__args__some_long_name_{k}": f"value {place} {'x' * 9}" for k in range(keys)
        }
        values["optimizer__lr"] = 10.0**-place
        for seed in range(runs):
            loss = 0.3 + 0.2 * place + 0.01 * seed * (place + 1)
            records.append(make(len(records), loss, seed=seed, **values))
    records.append(make(99, status="diverged", reason="NaN " * 40, seed=9, **values))
    return leaderboard(records)


def table_of(text):
    """The lines of the table, its head first."""
    lines = text.splitlines()
    rule = next(i for i, line in enumerate(lines) if line.startswith("─"))
    return [lines[rule - 1], *lines[rule + 1 : lines.index("", rule)]]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("keys", [0, 1, 3, 9])
def test_no_line_is_wider_than_the_screen(make, width, keys):
    board = wide(make, keys)
    text = board.text(width)
    table = table_of(text)
    assert len(table) == 5
    assert all(len(line) <= width for line in [*table, *text.split("in no mean:")[1].splitlines()])
    assert {"runs", "loss"} & set(table[0].split())
    assert "0.3100" in table[1]
    if keys == 9 and width <= 80:
        assert "not shown for lack of room: " in " ".join(text.split())


def test_columns_of_less_weight_go_first(make):
    board = wide(make, 0)
    heads = {width: table_of(board.text(width))[0] for width in (None, 100, 80, 48)}
    assert heads[None].count("± 95 %") == heads[None].count("sd") == 2
    assert "test acc." in heads[80]
    assert "sd" not in heads[80]
    assert "test acc." not in heads[48]
    assert all("val loss" in head and "lr" in head for head in heads.values())


def test_columns_are_aligned(make):
    table = table_of(wide(make, 1).text(120))
    starts = [m.start() for m in re.finditer(r"(?<=  )\S", table[0])]
    assert all(len(line) <= len(table[0]) + 12 for line in table)
    end = table[0].index("val loss") + len("val loss")
    assert all(re.fullmatch(r"[\d.]+", line[end - 6 : end]) for line in table[1:])
    assert starts


def test_what_cannot_be_told_is_marked_and_explained(make):
    losses = {0.0: [0.30, 0.40, 0.35], 0.1: [0.36, 0.33, 0.41], 0.2: [0.90, 1.00, 0.95]}
    records = [
        make(10 * i + s, x, reg__l2=l2, seed=s)
        for i, (l2, values) in enumerate(losses.items())
        for s, x in enumerate(values)
    ]
    board = leaderboard(records)
    table = table_of(board.text())
    assert [line.split()[1] == "≈" for line in table[1:]] == [False, True, False]
    needed = board.configurations[1].against_leader.pairs_needed
    assert str(needed) in table[2].split()
    text = " ".join(board.text().split())
    assert "≈ cannot be told from the first (paired t-test over seeds on one split" in text
    board = leaderboard([r for r in records if r.config["reg.l2"] != 0.1])
    assert "≈" not in board.text()
    assert "the first is better than every other" in board.text()


def test_runs_left_out_share_a_line_where_they_ended_alike(make):
    records = [make(0), *(make(i, status="diverged", reason="NaN", seed=i) for i in (1, 2))]
    text = leaderboard([*records, make(3, status="running", reg__l2=0.1)]).text()
    assert "3 runs in no mean:\n  1 2  l2=0  diverged  NaN\n  3  l2=0.1  running\n" in text


def test_settings_that_tell_rows_apart_go_last_and_stay_apart(make):
    paths = [f"data/2024-versions/trial_{which}.csv" for which in ("first", "second")]
    records = [
        make(4 * place + seed, 0.3 + 0.01 * seed, data__path=path, optimizer__lr=lr, seed=seed)
        for place, (path, lr) in enumerate((p, lr) for p in paths for lr in (0.01, 0.1))
        for seed in (0, 1)
    ]
    rows = [tuple(line.split()[-3:-1]) for line in table_of(leaderboard(records).text(40))[1:]]
    assert len(set(rows)) == 4
    assert {lr for _, lr in rows} | {lr for lr, _ in rows} > {"0.01", "0.1"}


def test_of_many_runs_that_ended_alike_the_first_is_named(make):
    bad = [make(i, status="failed", reason="odd " * 40, seed=i) for i in range(1, 40)]
    lines = leaderboard([make(0), *bad]).text(60).splitlines()
    place = lines.index("  1 ... (39 runs)  failed")
    assert " ".join(" ".join(lines[place + 1 :]).split()) == " ".join(["odd"] * 40)


def test_many_runs_left_out_are_counted(make):
    bad = [make(i, status="failed", reason=f"reason {i}", seed=i) for i in range(1, 40)]
    assert "  and 19 more runs\n" in leaderboard([make(0), *bad]).text(80)


def test_nothing_of_a_stranger_steers_the_terminal(make):
    evil = "\x1b]0;x\x07\n\x9b31m"
    records = [make(0), make(1, data__path=evil), make(2, status="failed", reason=evil)]
    for text in (leaderboard(records).text(80), leaderboard(records).markdown()):
        assert all(c.isprintable() for c in text.replace("\n", ""))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(), st.floats(), st.integers(40, 130))
def test_any_value_can_be_shown(make, word, value, width):
    records = [make(0, data__x=word), make(1, data__x=value), make(2, data__x=[word, value])]
    board = leaderboard(records)
    assert " ".join(board.text(width).split()).count("(lower is better)") == 1
    assert board.csv()
    assert board.markdown()
    assert len(board.frame()) == len(board.configurations)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_pipe_gets_plain_text_and_a_terminal_its_width(make, monkeypatch):
    board = wide(make, 1)
    monkeypatch.delenv("COLUMNS", raising=False)
    pipe = io.StringIO()
    print_leaderboard(board, pipe)
    assert pipe.getvalue() == board.text(120)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Terminal()
    print_leaderboard(board, screen)
    plain = re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue())
    assert [line.rstrip() for line in plain.splitlines()] == board.text(80).splitlines()
    assert "\x1b[" in screen.getvalue()


def test_a_screen_without_the_signs_gets_others(make):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_leaderboard(wide(make, 1), stream)
    assert b"+- 95 %" in raw.getvalue()
