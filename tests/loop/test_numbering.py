"""Which output stands for which label, whatever the labels are and wherever they are numbered."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import nnexp
from nnexp.loop.labels import index_numbers, index_texts


def rows(labels, of=400):
    """Rows of a table in which some of the labels occur, told by the columns."""
    x = torch.randn(of, 5, generator=torch.Generator().manual_seed(0))
    return x, torch.tensor(labels)[x[:, : len(labels)].argmax(1)]


def watched(loss_fn, labels, *, outputs=3, classes=None, handed=lambda t: t, accuracy=None):
    x, y = rows(labels)
    torch.manual_seed(0)
    model = nn.Linear(5, outputs)
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    train, valid = (x[:300], y[:300]), (x[300:], y[300:])
    watch = nnexp.watch(model, optimizer, loss_fn, train=train, valid=valid, classes=classes)
    for _ in range(300):
        chosen = torch.randint(0, 300, (32,))
        out, t = model(x[chosen]), handed(y[chosen])
        loss = loss_fn(out, t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss, out, t)
    return watch


def lowered(by):
    return lambda out, t: F.cross_entropy(out, t - by)


def mapped(numbers):
    """A loop that codes labels by a dict."""
    return lambda t: torch.tensor([numbers[int(own)] for own in t])


def of_column(out, t):
    return F.binary_cross_entropy_with_logits(out[:, 0], t.float())


CASES = {
    "lowered in the loss": (lowered(1), [2, 3], {}, [1, 2]),
    "lowered in the loss, told": (lowered(1), [2, 3], {"classes": [1, 2, 3]}, [1, 2]),
    "lowered in the loss, all": (lowered(1), [1, 2, 3], {}, [0, 1, 2]),
    "lowered in the loop": (F.cross_entropy, [2, 3], {"handed": lambda t: t - 1}, [1, 2]),
    "lowered in the loop, told": (
        F.cross_entropy, [2, 3], {"handed": lambda t: t - 1, "classes": [1, 2, 3]}, [1, 2],
    ),
    "coded as told": (
        F.cross_entropy, [1, 2, 3],
        {"handed": mapped({3: 0, 1: 1, 2: 2}), "classes": [3, 1, 2]}, [1, 2, 0],
    ),
    "numbers of outputs": (F.cross_entropy, [0, 2], {}, [0, 2]),
    "numbers of outputs, with names": (
        F.cross_entropy, [0, 2], {"classes": ["a", "b", "c"]}, [0, 2],
    ),
    "numbers of outputs, told in another order": (
        F.cross_entropy, [0, 1], {"classes": [1, 0], "outputs": 2}, [0, 1],
    ),
    "turned in the loss": (
        lambda out, t: F.cross_entropy(out, 1 - t), [0, 1], {"outputs": 2}, [1, 0],
    ),
    "one output, told in another order": (
        of_column, [0, 1], {"classes": [1, 0], "outputs": 1}, [0, 1],
    ),
    "one output": (of_column, [0, 1], {"outputs": 1}, [0, 1]),
    "margins": (F.multi_margin_loss, [0, 1, 2], {}, [0, 1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_loop_is_judged_by_the_output_of_each_label(case):
    loss_fn, labels, more, index = CASES[case]
    watch = watched(loss_fn, labels, **more)
    x, y = rows(labels)
    true = [index[labels.index(int(own))] for own in y]
    assert watch.table.index.tolist() == true
    if not isinstance((more.get("classes") or [0])[0], str):
        assert [watch.table.classes[at] for at in index] == labels
    out = watch.model(x[300:]).detach()
    told = (out > 0).long()[:, 0] if out.shape[1] == 1 else out.argmax(1)
    true = torch.tensor(true[300:])
    by_hand = float((told == true).float().mean())
    assert by_hand > 0.95
    found = watch.diagnosis()
    assert found.scores["valid"]["accuracy"] == pytest.approx(by_hand)
    assert not found.alarms
    assert watch.record.points[-1]["val_accuracy"] == pytest.approx(by_hand)


@pytest.mark.parametrize("outputs", [1, 2])
def test_rows_of_one_label_are_no_table_to_learn_from(outputs):
    """As of labels that are made by a comparison which never holds."""
    x = torch.randn(400, 5, generator=torch.Generator().manual_seed(0))
    y, loss_fn = torch.zeros(400), of_column
    if outputs == 2:
        y, loss_fn = y.long(), F.cross_entropy
    torch.manual_seed(0)
    model = nn.Linear(5, outputs)
    watch = nnexp.watch(
        model, torch.optim.Adam(model.parameters()), loss_fn, factory=lambda: nn.Linear(5, outputs),
        train=(x[:300], y[:300]), valid=(x[300:], y[300:]), classes=2,
    )  # fmt: skip
    for _ in range(20):
        out = model(x[:32])
        loss = loss_fn(out, y[:32])
        loss.backward()
        watch.optimizer.step()
        watch.optimizer.zero_grad()
        watch.step(loss, out, y[:32])
    for found in (watch.diagnosis(), watch.diagnosis(prove=True, seeds=2)):
        first = found.findings[0]
        assert (first.cause, first.verdict) == ("label_encoding", "suspected")
        assert first.title == "all rows have the same target"


def test_outputs_of_an_embedding_are_of_no_label():
    """A loss that has no output for a label is left as it is."""
    centres = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))

    def near(out, t):
        return (out - centres[t]).square().mean()

    watch = watched(near, [0, 1, 2], outputs=8)
    assert watch.table.index[watch.table.rows_of_values].tolist() == [0, 1, 2]
    assert list(watch.table.classes) == [0, 1, 2]


def test_a_loss_that_is_turned_is_not_taken_for_labels_that_are():
    def minus(out, t):
        return -F.cross_entropy(out, t)

    watch = watched(minus, [0, 1], outputs=2)
    assert watch.table.index[watch.table.rows_of_values].tolist() == [0, 1]
    assert watch.diagnosis().findings[0].cause == "loss_sign_flipped"


@pytest.mark.parametrize(
    ("y", "classes"),
    [([2, 3, 2, 3], [1, 2, 3]), ([1, 2, 3, 3], [3, 1, 2]), ([7, 9, 7, 9], [7, 8, 9])],
    ids=["a label without rows", "another order", "in between"],
)
def test_numbers_are_numbered_as_texts_are(y, classes):
    names, index = index_numbers(np.array(y), len(y), classes)
    assert [names[at] for at in index] == y
    texts = index_texts(np.array([str(own) for own in y]), classes)
    assert index.tolist() == texts[1].tolist()
