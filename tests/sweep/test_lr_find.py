"""`nnexp lr-find`: its suggestion, its files, its words, its mistakes."""

import json
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from nnexp import UserError, cli
from nnexp.config.saved import read_config
from nnexp.sweep.lr_find import find_rate, main

SMALL = ["data=iris", "model.hidden=[8]", "trainer.epochs=4", "trainer.progress=none"]
QUICK = ["--rates", "5", "--seeds", "2", "--from", "1e-3", "--to", "0.1"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def quick(*overrides, **options):
    values = {"start": 1e-3, "stop": 0.1, "rates": 5, "seeds": 2, "root": None, **options}
    return find_rate([*SMALL, *overrides], **values)


def test_what_it_finds():
    test = quick()
    assert list(test.frame) == ["rate", "train_loss", "val_loss", "val_stderr", "diverged"]
    assert list(test.frame["rate"]) == [0.001, 0.00316, 0.01, 0.0316, 0.1]
    assert test.suggestion in set(test.frame["rate"])
    assert (test.seeds, test.epochs, test.steps) == (2, 4, 12)
    assert test.folder is None
    assert test.command == f"nnexp train {shlex.join(SMALL)} optimizer.lr={test.suggestion:g}"


def test_the_suggestion_learns_where_the_ends_do_not(capsys):
    test = find_rate(["data=wine", "optimizer=sgd", "trainer.progress=none"], seeds=2, root=None)
    frame = test.frame.set_index("rate")
    assert 3e-3 <= test.suggestion <= 0.3
    assert frame.loc[test.suggestion, "val_loss"] < 0.3 < 1 < frame.loc[1e-6, "val_loss"]
    assert frame.loc[10.0, "diverged"] > 0 or frame.loc[10.0, "val_loss"] > test.untrained
    assert test.notes == []


def test_the_same_again():
    first, second = quick("reg.dropout=0.2"), quick("reg.dropout=0.2")
    pd.testing.assert_frame_equal(first.frame, second.frame, check_exact=True)


def test_a_typed_rate_is_replaced():
    test = quick("optimizer.lr=0.5", "reg.l2=0.01")
    assert test.configured == 0.5
    assert test.command.endswith(f" reg.l2=0.01 optimizer.lr={test.suggestion:g}")
    assert test.command.count("optimizer.lr") == 1


def test_the_command_and_its_files(tmp_path, capsys):
    assert cli.main(["lr-find", *QUICK, *SMALL, "reg.l2=0.01"]) == 0
    out = capsys.readouterr().out
    (folder,) = (tmp_path / "outputs" / "lr-find").glob("*/*")
    assert out.splitlines()[-1] == f"files: {folder.relative_to(tmp_path)}"
    assert {path.name for path in folder.iterdir()} == {
        "config.yaml", "lr_find.csv", "lr_find.png",
    }  # fmt: skip
    assert read_config(folder).reg.l2 == 0.01
    frame = pd.read_csv(folder / "lr_find.csv")
    expected = quick("reg.l2=0.01").frame
    pd.testing.assert_frame_equal(frame, expected, check_exact=True)
    assert (folder / "lr_find.png").read_bytes()[:4] == b"\x89PNG"


def test_the_next_command_trains(tmp_path, capsys):
    cli.main(["lr-find", *QUICK, *SMALL, "trainer.tensorboard=false"])
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("train with: "))
    words = shlex.split(line.removeprefix("train with: nnexp train"))
    assert cli.train([*words, "hydra.run.dir=next"]) == 0
    chosen = words[-1].removeprefix("optimizer.lr=")
    assert read_config(tmp_path / "next").optimizer.lr == float(chosen)
    assert json.loads((tmp_path / "next" / "status.json").read_text())["status"] == "done"


def test_an_end_that_is_best_is_said():
    up = quick(start=1e-6, stop=1e-5)
    assert up.suggestion == 1e-5
    assert up.notes == ["the best rate is the largest: widen the range with --to 0.0001"]
    down = quick("optimizer=sgd", start=0.5, stop=50.0)
    assert any("widen the range with --from 0.05" in note for note in down.notes)


def test_no_suggestion_where_all_diverge(capsys):
    test = quick("optimizer=sgd", start=1e20, stop=1e30)
    assert test.suggestion is None
    assert (test.frame["diverged"] == 2).all()
    assert test.frame["val_loss"].isna().all()
    assert test.notes == ["every rate diverged: try smaller ones with --from 1e+17"]
    test.plot()


def test_no_suggestion_where_none_learns():
    test = quick("loss.scale=0")
    assert test.suggestion is None
    assert test.notes == ["no rate was better than no training, whose loss is 0"]
    assert test.command.endswith("optimizer.lr=0.001")  # as configured


def test_what_is_left_out_is_said():
    test = quick("scheduler=cosine", "data.split.valid=0", "trainer.monitor=train_loss")
    assert list(test.frame) == ["rate", "train_loss", "diverged"]
    assert [note.partition(" ")[0] for note in test.notes[-2:]] == ["there", "scheduler=cosine"]
    long = quick("data=moons", "data.rows=2000", "trainer.batch_size=2")
    assert "trained on 400 of the 1200 train rows; --epochs 1 takes them all" in long.notes
    assert long.steps == 200


def test_one_seed_has_no_error():
    test = quick(seeds=1)
    assert test.frame["val_stderr"].isna().all()
    assert np.isfinite(test.frame["val_loss"]).all()


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "0"],
        ["--from", "nan"],
        ["--to", "inf"],
        ["--from", "1", "--to", "0.1"],
        ["--from", "0.001", "--to", "0.001001"],
        ["--from", "tiny"],
        ["--rates", "2"],
        ["--rates", "1.5"],
        ["--rates", "5000", "--seeds", "5000"],
        ["--seeds", "0"],
        ["--epochs", "0"],
        ["--epoch", "-1"],
        ["--form", "1"],
        ["-m", "data=iris"],
        ["iris"],
        ["optimzer=sgd"],
        ["optimizer=sgd,adam"],
        ["optimizer.maximize=true"],
        ["loss.scale=-1"],
        ["data=csv", "data.path=missing.csv", "data.target=y"],
        ["data.split.valid=0"],
    ],
    ids=" ".join,
)
def test_a_mistake_is_three_lines_and_leaves_nothing(words, tmp_path, capsys):
    assert cli.main(["lr-find", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["error", "allowed", "try"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["--seeds", "0"], "nnexp lr-find --seeds 3"),
        (["--rates", "1"], "nnexp lr-find --rates 5"),
        (["--from", "2", "--to", "1"], "nnexp lr-find --from 1 --to 2"),
        (["--from", "-1"], "nnexp lr-find --from 1e-06 --to 10"),
    ],
)
def test_what_to_type_instead(words, remedy, capsys):
    cli.main(["lr-find", *words])
    assert capsys.readouterr().err.splitlines()[-1] == f"try: {remedy}"


def test_overrides_in_one_text():
    with pytest.raises(UserError, match="one text"):
        find_rate("data=iris optimizer=sgd")


def test_a_root_that_is_a_file(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(UserError, match="is no folder"):
        quick(root=tmp_path / "taken")


def test_a_place_that_cannot_be_written_is_refused_before_any_run(tmp_path, monkeypatch, capsys):
    from nnexp.sweep import lr_range

    monkeypatch.setattr(lr_range, "fit", interrupted)  # of the first run
    (tmp_path / "outputs").write_text("")
    assert cli.main(["lr-find", *QUICK, *SMALL]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "try: mv -n outputs outputs.old"


def test_a_call_is_answered_with_a_call():
    with pytest.raises(UserError) as caught:
        find_rate(["data=iris"], rates=2, seeds=2)
    assert caught.value.wrong == "rates=2"
    assert caught.value.remedy == "nnexp.find_rate(['data=iris'], rates=5, seeds=2)"
    with pytest.raises(UserError) as caught:
        find_rate(["data=iris", "optimizer.maximize=true"], stop=1.0)
    mended = "['data=iris', 'optimizer.maximize=false']"
    assert caught.value.remedy == f"nnexp.find_rate({mended}, stop=1)"


def test_ctrl_c_ends_it_without_files(tmp_path, monkeypatch):
    from nnexp.sweep import lr_range

    monkeypatch.setattr(lr_range, "fit", interrupted)
    assert cli.main(["lr-find", *QUICK, *SMALL]) == 130
    assert list(tmp_path.iterdir()) == []


def interrupted(*values, **options):
    raise KeyboardInterrupt


def test_a_mistake_waits_for_no_heavy_library():
    code = (
        "import sys\nfrom nnexp import cli\nassert cli.main(['lr-find', 'optimzer=sgd']) == 2\n"
        "assert not {'torch', 'pandas', 'sklearn', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["data=iris", "seed=0,1,2"], "nnexp lr-find data=iris --seeds 3"),
        (
            ["data=iris", "seed=range(4)", "--rates", "9"],
            "nnexp lr-find data=iris --rates 9 --seeds 4",
        ),
        (["data=iris", "optimizer.lr=0.1,0.2"], "nnexp lr-find data=iris optimizer.lr=0.1"),
        (["data=iris", "--rates=2", "--to", "1"], "nnexp lr-find data=iris --to 1 --rates 5"),
        (["data=iris", "sweep.n=3", "sweep=random"], "nnexp lr-find data=iris"),
        (["data=iris", "--form", "1"], "nnexp lr-find data=iris --from 1"),
        (["data=iris", "--odd"], "nnexp lr-find data=iris"),
    ],
)
def test_a_mistake_is_answered_with_words_of_this_command(words, remedy):
    with pytest.raises(UserError) as caught:
        main(words)
    assert caught.value.remedy == remedy
