"""Words as a shell takes them: what is printed to be typed has to arrive as it was meant."""

from __future__ import annotations

import re
import shlex

# square brackets stay: they name no file that has such a name, and are how lists are read at ease
_PLAIN = re.compile(r"[\w@%+=:,./\[\]-]+")


def shell(word: str) -> str:
    """An override or a path, quoted where a shell would read it otherwise.

    >>> shell("model.hidden=[64,64]"), shell("seed=range(3)")
    ('model.hidden=[64,64]', "'seed=range(3)'")
    """
    return word if _PLAIN.fullmatch(word) else shlex.quote(word)
