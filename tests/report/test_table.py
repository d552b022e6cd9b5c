import json
import math

import numpy as np
import pytest
from scipy import stats

from nnexp.leaderboard.words import number
from nnexp.report.table import leaderboard_table, runs_in_no_mean


@pytest.fixture
def section(board, read):
    return lambda sort="val_loss": read(leaderboard_table(board(sort)))


@pytest.fixture
def ended(board, read):
    def make():
        made = runs_in_no_mean(board())
        return None if made is None else read(made)

    return make


def titles_of(table):
    heads = table.one("thead").all("th")
    return ["".join(c for c in th.children if isinstance(c, str)) for th in heads]


def rows_of(section):
    """Each row as title -> cell."""
    titles = titles_of(section)
    body = section.one("tbody").all("tr")
    return [dict(zip(titles, row.all("td"), strict=True)) for row in body]


def large(cell):
    """The text of a cell without the small figures below."""
    return "".join(c for c in cell.children if isinstance(c, str))


def scores(tmp_path, numbers, part, name):
    folders = [tmp_path / "sweep" / str(n) for n in numbers]
    read = [json.loads((f / "metrics.json").read_text(encoding="utf-8")) for f in folders]
    return np.array([metrics[part][name] for metrics in read])


RANKED = {"0.01": [3, 4, 5], "0": [0, 1, 2], "0.1": [6, 7, 8]}
COLUMNS = {
    "validation loss": ("val", "loss"),
    "validation accuracy": ("val", "accuracy"),
    "test loss": ("test", "loss"),
    "test accuracy": ("test", "accuracy"),
}


@pytest.fixture
def losses(add):
    """Three configurations of three seeds, whose differences vary from seed to seed."""
    table = {0.0: [0.52, 0.61, 0.58], 0.01: [0.50, 0.53, 0.57], 0.1: [0.90, 0.95, 1.05]}
    for row, (l2, values) in enumerate(table.items()):
        for seed, val in enumerate(values):
            add(3 * row + seed, seed=seed, val=val, accuracy=0.95 - val / 10 - 0.01 * seed,
                test=val + 0.05 * seed, rows=[], reg__l2=l2)  # fmt: skip


def test_means_and_how_sure_they_are(losses, section, tmp_path):
    rows = rows_of(section())
    assert [large(row["l2"]) for row in rows] == list(RANKED)
    for row, numbers in zip(rows, RANKED.values(), strict=True):
        assert row["runs"].text == "3/3"
        assert row["names of runs"].text == " ".join(map(str, numbers))
        for title, (part, name) in COLUMNS.items():
            values = scores(tmp_path, numbers, part, name)
            half = stats.t.ppf(0.975, 2) * stats.sem(values)
            rows_error = {"loss": 0.03, "accuracy": 0.04}[name]
            error = math.sqrt(stats.sem(values) ** 2 + rows_error**2)
            assert large(row[title]) == f"{values.mean():.4f}"
            assert float(row[title].attributes["data-v"]) == pytest.approx(values.mean(), rel=1e-5)
            small = float(row[title].one("small").text.removeprefix("± "))
            assert small == pytest.approx(half if part == "val" else error, abs=6e-5)


def test_each_is_compared_with_the_first_by_its_seeds(losses, section, tmp_path):
    first, *rest = rows_of(section())
    assert [first[t].text for t in ("less the first", "p", "seeds needed")] == ["", "", ""]
    own = scores(tmp_path, RANKED["0.01"], "val", "loss")
    others = [scores(tmp_path, RANKED[l2], "val", "loss") for l2 in ("0", "0.1")]
    p = [stats.ttest_rel(other, own).pvalue for other in others]
    assert p[1] < p[0]
    holm = [max(p[0], 2 * p[1]), 2 * p[1]]
    for row, other, adjusted in zip(rest, others, holm, strict=True):
        difference = other - own
        assert large(row["less the first"]) == f"+{difference.mean():.4f}"
        half = stats.t.ppf(0.975, 2) * stats.sem(difference)
        small = float(row["less the first"].one("small").text.removeprefix("± "))
        assert small == pytest.approx(half, abs=6e-5)
        assert row["p"].text == f"{adjusted:.3f}"
        assert float(row["p"].attributes["data-v"]) == pytest.approx(adjusted, rel=1e-4)
    assert [row["#"].text for row in rest] == ["2≈", "3"]
    assert int(rest[0]["seeds needed"].text) > 3
    assert rest[1]["seeds needed"].text == ""
    assert (
        "(paired t-test over seeds on one split, Holm's correction, 5 %, of"
        in section().one("p").text
    )


def test_heads_say_what_stands_below(losses, section):
    heads = section().one("thead").all("th")
    small = {h.text: h.one("small").text for h in heads if h.all("small")}
    assert list(small.values()) == ["± 95 %"] * 3 + ["± std. error"] * 2
    assert all(h.attributes["scope"] == "col" for h in heads)


def test_one_run_of_each_has_the_error_over_rows(add, section):
    for place in range(2):
        add(place, val=0.5 + 0.1 * place, reg__l2=0.1 * place)
    made = section()
    row = rows_of(made)[0]
    assert row["validation loss"].one("small").text == "± 0.0300"
    heads = [head.text for head in made.one("thead").all("th")]
    assert heads[1].startswith("validation loss")  # which ranks, so that a narrow screen shows it
    assert "± std. error" in heads[1]
    assert heads[2] == "l2"
    assert "p" not in titles_of(made)
    assert "without several runs of each, a difference may be chance" in made.one("p").text


def test_an_error_is_never_shown_as_an_interval(add, section):
    for place in range(2):
        add(place, seed=place, val=0.5 + 0.1 * place, reg__l2=0.0)
    add(2, val=0.9, reg__l2=0.1)
    rows = rows_of(section())
    assert rows[0]["validation loss"].all("small")
    assert rows[1]["validation loss"].all("small") == []
    assert rows[1]["test loss"].all("small")


def test_missing_runs_are_counted(add, section):
    add(0, seed=0)
    add(1, seed=1, status="failed")
    assert rows_of(section())[0]["runs"].text == "1/2"


def test_settings_sort_by_their_size(add, section):
    for place, lr in enumerate([0.5, 10.0, 2.0]):
        add(place, val=0.5 + place, optimizer__lr=lr)
    rows = rows_of(section())
    assert [(large(r["lr"]), r["lr"].attributes["data-v"]) for r in rows] == [
        ("0.5", "0"), ("10", "2"), ("2", "1"),
    ]  # fmt: skip


def test_a_rounded_setting_is_told_exactly(add, section):
    add(0, val=0.5, optimizer__lr=0.203798123)
    add(1, val=0.6, optimizer__lr=0.1)
    cell = rows_of(section())[0]["lr"]
    assert (cell.text, cell.attributes["title"]) == ("0.2038", "0.203798123")


def test_without_test_scores_there_are_no_columns(add, section):
    add(0, test=None)
    assert not any("test" in title for title in titles_of(section()))


def test_the_score_that_ranks_comes_first(losses, section):
    titles = titles_of(section("val_accuracy"))
    assert titles.index("validation accuracy") < titles.index("validation loss")
    assert "higher is better" in section("val_accuracy").one("p").text


def test_runs_in_no_mean(add, ended, tmp_path):
    add(0)
    add(1, status="diverged", reason="NaN in epoch 3", seed=4, reg__l2=0.1)
    add(2, status="failed", reason=f"'{tmp_path / 'sweep' / '2'}' is full")
    add(3, status="running")
    table = ended().one("table")
    rows = [[td.text for td in row.all("td")] for row in table.one("tbody").all("tr")]
    assert rows == [
        ["1", "diverged", "l2=0.1 seed=4", "NaN in epoch 3"],
        ["2", "failed", "l2=0 seed=0", "'2' is full"],
        ["3", "running", "l2=0 seed=0", "–"],
    ]
    assert ended().one("p").text == "3 runs, and how each ended."


def test_without_any_there_is_no_section(add, ended):
    add(0)
    assert ended() is None


def test_numbers_of_all_sizes(add, section):
    for place, val in enumerate([1e-9, 123456.0]):
        add(place, val=val, reg__l2=0.1 * place)
    shown = [large(row["validation loss"]) for row in rows_of(section())]
    assert shown == [number(1e-9), number(123456.0)] == ["1e-09", "1.23e+05"]
