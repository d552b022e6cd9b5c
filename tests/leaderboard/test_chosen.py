"""What is typed to train the first."""

import pytest

from nnexp.leaderboard import leaderboard, read_records
from nnexp.leaderboard.chosen import words_of_first

CONFIG = """seed: {seed}
seeds:
  split: {split}
data:
  split:
    folds: {folds}
    fold: {fold}
optimizer:
  name: adam
  lr: {rate}
"""
USUAL = {"seed": 0, "split": 0, "folds": "null", "fold": "null"}


def board(write, tmp_path, *rates, words="[data=wine, optimizer.lr=0.01]", runs=({},), **more):
    """Runs of each rate; each run with a seed, a split and a fold of its own."""
    for number, rate in enumerate(rates):
        for place, changed in enumerate(runs):
            config = CONFIG.format(**{**USUAL, "rate": rate, **changed})
            folder = write(f"{number}-{place}", config=config, **more)
            if words:
                (folder / "overrides.yaml").write_text(words)
    return leaderboard(read_records([tmp_path]))


def test_the_words_of_the_first(write, tmp_path):
    assert words_of_first(board(write, tmp_path, 0.1, 0.2)) == ["data=wine", "optimizer.lr=0.01"]


@pytest.mark.parametrize(
    ("words", "runs", "kept"),
    [
        ("[seed=5, seeds.split=3]", [{"seed": 5, "split": 3}], ["seed=5", "seeds.split=3"]),
        ("[seed=0, seeds.split=3]", [{"split": 3}, {"seed": 1, "split": 3}], ["seeds.split=3"]),
        ("[seeds.split=0]", [{}, {"split": 1}], []),
        (
            "[data.split.folds=5, data.split.fold=2]",
            [{"folds": 5, "fold": 2}],
            ["data.split.folds=5", "data.split.fold=2"],
        ),
        (
            "[data.split.folds=2, seeds.split=3, data.split.fold=0]",
            [{"folds": 2, "fold": fold, "split": 3} for fold in (0, 1)],
            ["seeds.split=3"],
        ),
    ],
)
def test_seeds_and_folds_stay_where_the_first_is_no_mean_over_them(
    write, tmp_path, words, runs, kept
):
    assert words_of_first(board(write, tmp_path, 0.1, 0.2, words=words, runs=runs)) == kept


def test_a_seed_that_failed_is_one_that_the_first_has(write, tmp_path):
    config = CONFIG.format(**{**USUAL, "seed": 1, "rate": 0.1})
    write("failed", config=config, status={"status": "failed", "reason": None})
    found = words_of_first(board(write, tmp_path, 0.1, words="[seed=0]"))
    assert found == []


def test_where_nothing_was_chosen_nothing_is_told(write, tmp_path):
    assert words_of_first(board(write, tmp_path, 0.1)) is None


def test_where_nothing_was_noted_nothing_is_told(write, tmp_path):
    assert words_of_first(board(write, tmp_path, 0.1, 0.2, words="")) is None


def test_where_the_others_failed_it_is_told_which_did_not(write, tmp_path):
    write("1", status="failed", config="seed: 0\noptimizer:\n  name: sgd\n  lr: 0.1\n")
    assert words_of_first(board(write, tmp_path, 0.1)) == ["data=wine", "optimizer.lr=0.01"]
