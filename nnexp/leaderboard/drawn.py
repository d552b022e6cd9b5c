"""Whether the settings of runs were drawn at random, as the sweeps that they are part of tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from nnexp.config.bounds import LARGEST
from nnexp.config.plain_yaml import parse
from nnexp.files import read_regular
from nnexp.leaderboard.records import Record
from nnexp.runs.jobs import sweep_of
from nnexp.track.folder import MULTIRUN_FILE

DRAWING = ("random", "halving", "optuna")
_SECTION = re.compile(r"^sweep:\n(?:[ \t].*\n?)+", re.MULTILINE)  # of multirun.yaml


def were_drawn(records: Sequence[Record]) -> bool | None:
    """Whether a search has drawn the settings of some runs; None where nothing tells.

    Arguments:
        records: runs of any sweeps, or of none.
    """
    one_of_each = {record.folder.parent: record for record in records}
    found = [_drawn(record) for record in one_of_each.values()]
    if any(found):
        return True
    return None if None in found or not found else False


def _drawn(record: Record) -> bool | None:
    sweep = sweep_of(record.folder)
    if sweep is None:
        return None
    try:
        section = _SECTION.search(read_regular(sweep / MULTIRUN_FILE, LARGEST).decode())
        settings = parse(section[0])["sweep"] if section else {}
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError, RecursionError):
        return None
    if not isinstance(settings, dict) or "method" not in settings:
        return None
    # without a number it is the whole grid
    return settings["method"] in DRAWING and settings.get("n") is not None
