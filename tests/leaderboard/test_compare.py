import pytest

import nnexp.leaderboard
from nnexp import cli
from nnexp.errors import UserError
from nnexp.leaderboard import leaderboard, read_records
from nnexp.leaderboard.writing import write_files

CONFIG = "seed: {seed}\noptimizer:\n  name: adam\n  lr: {lr}\n"


def write_leaderboard(folder):
    board = leaderboard(read_records([folder]))
    write_files(board, folder)
    return board


@pytest.fixture
def sweep(write, tmp_path):
    for i, (lr, seed) in enumerate((lr, seed) for lr in (0.1, 0.01) for seed in (0, 1, 2)):
        scores = {"accuracy": 0.9, "balanced_accuracy": 0.9, "auc": 1.0, "n": 30}
        val = {"loss": lr + seed / 100, **scores}
        write(
            f"sweep/{i}",
            config=CONFIG.format(seed=seed, lr=lr),
            metrics={"best_epoch": 1, "val": val, "test": {**val, "loss_stderr": 0.1}},
        )
    return tmp_path / "sweep"


def test_compare_prints_and_writes_nothing(sweep, capsys):
    before = sorted(sweep.rglob("*"))
    assert cli.main(["compare", str(sweep)]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("nothing is written; -o ")
    assert out.startswith("2 configurations, 6 runs, by mean validation loss")
    assert out.index("0.01") < out.index("0.1 ")
    assert sorted(sweep.rglob("*")) == before


def test_compare_writes_where_it_is_told(sweep, tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert cli.main(["compare", str(sweep), "--sort", "val_accuracy", "-o", str(out)]) == 0
    names = ["leaderboard.csv", "leaderboard.md", "report.html"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert str(out / "leaderboard.csv") in capsys.readouterr().out
    (tmp_path / "file").touch()
    assert cli.main(["compare", str(sweep), "-o", str(tmp_path / "file")]) == 2
    assert "cannot be written to" in capsys.readouterr().err


def test_compare_takes_runs_and_keys(sweep, capsys):
    runs = [str(sweep / "0"), str(sweep / "3")]
    assert cli.main(["compare", *runs, "--by", "optimizer.lr,optimizer"]) == 0
    assert "2 configurations, 2 runs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sort", "test_accuracy"], "ranks nothing"),
        (["--sort", "val_acuracy"], "try: --sort val_accuracy"),
        (["--by", "lr"], "try: --by optimizer.lr"),
        (["--colour"], "--colour"),
    ],
)
def test_mistakes_are_answered_in_three_lines(sweep, capsys, words, said):
    assert cli.main(["compare", str(sweep), *words]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.splitlines()) == 3
    assert captured.out == ""


def test_no_run_is_named(capsys):
    assert cli.main(["compare"]) == 2
    assert "RUN" in capsys.readouterr().err


def test_a_sweeps_leaderboard_is_written_and_written_again_alike(sweep):
    board = write_leaderboard(sweep)
    files = {name: (sweep / name).read_bytes() for name in ("leaderboard.csv", "leaderboard.md")}
    assert files["leaderboard.csv"].decode() == board.csv()
    assert files["leaderboard.md"].decode() == board.markdown()
    write_leaderboard(sweep)
    assert files == {name: (sweep / name).read_bytes() for name in files}
    assert not list(sweep.glob(".*"))


def test_a_moved_sweep_has_the_same_leaderboard(sweep, tmp_path):
    write_leaderboard(sweep)
    before = (sweep / "leaderboard.csv").read_bytes()
    moved = sweep.rename(tmp_path / "elsewhere")
    write_leaderboard(moved)
    assert (moved / "leaderboard.csv").read_bytes() == before


def test_nothing_is_written_where_nothing_can_be_ranked(write, tmp_path):
    write("sweep/0", status={"status": "failed", "reason": "disk"}, metrics=None)
    with pytest.raises(UserError, match="disk"):
        write_leaderboard(tmp_path / "sweep")
    assert not list((tmp_path / "sweep").glob("leaderboard*"))


def test_several_folders_are_a_list(sweep):
    with pytest.raises(UserError) as caught:
        nnexp.compare(sweep, sweep)
    assert caught.value.remedy == f"nnexp.compare({[str(sweep), str(sweep)]!r})"


def test_compare_from_python(sweep):
    board = nnexp.leaderboard.compare(sweep, by="optimizer.lr")
    assert board.frame()["optimizer.lr"].tolist() == [0.01, 0.1]
    assert repr(board) == board.text(100)
    several = nnexp.leaderboard.compare([sweep / "0", str(sweep / "1")])
    assert len(several.configurations) == 1
