"""Tables that are changed on purpose, to see what a run makes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nnexp.data.dataset import Dataset


def one_batch(dataset: Dataset, rows: int) -> Dataset:
    """The table with so many train rows, of each class as many as can be, the same to judge by."""
    rng = np.random.default_rng(0)
    order = rng.permutation(dataset.train)
    turn = np.zeros(len(order), dtype=np.int64)
    for label in np.unique(dataset.y[order]):
        own = dataset.y[order] == label
        turn[own] = np.arange(own.sum())
    chosen = np.sort(order[np.argsort(turn, kind="stable")][:rows])
    return replace(dataset, train=chosen, valid=chosen, test=chosen[:0])


def blank(dataset: Dataset) -> Dataset:
    """The table with every input 0, and every code that of no known level."""
    codes = None if dataset.codes is None else np.zeros_like(dataset.codes)
    return replace(dataset, x=np.zeros_like(dataset.x), codes=codes)


def dealt(dataset: Dataset) -> Dataset:
    """The table with the labels of its train rows in a random order."""
    order = np.random.default_rng(0).permutation(len(dataset.train))
    y = dataset.y.copy()
    y[dataset.train] = y[dataset.train[order]]
    raw = dataset.raw
    if raw is not None:
        raw = raw.copy()
        raw[dataset.train] = raw[dataset.train[order]]
    return replace(dataset, y=y, raw=raw)
