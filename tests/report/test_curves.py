import math

import numpy as np
import pandas as pd

from nnexp.report.chart import COLOURS
from nnexp.report.curves import configuration_curve, learning_curves
from nnexp.report.observations import Observations

TITLES = {
    "Validation loss": "val_loss",
    "Train loss": "train_loss",
    "Validation accuracy": "val_accuracy",
    "Train accuracy": "train_accuracy",
}


def figures(section):
    return {figure.one("figcaption").text: figure for figure in section.all("figure", "chart")}


def vertices(node):
    return np.array([pair.split(",") for pair in node.attributes["points"].split()], float) / 1000


def drawn(figure, place):
    """The mean and the band of a configuration: shares of the plot, from the top left."""
    found = [line for line in figure.all("polyline") if f"s{place}" in line.attributes["class"]]
    bands = [band for band in figure.all("polygon") if f"s{place}" in band.attributes["class"]]
    return [vertices(line) for line in found], [vertices(band) for band in bands]


def runs_of(board, tmp_path, place, column):
    """(runs, epochs), as pandas reads the files."""
    names = [record.name for record in board.configurations[place].records]
    paths = [tmp_path / "sweep" / name / "history.csv" for name in names]
    return np.array([pd.read_csv(path)[column].to_numpy() for path in paths])


def test_lines_are_means_and_bands_reach_from_the_lowest_to_the_highest(
    path_of, board, read, axis_of, tmp_path
):
    ranked = board()
    found = figures(read(learning_curves(ranked, Observations())))
    assert list(found) == list(TITLES)
    for title, column in TITLES.items():
        axis = axis_of(found[title])
        for place in range(3):
            runs = runs_of(ranked, tmp_path, place, column)
            (line,), (band,) = drawn(found[title], place)
            unit = abs(axis.slope) / 1000  # places are rounded to this
            assert np.allclose(line[:, 0], np.linspace(0, 1, 4), atol=0.001)
            assert np.allclose(axis.value(line[:, 1]), runs.mean(axis=0), atol=unit)
            edges = np.concatenate([runs.min(axis=0), runs.max(axis=0)[::-1]])
            assert np.allclose(axis.value(band[:, 1]), edges, atol=unit)


def test_the_best_lies_on_top(path_of, board, read):
    figure = figures(read(learning_curves(board(), Observations())))["Train loss"]
    classes = [line.attributes["class"] for line in figure.all("polyline")]
    assert classes == ["line s2", "line s1", "line s0"]


def test_over_a_decade_losses_are_drawn_by_their_logarithms(add, board, read, axis_of, tmp_path):
    for seed in range(2):
        rows = [
            dict(epoch=e, train_loss=3.0 / 4**e, train_penalty=0, train_accuracy=0.5,
                 val_loss=5.0 / 3**e + 0.01 * seed, val_accuracy=0.5, lr=0.1)
            for e in range(1, 7)
        ]  # fmt: skip
        add(seed, seed=seed, rows=rows)
    ranked = board()
    found = figures(read(learning_curves(ranked, Observations())))
    axis = axis_of(found["Validation loss"], logs=True)
    (line,), _ = drawn(found["Validation loss"], 0)
    means = runs_of(ranked, tmp_path, 0, "val_loss").mean(axis=0)
    assert np.allclose(np.log10(axis.value(line[:, 1])), np.log10(means), atol=0.005)


def test_a_line_goes_on_faint_where_a_run_has_stopped(add, board, read):
    rows = [dict(epoch=e, train_loss=1 / e, train_penalty=0, train_accuracy=0.5, val_loss=1 / e,
                 val_accuracy=0.5, lr=0.1) for e in range(1, 9)]  # fmt: skip
    add(0, seed=0, rows=rows)
    add(1, seed=1, rows=rows[:5])
    section = read(learning_curves(board(), Observations()))
    whole, faint = drawn(figures(section)["Validation loss"], 0)[0]
    assert len(whole) == 5
    assert len(faint) == 4  # which begins where the other ends
    assert np.allclose(whole[-1], faint[0])
    assert "faint where some of the runs have stopped" in section.text


def test_nothing_is_said_of_faint_lines_where_there_are_none(path_of, board, read):
    assert "faint" not in read(learning_curves(board(), Observations())).text


def test_the_mean_is_of_the_runs_with_a_number(add, board):
    column = [
        [1.0, 2.0, math.nan],
        [3.0, math.nan, math.nan],
    ]
    for seed, values in enumerate(column):
        rows = [dict(epoch=e, train_loss=1, train_penalty=0, train_accuracy=0.5, val_loss=v,
                     val_accuracy=0.5, lr=0.1) for e, v in enumerate(values, 1)]  # fmt: skip
        add(seed, seed=seed, rows=rows)
    found = configuration_curve(board().configurations[0], "val_loss", Observations())
    assert found.mean[:2].tolist() == [2.0, 2.0]
    assert math.isnan(found.mean[2])
    assert (found.low[0], found.high[0]) == (1.0, 3.0)


def test_no_more_curves_than_colours(add, board, read):
    for number in range(COLOURS + 3):
        add(number, val=0.5 + 0.01 * number, optimizer__lr=0.001 * (number + 1))
    section = read(learning_curves(board(), Observations()))
    assert section.text.count("lr=") == COLOURS
    assert f"The {COLOURS} best of {COLOURS + 3} configurations." in section.text
    legend = section.one("div", "legend")
    assert [key.text for key in legend.all("label")][:2] == ["1. lr=0.001", "2. lr=0.002"]
    assert len(legend.all("input")) == COLOURS


def test_one_configuration_needs_no_boxes_to_tick(add, board, read):
    add(0)
    section = read(learning_curves(board(), Observations()))
    assert section.all("input") == []
    assert "Untick" not in section.text
    assert section.all("polygon") == []  # one run has no band


def test_one_epoch_is_a_dot(add, board, read):
    add(0, rows=[dict(epoch=1, train_loss=0.5, train_penalty=0, train_accuracy=0.5, val_loss=0.7,
                      val_accuracy=0.5, lr=0.1)])  # fmt: skip
    section = read(learning_curves(board(), Observations()))
    assert len(section.all("circle")) == 4
    assert section.all("polyline") == []


def test_without_histories_there_is_no_section(add, board):
    add(0, rows=[])
    assert learning_curves(board(), Observations()) is None


def test_the_first_and_the_last_epoch_are_labelled(add, board, read):
    rows = [dict(epoch=e, train_loss=1, train_penalty=0, train_accuracy=0.5, val_loss=1,
                 val_accuracy=0.5, lr=0.1) for e in range(1, 41)]  # fmt: skip
    add(0, rows=rows)
    figure = figures(read(learning_curves(board(), Observations())))["Train loss"]
    ticks = [t.text for t in figure.all("text", "tick") if t.attributes["text-anchor"] == "middle"]
    assert (ticks[0], ticks[-1]) == ("1", "40")
