"""The groups, their options and what is chosen in each, read from the YAML files' names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from nnexp.config.own import own_file, own_folders
from nnexp.config.store import conf_dir


def groups() -> dict[str, list[str]]:
    """Every group with its options, the user's own too, in the order of conf/config.yaml."""
    folder = conf_dir()
    found = {
        path.name: sorted(
            {
                file.stem
                for root in (folder, *own_folders())
                for file in (root / path.name).glob("*.yaml")
            }
        )
        for path in sorted(folder.iterdir())
        if path.is_dir() and path.name != "hydra"
    }
    order = list(defaults())
    return dict(sorted(found.items(), key=lambda g: order.index(g[0]) if g[0] in order else 99))


def defaults() -> dict[str, str | None]:
    """The option that each group has where the user chooses none; None for no option."""
    return _choices(_read_defaults(conf_dir() / "config.yaml"))


def chosen(overrides: Sequence[str]) -> dict[str, list[str]]:
    """The options that each group has after some overrides; several in a sweep.

    Arguments:
        overrides: as typed, `["optimizer=sgd,adam", "experiment=unscaled"]`.
    """
    typed = {}
    for override in overrides:
        name, _, value = override.lstrip("+").partition("=")
        typed[name.partition("@")[0]] = [v.strip("[] ") for v in value.split(",")]
    result = {group: [option] for group, option in defaults().items() if option}
    for name in typed.get("experiment", []):
        file = own_file("experiment", name) or conf_dir() / "experiment" / f"{name}.yaml"
        try:
            overlay = _choices(_read_defaults(file), "override /")
        except Exception:  # missing or unreadable: Hydra says so, here it only chooses nothing
            continue
        result.update({group: [option] for group, option in overlay.items() if option})
    return result | {group: options for group, options in typed.items() if group in groups()}


def _read_defaults(file: Path) -> list[Any]:
    return _read_version(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _read_version(file: Path, modified: int) -> list[Any]:
    document = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    return list(document.get("defaults") or []) if isinstance(document, dict) else []


def _choices(entries: list[Any], prefix: str = "") -> dict[str, str | None]:
    """The `group: option` entries of a defaults list, with `prefix` cut off."""
    pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
    return {
        str(name).removeprefix(prefix): option
        for name, option in pairs
        if str(name).startswith(prefix) and "hydra/" not in str(name)
    }
