"""Test accuracy of documented commands on known tables, over seeds of the run and of the split.

    python scripts/check_accuracy.py [--seeds 3] [--data FOLDER]

Tables that come with scikit-learn or are made need nothing; with FOLDER, which holds adult_train,
letter, car, mushroom and nsl_kdd as CSV and fashion_mnist as IDX files, those are run as well.
Printed for each: the mean test accuracy, the standard deviation over seeds, the mean standard
error of one run's accuracy, and the seconds of one run.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from pathlib import Path

import nnexp

COMMANDS = {
    "digits": "data=digits",
    "digits, wide, dropout": "data=digits model.hidden=[256,256] reg.dropout=0.3",
    "breast_cancer": "data=breast_cancer regularizer=combined",
    "wine": "data=wine",
    "iris": "data=iris",
    "moons": "data=moons",
    "circles": "data=circles",
}
FILES = {
    "adult": "data=csv data.path={data}/adult_train.csv.gz data.target=income regularizer=combined "
    "trainer.batch_size=256 trainer.epochs=30",
    "letter": "data=csv data.path={data}/letter.csv.gz data.target=class model.hidden=[256,256] "
    "scheduler=cosine trainer.batch_size=64 trainer.epochs=40",
    "car": "data=csv data.path={data}/car.csv data.target=class",
    "mushroom": "data=csv data.path={data}/mushroom.csv data.target=class trainer.epochs=10",
    "nsl_kdd": "data=csv data.path={data}/nsl_kdd.csv.gz data.target=class data.scaling=quantile "
    "trainer.batch_size=256 trainer.epochs=5",
    "fashion_mnist": "experiment=fashion_mnist data.path={data}/fashion_mnist",
}


def main() -> None:
    """Run the commands and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="folder with the further tables")
    options = parser.parse_args()
    commands = {**COMMANDS, **(FILES if options.data else {})}
    print(f"{options.seeds} seeds of run and split")
    for name, command in commands.items():
        accuracies, errors, seconds = [], [], []
        for seed in range(options.seeds):
            overrides = command.format(data=options.data).split()
            own = [f"seed={seed}", f"seeds.split={seed}", "trainer.progress=none"]
            start = time.perf_counter()
            with (
                tempfile.TemporaryDirectory() as folder,
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                test = nnexp.run([*overrides, *own], root=folder).metrics["test"]
            accuracies.append(test["accuracy"])
            errors.append(test["accuracy_stderr"])
            seconds.append(time.perf_counter() - start)
        spread = statistics.stdev(accuracies) if len(accuracies) > 1 else float("nan")
        print(
            f"{name:22} {statistics.mean(accuracies):.4f}  sd {spread:.4f}  "
            f"stderr {statistics.mean(errors):.4f}  {statistics.median(seconds):5.1f} s   "
            f"python train.py {command.format(data='FOLDER')}",
            flush=True,
        )


if __name__ == "__main__":
    main()
