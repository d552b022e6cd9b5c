"""Whether a folder is free for a run: nothing in it is anybody's."""

from __future__ import annotations

import os
from pathlib import Path

from nnexp.track.log import FILE as LOG


def is_blank(folder: Path) -> bool:
    """Whether a folder is not there, or holds nothing yet but a log, as where a sweep was killed
    that made it.
    """
    if not os.path.lexists(folder):
        return True
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = [path.name for path in folder.iterdir()]
    return all(name == LOG or (name[:1] == "." and name.endswith(".tmp")) for name in names)
