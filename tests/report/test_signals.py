import pytest

from nnexp.report.run_folder import read_run_folder
from nnexp.report.signals import layer_signals


@pytest.fixture
def section(make_run, read):
    def make(**given):
        found = layer_signals(read_run_folder(make_run(**given)))
        return None if found is None else read(found)

    return make


def test_each_kind_has_a_chart_and_each_layer_a_line(section):
    made = section()
    assert [f.one("figcaption").text for f in made.all("figure")] == [
        "Norm of the gradient", "Share of its weights that a step moves",
        "Share of units that never fire", "Norm of the weights",
    ]  # fmt: skip
    gradients = made.all("figure")[0]
    assert [line.attributes["class"] for line in gradients.all("polyline")] == [
        "line s1",
        "line s0",
    ]
    assert [item.text for item in made.all("span", "item")] == ["layers.0", "layers.1"]


def test_the_usual_updates_are_a_region(section):
    assert section().one("rect", "usual") is not None


def test_what_is_seen_now_and_then_is_drawn_without_gaps(section):
    dead = section().all("figure")[2]
    assert len(dead.one("polyline").attributes["points"].split()) == 4


def test_of_many_layers_some_are_drawn(section):
    made = section(signals={f"weight_norm/layers.{i}": [1.0, 2.0 + i] for i in range(30)})
    assert len(made.all("polyline")) == 8
    assert made.all("p", "lead")[0].text.startswith("8 of 30 layers.")
    items = [item.text for item in made.all("span", "item")]
    assert (items[0], items[-1]) == ("layers.0", "layers.29")


def test_the_end_of_a_diverged_run_tells_of_no_units(section):
    signals = {"val_loss": [1.0, 2.0, None], "dead/a": [0.2, 0.4, 0.0]}
    rows = [dict(epoch=e, train_loss=1.0, train_penalty=0, train_accuracy=0, val_loss=1.0,
                 val_accuracy=0, lr=1) for e in (1, 2)]  # fmt: skip
    made = section(status="diverged", reason="x", signals=signals, rows=rows)
    assert len(made.one("polyline").attributes["points"].split()) == 2
    assert made.one("text", "mark-name").text == "diverged: epoch 2"


def test_without_signals_there_is_no_section(section):
    assert section(signals=None) is None
