"""How much memory a member of a stack takes, and how much there is."""

from __future__ import annotations

import torch

from nnexp.limits import free_memory
from nnexp.runs.stack import RunStack
from nnexp.train.block import block_steps, block_width
from nnexp.train.evaluate import CHUNK
from nnexp.train.optimizers import OPTIMIZERS
from nnexp.train.watch import KEPT_BYTES, KEPT_EPOCHS


def member_bytes(stack: RunStack) -> int:
    """About how many bytes of memory each member of a stack takes while it trains.

    Arguments:
        stack: a stack of any number of members.
    """
    data, plan = stack.problem.data, stack.problem.plan
    size = 8 if plan.dtype == torch.float64 else 4
    row = stack.model.layout.size * size
    theta = torch.zeros(1, 1, dtype=plan.dtype)
    numbers = [member.optimizer for member in stack.members]
    moments = len(OPTIMIZERS[plan.optimizer](theta, numbers[:1]).state())
    # theta, its gradient, scratch and moments; the kept weights; the epoch's snapshot
    rows = row * (3 + moments + 1 + 1 + moments + 1)
    inputs, outputs = data.x.shape[1], data.targets.outputs
    hidden = sum(stack.model.dropout_widths)
    train, batch = data.train_rows, plan.batch_size
    gathered = batch * block_steps(stack.model, data, batch)
    block = size * min(train, gathered) * block_width(stack.model, data) * 2
    valid = max(len(part.valid) for part in data.parts)
    scoring = size * CHUNK * (inputs + 3 * hidden) + 8 * valid * (4 * outputs + 2)
    passing = size * batch * (inputs + 6 * hidden + 6 * outputs)
    watching = _watching(valid, outputs, size) if stack.tasks[0].config.trainer.watch else 0
    return rows + block + scoring + passing + watching + 24 * train


def _watching(rows: int, outputs: int, size: int) -> int:
    """What `Watch` keeps of a member's validation outputs, and what it works them up in.

    Arguments:
        rows: that validate.
        outputs: of the model.
        size: bytes of a number of the stack's.
    """
    kept = min(KEPT_EPOCHS, 1 + KEPT_BYTES // max(1, 24 * rows))  # as Watch counts them
    # losses and classes and what is made of them, fifteen columns; of log-spaced epochs, which are
    # ten of the first that are kept, outputs, joined, activated and as probabilities
    return rows * (kept * 120 + min(kept, 10) * 5 * outputs * size)


def free_bytes(gpu: bool = False) -> int:
    """The memory that this process and its children may still take, in bytes.

    Arguments:
        gpu: whether they compute on the GPU, whose own memory may be less.
    """
    limits = [free_memory()]
    if gpu:
        limits.append(torch.cuda.mem_get_info()[0])
    return min(limits)
