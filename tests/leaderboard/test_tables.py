"""Tables of runs: a file that has changed under its name is another table."""

import json

import pytest

from nnexp.leaderboard.leaderboard import leaderboard
from nnexp.leaderboard.tables import FINGERPRINT, table_of, with_fingerprints


@pytest.fixture
def of_file(make):
    """A record whose table was read from a file of some content; None leaves no manifest."""

    def record(number, content, *losses, path="t.csv", **given):
        own = make(number, *losses, data__name="csv", data__path=path, **given)
        if content is not None:
            own.folder.mkdir()
            manifest = {"data": {"fingerprint": content * 64}}
            (own.folder / "manifest.json").write_text(json.dumps(manifest))
        return own

    return record


def test_a_file_that_changed_is_another_table(of_file):
    records = []
    for seed in range(3):
        for content, l2, loss in (("a", 0.0, 0.1), ("b", 0.1, 0.5)):
            number = len(records)
            records.append(of_file(number, content, loss + seed / 100, seed=seed, reg__l2=l2))
    board = leaderboard(records)
    first, other = board.configurations
    assert board.varied == ["reg.l2", FINGERPRINT]
    assert [row.values[FINGERPRINT] for row in (first, other)] == ["a" * 8, "b" * 8]
    assert (other.mark, other.against_leader.pairs) == ("?", 0)
    assert any(f"differ in {FINGERPRINT}, so they are scored on other" in n for n in board.notes)


def test_one_configuration_on_two_tables_is_two(of_file):
    records = [of_file(0, "a"), of_file(1, "b")]
    assert [row.planned for row in leaderboard(records).configurations] == [1, 1]
    by = leaderboard(records, by=["reg.l2"])
    assert [row.planned for row in by.configurations] == [2]


def test_equal_contents_and_other_files_are_told_by_their_paths(of_file):
    same = [of_file(0, "a"), of_file(1, "a", reg__l2=0.1), of_file(2, "b", path="other.csv")]
    assert with_fingerprints(same) == same


def test_what_is_not_known_tells_nothing_apart(of_file, make):
    records = [of_file(0, "a"), of_file(1, None, reg__l2=0.1), make(2)]
    assert with_fingerprints(records) == records
    assert leaderboard(records[:2]).configurations[1].against_leader.pairs == 1


@pytest.mark.parametrize("manifest", ["", "[]", '{"data": 1}', '{"data": {"fingerprint": 3}}'])
def test_a_manifest_that_does_not_tell(of_file, manifest):
    records = [of_file(0, "a"), of_file(1, "b")]
    (records[1].folder / "manifest.json").write_text(manifest)
    assert with_fingerprints(records) == records
    assert not table_of(records[1]).get("classes")


LEFT_OUT = {"missing cells": 7}


@pytest.fixture
def with_drop(make):
    """A record that leaves rows with missing cells out; what its manifest says of the table."""

    def record(number, drop, /, **table):
        own = make(number, 0.1 * number, data__missing="drop", data__drop=drop)
        own.folder.mkdir()
        (own.folder / "manifest.json").write_text(json.dumps({"data": table}))
        return own

    return record


@pytest.mark.parametrize(
    ("one", "other", "paired"),
    [
        ({"missing": {"b": 7}}, {"missing": {"b": 7}}, True),
        ({"missing": {}, "left_out": {}}, {"missing": {}, "left_out": {}}, True),
        ({"missing": {"b": 7}}, {"missing": {"b": 6}}, False),
        ({"missing": {"b": 7}}, {"missing": {"c": 7}}, False),
        ({"missing": {"b": 7}}, {"missing": [7]}, False),
        ({"missing": {"b": 7}}, {"missing": {"b": "7"}}, False),
        ({"missing": {"b": 7}, "left_out": {"duplicates": 2}},) * 2 + (False,),
        ({}, {}, False),
    ],
)
def test_rows_left_out_for_the_same_columns_are_the_same_rows(with_drop, one, other, paired):
    records = [
        with_drop(0, [], **{"left_out": LEFT_OUT, **one}),
        with_drop(1, ["x"], **{"left_out": LEFT_OUT, **other}),
    ]
    board = leaderboard(records)
    assert board.varied == ["data.drop"]
    assert board.configurations[1].against_leader.pairs == int(paired)
