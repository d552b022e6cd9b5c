"""Paths as they are typed from the working directory."""

from __future__ import annotations

from pathlib import Path


def near(path: Path) -> Path:
    """A path relative to the working directory where it is below it, else as it was given."""
    absolute = path.absolute()
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else path
