"""Did you mean: from a name that does not exist to the override that was meant."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nnexp.config.check import check_value
from nnexp.config.grammar import parse
from nnexp.config.groups import chosen, groups
from nnexp.config.keys import (
    PACKAGES,
    Key,
    all_keys,
    literal,
    unwrap,
)
from nnexp.config.likeness import likeness, nearest, plain_word
from nnexp.config.picked import is_chosen
from nnexp.config.shell import shell
from nnexp.config.synonyms import COUNTS, KEYS, OPTION_NAMES, PHRASES, meant
from nnexp.errors import TRAIN, UserError

HELP = f"{TRAIN} --help"

WIDTH, MOST_LAYERS = 64, 20  # of the layers that are suggested where their number is typed

_TRUTH = ("true", "false", "yes", "no", "on", "off", "1", "0")


def suggest(name: str, value: str | None, overrides: Sequence[str] = ()) -> str | None:
    """The override that was meant by a name that does not exist, or None.

    Arguments:
        name: what stood before the `=`, in any capitals: `lr`, `optimizer.l2`, `--batch-size`.
        value: what stood after it; None where nothing did.
        overrides: all that was typed, to know which options are chosen.
    """
    word = plain_word(name.lstrip("+~-").partition("@")[0])
    table = groups()
    leaf = word.rpartition(".")[2]
    inside = next((k for k in all_keys() if k.is_open and word.startswith(k.path + ".")), None)
    if inside is None:
        phrase = PHRASES.get(word) or PHRASES.get(leaf)
        if phrase and value:
            return " ".join(shell(part.format(value)) for part in phrase.split(" "))
        if leaf in COUNTS and value and value.isdecimal():
            count = int(value)
            value = literal([WIDTH] * count) if 0 < count <= MOST_LAYERS else None
        # learning_rate, optimizer.learning_rate, trainer.learning_rate
        word = KEYS.get(word) or KEYS.get(leaf, word)
    group = word if word in table else {p: g for g, p in PACKAGES.items()}.get(word)
    if group:
        return _choose(group, value, table)
    if inside is not None:
        text = f"{word}={'VALUE' if value is None else value}"
        return text if is_chosen(inside, chosen(overrides)) else f"{_owner(inside)} {text}"
    key = _same_name(word, overrides)
    if key is None and "." not in word and value is not None:
        # `arch=linear`: no such name, but an option of one group and of no other
        owners = [g for g, options in table.items() if value.lower() in options]
        if len(owners) == 1:
            return f"{owners[0]}={value.lower()}"
    near_group = nearest(word, list(table), 0.7) if "." not in word else None
    if key is None and near_group:
        return _choose(near_group, value, table)
    key = key or _alike(word, value, overrides)
    return assign(key, value, overrides) if key else None


def groups_default(group: str) -> str | None:
    """The option a group has by default; None where it has none."""
    return next(iter(chosen([]).get(group, [])), None)


def nearest_option(option: str, options: Sequence[str]) -> str | None:
    """The option that was meant, by its other names too; None where none is like it."""
    plain = plain_word(option)
    known = OPTION_NAMES.get(plain, plain)
    return known if known in options else nearest(plain, options)


def _choose(group: str, value: str | None, table: Mapping[str, Sequence[str]]) -> str:
    options = table[group]
    if group == "regularizer" and _is_number(value):
        return f"reg.l2={value}"
    plain = plain_word(value or "")
    option = nearest_option(plain, options) or groups_default(group)
    return f"{group}={option or options[0]}"


def _is_number(value: str | None) -> bool:
    try:
        return value is not None and math.isfinite(float(value))
    except ValueError:
        return False


def _same_name(word: str, overrides: Sequence[str]) -> Key | None:
    """The key of this very path, or whose last part is that of `word`, wherever it sits."""
    picked = chosen(overrides)
    section, _, leaf = word.rpartition(".")
    section = PACKAGES.get(section, section)
    same = [k for k in all_keys() if k.leaf == leaf and k.leaf != "name"]

    def distance(key: Key) -> tuple[bool, bool, bool, bool]:
        return (
            key.path != word,
            not key.path.startswith(section + "."),
            not is_chosen(key, picked),
            key.path.startswith("seeds."),
        )

    return min(same, key=distance, default=None)


def _alike(word: str, value: str | None, overrides: Sequence[str]) -> Key | None:
    """The key spelt most like `word`: its path, or its last part."""
    picked = chosen(overrides)
    section, _, leaf = word.rpartition(".")
    section = PACKAGES.get(section, section)

    def score(key: Key) -> float:
        whole = likeness(word, key.path)
        part = likeness(leaf, key.leaf)
        if key.path.startswith(section + ".") if section else True:
            part += 0.05
        else:
            part *= 0.85
        return max(whole, part) + (0.02 if is_chosen(key, picked) else 0.0)

    best = max((k for k in all_keys() if k.leaf != "name"), key=score)
    # of an option that is not chosen, and of a key that takes no such value, only what is nearly
    # the same word
    likely = is_chosen(best, picked) and _takes(best, value)
    return best if score(best) >= (0.66 if likely else 0.8) else None


def assign(key: Key, value: str | None, overrides: Sequence[str]) -> str:
    """`key=value`, with the option that has the key where another one is chosen."""
    text = f"{key.path}={_suited(key, value)}"
    if not is_chosen(key, chosen(overrides)) and key.owner:
        return f"{_owner(key)} {text}"
    return text


def _suited(key: Key, value: str | None) -> str:
    """The value as the key may take it, else the key's default."""
    default, choices = literal(key.default), key.limits.get("choices")
    if value is None:
        return "true" if unwrap(key.hint)[0] is bool else default
    value = meant(key.path, value)
    if choices:
        return str(value if value in choices else nearest(value, choices) or default)
    if key.is_list:
        value = value if value.startswith("[") else f"[{value}]"
    if unwrap(key.hint)[0] is bool and value.lower() not in _TRUTH:
        return default
    return _corrected(key, value) or default


def _corrected(key: Key, value: str) -> str | None:
    """The value where the key takes it, else that of the error's remedy; None without one."""
    try:
        check_value(key, parse(f"{key.path}={value}").value())
    except UserError as error:
        name, _, better = error.remedy.partition("=")
        return better if name == key.path else None
    except Exception:  # nothing that Hydra's grammar can read
        return value
    return value


def _takes(key: Key, value: str | None) -> bool:
    """Whether the key takes a value as it was typed."""
    return value is None or _suited(key, value).strip("[]") == value.strip("[]")


def _owner(key: Key) -> str:
    return "=".join(key.owner or ())
