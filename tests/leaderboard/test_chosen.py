"""What is typed to train the first."""

from nnexp.leaderboard import leaderboard, read_records
from nnexp.leaderboard.chosen import words_of_first


def board(
    write, tmp_path, *rates, words="[data=wine, optimizer.lr=0.01, seed=1, data.split.folds=5]"
):
    for number, rate in enumerate(rates):
        config = f"seed: 0\noptimizer:\n  name: adam\n  lr: {rate}\n"
        folder = write(str(number), config=config)
        if words:
            (folder / "overrides.yaml").write_text(words)
    return leaderboard(read_records([tmp_path]))


def test_words_without_seeds_and_folds(write, tmp_path):
    assert words_of_first(board(write, tmp_path, 0.1, 0.2)) == ["data=wine", "optimizer.lr=0.01"]


def test_where_nothing_was_chosen_nothing_is_told(write, tmp_path):
    assert words_of_first(board(write, tmp_path, 0.1)) is None


def test_where_nothing_was_noted_nothing_is_told(write, tmp_path):
    assert words_of_first(board(write, tmp_path, 0.1, 0.2, words="")) is None


def test_where_the_others_failed_it_is_told_which_did_not(write, tmp_path):
    write("1", status="failed", config="seed: 0\noptimizer:\n  name: sgd\n  lr: 0.1\n")
    assert words_of_first(board(write, tmp_path, 0.1)) == ["data=wine", "optimizer.lr=0.01"]
