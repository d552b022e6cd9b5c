"""The command line before Hydra sees it: its flags, and words that are no override."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.calls import legible
from nnexp.config.likeness import nearest
from nnexp.config.unknown import bare_word, unknown_flag
from nnexp.errors import UserError

# Hydra's flags; the values are what the flag takes: None nothing, () anything, else one of these
FLAGS: dict[tuple[str, ...], tuple[str, ...] | None] = {
    ("--help", "-h"): None,
    ("--hydra-help",): None,
    ("--version",): None,
    ("--cfg", "-c"): ("job", "hydra", "all"),
    ("--resolve",): None,
    ("--package", "-p"): (),
    ("--run", "-r"): None,
    ("--multirun", "-m"): None,
    ("--shell-completion", "-sc"): None,
    ("--config-path", "-cp"): (),
    ("--config-name", "-cn"): (),
    ("--config-dir", "-cd"): (),
    ("--experimental-rerun",): (),
    ("--info", "-i"): ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
}
_PLACES = ("--config-path", "--config-name", "--config-dir")  # where options are read from
_OPTIONAL = "--info"  # may stand without its value
_COMMANDS = ("--run", "--multirun", "--cfg", "--info", "--shell-completion")


def overrides_of(arguments: Sequence[str]) -> list[str]:
    """The overrides among the words of a command line, its flags checked; see `parted`."""
    return parted(arguments)[0]


def parted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The overrides among the words of a command line, and its flags with their values, checked.

    Hydra's own parser reads overrides in one piece only, and not `a=1 -m b=2`.

    Arguments:
        arguments: the words after the program's name.

    Raises:
        UserError: for a word that is no text, an unknown flag, a flag without its value, two
            commands at once, or a word that is neither a flag nor `key=value`.
    """
    words = legible(list(arguments))
    overrides = [w for w in words if not w.startswith("-") and ("=" in w or w.startswith("~"))]
    found, flags, commands = [], [], []
    position = 0
    while position < len(words):
        word, rest = words[position], words[position + 1 :]
        before = words[position - 1] if position else ""
        position += 1
        if not word.startswith("-"):
            if "=" not in word.removeprefix("=") and not word.startswith("~"):
                raise bare_word(word, rest, overrides, before)
            found.append(word)
            continue
        if word == "--":
            continue
        flags.append(word)
        flag, sign, value = word.partition("=")
        names = _flag(flag)
        if names is None:
            following = rest[0] if rest and "=" not in rest[0] and rest[0][:1] != "-" else None
            raise unknown_flag(word, following, overrides)
        takes = FLAGS[names]
        if names[0] in _COMMANDS:
            commands.append(names[0])
        if takes is None:
            if sign:
                raise UserError(f"{word!r} is given a value", f"{flag} stands alone", flag)
            continue
        if not sign and rest and rest[0][:1] != "-" and (takes == () or "=" not in rest[0]):
            value = rest[0]
            if names[0] != _OPTIONAL or value in takes:
                position += 1
                flags.append(value)
        _check_flag(names, value, takes)
    if len(set(commands)) > 1:
        raise UserError(
            f"{' and '.join(commands)} cannot be combined",
            f"one of {', '.join(_COMMANDS)}",
            commands[0],
        )
    if "--resolve" in words and "--cfg" not in commands:
        raise UserError(
            "--resolve without --cfg", "--resolve goes with --cfg", "--cfg job --resolve"
        )
    return found, flags


def places(words: Sequence[str]) -> list[str]:
    """The flags of a command line that say where options are read from, with their values.

    >>> places(["nnexp", "train", "-m", "-cd", "mine", "data=mine", "--config-name=other"])
    ['-cd', 'mine', '--config-name=other']
    """
    found: list[str] = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        flag, sign, _ = word.partition("=")
        names = _flag(flag) if flag.startswith("-") else None
        if names is not None and names[0] in _PLACES:
            found += [word] if sign else [word, following]
    return found


def wants(arguments: Sequence[str], *names: str) -> bool:
    """Whether one of the spellings of a flag is among the words of a command line."""
    return any(word in names for word in arguments)


def _flag(flag: str) -> tuple[str, ...] | None:
    """The flag of a spelling; argparse also takes an unambiguous beginning."""
    exact = [names for names in FLAGS if flag in names]
    begun = [names for names in FLAGS if flag.startswith("--") and names[0].startswith(flag)]
    if exact or len(begun) != 1 or len(flag) < 4:
        return exact[0] if exact else None
    return begun[0]


def _check_flag(names: tuple[str, ...], value: str, takes: tuple[str, ...]) -> None:
    if not value and names[0] == _OPTIONAL:
        return
    if value and (not takes or value in takes):
        return
    wrong = f"{names[0]} cannot be {value!r}" if value else f"{names[0]} stands without its value"
    best = nearest(value, takes, 0.0) if takes else "VALUE"
    allowed = f"{names[0]} is one of {', '.join(takes)}" if takes else f"{names[0]} VALUE"
    raise UserError(wrong, allowed, f"{names[0]} {best}")
