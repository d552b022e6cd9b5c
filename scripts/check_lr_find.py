"""What `nnexp lr-find` suggests, against whole runs at a fine grid of rates.

    python scripts/check_lr_find.py [WORD ...] [--seeds 4] [--rates 41]

The suggestion comes from seeds 0 to 2 and a short budget. It is judged by whole runs of other
seeds, by the validation loss of their best epochs. Printed for each table and optimizer: the
suggestion and its loss, the best rate of the grid and its loss, each with the standard error over
seeds, and which share of what the best rate gained over no training is lost by the suggestion and
by two other rules: the rate of the least validation loss, and a tenth of the rate of the least
train loss. The rule was tried out on the first five tables; the cases after them had no part in
that. WORD picks the cases whose command holds it.
"""

from __future__ import annotations

import argparse

import numpy as np

from nnexp.config.compose import compose
from nnexp.data import load_table, prepare
from nnexp.sweep.lr_find import find_rate
from nnexp.sweep.lr_range import plan_budget, train_rates
from nnexp.sweep.rate_choice import log_spaced

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")
TRIED = [
    f"data={table} optimizer={optimizer}"
    for table in ("iris", "wine", "breast_cancer", "moons", "digits")
    for optimizer in OPTIMIZERS
]
UNSEEN = [
    *(f"data={t} optimizer={o}" for t in ("circles", "classification") for o in OPTIMIZERS),
    "data=blobs data.std=3 optimizer=sgd",
    "data=blobs data.std=3 optimizer=adam",
    "data=classification data.rows=8000 trainer.epochs=10 optimizer=sgd",
    "data=classification data.rows=8000 trainer.epochs=10 optimizer=adam",
    "data=iris trainer.epochs=200 optimizer=adam",
    "data=wine model.activation=tanh optimizer=sgd optimizer.momentum=0",
    "data=wine loss.reduction=sum optimizer=sgd",
    "data=breast_cancer model=linear optimizer=sgd",
    "data=breast_cancer loss=mse optimizer=sgd",
    "data=digits reg.dropout=0.3 model.norm=batch trainer.epochs=30 optimizer=adam",
    "data=digits trainer.batch_size=256 optimizer=adam",
]
FIRST_SEED = 100  # of the judges


def main() -> None:
    """Print a row for each case, then means of the shares lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--seeds", type=int, default=4, help="of the judging runs")
    parser.add_argument("--rates", type=int, default=41, help="of the judging grid, 1e-5 to 10")
    options = parser.parse_args()
    for cases in (TRIED, UNSEEN):
        lost = []
        for case in cases:
            if all(word in case for word in options.words):
                cells, shares = judge(case.split(), options.seeds, options.rates)
                lost.append(shares)
                print(" | ".join([case, *cells]), flush=True)
        if lost:
            for name, of in (("mean", np.mean), ("worst", np.max)):
                shares = of(np.array(lost), axis=0)
                print(" | ".join([name, "", "", "", "", *(f"{s:.1%}" for s in shares)]))
            print(flush=True)


def judge(overrides: list[str], seeds: int, count: int) -> tuple[list[str], list[float]]:
    """The row of a case, and the shares lost by three rules."""
    overrides = [*overrides, "trainer.progress=none"]
    test = find_rate(overrides, root=None)
    suggestion = test.suggestion
    assert suggestion is not None
    tried = test.frame["rate"].to_numpy()
    least = tried[test.frame["val_loss"].argmin()]
    tenth = tried[test.frame["train_loss"].argmin()] / 10
    rules = (suggestion, float(least), float(tenth))

    config = compose([*overrides, f"seed={FIRST_SEED}"])
    dataset = prepare(load_table(config.data), config.data, seed=config.seeds.split)
    rates = sorted({*log_spaced(1e-5, 10.0, count), *rules})
    budget = plan_budget(len(dataset.train), config, config.trainer.epochs)
    losses = train_rates(config, dataset, rates, seeds, budget)
    assert losses.valid is not None
    # a run that diverges, or ends worse than it began, gains nothing and loses nothing
    valid = np.fmin(losses.valid, losses.untrained)
    mean, error = valid.mean(1), valid.std(1, ddof=1) / np.sqrt(seeds)
    own, best = rates.index(suggestion), int(mean.argmin())
    gain = losses.untrained - mean[best]
    shares = [float((mean[rates.index(rate)] - mean[best]) / gain) for rate in rules]
    cells = [
        f"{suggestion:g}", f"{mean[own]:.3f} ± {error[own]:.3f}",
        f"{rates[best]:.2g}", f"{mean[best]:.3f} ± {error[best]:.3f}",
        *(f"{share:.1%}" for share in shares),
    ]  # fmt: skip
    return cells, shares


if __name__ == "__main__":
    main()
