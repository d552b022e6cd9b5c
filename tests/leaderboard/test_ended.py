"""Runs that are in no mean: told together where they ended alike, and by what was typed."""

from dataclasses import replace

from nnexp.leaderboard.ended import ended_alike
from nnexp.leaderboard.leaderboard import leaderboard
from nnexp.leaderboard.records import read_records


def test_runs_that_differ_in_seeds_alone_are_one(make):
    bad = [make(n, status="failed", reason="odd", seed=n, reg__l2=0.1) for n in (1, 2)]
    more = make(3, status="failed", reason="another", seed=1, reg__l2=0.1)
    first, second = ended_alike(leaderboard([make(0), *bad, more]))
    assert (first.names, first.settings, first.repeats) == ("1 2", "l2=0.1", "seed=1,2")
    assert (second.names, second.reason) == ("3", "another")


def test_a_run_without_a_configuration_is_told_by_what_was_typed(write, tmp_path):
    words = ["- data=iris", "- reg.dropout=1.5", "- seed=1"]
    write("0").joinpath("overrides.yaml").write_text("- data=iris\n- reg.dropout=0.1\n- seed=0\n")
    for name in ("1", "2"):
        failed = write(name, config=None, status={"status": "failed", "reason": "odd"},
                       metrics=None)  # fmt: skip
        text = "\n".join(words).replace("seed=1", f"seed={name}")
        (failed / "overrides.yaml").write_text(text)
    records = read_records([tmp_path])
    assert records[1].words == ("reg.dropout=1.5", "seed=1")
    assert records[0].words == ()
    (own,) = ended_alike(leaderboard(records))
    assert (own.names, own.settings, own.repeats) == ("1 2", "reg.dropout=1.5", "seed=1,2")
    board = leaderboard(records)
    assert "  1 2  reg.dropout=1.5  failed  odd" in board.text()
    assert "reg.dropout=1.5 seed=1,2" in board.markdown()


def test_the_folder_of_a_run_is_its_name(make):
    record = make(1, status="failed")
    record = replace(record, reason=f"{record.folder.absolute()} is full")
    assert ended_alike(leaderboard([make(0), record]))[0].reason == "1 is full"
