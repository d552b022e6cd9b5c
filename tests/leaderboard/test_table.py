import csv
import io
import math

import pytest

from nnexp.leaderboard.leaderboard import leaderboard


@pytest.fixture
def board(make):
    records = [make(i, 0.3 + i / 100, seed=i, reg__l2=0.0) for i in range(3)]
    records += [make(3 + i, 0.5 + i / 50, seed=i, reg__l2=1e-5) for i in range(3)]
    records.append(make(6, status="diverged", reason="a | b\n<script>", seed=3, reg__l2=1e-5))
    return leaderboard(records)


def test_the_csv_is_exact(board):
    rows = list(csv.DictReader(io.StringIO(board.csv())))
    assert list(rows[0])[:8] == [
        "rank", "reg.l2", "runs", "planned", "val_loss", "val_loss_sd", "val_loss_low",
        "val_loss_high",
    ]  # fmt: skip
    first, second = rows
    assert first["reg.l2"] == "0.0"
    assert float(first["val_loss"]) == board.configurations[0].scores["val_loss"].mean
    assert first["p_holm"] == first["seeds_needed"] == first["difference"] == ""
    assert (first["same_as_leader"], second["same_as_leader"]) == ("true", "false")
    assert float(second["p_holm"]) == board.configurations[1].against_leader.p_holm
    assert (second["runs"], second["planned"]) == ("3", "4")
    assert second["names"] == "3 4 5"
    assert first["val_auc"] == ""
    assert board.csv().endswith("\n")
    assert "\r" not in board.csv()


def test_a_key_that_a_configuration_lacks_is_an_empty_cell(make):
    sgd = {"optimizer__name": "sgd"}
    records = [make(0), make(1, **sgd, optimizer__momentum=0.5), make(2, optimizer__momentum=None)]
    rows = list(csv.DictReader(io.StringIO(leaderboard(records).csv())))
    assert sorted(row["optimizer.momentum"] for row in rows) == ["", "0.5", "null"]


def test_the_frame_is_the_csv(board):
    frame = board.frame()
    rows = list(csv.DictReader(io.StringIO(board.csv())))
    assert list(frame.columns) == list(rows[0])
    assert len(frame) == 2
    assert frame["val_loss"].dtype == frame["val_auc"].dtype == "float64"
    assert math.isnan(frame["p_holm"][0])
    assert frame["same_as_leader"].tolist() == [True, False]
    assert frame.attrs["sort"] == "val_loss"


def test_the_markdown_is_a_table_whatever_is_in_it(board, tmp_path):
    text = board.markdown()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert "a \\| b \\<script\\>" in text
    heads = [i for i, line in enumerate(lines) if "---" in line]
    assert len(heads) == 2
    for line in lines[: heads[1] - 1]:
        assert line.replace("\\|", "").count("|") == lines[0].count("|")
    assert str(tmp_path) not in text + board.csv()
    assert "| 6 | l2=1e-5 seed=3 | diverged |" in text
