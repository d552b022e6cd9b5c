import pytest

from nnexp.leaderboard import Configuration
from nnexp.report.labels import LONGEST, brief, brief_settings, heading, labels, sentence


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.001, "0.001"),
        (1e-5, "1e-5"),
        (0.203798, "0.2038"),
        (7.48415e-06, "7.484e-6"),
        (-0.123456789, "-0.1235"),
        (0.00625, "0.00625"),
        (123456789, "123456789"),  # a whole number is typed by hand
        ([64, 64], "[64,64]"),
        ("adam", "adam"),
        (None, "null"),
        (True, "true"),
    ],
)
def test_brief(value, shown):
    assert brief(value) == shown


def test_settings_go_by_short_names_and_long_values_are_cut():
    names = {"optimizer.lr": "lr", "model.hidden": "hidden"}
    shown = brief_settings({"optimizer.lr": 0.1, "model.hidden": [512] * 40}, names)
    assert shown.startswith("lr=0.1 hidden=[512,512,")
    assert shown.endswith("…")
    assert len(shown) == len("lr=0.1 hidden=") + LONGEST


def test_label():
    names = {"optimizer.lr": "lr"}
    row = Configuration(3, {"optimizer.lr": 0.1}, [], 0, {}, None)
    assert labels([row], names) == ["3. lr=0.1"]
    assert labels([Configuration(1, {}, [], 0, {}, None)], {}) == ["1. the only configuration"]


def test_long_values_are_cut_where_they_stay_apart():
    shared = "a_rather_long_column_name_that_was_measured_by_"
    rows = [
        Configuration(place, {"data.drop": [f"{shared}{end}"]}, [], 0, {}, None)
        for place, end in enumerate(("hand", "machine"), 1)
    ]
    first, second = (told.partition(" ")[2] for told in labels(rows, {"data.drop": "drop"}))
    assert first != second
    assert max(len(first), len(second)) <= len("drop=") + LONGEST


def test_heading():
    assert heading("val_balanced_accuracy") == "Validation balanced accuracy"
    assert heading("test_auc") == "Test AUC"


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("one run of two", "One run of two."),
        ("loss.name changes it", "loss.name changes it."),
        ("loss.name, loss.scale change it", "loss.name, loss.scale change it."),
        ("val_loss ranks", "val_loss ranks."),
        ("so it is. Or is it?", "So it is. Or is it?"),
        ("done.", "Done."),
    ],
)
def test_a_sentence_begins_with_a_capital_or_a_key(note, shown):
    assert sentence(note) == shown
