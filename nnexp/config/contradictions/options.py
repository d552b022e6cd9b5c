"""Contradictions between an option chosen and its name."""

from __future__ import annotations

from nnexp.config.schema.config import Config
from nnexp.config.schema.options import OPTIONS
from nnexp.errors import UserError


def names_match(config: Config) -> UserError | None:
    """`data.name`, `model.name`, `optimizer.name` and `scheduler.name` follow the option chosen."""
    for group in ("data", "model", "optimizer", "scheduler"):
        section = getattr(config, group)
        own = next((n for n, s in OPTIONS[group].items() if type(section) is s), None)
        if own is not None and section.name != own:
            known = section.name in OPTIONS[group]
            return UserError(
                f"{group}.name={section.name} with the keys of {group}={own}",
                f"{group} is one of {', '.join(OPTIONS[group])}; {group}.name follows it",
                f"{group}={section.name}" if known else f"{group}.name={own}",
            )
    return None
