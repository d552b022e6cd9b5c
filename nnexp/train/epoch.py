"""One epoch of a stack: a pass over the train rows, and the validation after it.

An epoch is cut into blocks of steps. A block's outputs are kept, so that losses and accuracies
cost nothing in the step and are read once an epoch.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnexp.model.module_stack import ModuleStack
from nnexp.seeds import generator, torch_seed
from nnexp.train.block import Block, block_steps, dropout_generators, gather
from nnexp.train.evaluate import logits_beside
from nnexp.train.graph import Replayed
from nnexp.train.plan import Data, Problem
from nnexp.train.state import StackState
from nnexp.train.step import Batch, differentiate, update
from nnexp.train.watch import Watch


@dataclass(frozen=True)
class TrainedEpoch:
    """What an epoch's training showed.

    Arguments:
        record: by column of history.csv an array (K,) float64.
        signals: gradient norms and update ratios, each (K, layers) float64.
        weights_finite: (K,) bool, whether parameters and running statistics are.
    """

    record: dict[str, np.ndarray]
    signals: tuple[np.ndarray, np.ndarray]
    weights_finite: np.ndarray


def run_epoch(
    state: StackState,
    problem: Problem,
    epoch: int,
    *,
    stop: Callable[[], bool] = lambda: False,
    inspect: Callable[[int, Tensor], None] | None = None,
    replayed: Replayed | None = None,
) -> TrainedEpoch | None:
    """One pass over the train rows.

    Arguments:
        state: changed in place.
        problem: what is learnt.
        epoch: from 1; with the members' seeds it determines row order and dropout.
        stop: asked before every step; True ends the epoch.
        inspect: called in every step, with its number from 0 and the logits, between the
            backward pass and the update; not with `replayed`.
        replayed: `take_step` of this state and loss, recorded; None to take the steps as usual.

    Returns:
        The record; None where `stop` ended it.
    """
    data, loss, plan, optimizer = problem.data, problem.loss, problem.plan, state.optimizer
    order = _order(state, data, plan.shuffle, epoch)  # (K, n)
    factors = state.schedule.factors(epoch)  # (S, K)
    rates = factors * optimizer.array("lr")
    shrink = state.penalty.shrink_table(rates, state.theta)
    optimizer.begin_epoch(factors)
    generators = dropout_generators(state, epoch)
    totals = _Totals(problem, len(state.members))
    signal_step = max(order.shape[1] // plan.batch_size, 1) - 1  # the last full step
    signals: Tensor | None = None
    step = 0
    with _module_randomness(state, epoch):
        for rows in order.split(
            plan.batch_size * block_steps(state.model, data, plan.batch_size), 1
        ):  # (K, R)
            block = gather(state, problem, rows, generators)
            outs = []
            for place in range(len(block.x)):
                if stop():
                    return None
                batch = block.batch(
                    place, shrink[step] if shrink is not None else None, optimizer.at(step)
                )
                if step == signal_step or replayed is None:
                    out = differentiate(state, loss, batch)
                    if inspect is not None:
                        inspect(step, out)
                    if step == signal_step:
                        signals = _update_seen(state, batch)
                    else:
                        update(state, batch)
                else:
                    out = replayed(batch)
                optimizer.steps += 1
                outs.append(out)
                step += 1
            totals.add(rows, torch.cat(outs, 1), block, smoothed=state.smoothing is not None)

    assert signals is not None
    reduced, accuracy = totals.reduced()
    whole = torch.linalg.vector_norm(signals[0], dim=1).double()
    used = state.model.layout.used  # eps=0 may leave 0/0 in the padding, which is no parameter
    finite = state.theta[:, :used].isfinite().all(1)
    finite &= (state.buffers.isfinite() | state.unbounded).all(1)
    penalty = state.penalty.value(state.theta).double()
    # the one time an epoch that anything waits for the device, with the signals below
    read = torch.stack((reduced, penalty, accuracy, whole, finite.double())).cpu()
    names = ("train_loss", "train_penalty", "train_accuracy", "gradient_norm")
    record = dict(zip(names, read[:4].numpy(), strict=True))
    record["lr"] = rates[-1]
    norms, ratios = signals.double().cpu().numpy()
    return TrainedEpoch(record, (norms, ratios), read[4].numpy() > 0)


class _Totals:
    """Loss and hits over the rows of an epoch, from the outputs of its steps."""

    def __init__(self, problem: Problem, members: int) -> None:
        self.problem, self.rows = problem, 0
        device = problem.data.x.device
        self.loss = torch.zeros(members, dtype=torch.float64, device=device)
        self.weight, self.hits = self.loss.clone(), self.loss.clone()

    def add(self, rows: Tensor, out: Tensor, block: Block, *, smoothed: bool) -> None:
        """Take the outputs (K, R, C) of a block of rows (K, R)."""
        loss, targets = self.problem.loss, self.problem.data.targets
        plain = targets.dense(rows) if smoothed else block.targets
        self.loss += loss.rows(out, plain, block.weights).double().sum(1)
        count = rows.shape[1]
        self.weight += count if block.weights is None else block.weights.double().sum(1)
        hits = self.problem.decision.classes(loss.activate(out)) == targets.classes[rows]
        self.hits += hits.double().sum(1)
        self.rows += count

    def reduced(self) -> tuple[Tensor, Tensor]:
        """Loss and accuracy, (K,) each; no accuracy of outputs that are not finite."""
        batch_size = self.problem.plan.batch_size
        reduced = self.problem.loss.of_set(self.loss, self.weight, self.rows, batch_size)
        accuracy = self.hits / self.rows
        accuracy[~torch.isfinite(reduced)] = math.nan
        return reduced, accuracy


def validate(
    state: StackState, problem: Problem, watch: Watch | None = None, epoch: int | None = None
) -> dict[str, np.ndarray]:
    """Data loss and accuracy (K,) on the validation rows; nothing where there are none.

    Arguments:
        state, problem: as for `run_epoch`.
        watch: shown the outputs; None for nobody.
        epoch: its number, for the watch; None where the watch takes no further look.
    """
    data, loss, decision, plan = problem.data, problem.loss, problem.decision, problem.plan
    rows = [data.parts[member.part].valid for member in state.members]
    if not len(rows[0]):
        return {}
    index = _side_by_side(rows)  # (K, m), or (m,) where all members have the same
    looked = watch.beside(epoch) if watch is not None and epoch is not None else None
    if looked is not None and looked.dim() != index.dim():
        index, looked = index.expand(len(rows), -1), looked.expand(len(rows), -1)
    out, beside = logits_beside(
        state.stack,
        data.x,
        data.codes,
        index,
        len(rows),
        data.targets.outputs,
        index[..., :0] if looked is None else looked,
    )
    if watch is not None and looked is not None:
        watch.glance_beside(beside)
    index = index.expand(len(rows), -1)
    reduced = torch.empty(2, len(rows), dtype=torch.float64, device=out.device)
    lengths = [len(own) for own in rows]
    for length in sorted(set(lengths)):
        # members of one length at a time: sums over rows are then as they would be alone
        of_length = [place for place, own in enumerate(lengths) if own == length]
        everyone = len(of_length) == len(rows)
        own_out = out if everyone else out[of_length, :length]
        own_rows = index if everyone else index[of_length, :length]
        weight = data.targets.row_weights(own_rows)
        losses = loss.rows(own_out, data.targets.dense(own_rows), weight).double()
        total = losses.sum(1)
        weights = length if weight is None else weight.double().sum(1)
        true = data.targets.classes[own_rows]
        predicted = decision.classes(loss.activate(own_out))
        hits = predicted == true
        reduced[0, of_length] = loss.of_set(total, weights, length, plan.batch_size)
        reduced[1, of_length] = hits.double().mean(1)
        if watch is not None:
            watch.validation(of_length, own_out, losses, predicted, true)
    read = reduced.cpu().numpy()
    return {"val_loss": read[0], "val_accuracy": read[1]}


def _order(state: StackState, data: Data, shuffle: bool, epoch: int) -> Tensor:
    """The rows (K, n) in the order in which the members see them."""
    train = _side_by_side([data.parts[member.part].train for member in state.members])
    train = train.expand(len(state.members), -1)
    if not shuffle:
        return train
    permutations = [
        generator(member.seeds.batches, "batches", epoch).permutation(data.train_rows)
        for member in state.members
    ]
    return train.gather(1, torch.from_numpy(np.stack(permutations)).to(train.device))


def _side_by_side(rows: Sequence[Tensor]) -> Tensor:
    """The members' row numbers as (K, most), each filled up with its last; (n,) if all the same."""
    if all(own is rows[0] for own in rows):
        return rows[0]
    most = max(map(len, rows))
    filled = [torch.cat((own, own[-1:].expand(most - len(own)))) for own in rows]
    return torch.stack(filled)


def _update_seen(state: StackState, batch: Batch) -> Tensor:
    """`update`, and what it did: gradient norms and update ratios, (2, K, layers)."""
    norms, old = _layer_norms(state, state.grad), state.theta.clone()
    update(state, batch)
    moved = _layer_norms(state, state.theta - old)
    return torch.stack((norms, moved / _layer_norms(state, old).clamp(min=1e-12)))


def _layer_norms(state: StackState, rows: Tensor) -> Tensor:
    """Norms (K, layers) of the weight matrices' part of `rows` (K, P)."""
    slots = state.model.layout.matrices
    if not slots:  # a user's module of vectors alone
        return rows.new_zeros(len(rows), 0)
    parts = [rows[:, slot.offset : slot.offset + slot.size] for slot in slots]
    return torch.stack([torch.linalg.vector_norm(part, dim=1) for part in parts], 1)


def _module_randomness(state: StackState, epoch: int) -> contextlib.AbstractContextManager[Any]:
    """Seed the streams that a user's module draws from, and restore torch's generator after it."""
    if not isinstance(state.stack, ModuleStack):
        return contextlib.nullcontext()
    context = contextlib.ExitStack()
    cuda = state.theta.device.type == "cuda"
    context.enter_context(torch.random.fork_rng(devices=[state.theta.device] if cuda else []))
    seeds = [torch_seed(member.seeds.dropout, "dropout", epoch) for member in state.members]
    state.stack.seed(seeds)
    return context
