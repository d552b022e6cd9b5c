import csv
import json
import math

import numpy as np
import pytest

from nnexp.report.against import MOST_LINES, against_settings, like_the_first
from nnexp.report.observations import Observations


@pytest.fixture
def section(board, read):
    def make(sort="val_loss"):
        made = against_settings(board(sort), Observations())
        return None if made is None else read(made)

    return make


def charts(group):
    return {figure.one("figcaption").text: figure for figure in group.all("figure", "chart")}


def files_of(folder):
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    with (folder / "history.csv").open(encoding="utf-8") as file:
        rows = {int(row["epoch"]): row for row in csv.DictReader(file)}
    return metrics, rows[metrics["best_epoch"]]


def mean_over(tmp_path, numbers, quantity):
    """The mean of a score, or of a column at the kept epoch, from the files themselves."""
    values = []
    for number in numbers:
        metrics, kept = files_of(tmp_path / "sweep" / str(number))
        part, _, name = quantity.partition("_")
        values.append(metrics["val"][name] if part == "val" else float(kept[quantity]))
    return sum(values) / len(values)


PATH = {0.0: [0, 1, 2], 0.01: [3, 4, 5], 0.1: [6, 7, 8]}


@pytest.mark.parametrize(
    ("title", "val", "train"),
    [("Loss", "val_loss", "train_loss"), ("Accuracy", "val_accuracy", "train_accuracy")],
)
def test_the_path_of_a_regularizer(path_of, section, axis_of, share, tmp_path, title, val, train):
    figure = charts(section())[title]
    axis = axis_of(figure)
    dots = figure.all("circle", "dot")
    means = [d for d in dots if "val" in d.attributes["class"] and d.attributes["r"] == "4"]
    hollow = figure.all("circle", "hollow")
    for found, quantity, word in [(means, val, "validation"), (hollow, train, "train")]:
        expected = [mean_over(tmp_path, numbers, quantity) for numbers in PATH.values()]
        values = axis.value([share(dot.attributes["cy"]) for dot in found])
        assert np.allclose(values, expected, atol=2e-4 * abs(axis.slope))
        for dot, l2, mean in zip(found, PATH, expected, strict=True):
            assert dot.told == f"{word}, reg.l2={l2:g}: {mean:.4f}"
    lines = {line.attributes["class"].split()[-1]: line for line in figure.all("polyline")}
    drawn = np.array([p.split(",") for p in lines["val"].attributes["points"].split()], float)
    expected = [mean_over(tmp_path, numbers, val) for numbers in PATH.values()]
    assert np.allclose(axis.value(drawn[:, 1] / 1000), expected, atol=1e-3 * abs(axis.slope))


def test_a_setting_that_the_first_did_not_vary_is_shown_where_it_was(add, section):
    number = 0
    for key, values in {"reg__l2": (0.0, 0.1, 0.2, 0.3), "optimizer__lr": (0.002, 0.003)}.items():
        for value in values:
            add(number, val=0.3 if value == 0.3 else 0.5 + value, **{key: value})
            number += 1
    group = next(g for g in section().all("div", "setting") if g.one("h3").text == "optimizer.lr")
    figure = charts(group)["Loss"]
    means = [d for d in figure.all("circle", "val") if d.attributes["r"] == "4"]
    assert [d.told.partition(":")[0] for d in means] == [
        f"validation, optimizer.lr={rate}" for rate in (0.001, 0.002, 0.003)
    ]
    assert "validation, at l2=0 where it has the most values" in group.text
    assert "validation, at lr=0.001 as in the first configuration" in section().text


def test_a_small_dot_is_a_run(path_of, section, axis_of, share, tmp_path):
    figure = charts(section())["Loss"]
    axis = axis_of(figure)
    runs = figure.all("circle", "seed")
    assert len(runs) == 9
    for dot in runs:
        name, _, told = dot.told.removeprefix("run ").partition(": ")
        value = files_of(tmp_path / "sweep" / name)[0]["val"]["loss"]
        assert told == f"{value:.4f}"
        assert axis.value(share(dot.attributes["cy"])) == pytest.approx(
            value, abs=2e-4 * abs(axis.slope)
        )


def test_the_penalty_has_a_chart_where_it_varies(path_of, section, share, axis_of, tmp_path):
    figure = charts(section())["Penalty"]
    axis = axis_of(figure)
    dots = figure.all("circle", "hollow")
    expected = [mean_over(tmp_path, numbers, "train_penalty") for numbers in PATH.values()]
    values = axis.value([share(dot.attributes["cy"]) for dot in dots])
    assert np.allclose(values, expected, atol=2e-4 * abs(axis.slope))
    assert len(figure.all("polyline")) == 1


def test_without_penalties_there_is_no_chart_of_them(add, section):
    for number, l2 in enumerate([0.0, 0.1]):
        row = dict(epoch=2, train_loss=0.5, train_penalty=0.0, train_accuracy=0.5, val_loss=0.7,
                   val_accuracy=0.5, lr=0.1)  # fmt: skip
        add(number, reg__l2=l2, rows=[row])
    assert list(charts(section())) == ["Loss", "Accuracy"]


def test_runs_without_a_history_hide_no_penalty(path_of, section, tmp_path):
    for number in PATH[0.0]:
        (tmp_path / "sweep" / str(number) / "history.csv").unlink()
    assert "Penalty" in charts(section())


def test_values_lie_at_their_ticks(path_of, section, share):
    figure = charts(section())["Loss"]
    ticks = {t.text: share(t.attributes["x"]) for t in figure.all("text", "tick")
             if t.attributes["text-anchor"] == "middle"}  # fmt: skip
    assert list(ticks) == ["0", "0.01", "0.1"]
    for dot in figure.all("circle", "hollow"):
        value = dot.told.partition("=")[2].partition(":")[0]
        assert share(dot.attributes["cx"]) == ticks[value]


def test_other_settings_are_lines_beside(add, section):
    for number in range(6):
        lr, l2 = divmod(number, 3)
        add(number, val=0.5 + 0.1 * number, optimizer__lr=10.0**-lr, reg__l2=0.1 * l2)
    l2, lr = section().all("div", "setting")
    assert l2.one("h3").text == "reg.l2"
    for group, beside in [(l2, 1), (lr, 2)]:
        lines = charts(group)["Loss"].all("polyline", "other")
        assert len(lines) == beside
        assert "at other settings" in group.one("p").text
    assert "at lr=1 as in the first configuration" in l2.one("p").text


def test_of_many_other_settings_the_best_are_drawn(add, section, axis_of):
    most = MOST_LINES + 5
    for hidden in range(most):
        for place, val in enumerate([5 + 0.01 * hidden, 2 - 0.01 * hidden]):
            add(2 * hidden + place, val=val, rows=[], reg__l2=0.1 * place, model__hidden=[hidden])
    group = section().all("div", "setting")[-1]
    assert group.one("h3").text == "reg.l2"
    figure = charts(group)["Loss"]
    axis = axis_of(figure)
    ends = [float(line.attributes["points"].rpartition(",")[2]) / 1000
            for line in figure.all("polyline", "other")]  # fmt: skip
    best = [2 - 0.01 * hidden for hidden in range(most - 2, most - 2 - MOST_LINES, -1)]
    assert np.allclose(axis.value(ends), best, atol=1e-3 * abs(axis.slope))


def test_drawn_values_are_dots(add, section):
    for number in range(5):
        add(number, val=0.5 + number, reg__l2=0.013 * number, optimizer__lr=0.1 + number)
    figure = charts(section().all("div", "setting")[0])["Loss"]
    assert figure.all("polyline") == []
    assert len(figure.all("circle", "other")) == 4


def test_runs_in_no_mean_are_crosses(path_of, add, section, share):
    add(9, reg__l2=10.0, status="diverged", reason="NaN")
    add(10, reg__l2=0.1, seed=7, status="failed")
    figure = charts(section())["Loss"]
    assert [cross.told for cross in figure.all("text", "cross")] == [
        "reg.l2=0.1: 10 failed", "reg.l2=10: 9 diverged",
    ]  # fmt: skip
    ticks = [t.text for t in figure.all("text", "tick") if t.attributes["text-anchor"] == "middle"]
    assert ticks == ["0", "0.01", "0.1", "10"]
    assert "runs that are in no mean" in section().one("p").text


def test_options_are_rows_of_dots(add, section, share, tmp_path):
    for number in range(8):
        rest, name = divmod(number, 2)
        lr, seed = divmod(rest, 2)
        add(number, seed=seed, val=0.5 + 0.1 * number, optimizer__name=["adam", "sgd"][name],
            optimizer__lr=[0.1, 0.2][lr])  # fmt: skip
    group = section().all("div", "setting")[0]
    assert group.one("h3").text == "optimizer.name"
    figure = group.one("figure", "dots")
    rows = [n.text for n in figure.all("div", "dots-label") if n.text]
    assert rows == ["adam", "sgd"]
    cells = figure.all("div", "dots-cell")
    for place, like in [(0, [0, 2]), (2, [1, 3])]:  # loss beside accuracy
        told = [dot.told for dot in cells[place].all("circle", "val")]
        losses = [files_of(tmp_path / "sweep" / str(n))[0]["val"]["loss"] for n in like]
        assert told == [f"run {n}: {x:.4f}" for n, x in zip(like, losses, strict=True)]
        assert len(cells[place].all("circle", "other")) == 2
        dots = [share(dot.attributes["cx"]) for dot in cells[place].all("circle", "val")]
        mean = share(cells[place].one("line", "mean").attributes["x1"])
        assert mean == pytest.approx(sum(dots) / 2, abs=2e-4)  # on an even axis


def test_one_setting_of_options_is_told_by_the_leaderboard_alone(add, section):
    add(0, optimizer__name="adam")
    add(1, optimizer__name="sgd")
    assert section() is None


def test_seeds_alone_have_no_section(add, section):
    add(0, seed=0)
    add(1, seed=1)
    assert section() is None


def test_what_follows_an_option_counts_as_the_option(add, board):
    for number in range(4):
        l2, name = divmod(number, 2)
        add(number, val=0.5 + 0.1 * number, reg__l2=0.1 * l2, optimizer__name="ab"[name],
            optimizer__lr=[0.1, 0.2][name])  # fmt: skip
    ranked = board()
    like = [row.values["optimizer.name"] for row in like_the_first(ranked, "optimizer.name")]
    assert like == ["a", "b"]


def test_a_score_that_is_missing_is_no_dot(add, section):
    for number, accuracy in enumerate([0.9, math.nan, 0.7]):
        add(number, val=0.5, accuracy=accuracy, reg__l2=0.1 * number)
    figure = charts(section())["Accuracy"]
    means = [d for d in figure.all("circle") if d.told.startswith("validation")]
    assert [d.told for d in means] == [
        "validation, reg.l2=0: 0.9000", "validation, reg.l2=0.2: 0.7000",
    ]  # fmt: skip
