import json

import numpy as np
import pytest
from scipy import stats

from nnexp.report.spread import MOST, spread


@pytest.fixture
def section(board, read):
    return lambda sort="val_loss": read(spread(board(sort)))


def cells_of(figure):
    """(label, column's title) -> cell."""
    titles = [t.text for t in figure.all("div", "dots-title")]
    labels = [t.text for t in figure.all("div", "dots-label") if t.text]
    cells = iter(figure.all("div", "dots-cell"))
    return {(label, title): next(cells) for label in labels for title in titles}


def scores(tmp_path, numbers, part, name):
    folders = [tmp_path / "sweep" / str(n) for n in numbers]
    read = [json.loads((f / "metrics.json").read_text(encoding="utf-8")) for f in folders]
    return np.array([metrics[part][name] for metrics in read])


def test_dots_are_runs_and_bars_are_intervals(path_of, section, share, tmp_path):
    made = section()
    losses, accuracies = made.all("figure", "dots")
    labels = {"1. l2=0.01": [3, 4, 5], "2. l2=0": [0, 1, 2], "3. l2=0.1": [6, 7, 8]}
    cells = cells_of(losses) | cells_of(accuracies)
    columns = {
        "Validation loss": ("val", "loss"),
        "Test loss": ("test", "loss"),
        "Validation accuracy": ("val", "accuracy"),
        "Test accuracy": ("test", "accuracy"),
    }
    assert list(cells)[:2] == [("1. l2=0.01", "Validation loss"), ("1. l2=0.01", "Test loss")]
    for (label, title), cell in cells.items():
        values = scores(tmp_path, labels[label], *columns[title])
        told = [dot.told for dot in cell.all("circle")]
        names = labels[label]
        assert told == [f"run {n}: {v:.4f}" for n, v in zip(names, values, strict=True)]
    losses = [scores(tmp_path, numbers, "val", "loss") for numbers in labels.values()]
    dots = [[share(d.attributes["cx"]) for d in cells[label, "Validation loss"].all("circle")]
            for label in labels]  # fmt: skip
    slope, start = np.polyfit(np.ravel(losses), np.ravel(dots), 1)
    assert np.allclose(slope * np.ravel(losses) + start, np.ravel(dots), atol=2e-4)
    for label, values in zip(labels, losses, strict=True):
        cell = cells[label, "Validation loss"]
        low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
        bar = cell.one("line", "bar").attributes
        mean = cell.one("line", "mean").attributes
        assert share(mean["x1"]) == pytest.approx(slope * values.mean() + start, abs=2e-4)
        assert share(bar["x1"]) == pytest.approx(slope * low + start, abs=2e-4)
        assert share(bar["x2"]) == pytest.approx(slope * high + start, abs=2e-4)
        assert cells[label, "Test loss"].all("line", "bar") == []


def test_colours_say_what_can_be_told_from_the_first(path_of, section, board):
    marks = [row.mark for row in board().configurations]
    assert marks == ["", "", ""]  # equal differences of all seeds
    classes = [cell.one("line", "mean").attributes["class"]
               for cell in section().all("figure")[0].all("div", "dots-cell")]  # fmt: skip
    assert classes[::2] == ["mean first", "mean apart", "mean apart"]
    assert classes[1::2] == ["mean test"] * 3
    assert "cannot be told from it" not in section().text
    assert "told from it" in section().text


def test_what_cannot_be_told_is_marked(add, section, board):
    for number, val in enumerate([0.5, 0.7, 0.71, 0.52]):
        add(number, seed=number % 2, val=val, reg__l2=0.1 * (number // 2))
    assert [row.mark for row in board().configurations] == ["", "≈"]
    assert "cannot be told from it" in section().text


def test_one_run_of_each_has_neither_mean_nor_interval(add, section):
    for number in range(3):
        add(number, val=0.5 + 0.1 * number, reg__l2=0.1 * number)
    made = section()
    assert made.one("h2").text == "Scores of each configuration"
    assert made.all("line", "mean") == made.all("line", "bar") == []
    assert len(made.all("circle")) == 12


def test_without_test_scores_there_is_no_column_of_them(add, section):
    for number in range(2):
        add(number, test=None, reg__l2=0.1 * number)
    made = section()
    titles = [t.text for t in made.all("div", "dots-title")]
    assert titles == ["Validation loss", "Validation accuracy"]
    assert "test" not in made.text


def test_the_score_that_ranks_comes_first(path_of, section):
    made = section("val_balanced_accuracy")
    assert made.all("div", "dots-title")[0].text == "Validation balanced accuracy"


def test_the_best_of_many(add, section):
    for number in range(MOST + 1):
        add(number, val=0.5 + number, rows=[], optimizer__lr=0.1 + number)
    made = section()
    assert f"The {MOST} best." in made.text
    assert len(made.all("figure")[0].all("circle", "test")) == MOST
