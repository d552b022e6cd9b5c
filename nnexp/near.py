"""Paths as they are typed from the working directory, and what was meant by a mistyped one."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

LIKE = 0.6  # of names, from which one may be meant for the other


def near(path: Path) -> Path:
    """A path relative to the working directory where it is below it, else as it was given."""
    absolute = path.absolute()
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else path


def beside(path: Path) -> str:
    """What to say of a path that is not there: which one beside it has a name like it; or "".

    Arguments:
        path: of a file or folder.
    """
    try:
        names = [] if path.exists() else sorted(own.name for own in path.parent.iterdir())
    except OSError:  # no folder, or one that nobody may read
        return ""
    match = get_close_matches(path.name, names, n=1, cutoff=LIKE)
    return f"; beside it there is {str(path.parent / match[0])!r}" if match else ""
