"""One run against a plain PyTorch loop and scikit-learn, on the same work in one process.

    python scripts/bench_single.py [--rounds 7] [--tables digits adult fashion] [--data FOLDER]

Every round trains each system once, in turn, so that they share the machine's moods; printed are
the medians of microseconds a training step and of the ratios to nnexp within a round. The work:
the same rows, widths, batch size and epochs, Adam at 0.001, validation loss and accuracy after
every epoch. Dropout 0.2 where the system has it (scikit-learn does without). Peers run with one
thread and with all cores; nnexp with the threads its rule picks. The loop is what one would write
by hand: tensors, a permutation an epoch, fused Adam, losses read once an epoch. `digits` comes
with scikit-learn; `adult` and `fashion` need the files in FOLDER.
"""

from __future__ import annotations

import argparse
import gzip
import os
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nnexp.model.mlp import MLP
from nnexp.train.decision import Decision
from nnexp.train.losses import Loss
from nnexp.train.machine import keep_freed_memory, pick_threads
from nnexp.train.member import Member
from nnexp.train.outcome import Callbacks, Epoch
from nnexp.train.plan import Data, Part, Plan, Problem
from nnexp.train.targets import Targets
from nnexp.train.trainer import fit

Arrays = tuple[np.ndarray, np.ndarray]
# table: (hidden widths, batch size, epochs)
WORK = {
    "digits": ((128, 128), 32, 20),
    "adult": ((128, 128), 256, 5),
    "fashion": ((256, 256), 128, 1),
}


def load(name: str, folder: Path) -> Arrays:
    """Standardised float32 features (N, D) and class indices (N,)."""
    if name == "digits":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
    elif name == "adult":
        import pandas as pd

        frame = pd.read_csv(folder / "adult_train.csv.gz", skipinitialspace=True)[:30000]
        y = (frame.pop("income") == ">50K").to_numpy()
        x = pd.get_dummies(frame).to_numpy()
    else:
        images = folder / "fashion_mnist"
        with gzip.open(images / "train-images-idx3-ubyte.gz") as file:
            x = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 784)
        with gzip.open(images / "train-labels-idx1-ubyte.gz") as file:
            y = np.frombuffer(file.read()[8:], np.uint8)
    x = x.astype(np.float32)
    scale = x.std(0)
    x = (x - x.mean(0)) / np.where(scale > 0, scale, 1)
    return np.ascontiguousarray(x), y.astype(np.int64)


def split(count: int) -> tuple[np.ndarray, np.ndarray]:
    """80 % of the rows to train on, 20 % to validate."""
    order = np.random.default_rng(0).permutation(count)
    return order[: count * 4 // 5], order[count * 4 // 5 :]


def nnexp_run(x: np.ndarray, y: np.ndarray, work: tuple[tuple[int, ...], int, int]) -> float:
    """Validation accuracy of nnexp's trainer after its last epoch."""
    hidden, batch, epochs = work
    train, valid = split(len(x))
    classes = int(y.max()) + 1
    labels = torch.from_numpy(y)
    data = Data(
        torch.from_numpy(x),
        None,
        Targets(labels, classes, labels),
        (Part(torch.from_numpy(train), torch.from_numpy(valid)),),
    )
    mlp = MLP(x.shape[1], classes, hidden)
    torch.set_num_threads(pick_threads("auto", 6.0 * batch * mlp.layout.weights))
    seen: list[Epoch] = []
    problem = Problem(
        data,
        Loss(),
        Decision("cross_entropy", "logits", tuple(range(classes))),
        Plan(epochs=epochs, batch_size=batch, checkpoint="last"),
    )
    member = Member(dropout=(0.0, *(0.2 for _ in hidden)))
    fit(mlp, problem, [member], Callbacks(observe=seen.append))
    return float(seen[-1].record["val_accuracy"][0])


def plain_loop(threads: int) -> Callable[..., float]:
    """The loop that one would write by hand."""

    def run(x: np.ndarray, y: np.ndarray, work: tuple[tuple[int, ...], int, int]) -> float:
        torch.set_num_threads(threads)
        hidden, batch, epochs = work
        train, valid = split(len(x))
        classes = int(y.max()) + 1
        all_x, all_y = torch.from_numpy(x), torch.from_numpy(y)
        x_train, y_train = all_x[train], all_y[train]
        x_valid, y_valid = all_x[valid], all_y[valid]
        layers: list[nn.Module] = []
        width = x.shape[1]
        for units in hidden:
            layers += [nn.Linear(width, units), nn.ReLU(), nn.Dropout(0.2)]
            width = units
        net = nn.Sequential(*layers, nn.Linear(width, classes))
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
        accuracy = 0.0
        for _ in range(epochs):
            net.train()
            losses: list[Tensor] = []
            for rows in torch.randperm(len(x_train)).split(batch):
                optimizer.zero_grad()
                loss = F.cross_entropy(net(x_train[rows]), y_train[rows])
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
            torch.stack(losses).mean().item()
            net.eval()
            with torch.no_grad():
                out = net(x_valid)
                F.cross_entropy(out, y_valid).item()
                accuracy = (out.argmax(1) == y_valid).double().mean().item()
        return accuracy

    return run


def sklearn_run(threads: int) -> Callable[..., float]:
    """scikit-learn's MLPClassifier, an epoch at a time, so that it can be validated."""

    def run(x: np.ndarray, y: np.ndarray, work: tuple[tuple[int, ...], int, int]) -> float:
        from sklearn.metrics import log_loss
        from sklearn.neural_network import MLPClassifier
        from threadpoolctl import threadpool_limits

        hidden, batch, epochs = work
        train, valid = split(len(x))
        x_train, y_train, x_valid, y_valid = x[train], y[train], x[valid], y[valid]
        net = MLPClassifier(hidden, batch_size=batch, alpha=0.0, learning_rate_init=1e-3)
        accuracy = 0.0
        with threadpool_limits(threads), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for epoch in range(epochs):
                net.partial_fit(x_train, y_train, classes=np.unique(y) if epoch == 0 else None)
                shares = net.predict_proba(x_valid)
                log_loss(y_valid, shares)
                accuracy = float((shares.argmax(1) == y_valid).mean())
        return accuracy

    return run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tables", nargs="+", choices=list(WORK), default=["digits"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    keep_freed_memory()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = cores or 1
    systems: dict[str, Callable[..., float]] = {"nnexp": nnexp_run}
    for threads in sorted({1, cores}):
        systems[f"plain loop, {threads} threads"] = plain_loop(threads)
        systems[f"scikit-learn, {threads} threads"] = sklearn_run(threads)
    print(f"torch {torch.__version__}, {cores} cores, {options.rounds} rounds")
    for table in options.tables:
        x, y = load(table, options.data)
        hidden, batch, epochs = work = WORK[table]
        steps = epochs * -(-len(split(len(x))[0]) // batch)
        widths = "-".join(map(str, (x.shape[1], *hidden, y.max() + 1)))
        print(f"\n{table}: {len(x)} rows, {widths}, batch {batch}, {epochs} epochs")
        times: dict[str, list[float]] = {name: [] for name in systems}
        accuracies: dict[str, float] = {}
        for turn in range(options.rounds + 1):
            for name, system in systems.items():
                start = time.perf_counter()
                accuracies[name] = system(x, y, work)
                if turn > 0:  # the first is a warm-up
                    times[name].append((time.perf_counter() - start) / steps * 1e6)
        for name, values in times.items():
            ratios = [value / own for value, own in zip(values, times["nnexp"], strict=True)]
            print(
                f"  {name:26} {statistics.median(values):8.0f} us a step   "
                f"{statistics.median(ratios):5.2f} x nnexp [{min(ratios):.2f}, {max(ratios):.2f}]"
                f"   accuracy {accuracies[name]:.3f}"
            )


if __name__ == "__main__":
    main()
