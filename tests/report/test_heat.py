import numpy as np
import pytest

from nnexp.report.heat import MOST_VALUES, STEPS, heat_maps, shades


@pytest.fixture
def section(board, read):
    def make(sort="val_loss"):
        made = heat_maps(board(sort))
        return None if made is None else read(made)

    return make


@pytest.fixture
def grid(add):
    """Two values of reg.l2 by three of optimizer.lr, two seeds each; their means."""
    means = {}
    number = 0
    for row, l2 in enumerate([0.0, 0.1]):
        for column, lr in enumerate([0.001, 0.01, 0.1]):
            values = [0.5 + 0.2 * row + 0.07 * column, 0.61 + 0.2 * row + 0.03 * column]
            for seed, val in enumerate(values):
                add(number, seed=seed, val=val, rows=[], reg__l2=l2, optimizer__lr=lr)
                number += 1
            means[f"{l2:g}", f"{lr:g}"] = np.mean(values)
    return means


def cells_of(table):
    """(row's title, column's title) -> cell."""
    across = [th.text for th in table.one("thead").all("th")]
    found = {}
    for row in table.one("tbody").all("tr"):
        title = row.one("th").text
        found |= {(title, c): td for c, td in zip(across, row.all("td"), strict=True)}
    return found


def step(cell):
    classes = cell.attributes["class"].split()
    return next(int(c[1:]) for c in classes if c[0] == "h" and c[1:].isdigit())


def test_a_cell_is_a_mean(grid, section):
    made = section()
    cells = cells_of(made.one("table"))
    assert made.one("figcaption").text == "reg.l2 down, optimizer.lr across"
    assert list(cells) == list(grid)
    for place, mean in grid.items():
        assert cells[place].text == f"{mean:.4f}"
        assert "2 runs" in cells[place].attributes["title"]
    order = sorted(grid, key=grid.get)
    steps = [step(cells[place]) for place in order]
    assert (steps[0], steps[-1]) == (STEPS - 1, 0)
    assert steps == sorted(steps, reverse=True)
    framed = [p for p, cell in cells.items() if "framed" in cell.attributes["class"]]
    assert framed == order[:1]
    assert "rank 1" in cells[order[0]].attributes["title"]


def test_the_best_accuracy_is_the_strongest(add, section):
    for number in range(4):
        a, b = divmod(number, 2)
        add(number, accuracy=0.6 + 0.1 * number, reg__l2=0.1 * a, optimizer__lr=0.1 + b)
    cells = cells_of(section("val_accuracy").one("table"))
    assert [step(cell) for cell in cells.values()] == [0, 3, 5, 8]
    assert [cell.text for cell in cells.values()] == ["0.6000", "0.7000", "0.8000", "0.9000"]


def test_the_longer_setting_goes_across(add, section):
    for number in range(6):
        a, b = divmod(number, 2)
        add(number, val=0.5 + number, reg__l2=0.1 * a, optimizer__lr=0.1 + b)
    assert section().one("figcaption").text == "optimizer.lr down, reg.l2 across"


def test_what_did_not_end_is_said_and_what_did_not_run_is_empty(add, section):
    add(0, val=0.5, reg__l2=0.0, optimizer__lr=0.1)
    add(1, val=0.6, reg__l2=0.1, optimizer__lr=0.1)
    add(2, status="diverged", reg__l2=0.0, optimizer__lr=9.0)
    cells = cells_of(section().one("table"))
    assert cells["0", "9"].text == "diverged"
    assert cells["0.1", "9"].text == "–"


def test_a_cell_of_three_settings_is_the_best_of_its_two(add, section):
    for number in range(8):
        a, b, c = number // 4, number // 2 % 2, number % 2
        add(number, val=0.1 + [5, 3, 4, 7, 9, 8, 1, 2][number], reg__l2=0.1 * a,
            optimizer__lr=0.1 + b, trainer__batch_size=16 * (1 + c))  # fmt: skip
    maps = {m.one("figcaption").text: cells_of(m.one("table")) for m in section().all("figure")}
    assert len(maps) == 3
    pair = maps["reg.l2 down, optimizer.lr across"]
    assert {k: c.text for k, c in pair.items()} == {
        ("0", "0.1"): "3.1000", ("0", "1.1"): "4.1000",
        ("0.1", "0.1"): "8.1000", ("0.1", "1.1"): "1.1000",
    }  # fmt: skip
    assert "the best of all configurations with its two settings" in section().one("p").text


def test_one_setting_and_four_have_no_map(add, section):
    for number in range(2):
        add(number, reg__l2=0.1 * number)
    assert section() is None
    for number in range(2, 6):
        add(number, optimizer__lr=0.1 * number, trainer__batch_size=number, model__hidden=[number])
    assert section() is None


def test_drawn_values_have_no_map(add, section):
    for number in range(6):
        add(number, reg__l2=0.1 * number, optimizer__lr=0.1 + number)
    assert section() is None  # six of thirty-six cells


def test_too_many_values_have_no_map(add, section):
    for number in range(2 * (MOST_VALUES + 1)):
        a, b = divmod(number, 2)
        add(number, rows=[], reg__l2=0.1 * a, optimizer__lr=0.1 + b)
    assert section() is None


def test_shades():
    assert shades([], True) == []
    assert shades([1.0, 1.0], True) == [8, 8]
    assert shades([1.0, 2.0, 3.0], True) == [8, 4, 0]
    assert shades([1.0, 2.0, 3.0], False) == [0, 4, 8]
    assert shades([0.01, 0.1, 1.0], True) == [8, 4, 0]  # by logarithms
    assert shades([-5.0, 0.0, 5.0], True) == [8, 4, 0]
