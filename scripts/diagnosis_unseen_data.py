"""Cases of diagnosis_unseen.py whose mistake is in cells, labels or the split of the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import diagnosis_unseen_splits as part
import diagnosis_unseen_steps as do
from diagnosis_case import HOLD, PARTS, RAW, SCORES, Case, sgd
from diagnosis_cases import make
from diagnosis_faults import HELD_OUT, step

DATA: list[Case] = []
BOTH = "unscaled_features|dominant_feature"
LOST = "label_permuted|uninformative_inputs"
SHIFTED = "preprocessing_mismatch|distribution_shift"
UNSCALED = "data.scaling=none"
LAST = "trainer.checkpoint=last"
WIDE = ("model.hidden=[200,100]", LAST)
FITTED = (*WIDE, "trainer.epochs=40")


def fault(name: str, table: str, causes: str, *overrides: str, **options: Any) -> None:
    """Note a case; arguments as for `make`."""
    DATA.append(make(name, table, causes, *overrides, **options))


def _scales() -> None:
    fault("F21", "turbines", BOTH, UNSCALED)
    fault("F21", "claims", BOTH, UNSCALED)
    fault("F21 sgd", "labs", BOTH, UNSCALED, same=sgd(0.01, 0.5))
    unit, range_ = step(do.rescale, by=3000.0), step(do.to_unit_range)
    fault("F21 unit", "words", BOTH, same=(UNSCALED,), steps=[unit], clean_steps=[range_])
    for table, first, every in (("words", 1.7e12, 8e5), ("bits", 5e5, 900)):
        scaled = step(do.to_unit_range)
        timed = step(do.clock, first=first, every=every)
        fault("F22 clock", table, "dominant_feature", same=(UNSCALED,), base=[scaled],
              steps=[timed])  # fmt: skip
    fault("F22 account", "likert", "dominant_feature", same=(UNSCALED,),
          base=[step(do.to_unit_range, spread=True)],
          steps=[step(do.account, digits=7)])  # fmt: skip
    for table, by, settings in (
        ("words", 4e4, ()),
        ("turbines", 1e6, ("data.scaling=minmax", "optimizer.lr=0.3")),
    ):
        fault("F26", table, "outlier_crushed_feature", same=settings, base=[PARTS],
              steps=[step(do.lost_point, by=by)])  # fmt: skip
    fault("F26 standard", "likert", "outlier_crushed_feature", base=[PARTS],
          steps=[step(do.lost_point, by=3e5, rows=3)])  # fmt: skip
    for table, by, spread in (
        ("glyphs", 1 / 700, False),
        ("words", 1e-4, False),
    ):
        fault("F24", table, "double_scaling", same=(UNSCALED,),
              base=[step(do.to_unit_range, spread=spread)],
              steps=[step(do.rescale, by=by)])  # fmt: skip


def _preparation() -> None:
    for table in ("turbines", "likert"):
        fault("F23", table, SHIFTED, same=(UNSCALED,), base=[PARTS],
              steps=[step(do.to_unit_range, where=("train",), spread=True)],
              clean_steps=[step(do.to_unit_range, spread=True)])  # fmt: skip
    fault("F23 inverted", "glyphs", SHIFTED, base=[PARTS],
          steps=[step(do.invert, where=HELD_OUT, top=255.0)])  # fmt: skip
    fault("F23 logs", "claims", SHIFTED, base=[PARTS], steps=[step(do.logs, where=HELD_OUT)])
    fault("F23 units", "clicks", SHIFTED, base=[PARTS],
          steps=[step(do.rescale, by=0.01, columns=("seconds", "scroll", "pages"),
                      where=HELD_OUT)])  # fmt: skip
    fault("F23 degrees", "labs", SHIFTED, base=[PARTS],
          steps=[step(do.rescale, by=1.8, add=32.0, where=("test",))])  # fmt: skip


def _content() -> None:
    nothing = "uninformative_inputs|label_permuted"
    fault("F28 other", "claims", nothing, steps=[step(do.other_rows)])
    fault("F28 hum", "likert", nothing, steps=[step(do.static)])
    fault("F28 whole", "words", nothing, steps=[step(do.whole_numbers, by=2.0)])
    codes = "categorical_as_number"
    for table in ("clicks", "claims"):
        fault("F27 hashed", table, codes, steps=[step(do.hash_names)])
    fault("F27 number", "clicks", codes, "data.categorical=[]")
    for table, kept, each, settings in (
        ("clicks", "landing,token", 2, ()),
        ("labs", "token", 1, ("optimizer.lr=0.004", "trainer.epochs=60")),
    ):
        fault(f"F61 {each}", table, "identifier_feature|overfit", f"data.categorical=[{kept}]",
              "data.max_levels=9000", same=(LAST, *settings),
              steps=[step(do.token, each=each)])  # fmt: skip


def _missing() -> None:
    none = "data.missing=none"
    fault("F29", "labs", "nonfinite_inputs", none)
    fault("F30 ratio", "claims", "nonfinite_inputs", none,
          base=[step(do.ratio, above="amount", below="before")])  # fmt: skip
    fault("F30 logs", "words", "nonfinite_inputs", none,
          base=[step(do.log_of_zero, columns=("w03", "w20", "w41"))])  # fmt: skip
    sentinel = "sentinel_values"
    fault("F31 high", "labs", sentinel, steps=[step(do.fill_blanks, value=99999.0)],
          same=("data.scaling=standard",))  # fmt: skip
    for table, settings, columns, share, value in (
        ("turbines", ("data.scaling=minmax", "optimizer.lr=0.3"),
         ("s0_mean", "s0_rms", "s1_peak", "s2_mean"), 0.2, -9999999.0),
        ("clicks", (), ("seconds", "scroll", "pages"), 0.2, 99999.0),
        ("claims", ("data.scaling=standard",),
         ("delay", "before", "growth", "margin"), 0.15, 9999999.0),
    ):  # fmt: skip
        blank = step(do.unplug, share=share, columns=columns)
        filled = step(do.unplug, share=share, columns=columns, fill=value)
        fault(f"F31 {value:g}", table, sentinel, steps=[filled], clean_steps=[blank],
              same=settings)  # fmt: skip
    gone = "informative_missingness"
    for table, columns, label, often, seldom in (
        ("labs", ("p1a", "p2b", "p3c"), "acute", 0.05, 0.5),
        ("claims", ("delay", "margin", "age"), "review", 0.5, 0.15),
    ):
        own = step(do.withhold, columns=columns, label=label, often=often, seldom=seldom)
        fault("F32", table, gone, "data.indicator=false", base=[own])
    fault("F32 extremes", "clicks", gone, "data.indicator=false",
          base=[step(do.hide_extremes, columns=("seconds", "scroll", "pages"))])  # fmt: skip
    for table, column, outcome, missing in (
        ("clicks", "price", 1, True),
        ("claims", "delay", "review", False),
        ("claims", "vehicle", "review", True),
    ):
        fault(f"F33 {column}", table, "missingness_leak|target_leak", kind="optimism", base=[HOLD],
              steps=[step(do.known_later, column=column, label=outcome,
                          missing=missing)])  # fmt: skip
    for table, lost, where, rate in (
        ("turbines", tuple(f"s{k}_{name}" for k in (0, 1, 2) for name in ("mean", "rms", "peak")),
         HELD_OUT, 0.65),
        ("likert", tuple(f"q{k:02d}" for k in range(1, 15)), ("test",), 0.75),
        ("clicks", ("seconds", "scroll", "pages"), HELD_OUT, 0.6),
    ):  # fmt: skip
        fault("F34", table, "missingness_shift",
              base=[PARTS, step(do.unplug, share=0.04, columns=lost)],
              steps=[step(do.unplug, share=rate, columns=lost, where=where)])  # fmt: skip
    for table, gaps, rare in (
        ("labs", ("p0a", "p0c"), "acute"),
        ("turbines", ("s2_kurt",), "loose"),
        ("claims", ("margin", "age"), "review"),
    ):
        own = step(do.withhold, columns=gaps, label=rare, often=0.95, seldom=0.1)
        fault("F35", table, "deletion_bias", "data.missing=drop", base=[HOLD, own],
              clean=("data.indicator=false",), kind="honest", score=SCORES[1],
              fair=False)  # fmt: skip


def _labels() -> None:
    noise = "label_noise"
    fault("F37", "glyphs", noise, steps=[step(do.guess, share=0.4)])
    fault("F37 pair", "turbines", noise,
          steps=[step(do.mistake_for, share=0.4, labels=("ok", "wear"))])  # fmt: skip
    fault("F37 pair", "claims", noise,
          steps=[step(do.mistake_for, share=0.28, labels=("pay", "review"))])  # fmt: skip
    fault("F37 train", "bits", noise, base=[PARTS],
          steps=[step(do.guess, share=0.55, where=("train", "valid"))])  # fmt: skip
    fault("F39 sorted", "glyphs", f"{LOST}|ordered_split", steps=[step(do.order_labels)])
    fault("F36 upside down", "words", LOST, steps=[step(do.turn_label_column)])
    fault("F36 joined", "turbines", LOST, steps=[step(do.join_by_column, column="s1_rms")])
    fault("F39 slipped", "turbines", f"{LOST}|label_noise",
          steps=[step(do.slip, start=0.25, by=5)])  # fmt: skip
    mapping = "label_mapping_mismatch"
    for table in ("words", "turbines"):
        fault("F38", table, mapping, base=[PARTS], steps=[step(do.recode)])
    fault("F38 train", "labs", mapping, base=[PARTS], steps=[step(do.recode, where=("train",))])
    fault("F38 pair", "glyphs", mapping, base=[PARTS],
          steps=[step(do.mistake_for, share=1.0, labels=(2, 3), where=HELD_OUT)])  # fmt: skip
    bce = "loss=bce_with_logits"
    for table, first, by in (("clicks", 1.0, 1.0), ("claims", -1.0, 2.0), ("bits", 0.0, 100.0),
                             ("claims", 0.0, 0.004)):  # fmt: skip
        fault(f"F05 {first:g} {by:g}", table, "label_encoding", RAW, same=(bce,),
              base=[step(do.number_classes, first=first, by=by)])  # fmt: skip
    fault("F06", "likert", "label_encoding|wrong_output_size", "loss=bce", "model.output=sigmoid",
          RAW)  # fmt: skip
    balanced = ("loss.class_weight=balanced",)
    for table, label, rows in (("clicks", 1, 160), ("turbines", "loose", 25)):
        fault("F40", table, "class_imbalance",
              base=[step(do.make_rare, label=label, rows=rows)],
              clean=balanced, score=SCORES[1], fair=False)  # fmt: skip
    for table, share in (("bits", 0.8), ("glyphs", 0.7)):
        fault("F42", table, "conflicting_labels|label_noise", base=[PARTS],
              steps=[step(do.contradict, share=share)],
              clean_steps=[step(do.contradict, share=share, agree=True)])  # fmt: skip
    for table, labels in (("words", ("topic00", "topic01")),
                          ("turbines", ("wear",)), ("labs", ("acute",))):  # fmt: skip
        fault("F43", table, "unseen_class|label_mapping_mismatch|distribution_shift", base=[PARTS],
              steps=[step(do.lack, labels=labels)])  # fmt: skip


def _leaks() -> None:
    def leak(name: str, table: str, causes: str, *words: str, **options: Any) -> None:
        fault(name, table, causes, *words, kind="optimism", **options)

    leak("F44 drawn", "labs", "duplicate_leak", same=FITTED, base=[HOLD], fair=False,
         steps=[step(part.oversample, times=2, share=0.7)])  # fmt: skip
    for table, times, jitter in (("likert", 2, 0.01), ("labs", 3, 0.02)):
        leak("F44 near", table, "duplicate_leak|group_leak", same=FITTED, fair=False,
             base=[HOLD], steps=[step(part.remeasure, times=times, jitter=jitter)])  # fmt: skip
    leak("F45 remark", "words", "target_leak", base=[HOLD], steps=[step(part.remark, share=0.9)])
    for table, label, size in (("claims", "review", 900.0), ("clicks", 1, 40.0)):
        leak("F45 payout", table, "target_leak", base=[HOLD],
             steps=[step(part.payout, label=label, size=size)])  # fmt: skip
    leak("F45 total", "labs", "target_leak", base=[HOLD], steps=[step(part.total, noise=0.15)])
    split = "data.split.method=group"
    leak("F46 verdicts", "turbines", "group_leak", clean=(split, "data.split.by=machine"),
         base=[step(part.verdicts, column="machine", labels=("keep", "change"), honest=50)],
         fair=False)  # fmt: skip
    leak("F46 visits", "labs", "group_leak|duplicate_leak",
         same=("data.drop=[subject]", *WIDE, "trainer.epochs=15"),
         clean=(split, "data.split.by=subject"),
         base=[step(part.visits, each=6, jitter=0.15, honest=0.35)], fair=False)  # fmt: skip
    for table, levels in (("clicks", 4000), ("claims", 1100)):
        leak("F48 rate", table, "selection_leak|target_leak", base=[PARTS],
             steps=[step(part.mean_of_code, levels=levels)],
             clean_steps=[step(part.mean_of_code, levels=levels, honestly=True)])  # fmt: skip
    leak("F48 near", "claims", "selection_leak|target_leak", base=[PARTS],
         steps=[step(part.near_labels, count=2)],
         clean_steps=[step(part.near_labels, count=2, honestly=True)])  # fmt: skip
    leak("F47", "bits", "selection_leak", base=[PARTS],
         steps=[step(part.best_of, drawn=3000, keep=25, honestly=False)],
         clean_steps=[step(part.best_of, drawn=3000, keep=25, honestly=True)],
         fair=False)  # fmt: skip


def _splits() -> None:
    shift = "distribution_shift"
    for table, columns, size in (
        ("turbines", ("s0_mean", "s0_peak", "s1_rms", "s2_mean", "s2_rms"), 4.0),
        ("labs", ("p0a", "p0b", "p1a", "p1c", "p2d"), 5.0),
    ):
        fault("F49 drift", table, shift, steps=[step(part.drift, deviations=size, columns=columns)],
              clean_steps=[step(part.last_rows)])  # fmt: skip
    fault("F49 elsewhere", "claims", shift, clean_steps=[PARTS],
          steps=[step(part.elsewhere, column="amount", above=0.55)])  # fmt: skip
    fault("F49 gain", "turbines", f"{shift}|preprocessing_mismatch", base=[PARTS],
          steps=[step(do.rescale, by=1.6, where=("test",),
                      columns=tuple(f"s{k}_mean" for k in range(4)))])  # fmt: skip
    order = ("data.split.shuffle=false", "data.split.stratify=false")
    fault("F50", "glyphs", "ordered_split|unseen_class", *order, base=[step(part.by_label)])
    batches: tuple[tuple[str, Sequence[str]], ...] = (
        ("words", sgd(0.1)),
        ("likert", sgd(0.08)),
    )
    for table, settings in batches:
        fault("F50 batches", table, "ordered_split", "trainer.shuffle=false", same=settings,
              base=[step(part.by_label)])  # fmt: skip
    for table, share in (("claims", 0.006), ("clicks", 0.002)):
        fault("F51", table, "validation_too_small", f"data.split.valid={share}", kind="noise")


for _register in (_scales, _preparation, _content, _missing, _labels, _leaks, _splits):
    _register()
