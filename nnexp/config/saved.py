"""A run's config.yaml: written as plain data, and read back without running anything.

What is read may be a stranger's: it is plain data (`plain_yaml`), names are looked up in the
schema, and a `_target_` counts only where the user trusts the folder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

from nnexp.config.bounds import LARGEST
from nnexp.config.check import check_settings
from nnexp.config.plain_yaml import parse
from nnexp.config.schema.config import Config
from nnexp.config.schema.model import CustomModelConfig
from nnexp.config.schema.options import OPTIONS
from nnexp.errors import UserError
from nnexp.files import read_regular

FILE = "config.yaml"
# older runs lack them, and did as these defaults do
ADDED: dict[str, Any] = {
    "data.sentinels": [],
    "data.duplicates": "keep",
    "data.decimal": "auto",
    "data.header": True,  # of data=csv alone
    "trainer.watch": True,
    "trainer.save_every": 30.0,
    "seeds.valid": None,
}
# libyaml's writes the same text in a quarter of the time
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_texts: dict[tuple[str, str], str] = {}  # of sections: the runs of a sweep share most of them
MOST_TEXTS = 10_000


def config_text(config: Config) -> str:
    """The configuration as YAML, every key with its value."""
    return "".join(_section_text(own.name, getattr(config, own.name)) for own in fields(config))


def overrides_text(overrides: Iterable[str]) -> str:
    """The words that a user typed, as overrides.yaml holds them."""
    words = list(overrides)
    try:
        return yaml.dump(words, Dumper=_Dumper, allow_unicode=True)
    except UnicodeEncodeError:  # a path's stray byte
        return yaml.safe_dump(words, allow_unicode=True)


def _section_text(name: str, value: Any) -> str:
    key = name, repr(value)
    if key not in _texts:
        if len(_texts) >= MOST_TEXTS:
            _texts.clear()
        plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
        _texts[key] = yaml.dump({name: plain}, Dumper=_Dumper, sort_keys=False)
    return _texts[key]


def flat(config: Config) -> dict[str, Any]:
    """Dotted key -> value, as typed: `{"optimizer.lr": 0.001, "model.hidden": [64, 64]}`."""
    return dict(flatten(asdict(config)))


def flatten(tree: dict[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a tree of mappings, each with its dotted key; an empty mapping is a value."""
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def with_added(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a run, dotted key -> value, with those that it is too old to have."""
    lacking = {key: value for key, value in ADDED.items() if key not in values}
    if values.get("data.name") != "csv":
        lacking.pop("data.header", None)
    return {**values, **lacking} if lacking and "data.name" in values else values


def read_config(folder: str | Path, trust: bool = False) -> Config:
    """Read the configuration of a run folder.

    Arguments:
        folder: the run folder.
        trust: allow a model class of the user's own, which will be imported.

    Raises:
        UserError: there is none, it is damaged, it does not fit the schema, or it names a class
            and is not trusted.
    """
    path = Path(folder) / FILE
    try:
        tree = parse(read_regular(path, LARGEST).decode())
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{str(folder)!r} is no run folder: it has no {FILE}",
            "a folder that a run of nnexp has written",
            "ls outputs",
        ) from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise _damaged(path, f"cannot be read: {reason}") from error
    if not isinstance(tree, dict):
        raise _damaged(path, "holds no keys")
    config: Config = _build(path, Config, tree, "")
    if isinstance(config.model, CustomModelConfig) and not trust:
        raise UserError(
            f"the run's model is a class of its user, {config.model._target_!r}",
            "importing it runs its code, which nnexp does for a folder that you trust",
            f"nnexp predict {quote(str(folder))} TABLE --trust",
        )
    try:
        check_settings(config)
    except UserError as error:
        raise _damaged(path, f"does not fit the schema: {error.wrong}") from error
    return config


def _build(path: Path, schema: type, tree: dict[Any, Any], prefix: str) -> Any:
    """An instance of `schema` from a mapping that must have just its keys, but for ADDED."""
    names = {field.name for field in fields(schema)}
    later = {name for name in names - set(tree) if f"{prefix}{name}" in ADDED}
    if set(tree) != names - later:
        odd = sorted(map(str, set(tree) ^ (names - later)))
        raise _damaged(path, f"has other keys than expected under {prefix or 'the top'}: {odd[0]}")
    values = {}
    for field in fields(schema):
        if field.name in later:
            continue
        value = tree[field.name]
        place = f"{prefix}{field.name}"
        section = _section(path, field.name, value) if not prefix else None
        if section is None and is_dataclass(field.default_factory):
            section = field.default_factory  # a nested section with one schema only
        if isinstance(section, type):
            if not isinstance(value, dict):
                raise _damaged(path, f"holds no keys under {place}")
            value = _build(path, section, value, f"{place}.")
        values[field.name] = value
    return schema(**values)


def _section(path: Path, group: str, value: Any) -> type | None:
    """The schema that a group's `name` chooses; None for what is no group."""
    if group not in OPTIONS:
        return None
    name = value.get("name") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in OPTIONS[group]:
        raise _damaged(path, f"names no known option of {group}: {name!r}")
    return OPTIONS[group][name]


def _damaged(path: Path, what: str) -> UserError:
    return UserError(
        f"{str(path)!r} {what}",
        f"the {FILE} that nnexp wrote, unchanged",
        "ls outputs",
    )
