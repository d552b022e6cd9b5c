"""Did you mean: from a name that does not exist to the override that was meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from nnexp.config.groups import chosen, groups
from nnexp.config.keys import (
    PACKAGES,
    Key,
    all_keys,
    common_keys,
    literal,
    option_keys,
    unwrap,
)
from nnexp.config.own import own_file, unknown_folder
from nnexp.config.schema.options import OPTIONS
from nnexp.config.shell import shell
from nnexp.config.synonyms import KEYS, OPTION_NAMES
from nnexp.errors import TRAIN, UserError

HELP = f"{TRAIN} --help"

_TRUTH = ("true", "false", "yes", "no", "on", "off", "1", "0")
_TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".feather", ".gz", ".bz2", ".xz", ".zst")


def nearest(word: str, names: Sequence[str], cutoff: float = 0.55) -> str | None:
    """The name most like `word`, capitals and hyphens aside; None where none is like it."""
    word = _plain(word)
    best = max(names, key=lambda name: _likeness(word, name), default=None)
    return best if best is not None and _likeness(word, best) >= cutoff else None


def suggest(name: str, value: str | None, overrides: Sequence[str] = ()) -> str | None:
    """The override that was meant by a name that does not exist, or None.

    Arguments:
        name: what stood before the `=`, in any capitals: `lr`, `optimizer.l2`, `--batch-size`.
        value: what stood after it; None where nothing did.
        overrides: all that was typed, to know which options are chosen.
    """
    word = _plain(name.lstrip("+~-").partition("@")[0])
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
        return text if _is_chosen(inside, chosen(overrides)) else f"{_owner(inside)} {text}"
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
    return _assign(key, value, overrides) if key else None


def unknown_key(path: str, value: Any = None, overrides: Sequence[str] = ()) -> UserError:
    """The error for an override whose key does not exist, or not for the options chosen."""
    path = path.lstrip("+~")
    head = path.partition(".")[0]
    if head == path and head in set(groups()) - set(OPTIONS) - {k.path for k in all_keys()}:
        line, option = f"# @package {PACKAGES.get(head, '_global_')}", chosen(overrides).get(head)
        file = own_file(head, "/".join(option or ()))
        return UserError(
            f"{head}={'/'.join(option or ())} puts its values under {head!r}, which nothing reads",
            f"a file in {head}/ begins with the line '{line}'",
            f"sed -i '1i {line}' {shell(str(file))}" if file else line,
        )
    text = value if isinstance(value, str) or value is None else literal(value)
    remedy = suggest(path, text, overrides)
    owners = [k.owner for k in all_keys() if k.path == path and k.owner]
    picked = {g: "/".join(o) for g, o in chosen(overrides).items()}
    section = path.rpartition(".")[0]
    section = PACKAGES.get(section, section)
    siblings = _siblings(section, overrides)
    if owners and owners[0]:
        group = owners[0][0]
        has = " and ".join(f"{group}={option}" for group, option in filter(None, owners))
        return UserError(
            f"{path} is not a key of {group}={picked.get(group)}",
            f"{path} is a key of {has}",
            remedy or HELP,
        )
    if siblings:
        title = f"{section}={picked[section]}" if section in OPTIONS else section
        rule = f"the keys of {title} are {', '.join(siblings)}"
    elif remedy and (found := _rule(remedy)):
        rule = found
    else:
        singles = [k.path for k in common_keys() if "." not in k.path]
        sections = ["reg", "seeds"]
        rule = (
            f"groups are {', '.join(groups())}; keys begin with one of "
            f"{', '.join([*OPTIONS, *sections, 'trainer'])}, or are {', '.join(singles)}"
        )
    return UserError(f"there is no key or group {path!r}", rule, remedy or HELP)


def unknown_option(
    group: str, option: str, options: Sequence[str] = (), overrides: Sequence[str] = ()
) -> UserError:
    """The error for `group=option` where the group has no such option."""
    names = [n for n in options or groups().get(group, []) if not n.startswith("schema_")]
    if group == "hydra" or group.startswith("hydra/"):
        wrong = f"Hydra has no {group}={option} here; a plugin may not be installed"
    else:
        wrong = f"{group} has no option {option!r}"
    if group == "data" and option.lower().endswith(_TABLE_ENDINGS):
        return UserError(
            wrong, "a table of your own is data=csv with data.path", own_table(option, overrides)
        )
    if option and (flag := unknown_folder(group, option)):
        return UserError(
            f"{wrong} in conf/", "options of your own are in a folder that --config-dir names",
            f"{flag} {group}={option}",
        )  # fmt: skip
    best = (_nearest_option(option, names) if option else None) or groups_default(group)
    if best is None and names and group not in groups():
        best = names[0]
    return UserError(
        wrong,
        f"{group} is one of {', '.join(names)}" if names else f"{HELP} lists every group",
        f"{group}={best}" if best else HELP,
    )


def own_table(path: str, overrides: Sequence[str] = ()) -> str:
    """The overrides that train on a file, with the target where none is typed yet."""
    target = "" if any(o.startswith("data.target=") for o in overrides) else " data.target=COLUMN"
    return f"data=csv data.path={path}{target}"


def groups_default(group: str) -> str | None:
    """The option a group has by default; None where it has none."""
    return next(iter(chosen([]).get(group, [])), None)


def bare_word(word: str, following: Sequence[str] = (), overrides: Sequence[str] = ()) -> UserError:
    """The error for a word without `=`, as `optimizer adam`, `lr = 0.1` or a torn list `64]`."""
    if set(word) & set("[]{}(),"):
        torn = [o for o in overrides if o.count("[") > o.count("]")][-1:] or ["model.hidden=[64,"]
        end = next((i for i, w in enumerate([word, *following]) if w.endswith("]")), 0)
        rest = [word, *following][: end + 1] if word.strip("[](){}, ") else ["64]"]
        wrong, remedy = f"{word!r} is not an override", f"'{' '.join([*torn, *rest])}'"
        return UserError(wrong, "a list is typed without blanks, or in quotes", remedy)
    if word.startswith("="):
        wrong = f"{word!r} stands alone" if word == "=" else f"{word!r} has nothing before its '='"
        return UserError(wrong, "key=value is typed without blanks", HELP)
    if word.lower().endswith(_TABLE_ENDINGS):
        return UserError(
            f"{word!r} has no '='",
            "a table of your own is data=csv with data.path",
            own_table(word, overrides),
        )
    rest = [w for w in following if w != "="][:1]
    value = rest[0] if rest and "=" not in rest[0] and not rest[0].startswith("-") else None
    # `lr` is more likely the key than the sweep of that name
    owners = [g for g, options in groups().items() if word in options and g != "sweep"]
    remedy = f"{owners[0]}={word}" if owners else suggest(word, value, overrides) or HELP
    if word in {k.path for k in all_keys()}:
        remedy = f"{word}={value}" if value else _assign(_find(word, overrides), None, overrides)
    return UserError(f"{word!r} has no '='", "every choice is typed key=value", remedy)


def unknown_flag(flag: str, value: str | None, overrides: Sequence[str] = ()) -> UserError:
    """The error for `--optimizer=adam` or `--lr 0.1`: choices are typed without hyphens."""
    name, _, inline = flag.lstrip("-").partition("=")
    value = inline or value
    remedy = suggest(name, value, overrides)
    path = _plain(name)
    if path in {k.path for k in all_keys()}:
        remedy = _assign(_find(path, overrides), value, overrides)
    return UserError(
        f"there is no flag {flag.partition('=')[0]!r}",
        "choices are typed key=value, without hyphens; flags are -m, --cfg, --help, --hydra-help",
        remedy or HELP,
    )


def _plain(word: str) -> str:
    return word.replace("-", "_").lower()


def _nearest_option(option: str, options: Sequence[str]) -> str | None:
    plain = _plain(option)
    known = OPTION_NAMES.get(plain, plain)
    return known if known in options else nearest(plain, options)


def _likeness(a: str, b: str) -> float:
    return SequenceMatcher(None, a, b).ratio()


def _find(path: str, overrides: Sequence[str]) -> Key:
    """The key of a path, by preference that of the option chosen."""
    picked = chosen(overrides)
    found = [k for k in all_keys() if k.path == path]
    return next((k for k in found if _is_chosen(k, picked)), found[0])


def _choose(group: str, value: str | None, table: Mapping[str, Sequence[str]]) -> str:
    options = table[group]
    plain = _plain(value or "")
    option = _nearest_option(plain, options) or groups_default(group)
    return f"{group}={option or options[0]}"


def _is_chosen(key: Key, picked: Mapping[str, Sequence[str]]) -> bool:
    if key.owner is None:
        return True
    group, option = key.owner
    names = picked.get(group, [])
    # an option of the user's own is built on a schema that is not known here
    return option in names or any(name not in OPTIONS[group] for name in names)


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
            not _is_chosen(key, picked),
            key.path.startswith("seeds."),
        )

    return min(same, key=distance, default=None)


def _alike(word: str, overrides: Sequence[str]) -> Key | None:
    """The key spelt most like `word`: its path, or its last part."""
    picked = chosen(overrides)
    section, _, leaf = word.rpartition(".")
    section = PACKAGES.get(section, section)

    def score(key: Key) -> float:
        whole = _likeness(word, key.path)
        part = _likeness(leaf, key.leaf)
        if key.path.startswith(section + ".") if section else True:
            part += 0.05
        else:
            part *= 0.85
        return max(whole, part) + (0.02 if _is_chosen(key, picked) else 0.0)

    best = max((k for k in all_keys() if k.leaf != "name"), key=score)
    # of an option that is not chosen only what is nearly the same word
    return best if score(best) >= (0.66 if _is_chosen(best, picked) else 0.8) else None


def _assign(key: Key, value: str | None, overrides: Sequence[str]) -> str:
    """`key=value`, with the option that has the key where another one is chosen."""
    text = f"{key.path}={_suited(key, value)}"
    if not _is_chosen(key, chosen(overrides)) and key.owner:
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


def _rule(remedy: str) -> str | None:
    """What is allowed for the last override of a remedy, in words."""
    path = remedy.split()[-1].partition("=")[0]
    if path in groups():
        return f"{path} is one of {', '.join(groups()[path])}"
    found = next((k for k in all_keys() if path == k.path or path.startswith(k.path + ".")), None)
    if found is None:
        return None
    return f"{found.path}: {found.help}" if found.is_open else found.allowed


def _siblings(section: str, overrides: Sequence[str]) -> list[str]:
    """The names below a section, for the options chosen."""
    group = section.partition(".")[0]
    if group in OPTIONS:
        names = [o for o in chosen(overrides).get(group, []) if o in OPTIONS[group]]
        keys = [k for name in names for k in option_keys(group, name)]
    else:
        keys = list(common_keys())
    rests = [k.path.removeprefix(section + ".") for k in keys if k.path.startswith(section + ".")]
    return list(dict.fromkeys(r for r in rests if r != "name"))
