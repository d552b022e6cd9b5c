"""The configurations of many jobs, without composing each from its files.

Jobs that choose the same options differ in values only: their files are composed once, and each
job's values are set in a copy (`template`), or laid on a copy of the tree by the function that
Hydra itself uses for that. Hydra alone would take 0.1 s a job.
"""

from __future__ import annotations

import contextlib
import pickle
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, open_dict

from nnexp.config.grammar import parse
from nnexp.config.groups import groups
from nnexp.config.misplaced import RUN_FOLDER, SWEEP_FOLDER
from nnexp.config.schema.config import Config
from nnexp.config.template import Template
from nnexp.config.translate import translate
from nnexp.config.tree import to_config
from nnexp.errors import UserError

Load = Callable[[list[str]], DictConfig]


def compose_many(
    load: Load,
    jobs: Sequence[Sequence[str]],
    whole: tuple[Sequence[str], DictConfig] | None = None,
) -> list[Config | UserError]:
    """The checked configuration of each job, or what is wrong with it.

    Arguments:
        load: composes overrides by Hydra; what it gives may have a `hydra` node.
        jobs: for each job its overrides.
        whole: the sweep's overrides, and what Hydra composed of those with one value; jobs that
            choose no other files are built on it.
    """
    composer = Composer(load, whole)
    found: list[Config | UserError] = []
    for job in jobs:
        try:
            found.append(composer.compose(job))
        except UserError as error:
            found.append(error)
    return found


class Composer:
    """Composes one job after the other; of those with the same files only the first from them.

    Arguments: as for `compose_many`.
    """

    def __init__(self, load: Load, whole: tuple[Sequence[str], DictConfig] | None = None) -> None:
        self._load, self._names = load, frozenset(groups())
        self._bases: dict[tuple[str, ...], _Base] = {}
        if whole is not None:
            self._begin_with(*whole)

    def _begin_with(self, words: Sequence[str], config: DictConfig) -> None:
        names, parsed = self._names, [(word, parse(word)) for word in words]
        single = {word: override for word, override in parsed if not override.is_sweep_override()}
        choices = tuple(word for word, override in single.items() if not _is_value(override, names))
        laid = frozenset(word for word, override in single.items() if _is_value(override, names))
        base = pickle.dumps(_without_hydra(pickle.loads(pickle.dumps(config))))
        self._bases[choices] = _Base(base, laid)

    @property
    def choices(self) -> int:
        """How many choices of options were composed."""
        return len(self._bases)

    def compose(self, job: Sequence[str]) -> Config:
        """The checked configuration of a job's overrides.

        Raises:
            UserError: for anything the command line would refuse.
        """
        job, handled = list(job), sys.exc_info()[1]
        with contextlib.suppress(Exception):  # the shorter way; where it fails Hydra's own
            return self._on_base(job)
        try:
            whole = _without_hydra(self._load(job))
        except Exception as error:
            raise translate(error, job, handled) from error
        return to_config(whole, job)

    def _on_base(self, job: list[str]) -> Config:
        """A job's configuration: the values that it sets, laid on what its choices compose to."""
        parsed = [(word, parse(word)) for word in job]
        if any(override.is_sweep_override() for _, override in parsed):
            raise ValueError("several values")  # which a text would take as it is printed
        base = self._base(
            tuple(word for word, override in parsed if not _is_value(override, self._names))
        )
        assert base.pickled is not None
        values = [
            (word, override)
            for word, override in parsed
            if _is_value(override, self._names) and not _is_folder(override)
        ]
        if _are_apart([override.key_or_group for _, override in values]):  # in any order
            values = [(word, override) for word, override in values if word not in base.laid]
        rest = [override for _, override in values]
        with contextlib.suppress(Exception):
            if base.template is not None:
                return base.template.filled(rest, job)
        own = pickle.loads(base.pickled)  # a copy, in half of deepcopy's time
        ConfigLoaderImpl._apply_overrides_to_config(rest, own)
        return to_config(own, job)

    def _base(self, choices: tuple[str, ...]) -> _Base:
        if choices not in self._bases:
            self._bases[choices] = _Base()  # tried
            self._bases[choices] = _Base(pickle.dumps(_without_hydra(self._load(list(choices)))))
        return self._bases[choices]


@dataclass(frozen=True)
class _Base:
    """What jobs of the same files are built on.

    Arguments:
        pickled: the composed tree; None where composing it failed.
        laid: words that set values which are on it already.
    """

    pickled: bytes | None = None
    laid: frozenset[str] = frozenset()

    @cached_property
    def template(self) -> Template | None:
        """For jobs that set values of single keys; None where the tree is not for that."""
        assert self.pickled is not None
        with contextlib.suppress(Exception):
            return Template(pickle.loads(self.pickled))
        return None


def _are_apart(keys: Sequence[str]) -> bool:
    """Whether no key is there twice, and none is above another."""
    ordered = sorted(f"{key}." for key in keys)
    return not any(b.startswith(a) for a, b in pairwise(ordered))


def _is_folder(override: Override) -> bool:
    """Whether a word names the folder, of which the configuration that is run knows nothing."""
    plain = not override.is_sweep_override() and isinstance(override.value(), str)
    return override.key_or_group in (RUN_FOLDER, SWEEP_FOLDER) and plain


def _without_hydra(composed: DictConfig) -> DictConfig:
    with open_dict(composed):
        composed.pop("hydra", None)
    return composed


def _is_value(override: Override, names: frozenset[str]) -> bool:
    """Whether an override sets a value and chooses no files."""
    plain = not (override.is_add() or override.is_delete() or override.is_force_add())
    chooses = override.key_or_group in names and not isinstance(override.value(), dict)
    return plain and override.package is None and not chooses
