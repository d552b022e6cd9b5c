"""How large the numbers are that reach the network."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, figure
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also, override

DOMINANT = 100.0  # size of an input that hides inputs of size 1 from every gradient ...
OUTWEIGHS = 50.0  # ... where it is so many times the next largest
ALONE = 1000.0  # times the next largest: that one is not felt beside it, large or not
NUMBERING = 0.3  # of both for a column that numbers or dates the rows, which is no amount at all
LARGE = 20.0  # size of an input that makes the first outputs, and the first loss, tens of times 1
APART = 100.0  # ratio of two spreads that no single learning rate serves
MANY = 10  # columns of which a few may be nearly constant, as the rims of images are
SMALL = 0.03  # spread of all inputs that a network takes for none


def check(sheet: Sheet) -> Audit:
    """Inputs that are too large, too small, or too unlike each other."""
    if not sheet.numbers:
        return Audit()
    size, spread = network_scales(sheet)
    names = list(size)
    sizes, spreads = np.array(list(size.values())), np.array(list(spread.values()))
    order = np.argsort(-sizes)
    line = (
        f"inputs as the network sees them (data.scaling={sheet.config.scaling}): sizes "
        f"{figure(sizes.min())} to {figure(sizes.max())}, spreads {figure(spreads.min())} to "
        f"{figure(spreads.max())}"
    )
    found = _dominant(sheet, names, sizes, order) or _unscaled(sheet, names, sizes, spreads, order)
    found = found or _tiny(sheet, names, spreads)
    return Audit([found] if found else [], checked=[] if found else [line])


def network_scales(sheet: Sheet) -> tuple[dict[str, float], dict[str, float]]:
    """Root mean square and standard deviation of each numeric column of train, after scaling."""
    size, spread = {}, {}
    for name, values in sheet.numbers.items():
        known = values[sheet.train]
        known = known[np.isfinite(known)]
        if not len(known):
            continue
        middle, unit = scaler(known, sheet.config.scaling)
        seen = (known - middle) / unit
        size[name] = float(np.sqrt(np.mean(seen**2)))
        spread[name] = float(seen.std())
    return size, spread


def scaler(known: np.ndarray, scaling: str) -> tuple[float, float]:
    """What a scaling takes off the numbers of a column, and what it divides them by."""
    if scaling == "none":
        return 0.0, 1.0
    if scaling == "minmax":
        middle, unit = float(known.min()), float(np.ptp(known))
    elif scaling == "robust":
        low, middle, high = (float(q) for q in np.quantile(known, (0.25, 0.5, 0.75)))
        unit = high - low
    else:  # quantile bounds every number, as standard does on the whole
        middle, unit = float(known.mean()), float(known.std())
    return middle, unit if unit > 0 else 1.0


def _dominant(
    sheet: Sheet, names: list[str], sizes: np.ndarray, order: np.ndarray
) -> Nomination | None:
    largest = float(sizes[order[0]])
    rest = max(float(sizes[order[1]]) if len(order) > 1 else 0.0, 1.0 if sheet.levels else 0.0)
    name = names[order[0]]
    what = sheet.numbering.get(name)
    least = NUMBERING if what else 1.0
    if not rest or (rest > LARGE and largest < ALONE * rest):
        return None
    if largest < least * DOMINANT or largest < least * OUTWEIGHS * rest:
        return None
    fix = also("data.drop", sheet.config.drop, [name]) if what else _standard()
    evidence = [
        Evidence(f"size (root mean square) of the input {name!r}", figure(largest), "about 1"),
        Evidence("size of the next largest input", figure(rest), "about the same"),
    ]
    if what:
        evidence.append(Evidence(f"what {name!r} is", f"it {what}", "a measurement"))
    return Nomination(
        "dominant_feature",
        tuple(evidence),
        f"{name!r} outweighs all other inputs: outputs and gradients follow it alone, and the "
        "rate at which it would be learnt leaves the others where they started.",
        (fix,),
        strength=0.9,
        subject=name,
    )


def _unscaled(
    sheet: Sheet, names: list[str], sizes: np.ndarray, spreads: np.ndarray, order: np.ndarray
) -> Nomination | None:
    large = [names[place] for place in order if sizes[place] >= LARGE]
    apart = _apart(spreads)
    differ = apart >= APART and spreads.max() >= SMALL
    if sheet.config.scaling not in ("none", "robust") or not (large or differ):
        return None
    if sheet.config.scaling == "robust" and sizes.max() < DOMINANT:
        return None  # a heavy tail that the scaling is meant to leave long
    evidence = []
    if large:
        evidence.append(
            Evidence(
                f"size (root mean square) of the input {large[0]!r}",
                figure(float(sizes.max())),
                "about 1",
            )
        )
        evidence.append(Evidence("inputs larger than 20", f"{len(large)} of {len(names)}", "none"))
    if differ:
        among = ", a tenth at either end apart" if len(spreads) >= MANY else ""
        evidence.append(
            Evidence(
                f"largest over smallest spread (standard deviation) of an input{among}",
                figure(apart),
                f"below {APART:.0f}",
            )
        )
    worst = [names[place] for place in order[:3]]
    return Nomination(
        "unscaled_features",
        tuple(evidence),
        f"The inputs reach the network as they were measured, {columns(worst)} the largest: the "
        "first loss is far above chance, and no learning rate suits large and small inputs alike.",
        (_standard(),),
        strength=0.85 if large and (sizes.max() >= DOMINANT or differ) else 0.6,
        subject=", ".join(worst),
    )


def _apart(spreads: np.ndarray) -> float:
    """Largest over smallest spread; of many columns without a tenth at either end."""
    low, high = np.quantile(spreads, (0.1, 0.9) if len(spreads) >= MANY else (0.0, 1.0))
    return float(high / max(low, 1e-300))


def _tiny(sheet: Sheet, names: list[str], spreads: np.ndarray) -> Nomination | None:
    if sheet.config.scaling != "none" or spreads.max() >= SMALL:
        return None
    return Nomination(
        "double_scaling",
        (
            Evidence(
                "largest spread (standard deviation) of a numeric input",
                figure(float(spreads.max())),
                "about 1",
            ),
            Evidence("numeric inputs", len(names), "any"),
        ),
        "The inputs hardly differ from row to row, as after two scalings in a row: the network "
        "sees nearly the same row everywhere, and the first gradients are as small.",
        (_standard(),),
        strength=0.85,
    )


def _standard() -> str:
    return override("data.scaling", "standard")
