"""Initial weights, depth, width, and units that do nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from nnexp.config.schema.model import LinearConfig, MLPConfig
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.seen import Seen

ALIKE = 0.9  # share of a layer's units with the weights of another
MOST_DEAD = 0.8  # of a layer's units; 45 % without any harm is common
NARROW = 4  # units of a hidden layer through which little passes
FEW_WEIGHTS = 64  # of a layer, whose norm may be anything by chance
SMALL, FORGOTTEN = 0.78, 0.92  # strength of a small network, and of hidden layers that add nothing
HIGH_START = 3.0  # times ln K
VANISHED = 1e-3  # first over last layer's gradient
STARVED, FED = 0.05, 0.3  # of its initial norm: a penalty shrinks a layer that no gradient feeds to
# less than the first, while the last layer keeps more than the second
FIX = ("model.init=auto", override("model.init_scale", 1.0), override("model.bias_init", 0.0))


def initial(seen: Seen) -> list[Nomination]:
    """Initial weights that are alike, or far from the scale that keeps signals alive."""
    model = seen.config.model
    alike = max(seen.units.alike.values(), default=0.0) if seen.units is not None else 0.0
    if not isinstance(model, LinearConfig):
        return [_symmetric((), alike, ())] if alike > ALIKE else []
    if model.init in ("zeros", "constant") or model.init_scale == 0 or alike > ALIKE:
        given = Evidence("model.init", model.init, "random weights")
        return [_symmetric((given,), alike if seen.units is not None else None, FIX)]
    found = _off_scale(seen, model)
    if abs(model.bias_init) > 1:
        found.append(
            Nomination(
                "dead_units" if model.bias_init < -1 and _relu(seen) else "bad_initialisation",
                (
                    Evidence("model.bias_init", model.bias_init, "0"),
                    *_dead_evidence(seen),
                ),
                "biases this far from 0 keep units on one side of their activation for every row",
                (override("model.bias_init", 0.0),),
                0.92,
            )
        )
    return found


def _symmetric(
    given: tuple[Evidence, ...], alike: float | None, fix: tuple[str, ...]
) -> Nomination:
    evidence = list(given)
    if alike is not None:
        evidence.append(Evidence("share of a layer's units with equal weights", alike, "0"))
    return Nomination(
        "bad_initialisation",
        tuple(evidence),
        "units that start alike get the same gradient and stay alike: a layer of them is one unit",
        fix,
        0.97,
    )


def _off_scale(seen: Seen, model: LinearConfig) -> list[Nomination]:
    """Initial weights of a layer that are far larger or smaller than usual."""
    scales = _scales(seen)
    if not scales:
        return []
    layer, worst = max(scales.items(), key=lambda item: abs(math.log(max(item[1], 1e-12))))
    if not (worst > 4 or worst < 0.15):  # nor where it is NaN
        return []
    evidence = [
        Evidence(f"initial weights of {layer} over the usual scale", worst, "about 1"),
        Evidence("model.init_scale", model.init_scale, "1"),
    ]
    if seen.initial_loss is not None:
        classes = max(2, len(seen.classes))
        near = f"near ln {classes} = {math.log(classes):.2f}"
        evidence.append(Evidence("loss before the first step", seen.initial_loss, near))
    text = (
        "signals grow from layer to layer: the run starts certain and wrong, and spends "
        "its steps on unlearning"
        if worst > 1
        else "signals fade from layer to layer, and so do the gradients"
    )
    other = "exploding_gradients" if worst > 1 else "vanishing_gradients"
    return [
        Nomination("bad_initialisation", tuple(evidence), text, FIX, 0.9),
        Nomination(other, tuple(evidence), text, FIX, 0.6),
    ]


def _scales(seen: Seen) -> dict[str, float]:
    """Initial root mean square weight of each layer over that of the usual initialisations."""
    if seen.signals is None or len(seen.widths) < 2:
        return {}
    found = {}
    for place, (layer, norms) in enumerate(seen.of_layers("weight_norm").items()):
        if place + 1 >= len(seen.widths) or not len(norms):
            continue
        fan_in, fan_out = seen.widths[place], seen.widths[place + 1]
        if fan_in * fan_out < FEW_WEIGHTS:
            continue
        # between torch's uniform (1 / sqrt(3 fan_in)) and He's normal (sqrt(2 / fan_in))
        usual = 1 / math.sqrt(fan_in)
        found[layer] = float(norms[0]) / math.sqrt(fan_in * fan_out) / usual
    return found


def dead(seen: Seen) -> list[Nomination]:
    """Most ReLUs of a layer at 0 for every row; of a user's own module, outputs all the same."""
    evidence = _dead_evidence(seen)
    if seen.module.is_constant:
        return [
            Nomination(
                "dead_units",
                (Evidence("outputs of the train rows", "all the same", "different"),),
                "what enters the last layer is the same for every row, as behind a layer whose "
                "units never fire: nothing but its biases is learnt",
                (),
                0.94,
            )
        ]
    if not evidence:
        return []
    return [
        Nomination(
            "dead_units",
            evidence,
            "a unit that is 0 on every row has no gradient and never comes back: the layer is as "
            "narrow as what is left of it",
            ("model.activation=leaky_relu",),
            0.5,
        )
    ]


def _dead_evidence(seen: Seen) -> tuple[Evidence, ...]:
    if seen.units is None or not seen.units.dead:
        return ()
    layer, share = max(seen.units.dead.items(), key=lambda item: item[1])
    if share < MOST_DEAD:
        return ()
    return (Evidence(f"share of units of {layer} that are 0 on all rows", share, "below 0.5"),)


def _relu(seen: Seen) -> bool:
    return getattr(seen.config.model, "activation", "") == "relu"


def vanishing(seen: Seen) -> list[Nomination]:
    """Gradients that do not reach the first layer."""
    norms = list(seen.of_layers("gradient_norm").values())
    model = seen.config.model
    if len(norms) < 4 or not all(map(len, norms)):
        return []  # a norm that was never finite is not small
    if not isinstance(model, MLPConfig):
        return _vanishing_in_own_module(norms)
    # where a penalty's gradient stands in for that of the loss, it shows once the weights are gone
    when = slice(-3, None) if _is_starved(seen) else slice(0, 3)
    sizes = [float(np.median(own[when])) for own in norms]
    ratio = sizes[0] / max(sizes[-1], 1e-30)
    if ratio > 30 * VANISHED:
        return []
    bounded = model.activation in ("sigmoid", "tanh")
    strength = 0.93 if ratio < VANISHED else 0.75
    fix = ["model.activation=relu"] if bounded else ["model.norm=batch"]
    if bounded and len(model.hidden) > 6:
        fix.append("model.norm=batch")
    return [
        Nomination(
            "vanishing_gradients",
            (
                Evidence("gradient of the first layer over that of the last", ratio, "about 1"),
                Evidence("hidden layers", len(model.hidden), "2 or 3"),
                Evidence("model.activation", model.activation, "relu, or normalised layers"),
            ),
            "every layer shrinks the gradient on its way back: the first layers stay at their "
            "random start, and the last ones learn the class shares",
            tuple(fix),
            strength,
        )
    ]


def _vanishing_in_own_module(norms: Sequence[np.ndarray]) -> list[Nomination]:
    """Layers of a user's own module whose gradients grow from each to the next, to many times."""
    sizes = [float(np.median(own[:3])) for own in norms]
    ratio = sizes[0] / max(sizes[-1], 1e-30)
    steady = all(a <= b for a, b in pairwise(sizes))
    if not steady or ratio > VANISHED:
        return []
    return [
        Nomination(
            "vanishing_gradients",
            (
                Evidence("gradient of the first layer over that of the last", ratio, "about 1"),
                Evidence("layers with weights", len(norms), "3 or 4"),
            ),
            "every layer shrinks the gradient on its way back, as sigmoids do: the first layers "
            "stay at their random start, and the last ones learn the class shares",
            (),
            0.93,
        )
    ]


def _is_starved(seen: Seen) -> bool:
    """Whether a penalty has taken the first layer's weights, and not the last one's."""
    norms = list(seen.of_layers("weight_norm").values())
    if not norms or not all(len(own) > 1 and own[0] > 0 for own in norms):
        return False
    left = [float(own[-1] / own[0]) for own in norms]
    return left[0] < STARVED and left[-1] > FED


def exploding(seen: Seen) -> list[Nomination]:
    """Outputs that are far too large before the first step, though the inputs are not."""
    start = seen.initial_loss
    if start is None or seen.inputs is None or not len(seen.inputs.rms):
        return []
    classes = max(2, len(seen.classes))
    if seen.config.loss.name not in ("cross_entropy", "bce_with_logits"):
        return []
    usual = math.log(classes)
    model = seen.config.model
    large = isinstance(model, LinearConfig) and model.init_scale > 1.5
    if seen.inputs.largest > 10 or start < HIGH_START * 2 * usual or large:
        return []
    return [
        Nomination(
            "exploding_gradients",
            (Evidence("loss before the first step", start, f"near ln {classes} = {usual:.2f}"),),
            "the layers blow signals up: outputs and gradients are far too large from the start",
            ("model.norm=batch",),
            0.5,
        )
    ]


def capacity(seen: Seen) -> list[Nomination]:
    """A network too narrow, or linear, that has learned what it can."""
    model = seen.config.model
    if not isinstance(model, LinearConfig):
        return _narrow_module(seen)
    linear = not isinstance(model, MLPConfig) or not model.hidden or model.activation == "identity"
    narrowest = min(model.hidden) if isinstance(model, MLPConfig) and model.hidden else None
    narrow = narrowest is not None and narrowest <= NARROW
    if not linear and not narrow:
        return []
    if isinstance(model, MLPConfig):
        fix = ["model.hidden=[128,128]"] if narrow or not model.hidden else []
        if model.activation == "identity":
            fix.append("model.activation=relu")
    else:
        fix = ["model=mlp"]
    found = _small(seen, "linear" if linear else _narrowest(narrowest), tuple(fix))
    # hidden layers that add nothing are no choice
    forgotten = linear and narrowest is not None
    return [replace(found, strength=FORGOTTEN) if forgotten else found]


def _narrow_module(seen: Seen) -> list[Nomination]:
    """A user's own module that is linear, or in which all passes through a few units, fewer than
    classes.
    """
    if seen.module.is_linear:
        return [_small(seen, "linear: between two rows its logits lie halfway", ())]
    through = [(shape[0], name) for name, shape in seen.module.matrices.items() if len(shape) == 2]
    units, name = min(through, default=(0, ""))
    passed_on = any(shape[1:] == (units,) for shape in seen.module.matrices.values())
    if not 0 < units <= NARROW or units >= seen.outputs or not passed_on:
        return []
    return [_small(seen, f"{_narrowest(units)}, {name}", ())]


def _narrowest(units: int | None) -> str:
    return f"{units} {'unit' if units == 1 else 'units'} in its narrowest layer"


def _small(seen: Seen, network: str, fix: tuple[str, ...]) -> Nomination:
    evidence = [Evidence("network", network, "hidden layers of some dozen units")]
    if seen.train is not None:
        evidence.append(
            Evidence(
                "accuracy on train rows",
                seen.train.accuracy,
                f"at least {seen.train.possible:.3f}, what other learners reach on unseen rows",
            )
        )
    return Nomination(
        "underfit_capacity",
        tuple(evidence),
        "the network cannot draw the border between the classes, however long it trains: train "
        "and validation accuracy stop together",
        fix,
        SMALL,
    )


RULES = (initial, dead, vanishing, exploding, capacity)
