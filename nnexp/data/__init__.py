"""Tables in, float inputs out: sources, labels, split and preprocessing, without torch."""

from __future__ import annotations

from nnexp.data.cache import Tables
from nnexp.data.dataset import Dataset, prepare
from nnexp.data.files import read_file
from nnexp.data.preprocess import ModelInputs, Preprocessor
from nnexp.data.sources import load_table
from nnexp.data.table import Table, table_from_frame

__all__ = [
    "Dataset",
    "ModelInputs",
    "Preprocessor",
    "Table",
    "Tables",
    "load_table",
    "prepare",
    "read_file",
    "table_from_frame",
]
