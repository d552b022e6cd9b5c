"""The target column: class indices, the classes behind them, and rows without a label."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from string import capwords
from typing import Any

import numpy as np
import pandas as pd

from nnexp.data.cells import (
    MISSING_TOKENS,
    cell_text,
    holds_token,
    is_number_dtype,
    parse_number,
    read_texts,
)
from nnexp.data.names import listing, typed
from nnexp.errors import UserError

MANY_NUMBERS = 20  # numbers with more distinct values than this, and most of them once, or ...
MANY_CLASSES = 100  # ... with more distinct values than this, and few rows for each, ...
ROWS_A_CLASS = 10  # ... are measurements rather than classes
FEW_CLASSES = 10  # a column with up to so many is proposed as a target
MANY_FRACTIONS = 10  # and so are more distinct values than this with digits after the point
EDGES = re.compile(r"^[\s'\"`.,;:]+|[\s'\"`.,;:]+$")  # blanks and punctuation around a label
# in which labels differ that are spelt alike
ALIKE = "case, abbreviation, blanks or punctuation around them"
OPPOSITES = (("yes", "no"), ("true", "false"), ("male", "female"))  # words with known first letters


@dataclass(frozen=True)
class Labels:
    """A coded target.

    Arguments:
        codes: int64 of shape (N,), the class index of each row; -1 where the label is missing.
        classes: the labels in index order, as Python values of the kind they were given in.
        raw: float32 of shape (N,), the numbers in the column, NaN where missing; or None.
        missing: words that were read as missing labels, and the rows that hold each.
        alike: texts that are one number, as `01` and `1`, those of each class together.
    """

    codes: np.ndarray
    classes: list[Any]
    raw: np.ndarray | None
    missing: dict[str, int] = field(default_factory=dict)
    alike: list[list[str]] = field(default_factory=list)


def code_labels(
    target: pd.Series,
    raw: bool = False,
    tokens: Collection[str] = MISSING_TOKENS,
    others: pd.DataFrame | None = None,
    merge: bool = False,
    written: bool = False,
) -> Labels:
    """Code the labels of a target column 0..C-1, numbers in numeric order, texts in text order.

    Whole numbers stay integers, also where missing cells made pandas read them as floats; a
    column of nothing but `True` and `False` holds truth values. Quotes inside a label stay.

    Arguments:
        target: N labels.
        raw: also give the numbers themselves.
        tokens: texts that stand for a missing label.
        others: the table's other columns, to name one in a message.
        merge: take texts that differ only in case, blanks or punctuation around them, or as `Y` and
            `yes` do, as one label, in the spelling that most rows have.
        written: take every label as the text that it is, `01`, `NA` and `None` as well.

    Raises:
        UserError: fewer than two classes, numbers that look like a regression target, or labels
            that are no numbers where `raw` asks for them.
    """
    codes, classes = _written(target) if written else _distinct(target, tokens)
    if merge:
        codes, classes = _merged(codes, classes)
    name = str(target.name)
    rows = int((codes >= 0).sum())
    if len(classes) < 2:
        found = f"one class only, {classes[0]!r}" if classes else "no label at all"
        words = _words(target, tokens)
        if words and not written and len(classes) + len(words) > 1:
            raise UserError(
                f"the target {name!r} has {found}, and cells with "
                f"{listing(map(repr, words), 4)}, which were read as missing",
                "a column with two classes or more; data.categorical keeps its cells as labels",
                typed("data.categorical", [name]),
            )
        raise UserError(
            f"the target {name!r} has {found}",
            "a column with two classes or more",
            _another(others, tokens),
        )
    if _is_regression(classes, rows):
        raise UserError(
            f"the target {name!r} holds {len(classes)} different numbers in {rows} rows, from "
            f"{classes[0]!r} to {classes[-1]!r}: that is regression, which is not supported yet",
            f"classes: texts, truth values, or numbers of which each stands for a class of at "
            f"least {ROWS_A_CLASS} rows",
            _another(others, tokens),
        )
    if len(classes) > MANY_NUMBERS and len(classes) * 2 > rows:
        raise UserError(
            f"the target {name!r} has {len(classes)} different labels in {rows} rows, such as "
            f"{listing(map(repr, classes), 3)}: it names rows rather than classes",
            "a column whose labels each stand for many rows",
            _another(others, tokens),
        )
    numbers = _raw(name, codes, classes) if raw else None
    if written:
        return Labels(codes, classes, numbers)
    return Labels(codes, classes, numbers, _words(target, tokens), _alike(target, tokens))


def spellings(classes: Collection[Any]) -> list[list[str]]:
    """Labels that differ only in case, blanks or punctuation around them, or as `Y` and `yes` do.

    What differs in case has two letters or more, and is written small, or large, or begins so:
    other capitals are meant. A letter stands for one of the words in `OPPOSITES` where that is
    another label, and its opposite one, too, be it by its letter.

    >>> spellings(["No", "no", "yes", "A", "a", "so  so", "So so", "hod", "hOd"])
    [['No', 'no'], ['so  so', 'So so']]
    >>> spellings(["<=50K", ">50K", "<=50K.", ">50K."])
    [['<=50K', '<=50K.'], ['>50K', '>50K.']]
    >>> spellings(["F", "M", "female", "unknown"]), spellings(["F", "false", "female", "m", "t"])
    ([['F', 'female']], [])

    Nothing where no two classes would be left.

    >>> spellings(["No", "no"])
    []
    """
    inside = {
        label: " ".join(EDGES.sub("", label).split()) for label in classes if isinstance(label, str)
    }
    meant = _abbreviated({words.lower() for words in inside.values()})
    alike: dict[str, list[str]] = {}
    for label, words in inside.items():
        usual = (words.lower(), words.upper(), words.capitalize(), capwords(words))
        if words:
            any_case = len(words) > 1 and words in usual
            own = meant.get(words.lower()) or (words.lower() if any_case else words)
            alike.setdefault(own, []).append(label)
    found = [group for group in alike.values() if len(group) > 1]
    left = len(classes) - sum(len(group) - 1 for group in found)
    return found if left > 1 else []


def _abbreviated(labels: Collection[str]) -> dict[str, str]:
    """The one word that each of the letters among some labels, all small, stands for."""
    found: dict[str, list[str]] = {}
    for pair in OPPOSITES:
        if all(word in labels or word[0] in labels for word in pair):
            for word in pair:
                if {word, word[0]} <= set(labels):
                    found.setdefault(word[0], []).append(word)
    return {letter: words[0] for letter, words in found.items() if len(words) == 1}


def _written(target: pd.Series) -> tuple[np.ndarray, list[Any]]:
    texts = read_texts(target, ("",))
    classes = sorted(texts.levels)
    place = {label: index for index, label in enumerate(classes)}
    lookup = np.array([place[text] for text in texts.levels] + [-1], dtype=np.int64)
    return lookup[texts.codes], classes


def _words(target: pd.Series, tokens: Collection[str]) -> dict[str, int]:
    """The words of a target that stand for a missing cell, and how many cells hold each."""
    if is_number_dtype(target.dtype):
        infinite = int(np.isinf(target.dropna().to_numpy(np.float64)).sum())
        found = {"inf": infinite} if infinite else {}
        gone = target[_tokens_of(target, tokens)]
        return {**found, **{cell_text(own): int((gone == own).sum()) for own in gone.unique()}}
    texts = read_texts(target, ("",))
    counts = np.bincount(texts.codes[texts.codes >= 0], minlength=len(texts.levels))
    return {
        text: int(count)
        for text, count in zip(texts.levels, counts, strict=True)
        if text in tokens and count
    }


def _tokens_of(target: pd.Series, tokens: Collection[str]) -> np.ndarray:
    """Which labels of a column of numbers are missing by a token that is a number, bool (N,)."""
    if pd.api.types.is_bool_dtype(target.dtype):
        return np.zeros(len(target), dtype=bool)
    return holds_token(target.to_numpy(np.float64, na_value=np.nan), tokens)


def _alike(target: pd.Series, tokens: Collection[str]) -> list[list[str]]:
    """The texts of a target of numbers that are one number each."""
    if is_number_dtype(target.dtype) or isinstance(target.dtype, pd.CategoricalDtype):
        return []
    levels = read_texts(target, tokens).levels
    if not levels or not all(_is_finite(text) for text in levels):
        return []
    same: dict[float, list[str]] = {}
    for text in sorted(levels):
        same.setdefault(float(text), []).append(text)
    return [texts for texts in same.values() if len(texts) > 1]


def _merged(codes: np.ndarray, classes: list[Any]) -> tuple[np.ndarray, list[Any]]:
    counts = np.bincount(codes[codes >= 0], minlength=len(classes))
    place = {label: index for index, label in enumerate(classes)}
    kept = dict(place)
    for group in spellings(classes):
        most = max(group, key=lambda label: counts[place[label]])  # the first of several
        kept.update(dict.fromkeys(group, place[most]))
    old = sorted(set(kept.values()))
    new = {index: position for position, index in enumerate(old)}
    lookup = np.array([new[kept[label]] for label in classes] + [-1], dtype=np.int64)
    return lookup[codes], [classes[index] for index in old]


def _distinct(target: pd.Series, tokens: Collection[str]) -> tuple[np.ndarray, list[Any]]:
    dtype = target.dtype
    if isinstance(dtype, pd.CategoricalDtype) and is_number_dtype(dtype.categories.dtype):
        target = target.astype(dtype.categories.dtype if not target.isna().any() else float)
        dtype = target.dtype
    if is_number_dtype(dtype):
        gone = _tokens_of(target, tokens)
        if gone.any():
            target = target.astype(float).mask(gone)
            dtype = target.dtype
        has_missing = bool(target.isna().any())
        finite = target.replace([np.inf, -np.inf], np.nan) if _is_float(dtype) else target
        codes, values = pd.factorize(finite, sort=True)
        classes = [value.item() if hasattr(value, "item") else value for value in values]
        whole = all(float(value).is_integer() for value in classes)
        if has_missing and _is_float(dtype) and whole:
            classes = [int(value) for value in classes]
        return codes.astype(np.int64), classes
    texts = read_texts(target, tokens)
    kinds: list[Any] = list(texts.levels)
    if kinds and {text.casefold() for text in kinds} <= {"true", "false"}:
        kinds = [text.casefold() == "true" for text in kinds]
    elif kinds and all(_is_integer(text) for text in kinds):
        kinds = [int(text) for text in kinds]
    elif kinds and all(_is_finite(text) for text in kinds):
        kinds = [float(text) for text in kinds]
    classes = sorted(set(kinds))
    place = {label: index for index, label in enumerate(classes)}
    lookup = np.array([place[label] for label in kinds] + [-1], dtype=np.int64)
    return lookup[texts.codes], classes


def _is_regression(classes: list[Any], rows: int) -> bool:
    if isinstance(classes[0], str | bool):
        return False
    fractions = not all(float(label).is_integer() for label in classes)
    many = len(classes) > MANY_CLASSES and len(classes) * ROWS_A_CLASS > rows
    single = len(classes) > MANY_NUMBERS and len(classes) * 2 > rows
    return many or single or (fractions and len(classes) > MANY_FRACTIONS)


def _another(others: pd.DataFrame | None, tokens: Collection[str]) -> str:
    """The override that makes the last column that holds classes the target."""
    for name in reversed([] if others is None else list(others.columns)):
        codes, classes = _distinct(others[name], tokens)  # type: ignore[index]
        rows = int((codes >= 0).sum())
        if 2 <= len(classes) <= FEW_CLASSES and not _is_regression(classes, rows):
            return typed("data.target", str(name))
    return "data.target=another_column"


def _raw(name: str, codes: np.ndarray, classes: list[Any]) -> np.ndarray:
    if isinstance(classes[0], str):
        numberless = [label for label in classes if parse_number(label) is None]
        raise UserError(
            f"data.labels=raw needs numbers, and the target {name!r} holds "
            f"{listing(map(repr, numberless or classes), 4)}",
            "raw for a column of numbers, auto for any other",
            "data.labels=auto",
        )
    return np.array([*map(float, classes), np.nan], dtype=np.float32)[codes]


def _is_float(dtype: Any) -> bool:
    return bool(pd.api.types.is_float_dtype(dtype))


def _is_integer(text: str) -> bool:
    digits = text[1:] if text[:1] in "+-" else text
    return digits.isascii() and digits.isdigit()


def _is_finite(text: str) -> bool:
    number = parse_number(text)
    return (
        number is not None
        and bool(np.isfinite(number))
        and text.casefold()
        not in (
            "true",
            "false",
        )
    )
