"""Range tests against single runs, the closed form of a quadratic, and each other."""

from dataclasses import replace

import numpy as np
import pytest

import nnexp
from nnexp.config.compose import compose
from nnexp.data import load_table, prepare
from nnexp.sweep import lr_range
from nnexp.sweep.lr_range import STEPS, Budget, plan_budget, train_rates

SMALL = ["data=iris", "model.hidden=[8]", "trainer.epochs=4"]


def made(*overrides):
    config = compose([*SMALL, *overrides])
    return config, prepare(load_table(config.data), config.data, seed=config.seeds.split)


def trained(rates, seeds, *overrides, epochs=None, **options):
    config, dataset = made(*overrides)
    budget = plan_budget(len(dataset.train), config, epochs)
    return train_rates(config, dataset, rates, seeds, budget, **options)


def equal(left, right):
    np.testing.assert_array_equal(left.train, right.train)
    np.testing.assert_array_equal(left.valid, right.valid)
    assert left.untrained == right.untrained


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_a_rate_is_what_its_run_would_be(tmp_path, checkpoint):
    own = [f"trainer.checkpoint={checkpoint}", "reg.dropout=0.2", "seed=5"]
    losses = trained([0.01, 0.3], 2, *own)
    for place, rate in enumerate((0.01, 0.3)):
        for seed in range(2):
            run = nnexp.run(
                [*SMALL, *own, f"seed={5 + seed}", f"optimizer.lr={rate}",
                 "trainer.progress=none", "trainer.tensorboard=false"],
                root=tmp_path,
            )  # fmt: skip
            valid = run.history["val_loss"]
            kept = valid.min() if checkpoint == "best" else valid.iloc[-1]
            assert losses.valid[place, seed] == kept
            assert losses.train[place, seed] == run.history["train_loss"].iloc[-1]


def test_the_rate_is_constant_and_no_run_ends_early():
    plain = trained([0.01, 0.1], 2)
    equal(plain, trained([0.01, 0.1], 2, "scheduler=cosine", "reg.patience=1"))
    equal(plain, trained([0.01, 0.1], 2, "optimizer.lr=7"))


def test_cut_into_chunks_it_is_the_same(monkeypatch):
    rates = [0.001, 0.01, 1e30]
    whole, epochs = trained(rates, 2, "optimizer=sgd"), []
    monkeypatch.setattr(lr_range, "free_bytes", lambda gpu: 1)
    seen = trained(rates, 2, "optimizer=sgd", observe=lambda *pair: epochs.append(pair))
    equal(whole, seen)
    assert len({total for _, total in epochs}) == 1
    assert epochs[0][1] == 8 * 4  # each run is a chunk of its own
    assert [number for number, _ in epochs] == sorted({number for number, _ in epochs})


def test_sgd_on_a_quadratic_diverges_above_two_over_its_curvature():
    own = ("data=breast_cancer", "model=linear", "model.hidden=null", "loss=mse")
    config = compose([*own[:2], own[3], "optimizer=sgd", "optimizer.momentum=0",
                      "trainer.batch_size=10000"])  # fmt: skip
    dataset = prepare(load_table(config.data), config.data, seed=0)
    x = np.column_stack([dataset.x[dataset.train], np.ones(len(dataset.train))])
    curvature = np.linalg.eigvalsh(2 * x.T.astype(float) @ x / len(x))[-1]
    rates = [0.5 / curvature, 1.9 / curvature, 2.5 / curvature, 4 / curvature]
    losses = train_rates(config, dataset, rates, 1, Budget(200, len(x), 1))
    assert (losses.train[:2] < 0.2).all()
    assert not (losses.train[2:] < 1e3).any()
    assert np.isnan(losses.train[3])
    assert np.isnan(losses.valid[3])


def test_without_validation_rows_there_are_train_losses():
    losses = trained([0.01], 3, "data.split.valid=0", "trainer.monitor=train_loss")
    assert losses.valid is None
    assert losses.train.shape == (1, 3)
    assert losses.train.mean() < losses.untrained


def test_untrained_is_the_loss_of_the_initial_weights():
    losses = trained([1e-12, 0.01], 3)
    assert losses.valid[0].mean() == pytest.approx(losses.untrained, rel=1e-5)


def test_stopping_ends_it():
    with pytest.raises(KeyboardInterrupt):
        trained([0.01, 0.1], 1, stop=lambda: True)


@pytest.mark.parametrize(
    ("rows", "batch", "run", "epochs", "expected"),
    [
        (90, 30, 500, None, Budget(67, 90, 3)),
        (90, 32, 50, None, Budget(50, 90, 3)),
        (1000, 32, 50, None, Budget(7, 1000, 32)),
        (10**6, 32, 50, None, Budget(1, 32 * STEPS, STEPS)),
        (10**6, 32, 50, 2, Budget(2, 10**6, 31250)),
        (90, 30, 50, 80, Budget(80, 90, 3)),
    ],
)
def test_the_budget(rows, batch, run, epochs, expected):
    config = compose([f"trainer.batch_size={batch}", f"trainer.epochs={run}"])
    assert plan_budget(rows, config, epochs) == expected


def test_of_a_long_table_some_rows_are_drawn():
    config, dataset = made("trainer.batch_size=4")
    losses = train_rates(config, dataset, [0.01], 2, Budget(1, 40, 10))
    assert np.isfinite(losses.train).all()
    all_rows = train_rates(config, dataset, [0.01], 2, Budget(1, len(dataset.train), 23))
    assert not np.array_equal(losses.train, all_rows.train)

    # rows that are not drawn have no part in it, and whole classes are not left out
    part = lr_range.Part(*(lr_range.torch.from_numpy(r) for r in (dataset.train, dataset.valid)))
    drawn = lr_range._shorten(part, 40, config.seed)
    rows = drawn.train.numpy()
    assert len(set(rows)) == 40
    assert set(rows) < set(dataset.train)
    assert (np.diff(rows) > 0).all()
    assert set(dataset.y[rows]) == {0, 1, 2}
    x = dataset.x.copy()
    x[np.setdiff1d(dataset.train, rows)] = np.nan
    equal(losses, train_rates(config, replace(dataset, x=x), [0.01], 2, Budget(1, 40, 10)))
