"""A mistake in a file of the user's own is told of that file, and not as if it had been typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from nnexp.config.groups import chosen
from nnexp.config.keys import PACKAGES, all_keys
from nnexp.config.own import own_file
from nnexp.config.saved import flatten
from nnexp.config.schema.options import OPTIONS
from nnexp.config.shell import shell
from nnexp.errors import UserError

_GLOBAL = "experiment"  # the group whose files begin at the top
_PARAMS = "sweep.params"


def located(error: UserError, overrides: Sequence[str]) -> UserError:
    """The error, with the name of the file where its key was set, if that was not typed.

    Arguments:
        error: as it is worded for what was typed.
        overrides: what was typed.
    """
    typed = {override.lstrip("+~").partition("=")[0] for override in overrides}
    for file, key in _keys_in_files(overrides):
        if key in typed or not re.search(rf"(?<![\w.]){re.escape(key)}(?![\w.]*\w)", error.wrong):
            continue
        group, option = file.parent.name, file.stem
        if group in OPTIONS and "schema_" not in file.read_text(encoding="utf-8"):
            return without_schema(group, [f"{group}={option}"])
        known = any(key == k.path or (k.is_open and key.startswith(k.path)) for k in all_keys())
        # what is typed takes the place of a value in the file, and does not mend a name
        search = f"grep -n {shell(key.rpartition('.')[2])} {shell(str(file))}"
        return UserError(f"{file}: {error.wrong}", error.allowed, error.remedy if known else search)
    return error


def without_schema(section: str, overrides: Sequence[str]) -> UserError:
    """The error of an option whose file does not begin with a schema.

    Arguments:
        section: the group, as `optimizer`.
        overrides: what was typed.
    """
    option = "/".join(chosen(overrides).get(section, []))
    file = own_file(section, option)
    schema = _schema_for(section, file)
    line = f"defaults: [schema_{schema}, _self_]"
    return UserError(
        f"{section}={option} has no schema",
        f"a file that begins with '{line}', or another of {', '.join(OPTIONS[section])}",
        f"sed -i '1i {line}' {shell(str(file))}" if file else f"{section}={schema}",
    )


def _schema_for(section: str, file: Path | None) -> str:
    """The option on whose schema a file can be built: it has all of the file's keys."""
    usual = chosen([])[section][0]
    names = {key for key, _ in _content(file)} if file else set()
    for option in (usual, *OPTIONS[section]):
        own = {key.path.partition(".")[2] for key in all_keys() if key.owner == (section, option)}
        if names - {"name"} <= own:
            return option
    return usual


def _keys_in_files(overrides: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for group, options in chosen(overrides).items():
        for option in options:
            file = own_file(group, option)
            if file is None:
                continue
            for key, value in _content(file):
                path = key if group == _GLOBAL else f"{PACKAGES.get(group, group)}.{key}"
                parts = path.split(".")  # a section with a wrong name is there only with its keys
                yield from ((file, ".".join(parts[:end])) for end in range(2, len(parts) + 1))
                if path.startswith(_PARAMS) or (group == "sweep" and key == "params"):
                    blocks = value if isinstance(value, list) else [value]
                    yield from (
                        (file, name)
                        for block in blocks
                        if isinstance(block, dict)
                        for name in map(str, block)
                    )


def _content(file: Path) -> list[tuple[str, Any]]:
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return []
    if not isinstance(tree, dict):
        return []
    tree.pop("defaults", None)
    params = tree.get("params")
    plain = {key: value for key, value in tree.items() if key != "params"}
    return [*flatten(plain), *([("params", params)] if params is not None else [])]
