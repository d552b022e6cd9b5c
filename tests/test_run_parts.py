"""Which rows a run was trained, validated and tested on."""

import numpy as np
import pandas as pd
import pytest

import nnexp
from nnexp import UserError, run_parts
from nnexp.cli import main

QUICK = ("trainer.epochs=2", "trainer.progress=none", "trainer.tensorboard=false")


def made(rows=90):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=rows), "b": rng.normal(size=rows)})
    frame["y"] = np.where(frame["a"] + rng.normal(size=rows) > 0, "yes", "no")
    return frame


def train(tmp_path, frame, *overrides):
    table = tmp_path / "table.csv"
    frame.to_csv(table, index=False)
    words = ["data=csv", f"data.path={table}", "data.target=y", *QUICK, *overrides]
    return nnexp.run(words, root=tmp_path)


def test_scores_are_those_of_the_rows_that_are_named(tmp_path):
    frame = made()
    run = train(tmp_path, frame)
    found = nnexp.parts(run)
    assert found.name == "part"
    assert list(found.index) == list(range(len(frame)))
    assert found.value_counts().to_dict() == {"train": 54, "valid": 18, "test": 18}
    predicted = nnexp.load(run).predict(frame)
    for part, name in (("val", "valid"), ("test", "test")):
        rows = np.flatnonzero(found == name)
        hits = (predicted == frame["y"])[rows]
        assert hits.mean() == pytest.approx(run.metrics[part]["accuracy"])


def test_rows_in_no_part_are_empty(tmp_path):
    frame = made()
    frame.loc[[3, 40], "y"] = np.nan
    run = train(tmp_path, frame, "data.split.folds=3", "data.split.fold=1")
    found = nnexp.parts(run)
    assert found[3] == found[40] == ""
    assert (found == "").sum() == 3  # one more, for folds that train on equally many
    again = train(
        tmp_path,
        frame.assign(part=found)[found != ""],
        "data.split.method=column",
        "data.split.by=part",
    )
    for part in ("val", "test"):
        assert again.metrics[part]["n"] == run.metrics[part]["n"]


def test_rows_of_a_test_file_follow(tmp_path):
    made(30).to_csv(tmp_path / "more.csv", index=False)
    run = train(tmp_path, made(), f"data.test_path={tmp_path / 'more.csv'}")
    found = nnexp.parts(run)
    assert len(found) == 120
    assert (found[90:] == "test").all()
    assert not (found[:90] == "test").any()


def test_a_table_that_has_changed_is_refused(tmp_path):
    run = train(tmp_path, made())
    made(91).to_csv(tmp_path / "table.csv", index=False)
    with pytest.raises(UserError, match="has changed since"):
        nnexp.parts(run)


def test_a_run_that_has_not_finished_is_refused(tmp_path):
    run = train(tmp_path, made())
    (run.folder / "manifest.json").unlink()
    with pytest.raises(UserError, match="has not finished"):
        nnexp.parts(run.folder)


def test_the_command_writes_a_csv(tmp_path, capsys):
    run = train(tmp_path, made())
    capsys.readouterr()
    assert main(["parts", str(run.folder)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "row,part"
    assert len(printed) == 91
    out = tmp_path / "parts.csv"
    assert main(["parts", str(run.folder), "-o", str(out)]) == 0
    assert "90 rows, 54 train, 18 valid, 18 test" in capsys.readouterr().out
    assert pd.read_csv(out)["part"].tolist() == nnexp.parts(run).tolist()
    assert main(["parts", str(run.folder), "-o", str(tmp_path / "no" / "parts.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main(["parts", str(run.folder), "-o", str(tmp_path / "p.tsv")]) == 0
    assert (tmp_path / "p.tsv").read_text().startswith("row\tpart\n")
    assert main(["parts", str(run.folder), "-o", str(tmp_path / "p.parquet")]) == 2
    assert "parts are written as CSV" in capsys.readouterr().err


def test_a_table_is_downloaded_for_a_folder_that_is_trusted_alone(tmp_path, capsys, monkeypatch):
    run = train(tmp_path, made())
    asked = []

    def check(config, trust):
        asked.append(trust)
        if not trust:
            raise UserError("it is of openml.org", "trust", "nnexp diagnose RUN --trust")

    monkeypatch.setattr(run_parts, "check_source", check)
    assert main(["parts", str(run.folder)]) == 2
    assert f"nnexp parts {run.folder} --trust" in capsys.readouterr().err
    assert main(["parts", str(run.folder), "--trust"]) == 0
    assert asked == [False, True]
    with pytest.raises(UserError) as told:
        nnexp.parts(run)
    assert told.value.remedy == f"nnexp.parts({str(run.folder)!r}, trust=True)"
