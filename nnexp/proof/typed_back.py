"""Settings that somebody typed, put back to what they are by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.errors import HydraException

from nnexp.config.changes import config_value
from nnexp.config.compose import compose
from nnexp.config.grammar import parse
from nnexp.config.schema.config import Config
from nnexp.diagnosis.overrides import override
from nnexp.errors import UserError

MOST = 6  # settings, the last that were typed

# a setting -> what it holds down where the run does better without it. What is not here is what
# the run is for (its table, columns, split, seeds), or is changed by a probe of its own.
CAUSES = {
    "data.encoding": "categorical_as_number",
    "data.missing": "informative_missingness",
    "data.min_frequency": "uninformative_inputs",
    "data.max_levels": "uninformative_inputs",
    "loss.class_weight": "class_imbalance",
    "model.activation": "vanishing_gradients",
    "model.init": "bad_initialisation",
    "model.init_scale": "bad_initialisation",
    "model.bias_init": "bad_initialisation",
    "model.norm": "batchnorm_mode",
    "optimizer.momentum": "unsuitable_optimizer",
    "optimizer.nesterov": "unsuitable_optimizer",
    "optimizer.betas": "unsuitable_optimizer",
    "optimizer.eps": "unsuitable_optimizer",
    "optimizer.alpha": "unsuitable_optimizer",
    "reg.grad_clip": "lr_too_low",
    "reg.patience": "undertrained",
    "scheduler": "lr_too_low",
    "trainer.batch_size": "undertrained",
    "trainer.shuffle": "ordered_split",
}

# what a gain shows of a setting of the table, where the cause's own title says something else
TITLES = {
    "data.missing": "missing cells are treated in a way that costs",
    "data.min_frequency": "levels that tell the label apart are merged",
    "loss.class_weight": "the classes are told better without the weights that were typed",
    "data.max_levels": "a column is left out for its many levels, which tell the label",
}


def title_of(words: Sequence[str]) -> str:
    """What is wrong where overrides that undo a typed setting gain; "" for the cause's own title.

    >>> title_of(["data.max_levels=100"])
    'a column is left out for its many levels, which tell the label'
    """
    return next((TITLES[key] for key in map(key_of, words) if key in TITLES), "")


def key_of(word: str) -> str:
    """The key of an override."""
    return word.partition("=")[0]


def typed_back(base: Config, overrides: Sequence[str]) -> list[tuple[str, str]]:
    """The overrides that undo one typed setting each, with the cause that a gain would point to.

    Arguments:
        base: the configuration.
        overrides: what was typed for it.

    >>> from nnexp.config.compose import compose
    >>> words = ["data=wine", "trainer.batch_size=64", "trainer.epochs=5"]
    >>> typed_back(compose(words), words)
    [('trainer.batch_size=32', 'undertrained')]
    """
    try:
        keys = [parse(word).key_or_group for word in overrides]
    except (HydraException, RecursionError):  # of a folder that was damaged
        return []
    found = []
    for key in dict.fromkeys(keys):
        if key not in CAUSES:
            continue
        others = [word for word, own in zip(overrides, keys, strict=True) if own != key]
        path = f"{key}.name" if key == "scheduler" else key
        try:
            usual = config_value(compose(others), path)
            differs = usual != config_value(base, path)
        except (UserError, AttributeError):  # nothing without it
            continue
        if differs:
            found.append((override(key, usual), CAUSES[key]))
    return found[-MOST:]
