"""What a sweep varies: axes of values, read from overrides in Hydra's grammar.

`optimizer.lr=0.001,0.01`, `seed=range(8)`, `model.hidden=[64],[128]` and `choice(...)` are lists of
values; `interval(a,b)`, `int(interval(a,b))` and `tag(log,interval(a,b))` are ranges that only
drawing methods know.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException, OverrideParseException

from nnexp.config.keys import literal
from nnexp.config.likeness import nearest
from nnexp.config.shell import shell
from nnexp.config.translate import globbed, translate
from nnexp.errors import UserError
from nnexp.leaderboard.grouping import FOLD, FOLDS, is_repetition
from nnexp.sweep.values import check_values

MOST = 1_000_000  # values of a key
DIGITS = 4  # significant ones of a drawn number
Parse = Callable[[str], Override]


@dataclass(frozen=True)
class Interval:
    """A range of numbers.

    Arguments:
        low, high: its ends, low < high.
        log: evenly on a logarithmic scale; low > 0.
        whole: whole numbers only.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def at(self, share: float) -> float | int:
        """The number at a share of the way, 0 to 1, rounded to four significant digits."""
        if self.whole:
            # each whole number has an equal part of the way
            low, high = (self.low, self.high + 1) if not self.log else (self.low, self.high)
            value = _between(low, high, share, self.log)
            return int(min(self.high, math.floor(value) if not self.log else round(value)))
        return self.rounded(_between(self.low, self.high, share, self.log))

    def rounded(self, value: float) -> float:
        """A real number of the interval with four significant digits."""
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


@dataclass(frozen=True)
class Axis:
    """Keys that are varied together: one, or several that are zipped.

    Arguments:
        keys: their names, as typed.
        values: for each step a word for each key, `optimizer.lr=0.01`; empty for an interval.
        interval: the range of a single key that is none of a list.
    """

    keys: tuple[str, ...]
    values: tuple[tuple[str, ...], ...] = ()
    interval: Interval | None = None

    @property
    def repeats(self) -> bool:
        """Whether it only repeats configurations: seeds and folds."""
        return all(is_repetition(key.lstrip("+")) for key in self.keys)

    def word(self, value: float | int) -> tuple[str, ...]:
        """The word for a number of the interval."""
        return (f"{self.keys[0]}={literal(value)}",)


@dataclass(frozen=True)
class Space:
    """One block of a sweep.

    Arguments:
        fixed: overrides that all of its jobs have.
        axes: what is varied.
        order: all keys, in the order in which they were given; a job's words come in it.
        repeated: keys of which values were given more than once; they are in `axes` once.
    """

    fixed: tuple[str, ...]
    axes: tuple[Axis, ...]
    order: tuple[str, ...]
    repeated: tuple[str, ...] = ()

    def job(self, chosen: Sequence[Sequence[str]]) -> list[str]:
        """The overrides of a job, from the words chosen on each axis."""
        words = [*self.fixed, *(word for words in chosen for word in words)]
        place = {key: position for position, key in enumerate(self.order)}
        return sorted(words, key=lambda word: place[_name(word)])

    def grid(self) -> Iterator[list[str]]:
        """Every combination; the last axis runs fastest.

        Raises:
            UserError: an interval has no list of values.
        """
        for axis in self.axes:
            if axis.interval is not None:
                key = axis.keys[0]
                low, high = literal(axis.interval.low), literal(axis.interval.high)
                raise UserError(
                    f"{key} has an interval, of which a grid has no values",
                    "values with commas; or random, halving or optuna, which draw from intervals",
                    shell(f"{key}={low},{high}"),
                )
        for chosen in itertools.product(*(axis.values for axis in self.axes)):
            yield self.job(chosen)


def spaces(words: Sequence[str], params: Any = None, zipped: Any = ()) -> list[Space]:
    """The blocks of a sweep.

    Arguments:
        words: overrides as typed after `-m`, without those of `sweep`.
        params: `sweep.params`: a mapping of a block, or a list of several, or empty; what is typed
            takes the place of the same key, and is crossed with the rest.
        zipped: `sweep.zip`: keys whose values go together, or a list of such lists.

    Raises:
        UserError: a word that cannot be read, zipped keys of unequal lengths, or a seed or fold
            with an interval.
    """
    several = isinstance(params, list) and bool(params)
    blocks: list[Mapping[str, Any]] = params if several else [params or {}]
    parse = _parser()
    typed = [parse(word) for word in words]
    groups = [list(keys) for keys in ([zipped] if _is_flat(zipped) else zipped)]
    names = {o.get_key_element() for o in typed} | {str(key) for block in blocks for key in block}
    for key in itertools.chain(*groups):
        if key not in names:
            raise UserError(
                f"sweep.zip names {key}, which the sweep does not vary",
                "keys that are typed with several values, or are in sweep.params",
                _instead(groups, key, names),
            )
    return [_space(typed, block, groups, parse) for block in blocks]


def _instead(groups: Sequence[Sequence[str]], key: str, names: Collection[str]) -> str:
    """`sweep.zip` with the key that was meant, or without it and what would then stand alone."""
    used = {own for keys in groups for own in keys}
    meant = nearest(key, sorted(set(names) - used), 0.8)
    left = [
        [meant if own == key else own for own in keys if meant or own != key] for keys in groups
    ]
    left = [keys for keys in left if len(keys) > 1]
    return shell(f"sweep.zip={literal(left[0] if len(left) == 1 else left)}")


def with_folds(jobs: Sequence[Sequence[str]]) -> list[list[str]]:
    """Give each job with `data.split.folds` and without a fold a job for each of its folds."""
    made: list[list[str]] = []
    for job in jobs:
        values = dict(word.partition("=")[::2] for word in job)
        folds = values.get(FOLDS, "")
        if FOLD in values or not folds.isdecimal() or int(folds) < 2:
            made.append(list(job))
            continue
        made += [[*job, f"{FOLD}={fold}"] for fold in range(int(folds))]
    return made


def _space(
    typed: Sequence[Override],
    block: Mapping[str, Any],
    groups: Sequence[Sequence[str]],
    parse: Parse,
) -> Space:
    own = {override.get_key_element(): override for override in typed}
    for key, value in block.items():
        if str(key) not in own:
            own = {**own, str(key): parse(_word(str(key), value))}
    fixed, axes = [], {}
    for key, override in own.items():
        if override.is_sweep_override():
            axes[key] = _axis(key, override)
        else:
            fixed.append(override.input_line or "")
    for keys in groups:
        varied = [key for key in keys if key in axes]
        if len(varied) > 1:
            axes = _zip(axes, varied)
    given = dict.fromkeys(axes.values())
    kept = tuple(replace(axis, values=tuple(dict.fromkeys(axis.values))) for axis in given)
    repeated = (
        axis.keys
        for axis, once in zip(given, kept, strict=True)
        if len(axis.values) > len(once.values)
    )
    return Space(tuple(fixed), kept, tuple(own), tuple(itertools.chain(*repeated)))


def _axis(key: str, override: Override) -> Axis:
    value = override.value()
    if isinstance(value, Glob):
        raise globbed(override.key_or_group, override.input_line or key, value)
    check_values(override)
    if isinstance(value, IntervalSweep):
        interval = _interval(key, value)
        if is_repetition(key.lstrip("+")):
            raise _no_repetitions(key, interval)
        return Axis((key,), interval=interval)
    if isinstance(value, RangeSweep) and (value.step == 0 or value.start is None):
        raise _unreadable(override.input_line or key)
    found = itertools.islice(override.sweep_string_iterator(), MOST + 1)
    words = [f"{key}={text}" for text in found]
    if len(words) > MOST:
        raise UserError(
            f"{override.input_line} has more than {MOST} values",
            f"at most {MOST} of a key",
            f"'{key}=range(8)'",
        )
    if not words:
        raise UserError(
            f"{override.input_line} has no value", "a range that is not empty", f"'{key}=range(3)'"
        )
    return Axis((key,), tuple((word,) for word in words))


def _interval(key: str, value: IntervalSweep) -> Interval:
    low, high, log = value.start, value.end, "log" in value.tags
    if low is None or high is None or not low < high or (log and low <= 0):
        raise UserError(
            f"{key}: the interval from {low} to {high}{' on a logarithmic scale' if log else ''}",
            "a lower end first, and above 0 for tag(log,...)",
            f"'{key}=tag(log,interval(0.001,0.1))'",
        )
    # Hydra reads int(interval(a,b)) as whole ends, and any other as real ones
    return Interval(low, high, log, isinstance(low, int) and isinstance(high, int))


def _no_repetitions(key: str, interval: Interval) -> UserError:
    """The error of a seed or a fold by an interval: each configuration has the same ones."""
    first = math.ceil(interval.low)
    last = max(first, min(math.floor(interval.high), first + 9))
    return UserError(
        f"{key} has an interval, and a search draws no seeds or folds: each configuration has "
        "all of them",
        "values with commas, or a range",
        f"'{key}=range({first},{last + 1})'",
    )


def _zip(axes: dict[str, Axis], keys: Sequence[str]) -> dict[str, Axis]:
    """Several axes made one."""
    drawn = [key for key in keys if axes[key].interval is not None]
    if drawn:
        raise UserError(
            f"sweep.zip takes values together, and {drawn[0]} has an interval, which is no list of "
            "values",
            "keys with equally many values written out; or no zip, to draw each on its own",
            "sweep.zip=[]",
        )
    lengths = {key: len(axes[key].values) for key in keys}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{key} {count}" for key, count in lengths.items())
        raise UserError(
            f"sweep.zip takes values together, and there are unequally many: {told}",
            "equally many values for each key; or no zip, to cross them",
            "sweep.zip=[]",
        )
    words = zip(*(axes[key].values for key in keys), strict=True)
    one = Axis(tuple(keys), tuple(tuple(word for (word,) in step) for step in words))
    return {key: one if key in keys else axis for key, axis in axes.items()}


def _word(key: str, value: Any) -> str:
    """A line of `sweep.params` as it is typed."""
    if isinstance(value, list):
        return f"{key}={','.join(literal(item) for item in value)}"
    return f"{key}={value if isinstance(value, str) else literal(value)}"


def _parser() -> Parse:
    parser = OverridesParser.create()

    def parse(word: str) -> Override:
        try:
            return parser.parse_override(word)
        except HydraException as error:
            raise translate(OverrideParseException(word, str(error)), [word]) from error

    return parse


def _is_flat(zipped: Any) -> bool:
    return all(isinstance(key, str) for key in zipped)


def _name(word: str) -> str:
    return word.partition("=")[0]


def _between(low: float, high: float, share: float, log: bool) -> float:
    if log:
        return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    return low + share * (high - low)


def _unreadable(word: str) -> UserError:
    key = word.partition("=")[0]
    return UserError(f"{word!r} cannot be read", "range(start,stop,step)", f"'{key}=range(8)'")
