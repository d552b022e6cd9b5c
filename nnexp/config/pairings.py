"""Settings that run but rarely mean what they say: pairings of loss and output, and the like."""

from __future__ import annotations

from nnexp.config.keys import literal
from nnexp.config.schema.config import Config

_NLL = {
    "softmax": "the loss is then negative, in [-1, 0]",
    "sigmoid": "the loss is then negative, in [-1, 0]",
    "logits": "the loss is then unbounded below",
    "tanh": "the loss is then in [-1, 1] and bounds no probability",
    "relu": "the loss is then unbounded below",
}


def warnings(config: Config) -> list[str]:
    """One plain line for each setting that is legal but probably a mistake; empty for none.

    Arguments:
        config: a checked configuration.
    """
    return [*_loss_and_output(config), *_targets(config), *_sizes(config)]


def _loss_and_output(config: Config) -> list[str]:
    loss, output = config.loss.name, config.model.output
    quoted = f"loss={loss} with model.output={output}"
    lines = []
    if loss == "nll" and output in _NLL:
        lines.append(f"{quoted}: nll expects log_softmax; {_NLL[output]}")
    elif loss == "cross_entropy" and output == "log_softmax":
        lines.append(f"{quoted}: cross_entropy takes logits; a second log_softmax is harmless")
    elif loss == "cross_entropy" and output != "logits":
        lines.append(
            f"{quoted}: cross_entropy takes logits; softmax is then taken of squashed values and "
            "the gradients shrink"
        )
    elif loss == "bce" and output != "sigmoid" and output != "softmax":
        lines.append(f"{quoted}: bce expects probabilities in [0, 1], from sigmoid")
    elif loss == "bce_with_logits" and output != "logits":
        lines.append(
            f"{quoted}: bce_with_logits takes logits; a sigmoid is then taken of {output} values"
        )
    if output in ("softmax", "log_softmax") and config.model.outputs == 1:
        constant = 1 if output == "softmax" else 0
        lines.append(
            f"model.output={output} with model.outputs=1: one output is always {constant}, so "
            "nothing is learned"
        )
    if loss in ("cross_entropy", "nll") and config.model.outputs == 1:
        lines.append(
            f"loss={loss} with model.outputs=1: with one class to choose from the loss is constant"
        )
    return lines


def _targets(config: Config) -> list[str]:
    loss, raw = config.loss.name, config.data.labels == "raw"
    lines = []
    if loss in ("mse", "mae") and not raw:
        lines.append(
            f"loss={loss} on classes: it fits the codes of the classes; cross_entropy usually "
            "learns faster"
        )
    if raw:
        lines.append(
            "data.labels=raw: the numbers in the target column go to the loss as they are; "
            "classification losses expect classes 0..C-1"
        )
    return lines


def _sizes(config: Config) -> list[str]:
    reg, loss, trainer = config.reg, config.loss, config.trainer
    lr, batch = config.optimizer.lr, trainer.batch_size
    lines = []
    if loss.scale < 0:
        lines.append(f"loss.scale={literal(loss.scale)}: a negative scale climbs the loss")
    if loss.scale == 0:
        lines.append("loss.scale=0: the data loss is switched off, nothing is learned from it")
    if config.optimizer.maximize:
        lines.append("optimizer.maximize=true: the optimizer climbs the loss")
    if lr == 0:
        lines.append("optimizer.lr=0: no weight ever moves")
    if loss.reduction == "sum" and config.optimizer.name == "sgd" and lr * batch > 1:
        lines.append(
            f"loss.reduction=sum with optimizer.lr={literal(lr)}: a step is as long as with mean "
            f"and optimizer.lr={literal(round(lr * batch, 6))}"
        )
    elif loss.reduction == "sum" and lr >= 0.1:
        lines.append(
            f"loss.reduction=sum with optimizer.lr={literal(lr)}: gradients grow with the batch"
        )
    for name, limit in (("l1", 0.1), ("l2", 1.0), ("weight_decay", 1.0)):
        value = getattr(reg, name)
        if value >= limit:
            lines.append(
                f"reg.{name}={literal(value)}: a penalty this large usually drives all weights to 0"
            )
    if config.scheduler.warmup >= trainer.epochs:
        lines.append(
            f"scheduler.warmup={literal(config.scheduler.warmup)} with trainer.epochs="
            f"{trainer.epochs}: the run ends before the warm-up does"
        )
    if reg.patience is not None and reg.patience >= trainer.epochs:
        lines.append(
            f"reg.patience={reg.patience} with trainer.epochs={trainer.epochs}: the run ends "
            "before it can stop early"
        )
    return lines
