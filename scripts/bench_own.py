"""The grid of `bench_sweep.py` by nnexp: its sweep, its command, and its trainer alone."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench_grid import (
    ADULT_ROWS,
    BATCH,
    DROPOUT,
    HIDDEN,
    Result,
    Setting,
    Work,
    save_work,
)

ROOT = Path(__file__).resolve().parents[1]


def write_work(table: str, source: Path, folder: Path, epochs: int) -> Path:
    """Prepare a table with nnexp, and leave the arrays that every system trains on.

    Arguments:
        table: `digits` or `adult`.
        source: the file that `adult` is read from.
        folder: where to write.
        epochs: passes over the train rows.
    """
    from nnexp.config.compose import compose
    from nnexp.data import load_table, prepare

    overrides = ["data=digits", "data.scaling=standard"]
    if table == "adult":
        import pandas as pd

        own = folder / "adult.csv"
        pd.read_csv(source, nrows=ADULT_ROWS).to_csv(own, index=False)
        overrides = ["data=csv", f"data.path={own}", "data.target=income"]
    overrides += [
        "data.split.test=0",
        "data.split.valid=0.2",
        f"model.hidden=[{','.join(map(str, HIDDEN))}]",
        "model.init=torch",  # as the PyTorch loop starts
        f"reg.dropout={DROPOUT}",
        "optimizer=adam",
        f"trainer.batch_size={BATCH[table]}",
        f"trainer.epochs={epochs}",
        "trainer.progress=none",
    ]
    config = compose(overrides)
    dataset = prepare(load_table(config.data), config.data, seed=config.seeds.split)
    x, y, train, valid = dataset.x, dataset.y, dataset.train, dataset.valid
    path = folder / f"{table}.npz"
    arrays = x[train], y[train], x[valid], y[valid]
    save_work(path, Work(*arrays, BATCH[table], epochs, tuple(overrides)))
    return path


def grid_overrides(settings: Sequence[Setting]) -> list[str]:
    """A grid as a sweep's overrides."""
    words = []
    for key, values in (
        ("optimizer.lr", [setting.lr for setting in settings]),
        ("reg.l2", [setting.l2 for setting in settings]),
        ("seed", [setting.seed for setting in settings]),
    ):
        words.append(f"{key}={','.join(map(repr, dict.fromkeys(values)))}")
    return words


def sweep(work: Work, settings: Sequence[Setting], *, more: Sequence[str] = ()) -> Result:
    """`nnexp.multirun`: reads the table, trains, and leaves run folders with TensorBoard events."""
    import nnexp

    overrides = [*work.overrides, *grid_overrides(settings), *more]
    with tempfile.TemporaryDirectory() as root:
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            done = nnexp.multirun(overrides, root=root)
        if set(done.status) != {"done"}:
            raise RuntimeError(f"nnexp.multirun: the runs ended as {done.status}")
        accuracies = _accuracies(done.folder)
        start = time.perf_counter()
    return Result(accuracies, aside=time.perf_counter() - start)


def command(work: Work, settings: Sequence[Setting], *, more: Sequence[str] = ()) -> Result:
    """`python train.py -m ...`, as it is typed."""
    with tempfile.TemporaryDirectory() as root:
        folder, output = Path(root) / "sweep", Path(root) / "output"
        words = [*work.overrides, *grid_overrides(settings), *more, f"hydra.sweep.dir={folder}"]
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "train.py"), "-m", *words],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=root,
            )
            # as wait(), with what the process and its children used
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said = output.read_text(errors="replace").strip().splitlines()[-4:]
            raise RuntimeError(f"train.py: exit status {process.returncode}: {' | '.join(said)}")
        return Result(_accuracies(folder), peak=used.ru_maxrss / 1024)


def trainer(work: Work, settings: Sequence[Setting], *, device: str = "cpu") -> Result:
    """nnexp's trainer alone: stacks cut as a sweep's, one thread, no files."""
    import numpy as np
    import torch

    from nnexp.model.mlp import MLP
    from nnexp.sweep.grouping import MOST, cut
    from nnexp.train.decision import Decision
    from nnexp.train.losses import Loss
    from nnexp.train.machine import threads
    from nnexp.train.member import Member, Seeds
    from nnexp.train.outcome import Callbacks, Epoch
    from nnexp.train.plan import Data, Part, Plan, Problem
    from nnexp.train.targets import Targets
    from nnexp.train.trainer import fit

    classes = work.widths[-1]
    labels = torch.from_numpy(np.concatenate([work.y_train, work.y_valid]))
    rows = torch.arange(len(labels), device=device)
    data = Data(
        torch.from_numpy(np.concatenate([work.x_train, work.x_valid])).to(device),
        None,
        Targets(labels, classes, labels).to(torch.device(device)),
        (Part(rows[: len(work.y_train)], rows[len(work.y_train) :]),),
    )
    members = [
        Member(
            seeds=Seeds(setting.seed, setting.seed, setting.seed),
            optimizer={"lr": setting.lr},
            l2=setting.l2,
            dropout=(0.0, *(DROPOUT for _ in HIDDEN)),
        )
        for setting in settings
    ]
    problem = Problem(
        data,
        Loss(),
        Decision("cross_entropy", "logits", tuple(range(classes))),
        Plan(epochs=work.epochs, batch_size=work.batch, checkpoint="last"),
    )
    accuracies: list[float] = []
    with threads(1):
        for chunk in cut(len(members), MOST[device]):  # as a sweep does it
            seen: list[Epoch] = []
            model = MLP(work.widths[0], classes, HIDDEN, init="torch")
            own = members[chunk.start : chunk.stop]
            fit(model, problem, own, Callbacks(observe=seen.append))
            accuracies += seen[-1].record["val_accuracy"].tolist()
    return Result(accuracies)


def has_cuda() -> bool:
    """Whether there is a GPU that PyTorch can use."""
    import torch

    return torch.cuda.is_available()


def cuda_rate(work: Work, settings: Sequence[Setting], members: int, most: int) -> float:
    """Runs a second on the GPU in stacks of `members`, of which at most `most` are timed."""
    starts = range(0, len(settings), members)[:most]
    trainer(work, settings[:members], device="cuda")  # a warm-up
    start = time.perf_counter()
    for place in starts:
        trainer(work, settings[place : place + members], device="cuda")
    # the trainer reads the last epoch's losses, so the device is done
    return len(starts) * members / (time.perf_counter() - start)


def _accuracies(folder: Path) -> list[float]:
    """Validation accuracy after the last epoch of each run of a sweep."""
    found = []
    for path in sorted(folder.glob("*/history.csv"), key=lambda path: int(path.parent.name)):
        with path.open(encoding="utf-8", newline="") as file:
            found.append(float(list(csv.DictReader(file))[-1]["val_accuracy"]))
    return found
