"""Did you mean: from a name that does not exist to the override that was meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from nnexp.config.synonyms import KEYS, OPTION_NAMES
from nnexp.errors import TRAIN

HELP = f"{TRAIN} --help"

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
    word = KEYS.get(word, word)
    section, _, leaf = word.rpartition(".")
    if KEYS.get(leaf, "").startswith(f"{section}."):  # optimizer.learning_rate
        word = KEYS[leaf]
    group = word if word in table else {p: g for g, p in PACKAGES.items()}.get(word)
    if group:
        return _choose(group, value, table)
    inside = next((k for k in all_keys() if k.is_open and word.startswith(k.path + ".")), None)
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
    key = key or _alike(word, overrides)
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
    plain = plain_word(value or "")
    option = nearest_option(plain, options) or groups_default(group)
    return f"{group}={option or options[0]}"


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


def _alike(word: str, overrides: Sequence[str]) -> Key | None:
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
    # of an option that is not chosen only what is nearly the same word
    return best if score(best) >= (0.66 if is_chosen(best, picked) else 0.8) else None


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
    if choices:
        return str(value if value in choices else nearest(value, choices) or default)
    if key.is_list:
        return value if value.startswith("[") else f"[{value}]"
    if unwrap(key.hint)[0] is bool and value.lower() not in _TRUTH:
        return default
    return value


def _owner(key: Key) -> str:
    return "=".join(key.owner or ())
