import numpy as np
import pytest

from nnexp.report.parallel import MOST_LINES, parallel_coordinates


@pytest.fixture
def section(board, read):
    def make(sort="val_loss"):
        made = parallel_coordinates(board(sort))
        return None if made is None else read(made)

    return make


@pytest.fixture
def cube(add):
    for number in range(12):
        a, b, c = number // 6, number // 2 % 3, number % 2
        add(number, val=0.5 + 0.02 * (number * 5 % 12), rows=[], reg__l2=0.1 * a,
            optimizer__lr=0.01 * (b + 1), optimizer__name=["adam", "sgd"][c])  # fmt: skip


def points(line):
    return np.array([pair.split(",") for pair in line.attributes["points"].split()], float) / 1000


def axes_of(section):
    """Name of an axis -> its labels from the top, each with its place."""
    found = {}
    for name in section.all("text", "axis-name"):
        ticks = [t for t in section.all("text", "tick")
                 if t.attributes["x"] == name.attributes["x"]]  # fmt: skip
        places = {t.text: float(t.attributes["y"].rstrip("%")) / 100 for t in ticks}
        found[name.told] = (float(name.attributes["x"].rstrip("%")) / 100, places)
    return found


def test_a_line_goes_through_its_settings_to_its_score(cube, section, board):
    made = section()
    axes = axes_of(made)
    assert list(axes) == ["l2", "optimizer", "lr", "validation loss"]
    x, ticks = axes.pop("validation loss")
    slope, start = np.polyfit(list(ticks.values()), [float(label) for label in ticks], 1)
    lines = {line.told.partition(". ")[0]: points(line) for line in made.all("polyline")}
    assert len(lines) == 12
    for row in board().configurations:
        line = lines[str(row.rank)]
        mean = row.records[0].metrics["val"]["loss"]
        assert slope * line[-1, 1] + start == pytest.approx(mean, abs=abs(slope) / 900)
        assert line[-1, 0] == x
        shown = [f"{row.values[k]:g}" if k != "optimizer.name" else row.values[k]
                 for k in ("reg.l2", "optimizer.name", "optimizer.lr")]  # fmt: skip
        for place, (label, (at, places)) in enumerate(zip(shown, axes.values(), strict=True)):
            assert np.allclose(line[place], [at, places[label]], atol=0.001)


def test_the_first_is_thick_and_on_top_and_colours_go_by_rank(cube, section):
    lines = section().all("polyline", "way")
    ranks = [int(line.told.partition(".")[0]) for line in lines]
    assert ranks == list(range(12, 0, -1))
    shades = [int(line.attributes["class"].split()[1][1:]) for line in lines]
    assert shades == sorted(shades)
    assert (shades[0], shades[-1]) == (0, 8)
    firsts = [line for line in lines if "first" in line.attributes["class"]]
    assert firsts == lines[-1:]


def test_two_settings_have_none(add, section):
    for number in range(4):
        add(number, reg__l2=0.1 * number, optimizer__lr=0.1 + number)
    assert section() is None


def test_an_axis_where_a_key_is_missing(add, section):
    for number in range(6):
        more = {"optimizer__momentum": 0.1 * number} if number % 2 else {}
        name = "sgd" if number % 2 else "adam"
        add(number, val=0.5 + number, reg__l2=0.1 * number, optimizer__name=name, **more)
    places = axes_of(section())["momentum"][1]
    assert list(places) == ["(none)", "0.1", "0.3", "0.5"]


def test_many_values_lie_by_their_size(add, section, board):
    for number in range(30):
        add(number, val=0.5 + number, rows=[], reg__l2=0.3 * number / 29,
            optimizer__lr=10 ** (-number / 10), model__hidden=[4 + number % 3])  # fmt: skip
    lines = section().all("polyline", "way")
    rows = {str(row.rank): row.values for row in board().configurations}
    values = [rows[line.told.partition(".")[0]] for line in lines]
    heights = np.array([points(line)[:, 1] for line in lines])
    order = {"model.hidden": 0, "reg.l2": 1, "optimizer.lr": 2}
    l2 = np.array([v["reg.l2"] for v in values])
    assert np.corrcoef(heights[:, order["reg.l2"]], l2)[0, 1] == pytest.approx(-1, abs=1e-4)
    lr = np.log([v["optimizer.lr"] for v in values])
    assert np.corrcoef(heights[:, order["optimizer.lr"]], lr)[0, 1] == pytest.approx(-1, abs=1e-4)


def test_no_more_lines_than_can_be_seen(add, section):
    for number in range(MOST_LINES + 2):
        add(number, val=0.5 + number, rows=[], reg__l2=0.1 * (number % 2),
            optimizer__lr=0.1 + number, trainer__batch_size=number % 3 + 1)  # fmt: skip
    made = section()
    assert len(made.all("polyline")) == MOST_LINES
    assert f"The {MOST_LINES} best." in made.one("p").text
