"""`nnexp compare`: which words are runs, and what a mistake among the keys is answered with."""

import pytest

import nnexp
from nnexp.cli import main
from nnexp.errors import UserError


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    root = tmp_path_factory.mktemp("swept") / "a"
    words = ["data=iris", "reg.l2=0,0.1", "seed=0,1", "trainer.epochs=1", "trainer.progress=none"]
    nnexp.multirun([*words, "trainer.tensorboard=false", f"hydra.sweep.dir={root}"])
    return root


def test_a_folder_after_by_is_a_run(swept, capsys):
    assert main(["compare", "--by", "reg.l2", str(swept)]) == 0
    assert "2 configurations, 4 runs" in capsys.readouterr().out
    assert main(["compare", "--by", "reg.l2"]) == 2
    assert "required: RUN" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("by", "remedy"),
    [
        (["reg.l2", "seed"], "--by reg.l2"),
        (["seed"], "--by optimizer.lr"),
        (["reg.l2", "optimizer.lrr"], "--by reg.l2 optimizer.lr"),
    ],
)
def test_the_other_keys_stay(swept, capsys, by, remedy):
    assert main(["compare", str(swept), "--by", *by]) == 2
    assert capsys.readouterr().err.endswith(f"try: {remedy}\n")


@pytest.mark.parametrize(
    ("options", "call"),
    [
        ({"sort": 3}, "sort='val_loss'"),
        ({"sort": "test_loss"}, "sort='val_loss'"),
        ({"by": ["reg.l2", "seed"]}, "by=['reg.l2']"),
    ],
)
def test_a_call_is_answered_with_a_call(swept, options, call):
    with pytest.raises(UserError) as caught:
        nnexp.compare(swept, **options)
    assert caught.value.remedy == f"nnexp.compare(['{swept}'], {call})"
    assert "--" not in caught.value.allowed


@pytest.mark.parametrize("text", ["defaults:\n  - data: x\n", "# one\nseed: 1\nlearning_rate: 3\n"])
def test_a_configuration_of_another_program_is_no_run(swept, tmp_path, text):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text(text)
    with pytest.raises(UserError, match="there is no run"):
        nnexp.compare(tmp_path)
    own = tmp_path / "torn"
    own.mkdir()
    (own / "config.yaml").write_text((swept / "0" / "config.yaml").read_text())
    with pytest.raises(UserError, match="nothing to rank, of 1 run "):
        nnexp.compare(tmp_path)


def test_keys_may_each_have_their_flag(swept, capsys):
    assert main(["compare", str(swept), "--by", "reg.l2", "--by", "optimizer.lr"]) == 0
    assert "2 configurations, 4 runs" in capsys.readouterr().out
