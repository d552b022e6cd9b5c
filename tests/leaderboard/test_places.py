"""Absolute paths that tell configurations apart are cut to their ends."""

import pytest

from nnexp.leaderboard.leaderboard import leaderboard
from nnexp.leaderboard.places import without_places


def shown(make, *paths):
    records = [make(place, data__path=path) for place, path in enumerate(paths)]
    return [record.config["data.path"] for record in without_places(records)]


@pytest.mark.parametrize(
    ("paths", "ends"),
    [
        (["/home/me/v1/t.csv", "/home/me/v2/t.csv"], ["v1/t.csv", "v2/t.csv"]),
        (["/home/me/a.csv", "/srv/b.csv"], ["a.csv", "b.csv"]),
        (["/a/t.csv", "/b/a/t.csv"], ["a/t.csv", "b/a/t.csv"]),
        (["/a/t.csv", "t.csv"], ["a/t.csv", "t.csv"]),
        (["/a/t.csv", "/b/t.csv", None], ["a/t.csv", "b/t.csv", None]),
        (["v1/t.csv", "v2/t.csv"], ["v1/t.csv", "v2/t.csv"]),
        (["/a/t.csv", "/a/t.csv"], ["/a/t.csv", "/a/t.csv"]),
        (["/a/t.csv", "a/t.csv"], ["t.csv", "a/t.csv"]),
    ],
)
def test_ends_of_paths(make, paths, ends):
    assert shown(make, *paths) == ends


def test_no_absolute_path_is_written(make):
    board = leaderboard([
        make(0, 0.2, data__path="/home/me/v1/t.csv"),
        make(1, 0.3, data__path="/home/me/v2/t.csv"),
        make(2, status="failed", reason="odd", data__path="/home/me/v3/t.csv"),
    ])  # fmt: skip
    assert [row.values for row in board.configurations] == [
        {"data.path": "v1/t.csv"}, {"data.path": "v2/t.csv"},
    ]  # fmt: skip
    assert "v3/t.csv" in board.markdown()
    assert "/home" not in board.csv() + board.markdown() + board.text()
