"""A run's config.yaml: written as plain data, and read back without running anything.

What is read may be a stranger's: there is no interpolation, no alias, no tag and no object; names
are looked up in the schema, and a `_target_` counts only where the user trusts the folder.
"""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from nnexp.config.check import check
from nnexp.config.schema import OPTIONS, Config, CustomModelConfig
from nnexp.errors import UserError

FILE = "config.yaml"
LARGEST = 1 << 20  # bytes
DEEPEST = 20  # levels of nesting


def config_text(config: Config) -> str:
    """The configuration as YAML, every key with its value."""
    return yaml.safe_dump(asdict(config), sort_keys=False, allow_unicode=True)


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
        if path.stat().st_size > LARGEST:
            raise _damaged(path, f"is larger than {LARGEST} bytes")
        text = path.read_text(encoding="utf-8")
        _refuse_depth_and_aliases(path, text)
        tree = yaml.safe_load(text)
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{str(folder)!r} is no run folder: it has no {FILE}",
            "a folder that a run of nnexp has written",
            "ls outputs",
        ) from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _damaged(path, f"cannot be read: {type(error).__name__}") from error
    if not isinstance(tree, dict):
        raise _damaged(path, "holds no keys")
    config: Config = _build(path, Config, tree, "")
    if isinstance(config.model, CustomModelConfig) and not trust:
        raise UserError(
            f"the run's model is a class of its user, {config.model._target_!r}",
            "importing it runs its code, which nnexp does for a folder that you trust",
            "nnexp predict RUN TABLE --trust, or nnexp.load(RUN, trust=True)",
        )
    check(config)
    return config


def _build(path: Path, schema: type, tree: dict[Any, Any], prefix: str) -> Any:
    """An instance of `schema` from a mapping that must have just its keys."""
    names = {field.name for field in fields(schema)}
    if set(tree) != names:
        odd = sorted(map(str, set(tree) ^ names))
        raise _damaged(path, f"has other keys than expected under {prefix or 'the top'}: {odd[0]}")
    values = {}
    for field in fields(schema):
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


def _refuse_depth_and_aliases(path: Path, text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _damaged(path, "holds aliases")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _damaged(path, f"is nested deeper than {DEEPEST} levels")


def _damaged(path: Path, what: str) -> UserError:
    return UserError(
        f"{str(path)!r} {what}",
        f"the {FILE} that nnexp wrote, unchanged",
        "train again, or restore the folder",
    )
