"""Which runs share a stack."""

import pytest

from nnexp.config.compose import compose
from nnexp.data import Tables
from nnexp.sweep.grouping import cut, differences, group, traits

TABLES = Tables()


def grouped(*jobs):
    configs = [compose(["data=iris", *job]) for job in jobs]
    datasets = [TABLES.prepare(c.data, c.seeds.split) for c in configs]
    return group([traits(c, d.shape) for c, d in zip(configs, datasets, strict=True)])


@pytest.mark.parametrize(
    "word",
    [
        "optimizer.lr=0.1",
        "optimizer.betas=[0.8,0.9]",
        "optimizer.eps=0.1",
        "optimizer.weight_decay=0.1",
        "scheduler.warmup=2",
        "reg.l1=0.1",
        "reg.l2=0.1",
        "reg.weight_decay=0.1",
        "reg.dropout=[0.1,0.2]",
        "reg.input_dropout=0.1",
        "reg.label_smoothing=0.1",
        "reg.grad_clip=1",
        "reg.patience=3",
        "reg.min_delta=0.1",
        "seed=3",
        "seeds.split=1",
        "seeds.init=1",
        "data.scaling=minmax",
        "trainer.epochs=3",
        "trainer.tensorboard=false",
        "trainer.progress=none",
    ],
)
def test_what_members_may_differ_in(word):
    assert len(grouped([], [word])) == 1


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("model.hidden=[8]", "model"),
        ("model.activation=tanh", "model"),
        ("model.init_scale=2", "model"),
        ("optimizer=sgd", "optimizer"),
        ("optimizer.amsgrad=true", "optimizer"),
        ("scheduler=cosine", "scheduler"),
        ("loss=mse", "loss"),
        ("loss.class_weight=balanced", "loss"),
        ("trainer.batch_size=16", "trainer.batch_size"),
        ("trainer.shuffle=false", "trainer.shuffle"),
        ("trainer.monitor=val_accuracy", "trainer.monitor"),
        ("trainer.checkpoint=last", "trainer.checkpoint"),
        ("trainer.precision=float64", "trainer.precision"),
        ("data.split.valid=0.3", "number of train rows"),
        ("threads=2", "threads"),
    ],
)
def test_what_makes_another_stack_and_that_it_is_named(word, why):
    groups = grouped([], [word])
    assert len(groups) == 2
    assert why in differences(groups)


def test_members_keep_their_places():
    groups = grouped([], ["optimizer=sgd"], ["seed=1"], ["optimizer=sgd", "seed=1"])
    assert [own.places for own in groups] == [[0, 2], [1, 3]]
    assert differences(groups) == ["optimizer"]
    assert differences([]) == []


def test_folds_are_members_of_one_stack():
    folds = [[f"data.split.folds={7}", f"data.split.fold={k}"] for k in range(7)]
    assert len(grouped(*folds)) == 1


@pytest.mark.parametrize(
    ("count", "most", "pieces", "lengths"),
    [
        (10, 10, 1, [10]),
        (10, 4, 1, [3, 4, 3]),
        (10, 10, 2, [5, 5]),
        (3, 10, 8, [1, 1, 1]),
        (5, 0, 1, [1] * 5),
        (129, 64, 1, [43, 43, 43]),
    ],
)
def test_cutting(count, most, pieces, lengths):
    parts = cut(count, most, pieces)
    assert [place for part in parts for place in part] == list(range(count))
    assert [len(part) for part in parts] == lengths
