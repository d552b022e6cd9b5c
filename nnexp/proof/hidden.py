"""Settings that somebody typed, and that leave columns or levels out of the table.

Other learners are given no more than the run, so it is never behind them: a re-run alone tells.
"""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.config.changes import changed, config_value
from nnexp.config.schema.config import Config
from nnexp.diagnosis.disproved import EMPTY
from nnexp.diagnosis.finding import HARMLESS, Evidence, Finding, Sign
from nnexp.diagnosis.report import Diagnosis, is_behind
from nnexp.proof.typed_back import key_of, title_of, typed_back

# a setting -> by which sign of its distance from the usual value it leaves more out than that
STRICTER = {"data.min_frequency": 1, "data.max_levels": -1}


def hidden(base: Config, overrides: Sequence[str], told: Diagnosis) -> list[Sign]:
    """Signs that a proof may try after what was found of a run that is not behind.

    Arguments:
        base: the configuration.
        overrides: what was typed for it.
        told: its diagnosis.
    """
    if is_behind(told):
        return []
    found = []
    for word, _ in typed_back(base, overrides):
        key = key_of(word)
        usual = changed(base, overrides, [word])
        if key not in STRICTER or usual is None:
            continue
        value, by_itself = (int(str(config_value(own, key))) for own in (base, usual))
        if (value - by_itself) * STRICTER[key] <= 0:
            continue
        finding = Finding(
            EMPTY,
            HARMLESS,
            title_of([word]),
            (Evidence(key, value, f"{by_itself}, as by itself"),),
            "what this setting leaves out no learner can use, so the run is not behind others",
            (word,),
        )
        found.append(Sign(finding, odd=False))
    return found
