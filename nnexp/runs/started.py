"""Where a run was started: its relative paths are read from there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnexp.config.schema.data import DataConfig

FILES = ("path", "test_path", "images", "image_labels", "test_images", "test_image_labels")
FILE_KEYS = frozenset(f"data.{name}" for name in FILES)


def files_of(config: DataConfig) -> list[str]:
    """The files and folders that a table is read from, as they were typed."""
    found = (getattr(config, name, None) for name in FILES)
    return [path for path in found if isinstance(path, str) and "://" not in path]


def started_in(folder: Path, paths: Sequence[str]) -> Path | None:
    """The folder from which relative paths lead to something, above a run's or a sweep's own.

    Arguments:
        folder: of the run; by default it lies in `outputs/` where the run was started.
        paths: what the run has read.

    Returns:
        The nearest such folder; None where there is none, or the paths can be read from here.
    """
    lost = [path for path in paths if not is_there(path)]
    if not lost or any(Path(path).is_absolute() for path in lost):
        return None
    above = folder.absolute().parents
    return next((p for p in above if all(is_there(p / path) for path in lost)), None)


def is_there(path: str | Path) -> bool:
    """Whether there is a file or a folder of that name; none has a name that cannot be one."""
    try:
        return Path(path).expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # too long; the home of nobody; a zero byte
        return False
