"""`nnexp.watch` changes nothing, takes what loops have, and says what it needs."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn

import nnexp
from nnexp.loop.watch import is_look, next_look


def table(rows=96, seed=0):
    made = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, 5, generator=made)
    return x, (x[:, 0] + x[:, 1] > 0).long()


def train(watched, before=False, nothing=False):
    x, y = table()
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    model = nn.Sequential(
        nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2)
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    loss_fn = nn.CrossEntropyLoss()
    watch = None
    if watched:
        watch = nnexp.watch(
            model, optimizer, loss_fn, train=(x[:64], y[:64]), valid=(x[64:], y[64:])
        )
    losses = []
    for epoch in range(30):
        for rows in torch.randperm(64).split(16):
            out = model(x[rows])
            loss = loss_fn(out, y[rows])
            optimizer.zero_grad()
            loss.backward()
            if watch and before:
                watch.step(loss, out, y[rows])
            optimizer.step()
            if watch and not before:
                watch.step(loss, out, y[rows])
            losses.append(loss.item())
        if watch and epoch == 10:
            watch.diagnosis()
    state = copy.deepcopy(model.state_dict())
    draws = torch.rand(3), random.random(), np.random.rand()
    modes = [one.training for one in model.modules()]
    hooks = sum(len(one._forward_pre_hooks) + len(one._forward_hooks) for one in model.modules())
    grads = [p.grad.clone() for p in model.parameters()]
    return losses, state, optimizer.state_dict(), draws, modes, grads, hooks


@pytest.mark.parametrize("before", [False, True])
def test_a_watched_loop_ends_in_the_same_bits(before):
    own, other = train(False), train(True, before)
    assert own[0] == other[0]
    for name, value in own[1].items():
        assert torch.equal(value, other[1][name]), name
    for place, values in own[2]["state"].items():
        for name, value in values.items():
            assert torch.equal(value, other[2]["state"][place][name])
    assert torch.equal(own[3][0], other[3][0])
    assert own[3][1:] == other[3][1:]
    assert own[4] == other[4]
    assert all(torch.equal(a, b) for a, b in zip(own[5], other[5], strict=True))


def small(**more):
    x, y = table()
    model = nn.Linear(5, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_fn = nn.CrossEntropyLoss()
    given = {"train": (x, y), **more}
    return model, optimizer, loss_fn, given, x, y


def fit(watch, model, optimizer, loss_fn, x, y, steps=40, number=False):
    for _ in range(steps):
        out = model(x)
        loss = loss_fn(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.step(loss.item() if number else loss, out, y)
    return watch.diagnosis()


def test_arrays_frames_texts_and_no_validation_are_taken():
    import pandas as pd

    model, optimizer, loss_fn, _, x, y = small()
    texts = np.where(y.numpy() > 0, "yes", "no")
    watch = nnexp.watch(model, optimizer, loss_fn, train=(pd.DataFrame(x.numpy()), texts))
    assert list(watch.table.classes) == ["no", "yes"]
    found = fit(watch, model, optimizer, loss_fn, x, y, number=True)
    assert "valid" not in found.scores
    assert found.scores["train"]["rows"] == 96


def test_a_diagnosis_may_be_asked_for_again_and_read_back():
    model, optimizer, loss_fn, given, x, y = small()
    watch = nnexp.watch(model, optimizer, loss_fn, **given)
    first = fit(watch, model, optimizer, loss_fn, x, y)
    assert str(watch.diagnosis()) == str(first)
    assert type(first).from_plain(first.plain()).findings == list(first.findings)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"train": (torch.zeros(3, 5), torch.zeros(4))}, "targets of shape"),
        ({"train": (torch.zeros(3), torch.zeros(3))}, "inputs of shape"),
        ({"train": (torch.zeros(3, 4), torch.zeros(3))}, "does not take the rows"),
    ],
)
def test_what_does_not_fit_is_refused(given, wrong):
    model, optimizer, loss_fn, *_ = small()
    with pytest.raises(nnexp.UserError, match=wrong):
        nnexp.watch(model, optimizer, loss_fn, **given)


def test_a_diagnosis_needs_a_step_and_a_proof_a_factory():
    model, optimizer, loss_fn, given, x, y = small()
    watch = nnexp.watch(model, optimizer, loss_fn, **given)
    with pytest.raises(nnexp.UserError, match="no step"):
        watch.diagnosis()
    fit(watch, model, optimizer, loss_fn, x, y, steps=2)
    with pytest.raises(nnexp.UserError, match="factory"):
        watch.diagnosis(prove=True)


def test_quantities_are_no_classes():
    x, _ = table()
    y = x @ torch.ones(5)
    model = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    loss_fn = nn.MSELoss()
    watch = nnexp.watch(model, optimizer, loss_fn, train=(x, y))
    assert not watch.table.is_classes
    assert not fit(watch, model, optimizer, loss_fn, x, y.unsqueeze(1), 300).findings


def test_looks_are_next_to_each_other_first_and_then_at_powers_of_two():
    looked = [step for step in range(1, 70) if is_look(step)]
    assert looked == [1, 2, 3, 4, 6, 8, 11, 16, 32, 64]
    for step in range(70):
        assert next_look(step) == next(n for n in range(step + 1, 200) if is_look(n))
