"""Batches that are not the rows that `watch` was given, or not all, or with others' targets."""

import numpy as np
import pytest
import torch
from torch import nn

import nnexp

MADE = torch.Generator().manual_seed(0)
X = 100 + 40 * torch.randn(600, 6, generator=MADE)
Z = (X - 100) / 40
Y = (Z[:, 0] + Z[:, 1] > 0).long() + (Z[:, 2] > 0).long()


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))


def run(body, x=Z, y=Y, epochs=15, batch=32, prove=False, each=None, given=None):
    own = model()
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(own.parameters(), lr=5e-3)
    y = y if given is None else given
    watch = nnexp.watch(
        own, optimizer, loss_fn, train=(x[:400], y[:400]), valid=(x[400:], y[400:]), factory=model
    )
    made = torch.Generator().manual_seed(1)
    for _ in range(epochs):
        if each:
            each(own)
        for rows in torch.randperm(400, generator=made).split(batch):
            inputs, target = body(rows)
            out = own(inputs)
            loss = loss_fn(out, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss, out, target)
    return watch.diagnosis(prove=prove, seeds=2)


def test_rows_that_are_scaled_in_the_loop_are_told_first():
    found = run(lambda rows: (Z[rows], Y[rows]), x=X)
    assert "another scale than X" in found.cautions[0]
    assert str(found).startswith("caution: the batches")
    assert type(found).from_plain(found.plain()).cautions == tuple(found.cautions)
    assert found.markdown().startswith("**Caution**")


def test_one_column_that_is_scaled_in_the_loop_is_enough():
    one = X.clone()
    one[:, 1:] = Z[:, 1:]
    found = run(lambda rows: (Z[rows], Y[rows]), x=one)
    assert "in 1 of 6 columns" in found.cautions[0]


def test_a_column_that_is_cut_out_is_no_other_scale():
    made = torch.Generator().manual_seed(2)
    many = torch.cat((Z, torch.randn(600, 14, generator=made)), 1)
    many[:, 5] = (torch.rand(600, generator=made) < 0.2).float()

    def cut(rows):
        return torch.cat((many[rows, :5], torch.zeros(len(rows), 1), many[rows, 6:]), 1), Y[rows]

    torch.manual_seed(0)
    own = nn.Linear(20, 3)
    watch = nnexp.watch(
        own, torch.optim.Adam(own.parameters(), 5e-3), nn.CrossEntropyLoss(),
        train=(many[:400], Y[:400]), valid=(many[400:], Y[400:]),
    )  # fmt: skip
    for _ in range(200):
        inputs, target = cut(torch.randint(0, 400, (32,)))
        out = own(inputs)
        loss = watch.loss_fn(out, target)
        watch.optimizer.zero_grad()
        loss.backward()
        watch.optimizer.step()
        watch.step(loss, out, target)
    assert not [line for line in watch.diagnosis().cautions if "another scale" in line]


def test_classes_of_a_sorted_table_are_in_batches(loops):
    """Few batches are looked at, and in each of them is a class or two."""

    def ordered(x, y, xv, yv):
        at = y.argsort()
        return x[at], y[at], xv, yv

    loop = loops.Loop("digits", rows=ordered, shuffle=False, optimizer=loops.sgd(0.1), epochs=5)
    causes = [own.cause for own in loops.run(loop, 0).findings]
    assert causes[0] == "ordered_split"
    assert "unseen_class" not in causes


class Images(nn.Module):
    """Convolutions of 8 x 8 images, which are shifted by a pixel and partly blanked in training."""

    def __init__(self, inputs, classes, mistaken=False):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(192, classes),
        )  # fmt: skip

    def forward(self, x):
        return self.body(x.reshape(-1, 1, 8, 8))


def shifted(x):
    wide = nn.functional.pad(x.reshape(-1, 8, 8), (1, 1, 1, 1))
    down, along = torch.randint(0, 3, (2,)).tolist()
    cut = wide[:, down : down + 8, along : along + 8].clone()
    first = int(torch.randint(0, 6, ()))
    cut[:, first : first + 3, first : first + 3] = 0
    return cut.reshape(-1, 64)


def turned(x):
    """The columns in another order, as no held-out row has them."""
    return x.flip(1)


@pytest.mark.parametrize(("prepared", "told"), [(shifted, False), (turned, True)])
def test_rows_that_are_augmented_are_told_from_those_prepared_otherwise(loops, prepared, told):
    x, y, xv, yv = loops.table("digits", scaled=False)
    x, xv = x / 16, xv / 16
    torch.manual_seed(0)
    own = Images(64, 10)
    watch = nnexp.watch(
        own, torch.optim.AdamW(own.parameters(), 3e-3), nn.CrossEntropyLoss(),
        train=(x, y), valid=(xv, yv),
    )  # fmt: skip
    for _ in range(4):
        for rows in torch.randperm(len(x)).split(32):
            out = own(prepared(x[rows]))
            loss = watch.loss_fn(out, y[rows])
            watch.optimizer.zero_grad()
            loss.backward()
            watch.optimizer.step()
            watch.step(loss, out, y[rows])
    found = watch.diagnosis()
    assert found.scores["valid"]["behind"]
    assert ("preprocessing_mismatch" in [own.cause for own in found.findings]) is told
    assert not [own for own in found.findings if "weight_decay=0 in the optimizer" in own.fix]


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x,
        lambda x: x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(2)),
        lambda x: 0.7 * x + 0.3 * x.flip(0),
    ],
    ids=["same", "noise", "mixed"],
)
def test_rows_that_are_augmented_are_no_other_rows(change):
    found = run(lambda rows: (change(Z[rows]), Y[rows]))
    assert "not seen" not in " ".join(found.cautions)
    assert not found.findings


def test_all_rows_in_one_batch_are_not_few():
    found = run(lambda rows: (Z[:400], Y[:400]), batch=400, epochs=100)
    assert "not seen" not in " ".join(found.cautions)


def test_the_targets_of_other_rows_are_named():
    found = run(lambda rows: (Z[rows], Y[rows.flip(0)]))
    assert found.findings[0].cause == "label_permuted"
    assert "one index for both" in found.findings[0].fix[0]


def test_targets_in_another_coding_are_those_of_their_rows():
    found = run(lambda rows: (Z[rows], 2 - Y[rows]))
    assert "label_permuted" not in [own.cause for own in found.findings]


def coarse():
    """A table of eight different rows and the targets of the fine one."""
    x = (Z[:, :3] > 0).float()
    assert len(x[:400].unique(dim=0)) == 8
    return torch.cat((x, x), 1)


def test_equal_rows_are_neither_few_nor_have_they_the_targets_of_others():
    x = coarse()
    found = run(lambda rows: (x[rows], Y[rows]), x=x)
    assert "not seen" not in " ".join(found.cautions)
    assert "label_permuted" not in [own.cause for own in found.findings]


def test_the_targets_of_other_rows_are_named_also_where_some_rows_are_equal():
    x = torch.where(torch.arange(600)[:, None] % 3 > 0, Z, coarse())
    found = run(lambda rows: (x[rows], Y[rows.flip(0)]), x=x)
    assert found.findings[0].cause == "label_permuted"


def test_a_batch_that_is_always_the_same_is_told_also_of_equal_rows():
    x = Z.clone()
    x[1:20] = x[0]
    found = run(lambda rows: (x[:32], Y[:32]), x=x)
    assert "trains on few of its rows" in found.cautions[0]


def test_a_second_call_of_the_model_is_not_taken_for_the_batch():
    own = {}

    def twice(rows):
        own["model"](Z[rows.flip(0)])  # as for a consistency loss
        return Z[rows], Y[rows]

    def remember(module):
        own["model"] = module

    found = run(twice, each=remember)
    assert not found.findings


def test_a_batch_that_is_always_the_same_is_told():
    found = run(lambda rows: (Z[:32], Y[:32]))
    assert "trains on few of its rows" in found.cautions[0]


def test_a_loop_that_undoes_what_is_learnt_is_told_with_a_proof():
    def reset(own):
        for layer in (own[0], own[2]):
            layer.reset_parameters()

    found = run(lambda rows: (Z[rows], Y[rows]), each=reset, batch=200, prove=True)
    assert "something that is not seen from here" in found.cautions[0]
    found = run(lambda rows: (Z[rows], Y[rows]), epochs=5, prove=True)
    assert "not seen" not in " ".join(found.cautions)


def test_a_factor_is_no_augmentation():
    made = torch.Generator().manual_seed(3)

    def tired(rows):  # so that it is behind
        return 0.7 * Z[rows], torch.randint(0, 3, (len(rows),), generator=made)

    found = run(tired, epochs=4)
    assert "preprocessing_mismatch" in [own.cause for own in found.findings]


def test_columns_of_small_units_are_looked_at_as_well():
    x = Z * torch.tensor([1.0, 1000, 1000, 2000, 3000, 1000])

    def scaled(rows):
        return x[rows] / torch.tensor([255.0, 1, 1, 1, 1, 1]), Y[rows]

    assert "'x0'" in run(scaled, x=x, epochs=3).cautions[0]


@pytest.mark.parametrize("kind", ["mixup", "noise"])
def test_augmented_rows_are_meant(kind):
    """Also where a column hardly varies, so that noise goes far beyond its range."""
    x = Z.clone()
    x[:, 5] *= 0.01
    made = torch.Generator().manual_seed(2)

    def augmented(rows):
        if kind == "noise":
            return x[rows] + 0.15 * torch.randn(len(rows), 6, generator=made), Y[rows]
        other = rows[torch.randperm(len(rows), generator=made)]
        target = torch.stack([Y[rows], Y[other]], 1)
        mixed = torch.nn.functional.one_hot(target, 3).float()
        return 0.7 * x[rows] + 0.3 * x[other], 0.7 * mixed[:, 0] + 0.3 * mixed[:, 1]

    found = run(augmented, x=x, epochs=6)
    assert "not seen" not in " ".join(found.cautions)
    assert "preprocessing_mismatch" not in [own.cause for own in found.findings]


def test_a_class_that_no_batch_brings_is_named():
    kept = torch.nonzero(Y[:400] != 2)[:, 0]
    found = run(lambda rows: (Z[kept[rows % len(kept)]], Y[kept[rows % len(kept)]]))
    assert (found.findings[0].cause, found.findings[0].title) == (
        "unseen_class", "a class has no row in any batch",
    )  # fmt: skip


@pytest.mark.parametrize("right", [True, False])
def test_labels_in_words_that_the_loop_numbers_otherwise_are_told(right):
    names = np.array(["a", "b", "c"])[Y if right else 2 - Y]
    found = run(lambda rows: (Z[rows], Y[rows]), given=names)
    assert [line.partition(":")[0] for line in found.cautions] == (
        [] if right else ["the loop numbers the labels in another order than the sorted one, in "
                          "which y was read"]
    )  # fmt: skip
    assert right or "classes=['c', 'b', 'a']" in found.cautions[0]
