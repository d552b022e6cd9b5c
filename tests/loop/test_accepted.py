"""What `watch` and `step` refuse, each in three lines, and what they take."""

import numpy as np
import pytest
import torch
from torch import nn

import nnexp


def table(rows=60):
    made = torch.Generator().manual_seed(0)
    x = torch.randn(rows, 4, generator=made)
    return x, torch.arange(rows) % 3


def watch(model=None, loss_fn=None, **more):
    torch.manual_seed(0)
    model = model or nn.Linear(4, 3)
    x, y = table()
    given = {"train": (x, y), **more}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return nnexp.watch(model, optimizer, loss_fn or nn.CrossEntropyLoss(), **given)


@pytest.mark.parametrize("classes", ["3", -1, 1, True, 3.0, 2, ["a", "b"], {"a": 1}])
def test_classes_that_are_none_are_refused(classes):
    with pytest.raises(nnexp.UserError, match="classes="):
        watch(classes=classes)


@pytest.mark.parametrize("classes", [None, 0, 3, 4, np.int64(3), ["a", "b", "c"], np.arange(3)])
def test_classes_may_be_a_number_or_labels(classes):
    assert watch(classes=classes).table.is_classes is (classes is None or bool(np.any(classes)))


def sequences():
    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRU(2, 8, batch_first=True)

        def forward(self, x):
            return self.cell(x)[0].transpose(1, 2)

    return {
        "model": Tagger(),
        "train": (torch.randn(30, 6, 2), torch.randint(0, 8, (30, 6))),
    }


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"valid": (torch.zeros(5, 3), torch.zeros(5))}, "valid= has inputs of shape"),
        ({"valid": (torch.zeros(5, 4), torch.zeros(5, 2))}, "valid= has targets of shape"),
        ({"train": (torch.zeros(9, 4), torch.full((9,), float("nan")))}, "no number that is fin"),
        ({"train": (torch.zeros(9, 4), torch.full((9,), -100))}, "passes over"),
        ({"train": (torch.zeros(9, 4), torch.ones(9, 3)), "classes": 3}, "no shares"),
        ({"factory": "x"}, "factory is of type str"),
        ({"factory": nn.Linear(4, 3)}, "factory is of type Linear"),
        ({"loss_fn": nn.CrossEntropyLoss}, "loss_fn is of type type"),
        (sequences(), "several predictions for a row"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(given, wrong):
    with pytest.raises(nnexp.UserError, match=wrong):
        watch(**given)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda loss, out, t: (None, None, None), "loss is None"),
        (lambda loss, out, t: (out, loss, t), "loss is a Tensor of shape"),
        (lambda loss, out, t: (loss, t, out), "predictions"),
        (lambda loss, out, t: (loss, out.argmax(1), t), "predictions"),
        (lambda loss, out, t: (loss, out.detach().numpy(), t), "output is a ndarray"),
        (lambda loss, out, t: (loss, out.tolist(), t), "output is a list"),
        (lambda loss, out, t: (loss, out[:5], t), "and target a Tensor"),
        (lambda loss, out, t: (loss, out[:, :2], t), "and the model returns"),
        (lambda loss, out, t: (loss, out, None), "target is None"),
        (lambda loss, out, t: (loss, out, "abc"), "target is a str"),
    ],
)
def test_a_step_with_something_else_is_refused(change, wrong):
    made = watch()
    x, y = table()
    out = made.model(x)
    with pytest.raises(nnexp.UserError, match=wrong):
        made.step(*change(made.loss_fn(out, y), out, y))


@pytest.mark.parametrize("seeds", [1, 2.5, "3", True, None])
def test_seeds_of_a_proof_are_a_number(seeds):
    made = watch(factory=lambda: nn.Linear(4, 3))
    x, y = table()
    out = made.model(x)
    made.step(made.loss_fn(out, y), out, y)
    with pytest.raises(nnexp.UserError, match="seeds="):
        made.diagnosis(prove=True, seeds=seeds)


class Coded(nn.Module):
    """Takes codes."""

    def __init__(self):
        super().__init__()
        self.codes = nn.Embedding(9, 4)
        self.last = nn.Linear(8, 2)

    def forward(self, x):
        return self.last(self.codes(x).flatten(1))


def test_codes_reach_an_embedding_as_they_are():
    made = torch.Generator().manual_seed(0)
    x = torch.randint(0, 9, (200, 2), generator=made)
    x[:, 1] = x[:, 1].clamp(max=1) * 8  # which as a quantity would outweigh the rest
    y = (x[:, 0] > 4).long()
    own = watch(Coded(), train=(x, y))
    for _ in range(40):
        out = own.model(x)
        loss = own.loss_fn(out, y)
        own.optimizer.zero_grad()
        loss.backward()
        own.optimizer.step()
        own.step(loss, out, y)
    assert not {one.cause for one in own.diagnosis().findings} & {
        "unscaled_features",
        "dominant_feature",
        "categorical_as_number",
    }
    assert own.table.x.dtype == torch.int64


def test_whole_numbers_are_floats_where_the_model_takes_no_others():
    x = np.arange(40).reshape(10, 4)
    assert watch(train=(x, np.arange(10) % 2)).table.x.dtype == torch.float32


def two_optimizers(given):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    x, y = table()
    loss_fn = nn.CrossEntropyLoss()
    both = [torch.optim.Adam(model[0].parameters()), torch.optim.SGD(model[2].parameters(), lr=0.1)]
    own = nnexp.watch(
        model, both if given == "list" else both[0], loss_fn, train=(x, y), factory=lambda: model
    )
    for _ in range(40):
        out = model(x)
        loss = loss_fn(out, y)
        for optimizer in both:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in both:
            optimizer.step()
        own.step(loss, out, y)
    return own


@pytest.mark.parametrize("given", ["list", "the first"])
def test_a_loop_may_have_two_optimizers(given):
    own = two_optimizers(given)
    causes = [found.cause for found in own.diagnosis().findings]
    assert "parameters_not_updated" not in causes
    if given == "list":
        assert own.optimizer is own.optimizers[0]  # of more weights
        with pytest.raises(nnexp.UserError, match="2 optimizers"):
            own.diagnosis(prove=True)


def test_a_list_of_what_is_no_optimizer_is_refused():
    model, (x, y) = nn.Linear(4, 3), table()
    for odd in ([], [model], model.parameters()):
        with pytest.raises(nnexp.UserError, match="optimizer is of type"):
            nnexp.watch(model, odd, nn.CrossEntropyLoss(), train=(x, y))


@pytest.mark.parametrize(
    "several", [lambda x: (x, x[:, :2]), lambda x: [x.numpy(), x.numpy()], lambda x: {"a": x}]
)
def test_several_inputs_are_refused_in_words(several):
    x, y = table()
    with pytest.raises(nnexp.UserError, match="several inputs"):
        watch(train=(several(x), y))


@pytest.mark.parametrize("shape", [(4,), (2, 2)])
def test_rows_may_be_a_list_of_arrays(shape):
    x, y = table()
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    rows = [row.reshape(shape).numpy() for row in x]
    assert watch(model, train=(rows, y)).table.train == len(x)


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_scripted_model_is_refused_in_words():
    with pytest.raises(nnexp.UserError, match="the model is scripted"):
        watch(model=torch.jit.trace(nn.Linear(4, 3), torch.zeros(1, 4)))


def test_an_accuracy_that_is_no_number_is_refused(loops):
    with pytest.raises(nnexp.UserError, match=r"accuracy= is of shape \(32,\)"):
        loops.run(loops.Loop(accuracy=lambda out, t: out.argmax(1) == t, epochs=1), 0)
