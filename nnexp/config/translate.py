"""Hydra's and OmegaConf's errors in the three lines of a UserError."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from typing import Any, get_args

import yaml
from hydra.core.override_parser.types import ChoiceSweep, Glob
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)

from nnexp.config.check import wrong_type
from nnexp.config.grammar import parse
from nnexp.config.groups import chosen, groups
from nnexp.config.keys import PACKAGES, Key, all_keys, literal, unwrap
from nnexp.config.likeness import plain_word
from nnexp.config.located import located
from nnexp.config.misplaced import RUN_FOLDER, SWEEP_FOLDER
from nnexp.config.picked import key_of
from nnexp.config.schema.options import OPTIONS
from nnexp.config.several import several
from nnexp.config.shell import shell
from nnexp.config.suggest import HELP, suggest
from nnexp.config.synonyms import KEYS
from nnexp.config.unknown import bare_word, unknown_key, unknown_option
from nnexp.errors import TRAIN, UserError

ASKING = ("csv", "custom", "idx", "openml")  # options that do nothing without further words
_ONE = (int, float, bool, str)  # types of keys that take one value
_FAMILY = (HydraException, OmegaConfBaseException, yaml.YAMLError, OSError, ValueError)
_UNMATCHED = re.compile(r"Could not (?:override|delete from config\.) '([^']*)'")
_AMBIGUOUS = re.compile(
    r"(?:Ambiguous value for argument|Sweep parameters) '(.*?)'(?:\n| requires)"
)
_TWICE = re.compile(r"already at '([^']*)'|Multiple values for ([\w/]+)\.")
_MARK = re.compile(r"[^=\[\]{}()'\",]+=[+-]?[\d.]+")  # a column and a number
_DRAWN = re.compile(r"(\w+)\((.*)\)")
_RANGES = {  # what other tools draw from
    "loguniform": "tag(log,interval({}))",
    "log_uniform": "tag(log,interval({}))",
    "uniform": "interval({})",
    "randint": "int(interval({}))",
    "suggest_float": "interval({})",
    "suggest_int": "int(interval({}))",
}
_LISTS = re.compile(r"[\[(]([^\[\]()]*)[\])]")
_ORIGIN = re.compile(r"In '((?!config'|hydra/)[^']+)'")


def globbed(key: str, word: str, pattern: Glob, sweep: bool = True) -> UserError:
    """The error of options by a pattern: what is run would change with the files that are there.

    Arguments:
        key: a group; a key has no options that a pattern could find.
        word: what was typed.
        pattern: in it.
        sweep: whether -m was typed.
    """
    names = [own for own in pattern.filter(groups().get(key, [])) if own not in ASKING]
    allowed, start = "values written out, with commas", ""
    if key == "sweep":  # one at a time
        names = names[:1]
    if not sweep and names[1:]:
        allowed, start = f"{allowed}; several are a sweep, which -m starts", "-m "
    return UserError(
        f"{word}: values by a pattern, which no {'sweep' if sweep else 'run'} takes",
        allowed,
        f"{start}{shell(f'{key}=' + ','.join(names))}" if names else HELP,
    )


def translate(
    error: BaseException, overrides: Sequence[str], handled: BaseException | None = None
) -> UserError:
    """The UserError for what Hydra raised while it composed.

    Arguments:
        error: what was raised; anything that is no mistake of the user's is raised again.
        overrides: the overrides typed.
        handled: an older error, in whose handling this one was raised: it is none of its causes.
    """
    chain = list(takewhile(lambda own: own is not handled, _chain(error)))
    known = next((e for e in chain if isinstance(e, UserError)), None)
    if known is not None:
        return known
    if not isinstance(error, _FAMILY):
        raise error
    answer = _recognise(chain, overrides)
    # what was just refused; two words in one pair of quotes are another matter
    if answer.remedy.strip("'") in overrides and " " not in answer.remedy:
        answer = UserError(answer.wrong, answer.allowed, HELP)
    told = located(answer, overrides)
    if told is not answer:
        return told
    origin = next((m for e in chain if (m := _ORIGIN.search(str(e)))), None)
    if origin and not _is_typed(answer.wrong, overrides):
        return UserError(f"{origin[1]}.yaml: {answer.wrong}", answer.allowed, answer.remedy)
    return answer


def _recognise(chain: list[BaseException], overrides: Sequence[str]) -> UserError:
    text = "\n".join(str(e) for e in chain)
    for error in chain:
        if isinstance(error, OverrideParseException):
            return _syntax(error.override, overrides)
        if isinstance(error, MissingConfigException):
            return _missing(error, overrides)
        if isinstance(error, yaml.YAMLError):
            return _unreadable(error)
    swept = next((o for o in overrides if _is_list_of_options(o)), None)
    if swept is not None:
        name, value = _split(swept)
        remedy = several(name, value) or f"{name}={value.strip('[]')}"
        return UserError(
            f"{swept} is a list", f"{name} takes one option; -m sweeps several", remedy
        )
    if match := _AMBIGUOUS.search(text):
        return _needs_multirun(match[1])
    if match := _TWICE.search(text):
        name = match[1] or match[2]
        value = _typed(name, overrides)
        return UserError(
            f"+{name}={value} adds what is already there",
            "the + is only for keys that do not exist yet; every key of nnexp exists",
            f"{name}={value}",
        )
    if "does not support deletion" in text:
        name = next((o.lstrip("~") for o in overrides if o.startswith("~")), "it")
        key = _key(name.partition("=")[0], overrides)
        remedy = f"{key.path}={literal(key.default)}" if key else HELP
        return UserError(f"{name} cannot be removed", "every key has a value", remedy)
    for error in chain:
        if isinstance(error, ConfigKeyError | ConfigAttributeError) and error.full_key:
            return _unknown(str(error.full_key), overrides)
        if isinstance(error, InterpolationResolutionError):
            return _dangling(error, overrides)
        if isinstance(error, ValidationError) and error.full_key:
            return _mistyped(error, overrides)
        if isinstance(error, MissingMandatoryValue):
            return _unchosen(str(error.full_key))
    if match := _UNMATCHED.search(text):
        return unknown_key(match[1], _typed(match[1], overrides), overrides)
    if any(isinstance(e, UnicodeDecodeError) for e in chain):
        return UserError("a configuration file is no UTF-8 text", "YAML in UTF-8", HELP)
    file = next((e for e in chain if isinstance(e, OSError) and e.filename), None)
    if file is not None:
        place = SWEEP_FOLDER if _is_of_sweep(str(file.filename), overrides) else RUN_FOLDER
        return UserError(
            f"{str(file.filename)!r} cannot be made or read: {file.strerror}",
            "a folder that is yours to write",
            shell(f"{place}={Path(gettempdir(), 'nnexp', token_hex(2))}"),
        )
    odd = next((o for o in overrides if _is_odd_choice(o)), None)
    if "Config group override must be" in text and odd:
        group, _, option = odd.lstrip("+").partition("=")
        return unknown_option(group, option) if group else bare_word("=", (), overrides)
    line = next((s.strip() for e in chain for s in str(e).splitlines() if s.strip()), "unreadable")
    return UserError(line, f"{HELP} lists every group and key", HELP)


def _is_of_sweep(folder: str, overrides: Sequence[str]) -> bool:
    """Whether a folder is that of a sweep: nothing but its name and the words can tell."""
    return "/sweeps" in folder or any(_split(word)[0] == SWEEP_FOLDER for word in overrides)


def _syntax(override: str, overrides: Sequence[str]) -> UserError:
    name, sign, value = override.partition("=")
    if not sign:
        return bare_word(name, (), overrides)
    return UserError(
        f"cannot read {override!r}",
        "key=value; lists as [1,2] without blanks; texts with blanks, letters beyond ASCII or "
        "=,:[]{}()' in quotes",
        _readable(name, value, overrides),
    )


def _readable(name: str, value: str, overrides: Sequence[str]) -> str:
    """What was meant by an override that Hydra's grammar cannot read."""
    first, *others = value.split()
    if others and all("=" in word for word in others):  # two overrides in one pair of quotes
        return " ".join([f"{name}={first}", *others])
    plain = plain_word(name.lstrip("+"))
    key = _key(KEYS.get(plain, plain), overrides)
    if (drawn := _DRAWN.fullmatch(value)) and drawn[1] in _RANGES:
        path = key.path if key else name
        return shell(f"{path}={_RANGES[drawn[1]].format(drawn[2])}")
    lists = _LISTS.findall(value)
    apart = not _LISTS.sub("", value).strip(" ,;|")  # and no brackets in the names of columns
    if key is not None and key.is_list and lists[1:] and apart:
        items = ([i for one in own.split(",") if (i := one.strip())] for own in lists)
        return f"-m {shell(key.path + '=' + ','.join('[' + ','.join(own) + ']' for own in items))}"
    if (key is None or not key.is_list) and (swept := several(name, value)):
        return swept
    if key is not None and key.path == "data.missing_tokens" and _MARK.fullmatch(value):
        return shell(f"data.sentinels={literal([value])}")  # no cell is written so
    if key is not None and key.is_list:
        of_texts = str in get_args(unwrap(key.hint)[0])
        texts = (item.strip(" \"'") for item in value.strip("[](){}").split(","))
        kept = _items(value) if of_texts else [text for text in texts if text]
        return shell(f"{key.path}={literal(kept) if of_texts else '[' + ','.join(kept) + ']'}")
    of_text = key is not None and unwrap(key.hint)[0] is str and "choices" not in key.limits
    opened = [c for c in value if c in "[{("]
    # in a text a bracket is a sign like any other
    if opened and not of_text and not any(c in value for c in "]})"):
        closing = "".join({"[": "]", "{": "}", "(": ")"}[c] for c in reversed(opened))
        one = name.lstrip("+") in groups() if key is None else unwrap(key.hint)[0] in _ONE
        if value[0] in "[(" and one:  # a list would be refused in turn
            alone = suggest(name, value.strip("[( \"'"), overrides)
            return several(name, f"{value}{closing}") or alone or HELP
        return shell(f"{name}={value}{closing}")
    if key is None or not of_text or (key.path != plain and not opened):
        bare = first.strip("=;:,\"'")
        if not bare and first.strip("\"'"):  # a separator
            return " ".join(map(shell, (suggest(name, f'"{first}"', overrides) or HELP).split()))
        return suggest(name, bare, overrides) or HELP
    bare = value.strip()
    if bare[:1] in ("'", '"'):
        bare = bare.strip("\"'")  # a quote that is not closed; one further in is the text's own
    name = name if key.path == plain else key.path
    return shell(f'{name}="{bare}"' if '"' not in bare else f"{name}={literal(bare)}")


def _items(value: str) -> list[str]:
    """The texts of a list that was typed without quotes, brackets in names kept where they pair.

    >>> _items("[a[1],b(x,y), c]]"), _items("[[a,b]]"), _items("[a")
    (['a[1]', 'b(x,y)', 'c'], ['a', 'b'], ['a'])
    """
    text = value.strip()
    inner = text[1:-1] if text[:1] in "[({" and text[-1:] in "])}" else text
    while len(inner) > 1 and inner[0] in "[({" and inner[-1] in "])}" and _paired(inner[1:-1]):
        inner = inner[1:-1]
    items, depth = [""], 0
    for char in inner:
        depth += (char in "[({") - (char in "])}")
        if char == "," and depth <= 0:
            items.append("")
        else:
            items[-1] += char
    if depth > 0:  # one that is not closed holds no others
        items = inner.split(",")
    kept = (item.strip(" \"'") for item in items)
    whole = (item if _paired(item) else item.strip("[](){}") for item in kept)
    return [item for item in whole if item]


def _paired(text: str) -> bool:
    """Whether each bracket of a text is closed by its own."""
    opened: list[str] = []
    for char in text:
        if char in "[({":
            opened.append({"[": "]", "(": ")", "{": "}"}[char])
        elif char in "])}" and (not opened or opened.pop() != char):
            return False
    return not opened


def _missing(error: MissingConfigException, overrides: Sequence[str]) -> UserError:
    name = error.missing_cfg_file or ""
    options = list(error.options or [])
    group, _, option = name.rpartition("/")
    if not options and "/" in group:  # data=a/b
        group, _, option = name.partition("/")
    if group:
        head = group.partition("/")[0]
        if head != "hydra" and len(group) > len(head):
            group, option = head, name.removeprefix(head + "/")
        return unknown_option(group, option, options, overrides)
    line = str(error).splitlines()[0]
    return UserError(line, "a configuration folder with a config.yaml", HELP)


def _unreadable(error: yaml.YAMLError) -> UserError:
    mark = getattr(error, "problem_mark", None)
    place = f"{Path(mark.name).name}, line {mark.line + 1}" if mark else "a YAML file"
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return UserError(
        f"{place} cannot be read as YAML: {problem}",
        "`key: value` lines; two blanks deeper for each level; no tabs",
        f"sed -n {mark.line + 1}p {shell(str(mark.name))}" if mark else HELP,
    )


def _needs_multirun(override: str) -> UserError:
    name, _, value = override.partition("=")
    key = _key(name, ())
    if key is None and name.lstrip("+") not in groups() and not name.startswith("hydra"):
        return unknown_key(name, value)
    swept = parse(override).value()
    if isinstance(swept, Glob):
        return globbed(name.lstrip("+"), override, swept, sweep=False)
    if key is not None and key.is_list:
        choice = swept if isinstance(swept, ChoiceSweep) else None
        lists = choice is not None and any(isinstance(own, list) for own in choice.list)
        commas = choice is not None and choice.simple_form
        texts = str in get_args(unwrap(key.hint)[0])
        if choice is not None and lists and not (commas and texts):  # of networks, say
            return UserError(
                f"{override} has several lists for one run",
                f"several values are a sweep, which -m starts; {key.path} is {key.kind}",
                f"-m {shell(f'{name}={_each_a_list(choice)}')}",
            )
        if lists:
            items: Any = parse(f"{name}=[{value}]").value()
            flat = (i for own in items for i in (own if isinstance(own, list) else [own]))
            value = ",".join(dict.fromkeys(map(literal, flat)))
        return UserError(
            f"{override} is no list yet", f"{key.path} is {key.kind}, typed in brackets",
            shell(f"{name}=[{value}]"),
        )  # fmt: skip
    quoted, remedy = "a text with commas is quoted", f"-m {shell(override)}"
    if key is not None and unwrap(key.hint)[0] is str and "choices" not in key.limits:
        whole = shell(f"{name}={literal(value)}")
        quoted = f"a text with a comma in it is quoted twice, {whole}"
        remedy = whole if Path(value).is_file() else remedy
    return UserError(
        f"{override} has several values for one run",
        f"several values are a sweep, which -m starts; {quoted}",
        remedy,
    )


def _each_a_list(swept: ChoiceSweep) -> str:
    """The values of a sweep over lists, one that was typed without brackets as a list, too."""
    items = (own if isinstance(own, list) else [own] for own in swept.list)
    return ",".join(f"[{','.join(map(literal, own))}]" for own in items)


def _unknown(path: str, overrides: Sequence[str]) -> UserError:
    typed = next((n for n, _ in map(_split, overrides) if _reaches(n, path)), path)
    if path.startswith("hydra"):
        return UserError(
            f"there is no key {typed!r} in Hydra's configuration",
            f"{TRAIN} --cfg hydra shows its keys",
            "hydra.run.dir=FOLDER",
        )
    return unknown_key(typed, _typed(typed, overrides), overrides)


def _dangling(error: OmegaConfBaseException, overrides: Sequence[str]) -> UserError:
    path = str(error.full_key or "")
    key = _key(path, overrides)
    reason = str(error).splitlines()[0]
    return UserError(
        f"{path} cannot be resolved: {reason}",
        "${...} holds the full name of a key, or oc.env: and a variable that is set",
        f"{path}={literal(key.default)}" if key else HELP,
    )


def _mistyped(error: OmegaConfBaseException, overrides: Sequence[str]) -> UserError:
    full, value = str(error.full_key), getattr(error, "value", None)
    path = re.sub(r"\[\d+\]", "", full)
    key = _key(path, overrides)
    below = next((n for n, _ in map(_split, overrides) if n.startswith(path + ".")), None)
    if key is not None and below:
        return unknown_key(below, _typed(below, overrides), overrides)
    if key is not None:
        whole = _typed(path, overrides) or literal([value])
        return wrong_type(key, value, whole if path != full else None)
    remedy = suggest(path, str(value), overrides) if path in PACKAGES.values() else None
    if path == "seeds":
        remedy = f"seed={literal(value)}"
    return UserError(
        f"{path}={literal(value)}, but {path} is a section of keys",
        f"values are given one by one, as {_first_key(path)}",
        remedy or _first_key(path),
    )


def _unchosen(path: str) -> UserError:
    choices = unknown_option(path, "nothing")
    return UserError(f"nothing is chosen for {path}", choices.allowed, choices.remedy)


def _key(path: str, overrides: Sequence[str]) -> Key | None:
    return key_of(path, chosen(overrides))


def _first_key(section: str) -> str:
    key = next((k for k in all_keys() if k.path.startswith(section + ".")), None)
    return f"{key.path}={literal(key.default)}" if key else f"{section}.key=value"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _split(override: str) -> tuple[str, str]:
    name, _, value = override.lstrip("+~").partition("=")
    return name, value


def _typed(name: str, overrides: Sequence[str]) -> Any:
    """What was typed after `name=`, the last time; None if it was not."""
    values = [v for n, v in map(_split, overrides) if n == name.lstrip("+~")]
    return values[-1] if values else None


def _reaches(typed: str, path: str) -> bool:
    return typed == path or typed.startswith(path + ".")


def _is_typed(wrong: str, overrides: Sequence[str]) -> bool:
    return any(_split(o)[0] and _split(o)[0] in wrong for o in overrides)


def _is_list_of_options(override: str) -> bool:
    name, value = _split(override)
    return name in OPTIONS and value.startswith("[") and value.endswith("]") and value != "[]"


def _is_odd_choice(override: str) -> bool:
    name, value = _split(override)
    return not name or (name in groups() and (value in ("", "null") or value[:1] in "{["))
