"""One epoch of a stack: a pass over the train rows, and the validation after it.

Batches are rows of the table on the device, picked by index. An epoch is cut into blocks of
steps: a block's rows, targets and dropout masks are gathered at once, and its outputs kept, so
that losses and accuracies cost nothing in the step and are read once an epoch.
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

from nnexp.model.module import ModuleStack
from nnexp.seeds import generator, torch_seed
from nnexp.train.decision import Decision
from nnexp.train.evaluate import logits
from nnexp.train.graph import Replayed
from nnexp.train.losses import Loss
from nnexp.train.plan import Data, Plan
from nnexp.train.state import StackState
from nnexp.train.step import Batch, differentiate, update
from nnexp.train.watch import Watch

BLOCK_BYTES = 2**21  # gathered at once for one member
BLOCK_STEPS = 256


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
    data: Data,
    loss: Loss,
    decision: Decision,
    plan: Plan,
    epoch: int,
    *,
    stop: Callable[[], bool] = lambda: False,
    inspect: Callable[[int, Tensor], None] | None = None,
    replayed: Replayed | None = None,
) -> TrainedEpoch | None:
    """One pass over the train rows.

    Arguments:
        state: changed in place.
        epoch: from 1; with the members' seeds it determines row order and dropout.
        inspect: called in every step, with its number from 0 and the logits, between the
            backward pass and the update; not with `replayed`.
        replayed: `take_step` of this state and loss, recorded; None to take the steps as usual.
        data, loss, decision, plan, stop: as for `fit`.

    Returns:
        The record; None where `stop` ended it.
    """
    batch, members, device = plan.batch_size, len(state.members), data.x.device
    theta, grad, penalty, optimizer = state.theta, state.grad, state.penalty, state.optimizer
    order = _order(state, data, plan.shuffle, epoch)  # (K, n)
    count = order.shape[1]
    factors = state.schedule.factors(epoch)  # (S, K)
    rates = factors * optimizer.array("lr")
    shrink = penalty.shrink_table(rates, theta)
    optimizer.begin_epoch(factors)
    generators = [
        [generator(member.seeds.dropout, "dropout", epoch, place) for member in state.members]
        if mask.active
        else []
        for place, mask in enumerate(state.masks)
    ]
    block_rows = batch * _block_steps(state, data, batch)
    signal_step = max(count // batch, 1) - 1  # the last full step

    zeros = torch.zeros(members, dtype=torch.float64, device=device)
    total_loss, total_weight, total_hits = zeros.clone(), zeros.clone(), zeros.clone()
    signals: tuple[Tensor, Tensor] | None = None
    step = 0
    with _module_randomness(state, epoch):
        for start in range(0, count, block_rows):
            rows = order[:, start : start + block_rows]  # (K, R)
            flat = rows.reshape(-1)
            size = rows.shape[1]
            x = data.x.index_select(0, flat).view(members, size, -1)  # (K, R, D)
            codes = None
            if data.codes is not None:
                codes = data.codes.index_select(0, flat).view(members, size, -1)
            target = data.targets.dense(rows, state.smoothing)  # (K, R, C)
            weight = data.targets.row_weights(rows)
            xs, targets = x.split(batch, 1), target.split(batch, 1)
            all_codes = codes.split(batch, 1) if codes is not None else None
            weights = weight.split(batch, 1) if weight is not None else None
            drawn = [
                mask.draw(own, size).split(batch, 1) if mask.active else None
                for mask, own in zip(state.masks, generators, strict=True)
            ]
            outs = []
            for place, x_step in enumerate(xs):
                if stop():
                    return None
                now = Batch(
                    x_step,
                    all_codes[place] if all_codes is not None else None,
                    targets[place],
                    weights[place] if weights is not None else None,
                    [mask[place] if mask is not None else None for mask in drawn],
                    shrink[step] if shrink is not None else None,
                    optimizer.at(step),
                )
                if step == signal_step or replayed is None:
                    out = differentiate(state, loss, now)
                    if inspect is not None:
                        inspect(step, out)
                    if step == signal_step:
                        gradient_norms = _layer_norms(state, grad)
                        old = theta.clone()
                    update(state, now)
                    if step == signal_step:
                        moved = _layer_norms(state, theta - old)
                        signals = gradient_norms, moved / _layer_norms(state, old).clamp(min=1e-12)
                else:
                    out = replayed(now)
                optimizer.steps += 1
                outs.append(out)
                step += 1
            out = torch.cat(outs, 1)  # (K, R, C)
            plain = target if state.smoothing is None else data.targets.dense(rows)
            total_loss += loss.rows(out, plain, weight).double().sum(1)
            total_weight += size if weight is None else weight.double().sum(1)
            hits = decision.classes(loss.activate(out)) == data.targets.classes[rows]
            total_hits += hits.double().sum(1)

    assert signals is not None
    reduced = loss.of_set(total_loss, total_weight, count, plan.batch_size)
    accuracy = total_hits / count
    accuracy[~torch.isfinite(reduced)] = math.nan
    whole = torch.linalg.vector_norm(signals[0], dim=1).double()
    used = state.model.layout.used  # eps=0 may leave 0/0 in the padding, which is no parameter
    finite = theta[:, :used].isfinite().all(1) & state.buffers.isfinite().all(1)
    read = torch.stack(
        (reduced, penalty.value(theta).double(), accuracy, whole, finite.double())
    ).cpu()  # the one time an epoch that anything waits for the device, with the signals below
    names = ("train_loss", "train_penalty", "train_accuracy", "gradient_norm")
    record = dict(zip(names, read[:4].numpy(), strict=True))
    record["lr"] = rates[-1]
    norms, ratios = torch.stack(signals).double().cpu().numpy()
    return TrainedEpoch(record, (norms, ratios), read[4].numpy() > 0)


def validate(
    state: StackState,
    data: Data,
    loss: Loss,
    decision: Decision,
    plan: Plan,
    watch: Watch | None = None,
) -> dict[str, np.ndarray]:
    """Data loss and accuracy (K,) on the validation rows; nothing where there are none.

    Arguments:
        state, data, loss, decision, plan: as for `run_epoch`.
        watch: shown the outputs; None for nobody.
    """
    rows = [data.parts[member.part].valid for member in state.members]
    if not len(rows[0]):
        return {}
    index = _side_by_side(rows)  # (K, m), or (m,) where all members have the same
    out = logits(state.stack, data.x, data.codes, index, len(rows), data.targets.outputs)
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
        hits = decision.classes(loss.activate(own_out)) == true
        reduced[0, of_length] = loss.of_set(total, weights, length, plan.batch_size)
        reduced[1, of_length] = hits.double().mean(1)
        if watch is not None:
            watch.validation(of_length, own_out, losses, true)
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


def _block_steps(state: StackState, data: Data, batch: int) -> int:
    """Steps gathered at once; it depends on one member's sizes only, never on K."""
    width = data.x.shape[1] + sum(state.model.dropout_widths) + 3 * data.targets.outputs
    return max(1, min(BLOCK_STEPS, BLOCK_BYTES // (4 * batch * width)))


def _layer_norms(state: StackState, rows: Tensor) -> Tensor:
    """Norms (K, layers) of the weight matrices' part of `rows` (K, P)."""
    slots = [slot for slot in state.model.layout.slots.values() if slot.kind == "weight"]
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
