"""The errors for keys, options, words and flags that do not exist."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from nnexp.config.groups import chosen, groups
from nnexp.config.keys import (
    PACKAGES,
    all_keys,
    common_keys,
    literal,
    option_keys,
)
from nnexp.config.likeness import plain_word
from nnexp.config.misplaced import RUN_FOLDER, SWEEP_FOLDER
from nnexp.config.own import own_file, unknown_folder
from nnexp.config.picked import key_of
from nnexp.config.schema.options import OPTIONS
from nnexp.config.shell import shell
from nnexp.config.suggest import HELP, assign, groups_default, nearest_option, suggest
from nnexp.errors import UserError

CLASSES_ALONE = "classes are what is predicted; regression is not supported yet"
_PATHS = (RUN_FOLDER, SWEEP_FOLDER, "sweep.resume", "data.path", "data.test_path")
_TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".feather", ".gz", ".bz2", ".xz", ".zst")


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
    if text and "regress" in text.lower():
        rule = CLASSES_ALONE
    elif siblings:
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
    best = (nearest_option(option, names) if option else None) or groups_default(group)
    if best is None and names and group not in groups():
        best = names[0]
    rule = f"{group} is one of {', '.join(names)}" if names else f"{HELP} lists every group"
    if group == "loss" and "regress" in option.lower():
        rule = CLASSES_ALONE
    return UserError(wrong, rule, f"{group}={best}" if best else HELP)


def own_table(path: str, overrides: Sequence[str] = ()) -> str:
    """The overrides that train on a file, with the target where none is typed yet."""
    target = "" if any(o.startswith("data.target=") for o in overrides) else " data.target=COLUMN"
    return f"data=csv data.path={path}{target}"


def bare_word(
    word: str, following: Sequence[str] = (), overrides: Sequence[str] = (), before: str = ""
) -> UserError:
    """The error for a word without `=`, as `optimizer adam`, `lr = 0.1` or a torn list `64]`.

    Arguments:
        word: it.
        following: the words after it.
        overrides: all that were typed.
        before: the one before it; a path, it may have been torn by a blank.
    """
    if set(word) & set("[]{}(),"):
        torn = [o for o in overrides if o.count("[") > o.count("]")][-1:] or ["model.hidden=[64,"]
        end = next((i for i, w in enumerate([word, *following]) if w.endswith("]")), 0)
        rest = [word, *following][: end + 1] if word.strip("[](){}, ") else ["64]"]
        wrong, remedy = f"{word!r} is not an override", f"'{' '.join([*torn, *rest])}'"
        return UserError(wrong, "a list is typed without blanks, or in quotes", remedy)
    if word.startswith("="):
        wrong = f"{word!r} stands alone" if word == "=" else f"{word!r} has nothing before its '='"
        return UserError(wrong, "key=value is typed without blanks", HELP)
    if whole := _torn_path(before, [word, *following]):
        return UserError(f"{word!r} has no '='", "a path with a blank in it is quoted", whole)
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
    if (key := key_of(word, chosen(overrides))) is not None:
        remedy = f"{word}={value}" if value else assign(key, None, overrides)
    return UserError(f"{word!r} has no '='", "every choice is typed key=value", remedy)


def _torn_path(before: str, words: Sequence[str]) -> str | None:
    """A path whose end stands apart from it, put together; None where it is whole."""
    key, _, start = before.partition("=")
    if key not in _PATHS or start.lower().endswith(_TABLE_ENDINGS):
        return None
    rest = list(takewhile(lambda word: "=" not in word and not word.startswith("-"), words))
    if not rest[-1].lower().endswith(_TABLE_ENDINGS) and "/" not in rest[-1]:
        value = rest[1] if rest[1:] else None
        if key_of(rest[0], chosen([])) or rest[0] in groups() or suggest(rest[0], value):
            return None  # more likely a key without its sign
    return shell(f"{key}={literal(' '.join([start, *rest]))}")


def unknown_flag(flag: str, value: str | None, overrides: Sequence[str] = ()) -> UserError:
    """The error for `--optimizer=adam` or `--lr 0.1`: choices are typed without hyphens."""
    name, _, inline = flag.lstrip("-").partition("=")
    value = inline or value
    separates = value is not None and not value.strip("=;:,|")
    value = f'"{value}"' if separates else value
    remedy = suggest(name, value, overrides)
    if (key := key_of(plain_word(name), chosen(overrides))) is not None:
        remedy = assign(key, value, overrides)
    if remedy and separates:
        remedy = " ".join(map(shell, remedy.split()))
    return UserError(
        f"there is no flag {flag.partition('=')[0]!r}",
        "choices are typed key=value, without hyphens; flags are -m, --cfg, --help, --hydra-help",
        remedy or HELP,
    )


def _rule(remedy: str) -> str | None:
    """What is allowed for the last override of a remedy, in words."""
    if remedy.startswith("nnexp resume "):
        return "a run or sweep goes on in its folder"
    try:
        last = shlex.split(remedy)[-1]
    except ValueError:  # a quote that is not closed
        last = remedy.split()[-1]
    path = last.partition("=")[0]
    if path == RUN_FOLDER:
        return f"{RUN_FOLDER} names the run's folder"
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
