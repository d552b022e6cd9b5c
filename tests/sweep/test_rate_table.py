"""A range test on the screen."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from nnexp.sweep.lr_find import RateTest
from nnexp.sweep.rate_table import print_rates, table_rows


class Terminal(io.StringIO):
    def isatty(self):
        return True


def made(folder=None, **values):
    frame = pd.DataFrame(
        {
            "rate": [0.001, 0.01, 0.1, 1.0, 10.0],
            "train_loss": [0.8, 0.1, 0.05, 3000.0, np.nan],
            "val_loss": [0.9, 0.3, 0.2, 5000.0, np.nan],
            "val_stderr": [0.1, 0.05, 0.01, 90.0, np.nan],
            "diverged": [0, 0, 0, 0, 2],
        }
    )
    fields = {
        "frame": frame,
        "suggestion": 0.01,
        "notes": ["a note"],
        "untrained": 1.25,
        "overrides": ["data=wine", "model.hidden=[8, 8]", "optimizer.lr=0.002"],
        "configured": 0.002,
        "seeds": 3,
        "epochs": 2,
        "steps": 50,
        "folder": folder,
    }
    return RateTest(**{**fields, **values})


def test_as_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    print_rates(made(tmp_path / "outputs" / "one"), out)
    assert out.getvalue() == (
        "5 rates with 3 seeds each, 50 steps; loss before training 1.2500\n"
        " rate  train loss  val loss  std error\n"
        "0.001      0.8000    0.9000     0.1000  configured: 0.002\n"
        " 0.01      0.1000    0.3000     0.0500  suggested\n"
        "  0.1      0.0500    0.2000     0.0100  least loss\n"
        "    1       3e+03     5e+03    90.0000  worse than untrained\n"
        "   10           -         -          -  diverged 2 of 3\n"
        "a note\n"
        "train with: nnexp train data=wine 'model.hidden=[8, 8]' optimizer.lr=0.01\n"
        "files: outputs/one\n"
    )


def test_a_terminal_of_80_columns(monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    long = [f"data.drop=[{','.join('abcdefghijklmnopqrstuvwxyz')}]", "data=wine"]
    print_rates(made(tmp_path / "one", overrides=long), out)
    text = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    table = text[text.index("rate") : text.index("a note")]
    assert all(len(line) <= 80 for line in table.splitlines())
    assert "diverged 2 of 3" in text
    assert text != out.getvalue()  # it has colours
    # what is copied holds no line break
    assert f"'{long[0]}' data=wine optimizer.lr=0.01\n" in text
    assert f"{tmp_path / 'one'}\n" in text


def test_without_validation_rows_and_a_suggestion():
    result = made()
    frame = result.frame.drop(columns=["val_loss", "val_stderr"])
    result = made(frame=frame, suggestion=None, seeds=1, configured=50.0)
    assert table_rows(result)[0] == ["rate", "train loss", ""]
    assert [row[-1] for row in table_rows(result)[1:]] == [
        "", "", "least loss", "worse than untrained", "diverged",
    ]  # fmt: skip
    out = io.StringIO()
    print_rates(result, out)
    assert "train with" not in out.getvalue()
    assert "1 seed each" in out.getvalue()


def test_rates_beyond_the_cliff_are_marked():
    frame = made().frame
    frame["val_loss"] = [0.9, 0.3, 1.2, 0.0, np.nan]
    remarks = [row[-1] for row in table_rows(made(frame=frame, configured=50.0))[1:]]
    assert remarks == ["", "suggested", "unstable", "unstable, least loss", "diverged 2 of 3"]


@pytest.mark.parametrize(
    ("configured", "row", "remark"),
    [(0.01, 1, "suggested, configured"), (0.04, 2, "least loss, configured: 0.04"), (0.0, 0, "")],
)
def test_the_configured_rate_is_marked(configured, row, remark):
    assert table_rows(made(configured=configured))[row + 1][-1] == remark
