"""The grid of `bench_sweep.py` as one writes it without a framework: PyTorch, scikit-learn.

Each trains the runs that it is given and validates after every epoch, loss and accuracy. Libraries
are imported where they are used: a process that measures one holds no other.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from functools import cache
from multiprocessing.util import Finalize
from typing import Any

import numpy as np
from bench_grid import DROPOUT, HIDDEN, Result, Setting, Work, cores


# ------------------------------------------------------------------------------------- PyTorch
def torch_run(work: Work, setting: Setting, threads: int) -> float:
    """One run of the loop that one would write by hand: tensors, fused Adam, no DataLoader."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(setting.seed)
    x_train, y_train = torch.from_numpy(work.x_train), torch.from_numpy(work.y_train)
    x_valid, y_valid = torch.from_numpy(work.x_valid), torch.from_numpy(work.y_valid)
    layers: list[nn.Module] = []
    for inputs, units in zip(work.widths[:-2], HIDDEN, strict=True):
        layers += [nn.Linear(inputs, units), nn.ReLU(), nn.Dropout(DROPOUT)]
    net = nn.Sequential(*layers, nn.Linear(work.widths[-2], work.widths[-1]))
    # torch's weight_decay w adds w * weight to the gradient: the gradient of l2 * sum w^2
    groups: list[dict[str, Any]] = [
        {"params": [p for p in net.parameters() if p.ndim > 1], "weight_decay": 2 * setting.l2},
        {"params": [p for p in net.parameters() if p.ndim == 1]},
    ]
    optimizer = torch.optim.Adam(groups, lr=setting.lr, fused=True)
    accuracy = 0.0
    for _ in range(work.epochs):
        net.train()
        losses = []
        order = torch.randperm(len(x_train))
        batches = (values[order].split(work.batch) for values in (x_train, y_train))
        for x, y in zip(*batches, strict=True):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        torch.stack(losses).mean().item()
        net.eval()
        with torch.no_grad():
            logits = net(x_valid)
            F.cross_entropy(logits, y_valid).item()
            accuracy = (logits.argmax(1) == y_valid).double().mean().item()
    return accuracy


def torch_threads(work: Work) -> int:
    """One thread or all cores, whichever trains a run sooner."""
    seconds = {}
    for threads in (1, 1, cores()):  # the first is a warm-up
        start = time.perf_counter()
        torch_run(work, Setting(1e-3, 0.0, 0), threads)
        seconds[threads] = time.perf_counter() - start
    return min(seconds, key=seconds.__getitem__)


def torch_loop(work: Work, settings: Sequence[Setting], *, threads: int) -> Result:
    """One run after another."""
    accuracies = [torch_run(work, setting, threads) for setting in settings]
    return Result(accuracies, remark=f"{threads} thread{'s' if threads > 1 else ''}")


def torch_joblib(work: Work, settings: Sequence[Setting]) -> Result:
    """The same runs, one thread each, spread over joblib's processes, one a core."""
    from joblib import delayed

    return Result(spread(delayed(torch_run)(work, setting, 1) for setting in settings))


# -------------------------------------------------------------------------------- scikit-learn
def sklearn_run(work: Work, setting: Setting) -> float:
    """One run, an epoch at a time so that it can be validated; it has no dropout."""
    from sklearn.neural_network import MLPClassifier

    # the penalty there is alpha / 2 * sum w^2 / batch rows
    net = MLPClassifier(
        HIDDEN,
        alpha=2 * setting.l2 * work.batch,
        batch_size=work.batch,
        learning_rate_init=setting.lr,
        random_state=setting.seed,
    )
    classes = np.arange(work.widths[-1])
    everyone = np.arange(len(work.y_valid))
    accuracy = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of epochs that did not converge
        for epoch in range(work.epochs):
            net.partial_fit(work.x_train, work.y_train, classes=classes if epoch == 0 else None)
            shares = net.predict_proba(work.x_valid)
            -np.log(shares[everyone, work.y_valid] + 1e-30).mean()
            accuracy = float((shares.argmax(1) == work.y_valid).mean())
    return accuracy


def sklearn_joblib(work: Work, settings: Sequence[Setting]) -> Result:
    """Spread over joblib's processes, one a core; joblib limits each to one thread."""
    from joblib import delayed

    return Result(spread(delayed(sklearn_run)(work, setting) for setting in settings))


# -------------------------------------------------------------------------------------- joblib
def spread(jobs: Iterable[Any]) -> list[float]:
    """joblib's processes, which stay for the next call and end with this process."""
    from joblib import Parallel

    end_processes_at_exit()
    return list(Parallel(n_jobs=cores(), mmap_mode="c")(jobs))


@cache
def end_processes_at_exit() -> None:
    """A child of multiprocessing leaves without `atexit`, by which joblib ends its processes."""
    from joblib.externals.loky import get_reusable_executor

    Finalize(None, lambda: get_reusable_executor().shutdown(wait=True), exitpriority=100)
