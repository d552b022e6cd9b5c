"""`nnexp lr-find`: a learning rate for a run, by a range test of many rates in one stack."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hydra.core.override_parser.types import Glob

from nnexp import calls
from nnexp.arguments import Arguments
from nnexp.config.compose import compose
from nnexp.config.flags import overrides_of, places
from nnexp.config.grammar import parse
from nnexp.config.own import options_of, own_flags
from nnexp.config.pairings import warnings
from nnexp.config.saved import config_text
from nnexp.config.schema.config import Config
from nnexp.errors import UserError
from nnexp.sweep.rate_checks import (
    PER_DECADE,
    SEEDS,
    START,
    STOP,
    check_config,
    check_range,
    check_root,
)
from nnexp.sweep.rate_words import CALL, FLAGS, Asked
from nnexp.sweep.settings import is_about_sweep

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from nnexp.sweep.lr_range import Budget, Losses

ROOT = "outputs/lr-find"
_WORDS = (
    "[group=option ...] [key=value ...] [--from RATE] [--to RATE] [--rates N] [--epochs N] "
    "[--seeds N] [--config-dir FOLDER]"
)


@dataclass(frozen=True)
class RateTest:
    """A finished range test.

    Arguments:
        frame: a row for each rate, ascending: `rate`; `train_loss`, of the last epoch, and
            `val_loss`, of the best epoch (the last with trainer.checkpoint=last), means over the
            seeds and NaN where a run diverged; `val_stderr`, the standard error of that mean, NaN
            for one seed; `diverged`, the number of runs that did. Without validation rows there
            is no `val_loss` and no `val_stderr`.
        suggestion: the rate to train with, one of `frame`; None where no rate was better than no
            training.
        notes: what to know of the suggestion, a line each.
        untrained: the loss before training.
        overrides: what the test was asked for.
        configured: the rate of the configuration.
        seeds: runs for each rate.
        epochs: passes of each run over the rows.
        steps: steps of each run in all.
        folder: where the files are; None where none were written.
    """

    frame: pd.DataFrame
    suggestion: float | None
    notes: list[str]
    untrained: float
    overrides: list[str]
    configured: float
    seeds: int
    epochs: int
    steps: int
    folder: Path | None

    @property
    def command(self) -> str:
        """The command that trains with the suggestion; with the configured rate without one."""
        words = [word for word in self.overrides if not _sets_rate(word)]
        rate = self.configured if self.suggestion is None else self.suggestion
        from nnexp.report.retyped import program_of

        return shlex.join([*program_of(), *own_flags(), *words, f"optimizer.lr={rate:g}"])

    def plot(self, axis: Any = None) -> Figure:
        """Draw losses over rates, with the suggestion; see `rate_plot.plot_rates`."""
        from nnexp.sweep.rate_plot import plot_rates

        return plot_rates(self.frame, self.untrained, self.suggestion, self.configured, axis)


def find_rate(
    overrides: Sequence[str] = (),
    *,
    start: float = START,
    stop: float = STOP,
    rates: int | None = None,
    epochs: int | None = None,
    seeds: int = SEEDS,
    root: str | Path | None = ROOT,
) -> RateTest:
    """Find a learning rate, as `nnexp lr-find OVERRIDES` does, from Python.

    Every rate is trained with every seed, all in one stack and at a constant rate. Suggested is,
    below the rates where training breaks down, the one with the least validation loss, averaged
    over the rates from its half to its double (`rate_choice.choose`); without validation rows, the
    least train loss.

    Arguments:
        overrides: of the run that the rate is for, `["data=wine", "optimizer=sgd"]`.
        start, stop: the ends of the range, 0 < start < stop.
        rates: how many, >= 3, equally far apart on a logarithmic scale; None for 4 in a decade.
        epochs: of each run, >= 1; None for about 200 steps, and no more than the run's own.
        seeds: runs for each rate, >= 1: the configuration's seed and those after it.
        root: where the folder with the files is made; None for no files.

    Raises:
        UserError: a mistake in the overrides, the range or the table.
        KeyboardInterrupt: Ctrl-C.
    """
    overrides = calls.words(overrides, CALL)
    usual = {"start": START, "stop": STOP, "rates": None, "epochs": None, "seeds": SEEDS}
    given = {"start": start, "stop": stop, "rates": rates, "epochs": epochs, "seeds": seeds}
    changed = {name: value for name, value in given.items() if value != usual[name]}
    if root is not None:
        root = calls.root(root, CALL)
    return _find(overrides, given, root, Asked(overrides, changed))


def _find(
    overrides: list[str], given: Mapping[str, Any], root: str | Path | None, asked: Asked
) -> RateTest:
    """The test, whose mistakes are told in the words that asked for it."""
    start, stop, epochs, seeds = (given[name] for name in ("start", "stop", "epochs", "seeds"))
    count = check_range(start, stop, given["rates"], epochs, seeds, asked)
    config = _composed(overrides, asked)
    check_config(config, asked)
    if root is not None:
        check_root(Path(root))
    result = _test(config, overrides, (start, stop, count), epochs, seeds, asked)
    if root is None:
        return result
    return _save(result, config, root)


def _composed(overrides: list[str], asked: Asked) -> Config:
    try:
        return compose(overrides)
    except UserError as error:
        flag, _, word = error.remedy.partition(" ")
        if flag != "-m":
            raise
        override = parse(shlex.split(word)[0])  # several values, which are for a sweep
        pattern = isinstance(override.value(), Glob)  # of which the values are not known here
        varied = override.is_sweep_override() and not pattern
        values = list(override.sweep_string_iterator()) if varied else []
        key = override.key_or_group
        remedy = asked.again(f"{key}={values[0]}") if values else asked.again()
        if is_about_sweep(key):  # which a range test has none of
            words = [own for own in asked.words if not is_about_sweep(own)]
            remedy = replace(asked, words=words).again()
        if pattern:
            words = [own for own in asked.words if own.partition("=")[0] != key]
            remedy = replace(asked, words=words).again()
        if key == "seed":
            words = [own for own in asked.words if own.partition("=")[0] != "seed"]
            remedy = replace(asked, words=words).again(seeds=max(1, len(values)))
        allowed = "one value of each; --seeds says how many seeds each rate has"
        raise UserError(error.wrong, allowed, remedy) from error


_NAMES = {  # of the flags, in other range tests
    **dict.fromkeys(("--lr-min", "--min-lr", "--start", "--start-lr", "--init-value"), "--from"),
    **dict.fromkeys(("--lr-max", "--max-lr", "--stop", "--end", "--end-lr"), "--to"),
    **dict.fromkeys(("--steps", "--num-training", "--num-iter", "--count"), "--rates"),
}


def main(words: Sequence[str]) -> int:
    """`nnexp lr-find WORDS`; returns the exit status."""
    parser = _Words("nnexp lr-find", _WORDS, "Find a learning rate for a run.", _NAMES)
    parser.add("--from", dest="start", type=float, default=START, metavar="RATE",
               help=f"the least rate ({START:g})")  # fmt: skip
    parser.add("--to", dest="stop", type=float, default=STOP, metavar="RATE",
               help=f"the largest rate ({STOP:g})")  # fmt: skip
    parser.add("--rates", type=int, metavar="N", help=f"how many ({PER_DECADE} in a decade)")
    parser.add("--epochs", type=int, metavar="N", help="of each run (about 200 steps)")
    parser.add("--seeds", type=int, default=SEEDS, metavar="N", help=f"for each rate ({SEEDS})")
    options, rest = parser.parse_known_args(words)
    own = places(rest)
    for word in rest:
        if word.startswith("-") and word not in own:
            parser.error(f"unrecognized arguments: {word.partition('=')[0]}")
    with options_of(own):
        given = {name: getattr(options, name) for name in FLAGS}
        result = _find(overrides_of(rest), given, ROOT, Asked(words))
        from nnexp.sweep.rate_table import print_rates

        print_rates(result)
    return 0


class _Words(Arguments):
    """The parser; `nnexp lr-find` alone is a whole command, so its help is what to type."""

    def error(self, message: str) -> NoReturn:
        try:
            super().error(message)
        except UserError as error:
            known = error.remedy != self.prog  # a flag that is like the one typed
            remedy = error.remedy if known else f"{self.prog} --help"
            raise UserError(error.wrong, error.allowed, remedy) from None


def _test(
    config: Config,
    overrides: list[str],
    span: tuple[float, float, int],
    epochs: int | None,
    seeds: int,
    asked: Asked,
) -> RateTest:
    # imported here, as below, so that a mistake is answered without torch
    import numpy as np
    import pandas as pd

    from nnexp.sweep.rate_choice import choose, judged, log_spaced

    rates = log_spaced(*span)
    if len(rates) < 3:
        raise UserError(
            f"from {span[0]:.7g} to {span[1]:.7g} there are fewer than 3 rates of three digits",
            "a range that holds 3 rates or more",
            asked.again(start=span[0] / 10, stop=span[1] * 10),
        )
    losses, budget, remark = _train(config, rates, seeds, epochs)
    frame = pd.DataFrame({"rate": rates, "train_loss": losses.train.mean(1)})
    if losses.valid is not None:
        frame["val_loss"] = losses.valid.mean(1)
        spread = losses.valid.std(1, ddof=1) if seeds > 1 else np.full(len(rates), np.nan)
        frame["val_stderr"] = spread / math.sqrt(seeds)
    frame["diverged"] = np.isnan(losses.train).sum(1)
    valid = None if losses.valid is None else frame["val_loss"].to_numpy()
    told = judged(frame["train_loss"].to_numpy(), valid, losses.untrained)
    chosen = choose(np.array(rates), told, losses.untrained)
    return RateTest(
        frame=frame,
        suggestion=None if chosen is None else rates[chosen],
        notes=[*_notes(config, frame, chosen, losses.untrained), *remark],
        untrained=losses.untrained,
        overrides=overrides,
        configured=config.optimizer.lr,
        seeds=seeds,
        epochs=budget.epochs,
        steps=budget.epochs * budget.steps,
        folder=None,
    )


def _train(
    config: Config, rates: Sequence[float], seeds: int, epochs: int | None
) -> tuple[Losses, Budget, list[str]]:
    """Read the table and train on it; with a remark where only some of its rows are used."""
    from nnexp.data import load_table, prepare
    from nnexp.runs.interrupts import interrupts
    from nnexp.runs.task import check_parts
    from nnexp.sweep.lr_range import plan_budget, train_rates
    from nnexp.track.progress import make_progress
    from nnexp.track.summary import print_messages
    from nnexp.train.machine import pick_device

    pick_device(config.device)  # a device that is not there is said before anything is read
    dataset = prepare(load_table(config.data), config.data, *config.seeds.of_split)
    check_parts(config, dataset)
    # warnings of a rate are beside the point: it is not trained with
    print_messages(dataset.messages, [w for w in warnings(config) if "optimizer.lr" not in w])
    budget = plan_budget(len(dataset.train), config, epochs)
    progress = None

    def observe(epoch: int, total: int) -> None:
        nonlocal progress
        progress = progress or make_progress(config.trainer.progress, total)
        progress.epoch({"epoch": epoch})

    try:
        with interrupts() as stop:
            losses = train_rates(config, dataset, rates, seeds, budget, observe=observe, stop=stop)
    finally:
        if progress is not None:
            progress.close()
    if budget.rows == len(dataset.train):
        return losses, budget, []
    some = f"trained on {budget.rows} of the {len(dataset.train)} train rows"
    return losses, budget, [f"{some}; --epochs 1 takes them all"]


def _notes(config: Config, frame: pd.DataFrame, chosen: int | None, untrained: float) -> list[str]:
    """What to know of a choice.

    Arguments:
        config, frame, untrained: of the test.
        chosen: the index of the chosen rate, or None.
    """
    rates = frame["rate"].to_numpy()
    judged = "val_loss" if "val_loss" in frame else "train_loss"
    notes = []
    if chosen is None and frame["diverged"].all():
        notes.append(f"every rate diverged: try smaller ones with --from {rates[0] / 1e3:g}")
    elif chosen is None and (frame[judged] < untrained).any():
        notes.append(
            "the smallest rates spoil the loss, and above them luck decides: try smaller ones with "
            f"--from {rates[0] / 1e3:g}"
        )
    elif chosen is None:
        notes.append(f"no rate was better than no training, whose loss is {untrained:.4g}")
    elif chosen == len(rates) - 1:
        notes.append(f"the best rate is the largest: widen the range with --to {rates[-1] * 10:g}")
    elif chosen == 0:
        notes.append(
            f"the best rate is the smallest: widen the range with --from {rates[0] / 10:g}"
        )
    if "val_loss" not in frame:
        notes.append("there are no validation rows: the rate is judged by the train loss")
    if config.scheduler.name != "constant":
        notes.append(
            f"scheduler={config.scheduler.name} was left out: every rate was held constant"
        )
    return notes


def _save(result: RateTest, config: Config, root: str | Path) -> RateTest:
    """Write the test's files into a folder of its own."""
    import io

    from nnexp.files import write_bytes
    from nnexp.track import folder as folders

    try:
        folder = folders.create(root)
        folders.write_text(folder / "config.yaml", config_text(config))
        folders.write_text(folder / "lr_find.csv", result.frame.to_csv(index=False))
        picture = io.BytesIO()
        result.plot().savefig(picture, format="png", dpi=150)
        write_bytes(folder / "lr_find.png", picture.getvalue())
    except OSError as error:
        raise UserError(
            f"{str(root)!r} cannot be written: {error.strerror or error}",
            "a folder that is yours to write, on a disk with room",
            f"df -h {shlex.quote(str(root))}",
        ) from error
    return replace(result, folder=folder)


def _sets_rate(word: str) -> bool:
    return word.lstrip("+").partition("=")[0] == "optimizer.lr"
