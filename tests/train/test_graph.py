"""Recorded steps against steps taken as usual, with a recorder for the CPU.

`Tape` does what a CUDA graph does: it keeps the operations of one call with their numbers and the
tensors that they read and wrote, undoes what they did, and runs them again on the same memory. A
number that changes from step to step and is not written into a buffer before would stay as it was.
"""

import itertools
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from nnexp.model import products
from nnexp.model.mlp import MLP
from nnexp.model.module import ModuleModel
from nnexp.train import graph, optimizers
from nnexp.train.decision import Decision
from nnexp.train.graph import WARM_UP, Replayed
from nnexp.train.losses import Loss
from nnexp.train.member import Member, Seeds
from nnexp.train.outcome import Callbacks
from nnexp.train.plan import Data, Part, Plan, Problem
from nnexp.train.step import Batch
from nnexp.train.targets import Targets
from nnexp.train.trainer import fit

ROWS, FEATURES, CLASSES = 75, 5, 3  # 53 train rows: batches of 16, 16, 16, 5
WAITS = ("_local_scalar_dense", "lift_fresh", "nonzero", "is_nonzero")


@pytest.fixture(autouse=True)
def _steps_that_can_be_recorded(monkeypatch):
    monkeypatch.setattr(optimizers, "FUSED", ())
    monkeypatch.setattr(products, "openblas", lambda: None)  # no operation of torch's


class Tape(TorchDispatchMode):
    """A recorder of the operations of a call on the CPU."""

    replays = 0

    def __init__(self):
        super().__init__()
        self.calls, self.out = [], None
        self._before = {}

    @classmethod
    def _should_skip_dynamo(cls):
        return False

    def warm_up(self, call):
        return call()

    def record(self, call):
        try:
            with self:
                self.out = call()
        finally:
            for value, before in self._before.values():
                value.copy_(before)

    def replay(self):
        Tape.replays += 1
        for func, args, kwargs, results in self.calls:
            again = func(*args, **kwargs)
            for old, new in zip(tree_leaves(results), tree_leaves(again), strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)
        return self.out

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = func.overloadpacket.__name__
        if name in WAITS:
            raise RuntimeError(f"operation not permitted when stream is capturing: {name}")
        given = {a.name: v for a, v in zip(func._schema.arguments, args, strict=False)}
        for argument in func._schema.arguments:
            value = {**given, **kwargs}.get(argument.name)
            writes = argument.alias_info is not None and argument.alias_info.is_write
            if writes and isinstance(value, torch.Tensor):
                whole = torch.empty(0, dtype=value.dtype).set_(value.untyped_storage())
                self._before.setdefault(whole.data_ptr(), (whole, whole.clone()))
        results = func(*args, **kwargs)
        self.calls.append((func, args, kwargs, results))
        return results


@contextmanager
def recorded(monkeypatch):
    """Record steps with `Tape`; at the end some must have been replayed."""
    with monkeypatch.context() as patch:
        patch.setattr(graph, "recorder_for", lambda device: Tape)
        patch.setattr(Tape, "replays", 0)
        yield
        assert Tape.replays > 0


def table(codes=False, weights=False, dtype=torch.float32):
    rng = np.random.default_rng(0)
    labels = torch.from_numpy(rng.integers(0, CLASSES, ROWS))
    x = torch.from_numpy(rng.normal(size=(ROWS, FEATURES))).to(dtype)
    x[:, 0] += labels
    weight = torch.tensor([1.0, 2.0, 0.5])[labels] if weights else None
    return Data(
        x,
        torch.from_numpy(rng.integers(0, 4, (ROWS, 2))) if codes else None,
        Targets(labels, CLASSES, labels, weights=weight),
        (Part(torch.arange(53), torch.arange(53, ROWS)),),
    )


def run(data, plan, members, loss=None, **look):
    loss, seen = loss or Loss(), []
    levels = (3, 3) if data.codes is not None else ()
    model = MLP(FEATURES, CLASSES, (8, 8), levels=levels, embedding_size=2, **look)
    decision = Decision(loss.name, loss.output, tuple(range(CLASSES)))
    problem = Problem(data, loss, decision, plan)
    outcomes = fit(model, problem, members, Callbacks(observe=seen.append))
    return outcomes, [{name: v.tolist() for name, v in epoch.record.items()} for epoch in seen]


def compare(monkeypatch, *given, **look):
    plain, history = run(*given, **look)
    with recorded(monkeypatch):
        replayed, same = run(*given, **look)
    assert repr(history) == repr(same)  # repr: NaN equals NaN
    for one, other in zip(plain, replayed, strict=True):
        assert (one.status, one.reason, one.best_epoch) == (
            other.status, other.reason, other.best_epoch,
        )  # fmt: skip
        assert torch.equal(one.theta, other.theta)
        assert torch.equal(one.buffers, other.buffers)
    return plain


def members(**numbers):
    schedule = {"warmup": 0.5, "patience": 0, "factor": 0.5, "step_size": 1, "gamma": 0.7}
    return [
        Member(Seeds(k, k, k), {"lr": 0.01 * (k + 1), **numbers}, schedule, **own)
        for k, own in enumerate(
            [
                {"l1": 1e-3, "weight_decay": 0.1},
                {"l2": 1e-2, "dropout": (0.1, 0.3, 0.0)},
                {"label_smoothing": 0.1, "grad_clip": 0.2},
            ]
        )
    ]


OPTIMIZERS = {
    "sgd": ({"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}, {}),
    "sgd, plain": ({}, {"maximize": True}),
    "sgd, nesterov": ({"momentum": 0.5}, {"nesterov": True}),
    "adam": ({"weight_decay": 0.01}, {"amsgrad": True}),
    "adamw": ({"weight_decay": 0.1}, {}),
    "rmsprop": ({"momentum": 0.5, "weight_decay": 0.01}, {"centered": True}),
}
SCHEDULES = ("constant", "step", "cosine", "one_cycle", "plateau")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_replayed_steps_are_the_steps(monkeypatch, optimizer, schedule):
    numbers, flags = OPTIMIZERS[optimizer]
    name = optimizer.partition(",")[0]
    plan = Plan(epochs=6, batch_size=16, optimizer=name, flags=flags, schedule=schedule)
    compare(monkeypatch, table(), plan, members(**numbers))


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("compute", [None, torch.bfloat16])
def test_of_any_network(monkeypatch, norm, compute):
    plan = Plan(epochs=5, batch_size=16, compute=compute)
    data = table(codes=True, weights=True, dtype=compute or torch.float32)
    compare(monkeypatch, data, plan, members(), norm=norm, skip=True, activation="gelu")


@pytest.mark.parametrize(
    "loss",
    [
        Loss("nll", "log_softmax"),
        Loss("mse", "sigmoid", "sum"),
        Loss(class_weight=torch.tensor([1.0, 2.0, 0.5])),
    ],
    ids=["autograd", "sum", "weights"],
)
def test_of_any_loss(monkeypatch, loss):
    plan = Plan(epochs=5, batch_size=16)
    compare(monkeypatch, table(weights=loss.class_weight is not None), plan, members(), loss)


def test_members_that_leave(monkeypatch):
    own = [
        Member(Seeds(1, 1, 1), {"lr": 0.01}),
        Member(Seeds(2, 2, 2), {"lr": 0.3}, patience=1),
        Member(Seeds(3, 3, 3), {"lr": 0.01}, epochs=5),
        Member(Seeds(4, 4, 4), {"lr": 1e30}),
    ]
    plan = Plan(epochs=12, batch_size=16, optimizer="sgd")
    ended = compare(monkeypatch, table(), plan, own)
    assert [outcome.epochs for outcome in ended][2:] == [5, 1]
    assert ended[1].epochs not in (1, 5, 12)


def test_a_step_that_cannot_be_recorded_goes_on_as_usual(monkeypatch):
    class Refusing(Tape):
        def record(self, call):
            super().record(lambda: call().sum().item())

    plan, lines = Plan(epochs=5, batch_size=16), []
    plain, _ = run(table(), plan, members())
    monkeypatch.setattr(graph, "recorder_for", lambda device: Refusing)
    decision = Decision("cross_entropy", "logits", tuple(range(CLASSES)))
    model = MLP(FEATURES, CLASSES, (8, 8))
    problem = Problem(table(), Loss(), decision, plan)
    again = fit(model, problem, members(), Callbacks(note=lines.append))
    for one, other in zip(plain, again, strict=True):
        assert torch.equal(one.theta, other.theta)
    (line,) = lines
    assert line.startswith("steps are not recorded in a CUDA graph: operation not permitted")


class Streams:
    """Stands for `torch.cuda` where a recording cannot be ended, in the order of torch's steps."""

    def __init__(self, patch):
        self.current = "main"
        patch.setattr(torch.cuda, "CUDAGraph", lambda: None)
        patch.setattr(torch.cuda, "current_stream", lambda: self.current)
        patch.setattr(torch.cuda, "set_stream", lambda stream: setattr(self, "current", stream))
        patch.setattr(torch.cuda, "graph", lambda graph: self.recording())

    @contextmanager
    def recording(self):
        self.current = "side"
        try:
            yield
        finally:
            self.end()
            self.current = "main"

    def end(self):
        raise RuntimeError("operation failed due to a previous error during capture")


def test_a_recording_that_cannot_be_ended_leaves_its_stream(monkeypatch):
    streams, lines, taken = Streams(monkeypatch), [], []

    def step(batch):
        taken.append(streams.current)
        if streams.current == "side":
            raise ValueError("the loss waits\nfor the device")
        return batch.x

    class Warm(graph.CudaGraph):
        def warm_up(self, call):
            return call()

    x = torch.ones(1, 2, 1)
    replayed = Replayed(step, Warm, lines.append)
    for _ in range(WARM_UP + 2):
        replayed(Batch(x, None, x, None, [None], None, {}))
    assert taken == ["main"] * WARM_UP + ["side", "main", "main"]
    assert lines == ["steps are not recorded in a CUDA graph: the loss waits for the device"]

    def interrupted(batch):
        if streams.current == "side":
            raise KeyboardInterrupt
        return batch.x

    replayed = Replayed(interrupted, Warm, lines.append)
    for _ in range(WARM_UP):
        replayed(Batch(x, None, x, None, [None], None, {}))
    with pytest.raises(KeyboardInterrupt):
        replayed(Batch(x, None, x, None, [None], None, {}))
    assert streams.current == "main"


def test_a_users_module_is_not_recorded(monkeypatch):
    monkeypatch.setattr(graph, "recorder_for", lambda device: pytest.fail)
    model = ModuleModel(lambda: torch.nn.Linear(FEATURES, CLASSES), FEATURES, CLASSES)
    decision = Decision("cross_entropy", "logits", tuple(range(CLASSES)))
    problem = Problem(table(), Loss(), decision, Plan(epochs=3, batch_size=16))
    (outcome,) = fit(model, problem, [Member()])
    assert outcome.status == "done"


def test_only_the_cpu_takes_steps_as_usual():
    assert graph.recorder_for(torch.device("cpu")) is None
    assert graph.recorder_for(torch.device("cuda")) is graph.CudaGraph


def test_a_size_is_warmed_up_recorded_once_and_replayed():
    made, taken = [], []

    class Counted(Tape):
        def record(self, call):
            made.append(self)
            super().record(call)

    def step(batch):
        taken.append(batch.x.shape[1])
        return batch.x * batch.columns["step"]

    def batch(rows, rate):
        x = torch.full((2, rows, 1), 3.0)
        return Batch(x, None, x, None, [None], None, {"step": torch.full((2, 1, 1), rate)})

    replayed = Replayed(step, Counted, pytest.fail)
    for rate, rows in itertools.product(map(float, range(WARM_UP + 3)), (4, 2)):
        out = replayed(batch(rows, rate))
        assert torch.equal(out, torch.full((2, rows, 1), 3 * rate))
    assert len(made) == 2
    assert taken == [4, 2] * (WARM_UP + 1)  # the last of each was recorded
    kept = replayed(batch(4, 7.0))
    replayed(batch(4, 8.0))
    assert (kept == 21.0).all()  # not overwritten by the next
    replayed.forget()
    replayed(batch(4, 1.0))
    assert len(taken) == 2 * (WARM_UP + 1) + 1
