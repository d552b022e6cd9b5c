import csv
import io
import math
import random
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nnexp.errors import UserError
from nnexp.leaderboard.board import SCORES
from nnexp.leaderboard.comparing import recorded_score
from nnexp.leaderboard.leaderboard import leaderboard
from nnexp.leaderboard.text import leaderboard_text


def grid(make, losses, key="optimizer__lr"):
    """Runs of `losses`: value -> validation loss of each seed."""
    pairs = [(v, s, x) for v, values in losses.items() for s, x in enumerate(values)]
    return [make(i, x, **{key: value, "seed": seed}) for i, (value, seed, x) in enumerate(pairs)]


BEST = [0.30, 0.31, 0.32, 0.33, 0.34]
CLOSE = [0.33, 0.29, 0.35, 0.32, 0.36]
WORSE = [0.80, 0.82, 0.79, 0.84, 0.85]


def test_ranks_means_and_comparisons(make):
    board = leaderboard(grid(make, {0.1: WORSE, 0.01: BEST, 0.001: CLOSE}))
    assert board.varied == ["optimizer.lr"]
    assert [row.values["optimizer.lr"] for row in board.configurations] == [0.01, 0.001, 0.1]
    assert [row.rank for row in board.configurations] == [1, 2, 3]
    first, close, worse = board.configurations
    assert first.against_leader is None
    assert first.scores["val_loss"].mean == pytest.approx(np.mean(BEST))
    assert first.scores["val_loss"].sd == pytest.approx(np.std(BEST, ddof=1))
    assert first.scores["val_loss"].n == 5
    tests = [stats.ttest_rel(x, BEST).pvalue for x in (WORSE, CLOSE)]
    assert worse.against_leader.p == pytest.approx(tests[0])
    assert worse.against_leader.p_holm == pytest.approx(2 * tests[0])
    assert worse.against_leader.distinguishable
    assert worse.against_leader.difference == pytest.approx(np.mean(WORSE) - np.mean(BEST))
    assert close.against_leader.p_holm == pytest.approx(max(tests[1], 2 * tests[0]))
    assert not close.against_leader.distinguishable
    assert close.against_leader.pairs == 5
    assert close.against_leader.pairs_needed > 5


def test_accuracies_rank_from_the_highest(make):
    records = [
        make(0, 0.1, accuracy=0.7, reg__l2=0.0),
        make(1, 0.9, accuracy=0.8, reg__l2=0.1),
    ]
    assert leaderboard(records).configurations[0].values == {"reg.l2": 0.0}
    board = leaderboard(records, "val_accuracy")
    assert board.configurations[0].values == {"reg.l2": 0.1}
    assert board.sort == "val_accuracy"


@pytest.mark.parametrize("score", [s for s in SCORES if s.startswith("test")])
def test_test_scores_never_rank(make, score):
    with pytest.raises(UserError, match="ranks nothing") as caught:
        leaderboard([make(0)], score)
    assert caught.value.remedy == f"--sort {score.replace('test', 'val')}"


@pytest.mark.parametrize(
    ("sort", "title"), [("val_balanced_accuracy", "test balanced accuracy"), ("val_loss", None)]
)
def test_the_first_has_its_test_score_of_the_kind_that_ranks(make, sort, title):
    board = leaderboard(grid(make, {0.01: BEST, 0.1: WORSE}), sort)
    shown = ["test_loss", "test_accuracy", *(["test_balanced_accuracy"] if title else [])]
    assert board.tests == shown
    assert (title is not None) == ("test balanced accuracy 0.8000 ±" in board.notes[-1])
    assert (title is not None) == ("test bal. acc." in board.text())
    assert (title is not None) == ("test balanced accuracy" in board.markdown())
    alone = leaderboard([make(0)], sort).notes[-1]
    assert (title is not None) == ("test balanced accuracy 0.8000 (mean of 1 run" in alone)


@pytest.mark.parametrize(
    ("balanced", "said"), [(0.5, True), (1 / 3, True), (0.55, False), (1.0, False), (None, False)]
)
def test_an_accuracy_that_is_the_share_of_a_class_is_told(make, balanced, said):
    records = grid(make, {0.01: BEST[:2], 0.1: WORSE[:2]})
    for record in records[1:]:
        record.metrics["val"]["balanced_accuracy"] = balanced
    assert not any("named one class" in note for note in leaderboard(records).notes)
    records[0].metrics["val"]["balanced_accuracy"] = balanced
    told = [note for note in leaderboard(records).notes if "as if it named one class" in note]
    assert bool(told) == said
    assert not said or "its accuracy of 0.9000 is no better" in told[0]


def test_better_test_scores_change_no_rank(make):
    records = grid(make, {0.01: BEST, 0.1: WORSE})
    ranks = [row.values for row in leaderboard(records).configurations]
    other = [
        replace(
            r, metrics={**r.metrics, "test": {"loss": 1 - recorded_score(r, "val_loss"), "n": 9}}
        )
        for r in records
    ]
    assert [row.values for row in leaderboard(other).configurations] == ranks


def test_runs_that_did_not_end_well_are_in_no_mean(make):
    records = [
        *grid(make, {0.01: BEST[:2], 0.1: WORSE[:3]}),
        make(7, 99.0, status="diverged", reason="NaN", optimizer__lr=0.01, seed=2),
        make(8, 0.0, status="interrupted", optimizer__lr=0.1, seed=3),
        make(9, 0.0, status="running", optimizer__lr=0.1, seed=4),
        make(10, 0.0, status="failed", reason="disk", optimizer__lr=1.0, seed=0),
    ]
    board = leaderboard(records)
    first, second = board.configurations
    assert first.scores["val_loss"].mean == pytest.approx(np.mean(BEST[:2]))
    assert (len(first.records), first.planned) == (2, 3)
    assert (len(second.records), second.planned) == (3, 5)
    assert second.against_leader.pairs == 2  # seeds that both have
    assert [(r.name, r.status, r.reason) for r in board.failed] == [
        ("7", "diverged", "NaN"),
        ("8", "interrupted", None),
        ("9", "running", None),
        ("10", "failed", "disk"),
    ]
    assert any("2 of its 3 runs" in note for note in board.notes)


def test_pairs_are_found_by_seed_and_not_by_place(make):
    rng = np.random.default_rng(0)
    seeds = {seed: rng.normal() for seed in range(6)}  # an effect of the seed, on both
    a = [make(i, 1 + seeds[s], seed=s) for i, s in enumerate([0, 1, 2, 3, 4, 5])]
    b = [
        make(10 + i, 1.1 + seeds[s] + 0.01 * s, seed=s, reg__l2=1.0)
        for i, s in enumerate([5, 3, 1, 0, 2])
    ]
    against = leaderboard([*b, *a]).configurations[1].against_leader
    assert against.pairs == 5
    assert against.difference == pytest.approx(0.1 + 0.01 * np.mean([5, 3, 1, 0, 2]))
    assert against.distinguishable


def test_no_seed_in_common_tells_nothing(make):
    records = [make(0, 0.1, seed=0), make(1, 0.9, seed=1, reg__l2=1.0)]
    board = leaderboard(records)
    against = board.configurations[1].against_leader
    assert (against.pairs, against.distinguishable, against.pairs_needed) == (0, False, None)
    assert math.isnan(against.p)
    told = "no run of theirs is known to be on the same rows with the same seed and fold: 2"
    assert any(told in note for note in board.notes)


def test_one_seed_tells_nothing_and_says_what_to_type(make):
    board = leaderboard([make(0, 0.1), make(1, 0.9, reg__l2=1.0)])
    against = board.configurations[1].against_leader
    assert (against.pairs, against.distinguishable) == (1, False)
    assert any("'seed=range(5)'" in note for note in board.notes)


def test_two_seeds_that_tell_nothing_say_so(make):
    two = grid(make, {0.0: [0.1, 0.2], 0.1: [0.9, 0.5]}, "reg__l2")
    board = leaderboard(two)
    assert not board.configurations[1].against_leader.distinguishable
    assert any(note.startswith("two pairs of runs") for note in board.notes)
    plain = grid(make, {0.0: [0.1, 0.2], 0.1: [9.1, 9.2]}, "reg__l2")
    assert not any(note.startswith("two pairs") for note in leaderboard(plain).notes)
    more = leaderboard(grid(make, {0.0: [0.1, 0.2, 0.1], 0.1: [0.2, 0.1, 0.3]}, "reg__l2"))
    assert not any(note.startswith("two pairs") for note in more.notes)


@pytest.mark.parametrize("folds", [1, 2])
def test_seeds_are_no_remedy_for_few_splits(make, folds):
    split = {"data__split__folds": 3}
    records = [
        make(
            10 * fold + l2, 0.1 * l2 + 0.1 * fold * l2, data__split__fold=fold, reg__l2=l2, **split
        )
        for l2 in (0, 1)
        for fold in range(2)
        if fold < folds or not l2
    ]
    board = leaderboard(records)
    assert board.unit == "splits"
    (note,) = (note for note in board.notes if note.startswith(("one pair", "two pairs")))
    assert "data.split.folds=5" in note
    assert "seed=range" not in note


@pytest.mark.parametrize("init", [None, 0])
def test_splits_that_share_initial_weights_are_warned_of(make, init):
    records = [make(f"{n}{l2}", 0.1 * n + l2, seeds__valid=n, reg__l2=l2, seeds__init=init)
               for n in range(4) for l2 in (0.0, 0.1)]  # fmt: skip
    board = leaderboard(records)
    assert board.unit == "splits"
    shared = [note for note in board.notes if note.startswith("seeds.init is shared by all splits")]
    assert len(shared) == (init is not None)


def test_what_is_told_needs_no_more_pairs(make):
    losses = {0.0: [0.1, 0.11, 0.12], 0.1: [0.9, 0.92, 0.91], 0.2: [0.1, 0.2, 0.15]}
    close, told = (
        r.against_leader for r in leaderboard(grid(make, losses, "reg__l2")).configurations[1:]
    )
    assert (told.distinguishable, told.pairs_needed) == (True, None)
    assert close.pairs_needed > 3


def test_seeds_that_change_nothing(make):
    board = leaderboard(grid(make, {0.0: [0.4] * 3, 0.1: [0.5] * 3, 0.2: [0.4] * 3}, "reg__l2"))
    same, other = (row.against_leader for row in board.configurations[1:])
    assert (same.p_holm, same.distinguishable, same.pairs_needed) == (1, False, None)
    assert (other.p_holm, other.distinguishable) == (0, True)
    # equal means are ordered by their values
    assert [row.values["reg.l2"] for row in board.configurations] == [0.0, 0.2, 0.1]


def test_a_run_that_is_repeated_counts_once(make):
    records = [make(0, 0.4), make(1, 0.5, seed=1), make(2, 0.4)]
    board = leaderboard(records)
    assert board.configurations[0].scores["val_loss"].n == 2
    assert board.configurations[0].planned == 2
    assert any(note.endswith("count once: 2") for note in board.notes)
    again = [make(0, status="failed"), make(1, 0.3)]  # and one that was run again counts
    assert leaderboard(again).configurations[0].planned == 1


def test_folds_are_means_over_seeds_with_the_corrected_variance(make):
    rng = np.random.default_rng(3)
    records, losses = [], {0.0: [], 0.1: []}
    for l2 in losses:
        for fold in range(5):
            values = rng.normal(0.5 + l2, 0.05, 2)
            losses[l2].append(values.mean())
            records += [
                make(len(records) + s, x, reg__l2=l2, seed=s, data__split__fold=fold,
                     data__split__folds=5)
                for s, x in enumerate(values)
            ]  # fmt: skip
    board = leaderboard(records)
    first, second = board.configurations
    assert board.unit == "splits"
    summary = first.scores["val_loss"]
    assert summary.n == 10
    assert summary.sd == pytest.approx(np.std(losses[0.0], ddof=1))
    half = stats.t.ppf(0.975, 4) * summary.sd * math.sqrt(1 / 5 + 1 / 4)
    assert summary.high - summary.mean == pytest.approx(half)
    d = np.subtract(losses[0.1], losses[0.0])
    t = d.mean() / (d.std(ddof=1) * math.sqrt(1 / 5 + 1 / 4))
    assert second.against_leader.pairs == 5
    assert second.against_leader.p == pytest.approx(2 * stats.t.sf(abs(t), 4))


def test_runs_of_another_table_change_nothing_for_those_of_this_one(make):
    """Four seeds of one split of one table, and folds of another."""
    own = grid(make, {0.01: BEST[:4], 0.1: WORSE[:4]})
    other = [
        make(10 + 5 * seed + fold, 2.0 + fold / 10, seed=seed, data__path="other.csv",
             data__split__folds=5, data__split__fold=fold)
        for seed in range(2) for fold in range(5)
    ]  # fmt: skip
    alone, beside = leaderboard(own), leaderboard([*own, *other])
    for before, after in zip(alone.configurations, beside.configurations, strict=False):
        assert after.scores == pytest.approx(before.scores, nan_ok=True)
    assert beside.unit == "seeds"
    first, second, third = (row.against_leader for row in beside.configurations)
    assert (first, second.pairs, third.pairs) == (None, 4, 0)
    assert second.p == alone.configurations[1].against_leader.p
    assert beside.configurations[2].scores["val_loss"].low < 2.2  # over five splits
    assert not any("chance and settings" in note for note in beside.notes)
    lines = leaderboard_text(beside).splitlines()
    assert not any(line.startswith("3 ≈") for line in lines)


def test_each_configuration_has_the_correction_of_its_own_splits(make):
    """Two folds and ten: half of the rows validate, or a tenth."""
    rng = np.random.default_rng(0)
    records, losses = [], {2: [0.3, 0.4], 10: list(rng.normal(0.6, 0.05, 10))}
    for folds, values in losses.items():
        for fold, loss in enumerate(values):
            split = {"data__split__fold": fold, "data__split__folds": folds}
            records.append(make(len(records), loss, **split))
    rows = leaderboard(records).configurations
    for row in rows:
        n = row.values["data.split.folds"]
        summary = row.scores["val_loss"]
        half = stats.t.ppf(0.975, n - 1) * np.std(losses[n], ddof=1)
        assert summary.high - summary.mean == pytest.approx(half * math.sqrt(1 / n + 1 / (n - 1)))
    assert rows[1].against_leader.pairs == 0  # a fold of two has other rows than one of ten


def test_a_seed_of_validation_rows_that_follows_another_is_that_one(make):
    records = [
        make(0, seed=0, seeds__split=3, seeds__valid=None),
        make(1, seed=1, seeds__split=3, seeds__valid=3),
    ]
    assert leaderboard(records).unit == "seeds"
    other = make(2, seed=1, seeds__split=3, seeds__valid=None, reg__l2=1.0)
    assert leaderboard([*records, other]).configurations[1].against_leader.pairs == 1
    records[1].config["seeds.valid"] = 4
    assert leaderboard(records).unit == "splits"


def test_the_winners_test_score_stands_apart_with_its_standard_error(make):
    losses = [0.61, 0.65, 0.66]
    records = [make(i, 0.5, test=x, seed=i) for i, x in enumerate(losses)]
    board = leaderboard([*records, make(9, 0.9, reg__l2=1.0)])
    found = board.winner_test["test_loss"]
    assert found.mean == pytest.approx(np.mean(losses))
    # the variance over seeds, and that of the rows, which all seeds share
    assert found.stderr == pytest.approx(math.sqrt(np.var(losses, ddof=1) / 3 + 0.03**2))
    assert "optimistic" in board.notes[-1]
    assert "40 test rows" in board.notes[-1]
    assert "over seeds and rows" in board.notes[-1]
    alone = leaderboard([make(0)])
    assert alone.winner_test["test_loss"].stderr == pytest.approx(0.03)
    one_seed = leaderboard([make(0), make(1, reg__l2=1.0)], by=["optimizer.lr"])
    assert one_seed.winner_test["test_loss"].stderr == pytest.approx(0.03)
    assert "mean of 2 runs, 40 test rows; ± one standard error over the rows" in one_seed.notes[-1]


def test_the_standard_error_is_no_smaller_than_the_truth():
    """New seeds and new rows, a thousand times: the mean spreads no more than it says."""
    from nnexp.leaderboard.leaderboard import _stderr

    rng = np.random.default_rng(0)
    seeds, rows = 4, 50
    means, errors = [], []
    for _ in range(1000):
        shared = rng.normal(0, 1, rows)
        own = rng.normal(0, 0.1, (seeds, 1)) + rng.normal(0, 0.7, (seeds, rows))
        scores = shared + own  # (seeds, rows)
        of_runs = scores.mean(1)
        over_rows = scores.std(1, ddof=1) / math.sqrt(rows)
        means.append(of_runs.mean())
        errors.append(_stderr(of_runs.std(ddof=1) / math.sqrt(seeds), over_rows) ** 2)
    truth, said = np.var(means), np.mean(errors)
    assert truth <= said <= 1.7 * truth


def test_the_best_is_among_those_that_cannot_be_told_from_the_first(make):
    """What the marks promise, for configurations that are all as good: 95 % of the time."""
    rng = np.random.default_rng(0)
    excluded = trials = 0
    for _ in range(150):
        x = rng.normal(1, 0.1, (4, 5))
        rows = leaderboard(grid(make, dict(enumerate(x.tolist())), "reg__l2")).configurations
        told = [row.values["reg.l2"] for row in rows[1:] if row.against_leader.distinguishable]
        excluded += 0 in told  # the one that is the best, chosen before the scores are seen
        trials += 1
    assert excluded / trials <= 0.05


def test_the_same_runs_in_any_order_are_the_same_board(make):
    losses = {0.1: WORSE, 0.01: BEST, 0.001: CLOSE, 0.0001: BEST}
    records = [*grid(make, losses), make(90, status="diverged"), make(91, status="failed", seed=8)]
    boards = []
    for seed in range(5):
        random.Random(seed).shuffle(records)
        board = leaderboard(records)
        boards.append((board.csv(), board.markdown(), board.text(80)))
    assert len(set(boards)) == 1


def test_nothing_to_rank(make):
    with pytest.raises(UserError, match=r"of 2 runs \(1 diverged, 1 failed\): NaN"):
        leaderboard([make(0, status="diverged", reason="NaN"), make(1, status="failed")])
    no_rows = make(0)
    no_rows.metrics["val"] = None
    with pytest.raises(UserError, match="1 done without a val_loss"):
        leaderboard([no_rows])


def test_runs_without_the_score_are_left_out_and_say_why(make):
    no_rows = make(1, seed=1)
    no_rows.metrics["val"] = None
    board = leaderboard([make(0), no_rows, make(2, math.nan, seed=2)])
    assert [(r.name, r.reason) for r in board.failed] == [
        ("1", "no validation rows to rank it by"),
        ("2", "its val_loss is not a finite number"),
    ]


@pytest.mark.parametrize(("word", "remedy"), [("accuracy", "val_accuracy"), ("los", "val_loss")])
def test_a_score_that_is_none(make, word, remedy):
    with pytest.raises(UserError) as caught:
        leaderboard([make(0)], word)
    assert caught.value.remedy == f"--sort {remedy}"


def test_scores_of_other_things_are_warned_of(make):
    def notes(sort="val_loss", **key):
        return " ".join(leaderboard([make(0), make(1, **key)], sort).notes)

    assert "differ in data.name" in notes(data__name="wine")
    assert "loss.scale changes" in notes(loss__scale=2.0)
    assert "should not rank" not in notes("val_accuracy", loss__scale=2.0)
    assert "other rows" not in notes(data__scaling="none")
    summed = {"loss__reduction": "sum"}
    records = [make(0, **summed), make(1, trainer__batch_size=64, **summed)]
    assert any("trainer.batch_size changes" in note for note in leaderboard(records).notes)
    one = leaderboard([make(0), make(1, loss__scale=2.0)], by=["optimizer.lr"])
    assert len(one.configurations) == 1
    assert any("loss.scale changes" in note and "mean" in note for note in one.notes)
    assert "changes" not in notes(trainer__batch_size=64)


def test_by_some_keys_the_rest_are_averaged_over(make):
    records = [
        make(i, 0.1 * lr + 0.01 * l2 + 0.001 * seed, optimizer__lr=lr, reg__l2=l2, seed=seed)
        for i, (lr, l2, seed) in enumerate(
            (lr, l2, seed) for lr in (1, 2) for l2 in (3, 4) for seed in (0, 1)
        )
    ]
    board = leaderboard(records, by=["optimizer.lr"])
    first, second = board.configurations
    assert first.values == {"optimizer.lr": 1}
    assert first.scores["val_loss"].mean == pytest.approx(0.1 + 0.035 + 0.0005)
    assert second.against_leader.pairs == 2
    assert board.unit == "seeds"
    assert any("mean over reg.l2" in note for note in board.notes)


def test_the_runs_of_a_seed_are_one_where_other_keys_are_averaged_over(make):
    rng = np.random.default_rng(0)
    grid = [(lr, l2, seed) for lr in (1, 2) for l2 in (3, 4, 5) for seed in range(4)]
    noise = rng.normal(size=(3, 4, 2))
    values = [
        0.1 * lr + 0.05 * noise[lr - 1, seed, 0] + 0.001 * noise[l2 - 3, seed, 1]
        for lr, l2, seed in grid
    ]
    records = [
        make(i, value, optimizer__lr=lr, reg__l2=l2, seed=seed)
        for i, (value, (lr, l2, seed)) in enumerate(zip(values, grid, strict=True))
    ]
    board = leaderboard(records, by=["optimizer.lr"])
    means = np.reshape(values, (2, 3, 4)).mean(1)  # (rate, seed)
    for row in board.configurations:
        own, score = means[row.values["optimizer.lr"] - 1], row.scores["val_loss"]
        assert score.sd == pytest.approx(own.std(ddof=1))
        half = stats.t.ppf(0.975, 3) * own.std(ddof=1) / 2
        assert score.high - score.mean == pytest.approx(half)
        assert score.n == 12
    best = board.configurations[0].values["optimizer.lr"] - 1
    test = stats.ttest_rel(means[1 - best], means[best])
    assert board.configurations[1].against_leader.p == pytest.approx(test.pvalue)


def test_settings_that_are_averaged_over_are_no_seeds(make):
    records = [
        make(2 * l2 + lr, 0.1 * lr + 1e-6 * l2, optimizer__lr=lr, reg__l2=l2)
        for lr in (0, 1)
        for l2 in range(8)
    ]
    board = leaderboard(records, by=["optimizer.lr"])
    assert board.configurations[1].against_leader.pairs == 1
    assert board.configurations[1].standing == "same"
    assert not math.isfinite(board.configurations[0].scores["val_loss"].sd)
    assert any(note.startswith("one seed of any two configurations") for note in board.notes)


def test_what_was_not_compared_is_neither_worse_nor_as_good(make):
    values = {"a": (0.1, 0.11, 0.12), "b": (0.3, 0.32, 0.31)}
    records = [
        make(10 * place + seed, value, data__name="wine", optimizer__name=name, seed=seed)
        for place, (name, own) in enumerate(values.items())
        for seed, value in enumerate(own)
    ]
    records += [make(90 + n, 0.5 + 0.1 * n, data__name="iris", seed=n) for n in range(3)]
    board = leaderboard(records)
    assert [row.standing for row in board.configurations] == ["first", "apart", "unknown"]
    assert "better than every other that it was compared with" in board.text()
    (third,) = (line for line in board.text().splitlines() if line.startswith("3 ?"))
    assert "  -  " in third
    assert board.frame()["same_as_leader"].tolist() == [True, False, pd.NA]
    assert [row["same_as_leader"] for row in csv.DictReader(io.StringIO(board.csv()))][2] == ""
    assert "? not compared with the first" in board.markdown()
    assert any(note.startswith("not compared with the first") for note in board.notes)


def test_a_configuration_whose_runs_failed_comes_after_those_that_came_to_an_end(make):
    """Its mean is of the seeds that it survived."""
    unstable = grid(make, {0.1: [0.30, 0.31, 0.32]})
    lost = [make(n, status="diverged", optimizer__lr=0.1, seed=n) for n in (3, 4)]
    stable = grid(make, {0.01: [0.31, 0.32, 0.33, 0.6, 0.62]})
    stable = [replace(record, name=f"1{record.name}") for record in stable]
    board = leaderboard([*unstable, *lost, *stable])
    first, second = board.configurations
    assert first.values == {"optimizer.lr": 0.01}
    # better on every seed that both have: it is not told to be worse
    assert second.against_leader.difference == pytest.approx(-0.01)
    assert not second.against_leader.distinguishable
    note = "ranked after those that are complete, whatever their mean"
    assert any(own.startswith(note) and own.endswith(": 2") for own in board.notes)
    assert not any("was picked" in own for own in board.notes)


def test_what_is_better_on_all_common_seeds_is_not_told_to_be_worse(make):
    """The first had luck with the seeds that the other did not run."""
    wide = grid(make, {0.1: [0.30, 0.31, 0.32, 0.1, 0.1]})
    narrow = [replace(r, name=f"1{r.name}") for r in grid(make, {0.01: [0.29, 0.30, 0.31]})]
    board = leaderboard([*wide, *narrow])
    against = board.configurations[1].against_leader
    assert board.configurations[0].values == {"optimizer.lr": 0.1}
    assert against.difference == pytest.approx(-0.01)
    assert (against.p_holm, against.distinguishable, against.pairs_needed) == (0, False, None)
    assert "the first is better than every other" not in board.text()
    # the same for a score that climbs
    losses = [0.30, 0.31, 0.32, 0.9, 0.9]
    wide = [make(n, accuracy=x, optimizer__lr=0.1, seed=n) for n, x in enumerate(losses)]
    narrow = [
        make(9 - n, accuracy=x + 0.2, optimizer__lr=0.01, seed=n)
        for n, x in enumerate(losses[:3])
    ]  # fmt: skip
    board = leaderboard([*wide, *narrow], "val_accuracy")
    assert board.configurations[1].against_leader.difference == pytest.approx(0.2)
    assert not board.configurations[1].against_leader.distinguishable


def test_a_row_that_all_seeds_tell_better_tells_no_configurations_apart(make):
    """One of 30: the t-test over seeds has p < 0.01, and it is one row."""
    records = [make(n, accuracy=28 / 30, seed=n) for n in range(5)]
    records += [make(9 - n, accuracy=27 / 30, seed=n, reg__l2=0.1) for n in range(5)]
    against = leaderboard(records, "val_accuracy").configurations[1].against_leader
    assert against.p < 0.01
    assert (against.distinguishable, against.pairs_needed) == (False, None)
    for record in records:
        record.metrics["val"]["n"] = 30_000
    board = leaderboard(records, "val_accuracy")
    assert board.configurations[1].against_leader.distinguishable
    assert "more than twice the standard error of the rows" in board.text()


def test_configurations_as_good_as_each_other_are_rarely_told_apart_by_the_rows(make):
    """Two that err on other rows: seeds change nothing, so all that differs is the rows."""
    rng = np.random.default_rng(0)
    apart = []
    for _ in range(150):
        wins = rng.choice([-1, 0, 1], p=[0.05, 0.9, 0.05], size=36).sum()
        records = [make(n, accuracy=0.8, seed=n) for n in range(5)]
        records += [make(9 - n, accuracy=0.8 + wins / 36, seed=n, reg__l2=0.1) for n in range(5)]
        for record in records:
            record.metrics["val"]["n"] = 36
        _, second = leaderboard(records, "val_accuracy").configurations
        apart.append(second.against_leader.distinguishable)
    assert np.mean(apart) < 0.05


def test_folds_are_judged_by_the_rows_of_all_of_them(make):
    def told(folds):
        records = []
        for fold in range(folds):
            for l2, accuracy in ((0.0, 0.9), (0.1, 0.8 + 0.001 * fold)):
                records.append(make(len(records), accuracy=accuracy, reg__l2=l2,
                               data__split__fold=fold, data__split__folds=folds))  # fmt: skip
        board = leaderboard(records, "val_accuracy")
        assert board.test.endswith("of the rows")
        return board.configurations[1].against_leader.distinguishable

    assert not told(1 + 1)  # 60 rows
    assert told(5)  # 150 rows


def test_means_over_other_tables_are_warned_of(make):
    """By a key that is not the table: one row is a mean over two tables, the other of one."""
    tables = [("iris", 0.0), ("wine", 0.0), ("wine", 0.1)]
    records = [make(n, data__name=name, reg__l2=l2) for n, (name, l2) in enumerate(tables)]
    told = "the configurations differ in data.name, so they are scored on other rows"
    assert any(told in note for note in leaderboard(records, by=["reg.l2"]).notes)
    records.append(make(3, data__name="iris", reg__l2=0.1))
    assert not any(told in note for note in leaderboard(records, by=["reg.l2"]).notes)


@pytest.mark.parametrize("key", ["data.name", "data.missing"])
def test_a_chosen_key_that_is_the_same_for_all_is_no_difference(make, key):
    records = [make(n, 0.1 * n, reg__l2=n / 10, data__missing="drop") for n in range(3)]
    board = leaderboard(records, by=["reg.l2", key])
    assert not any("scored on other rows" in note for note in board.notes)
    records.append(make(3, data__name="wine", data__missing="mean"))
    board = leaderboard(records, by=["reg.l2", key])
    assert any(f"differ in {key}, so they are scored on other rows" in n for n in board.notes)
