"""Fixes as one would type them in a loop of one's own, from the overrides that rules speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nnexp.diagnosis.finding import Evidence, Nomination

IMPUTE = "sklearn.impute.SimpleImputer() fitted on the train rows"
IMPUTE_INFINITE = f"X[~np.isfinite(X)] = np.nan, then {IMPUTE}"  # it refuses infinity
SCALE = "scale the columns of X by those of the train rows: (X - X.mean(0)) / X.std(0)"
CLEAR = "optimizer.zero_grad() before loss.backward()"
TWO_LABELS = "y with the labels of the rows: np.unique(y) has two or more"
STEP_EACH = "optimizer.step() for each batch, inside the loop over them"
NO_PENALTY = "leave the penalty out of the loss, or divide its factor by 100"
NO_DECAY = "weight_decay=0 in the optimizer"
LESS_DROPOUT = "torch.nn.Dropout with p of 0.5 or less, or none"
NO_INPUT_DROPOUT = "no dropout of the inputs"
NO_SMOOTHING = "label_smoothing=0 in the loss"
CROSS_ENTROPY = "torch.nn.CrossEntropyLoss() on the logits"
NO_SCHEDULE = "leave the scheduler out, or stretch it over the whole run"
NO_WARM_UP = "a warm-up of a few epochs at most"
_INIT = "leave the weights as torch.nn.Linear makes them"
_SPLIT = "split at random: sklearn.model_selection.train_test_split(X, y, stratify=y)"
_STRETCH = "hold out a stretch of rows: train_test_split(shuffle=False)"
_WORDS: dict[str, str] = {
    "data.scaling=standard": SCALE,
    "data.scaling=robust": "sklearn.preprocessing.RobustScaler() fitted on the train rows",
    "data.scaling=quantile": "sklearn.preprocessing.QuantileTransformer() fitted on the train rows",
    "data.missing=mean": IMPUTE,
    "data.indicator": "a column beside each with missing cells: torch.isnan(x).float()",
    "data.duplicates=drop": "drop duplicate rows before the split",
    "loss.class_weight=balanced": "weight=len(y) / (y.max() + 1) / torch.bincount(y) in the loss",
    "loss": CROSS_ENTROPY,
    "scheduler": NO_SCHEDULE,
    "model.init": _INIT,
    "model.init_scale": _INIT,
    "model.bias_init": _INIT,
    "model.activation=relu": "torch.nn.ReLU() between the layers",
    "model.activation=leaky_relu": "torch.nn.LeakyReLU() between the layers",
    "model.norm=batch": "torch.nn.BatchNorm1d behind each hidden layer",
    "model": "hidden layers with torch.nn.ReLU() between them",
    "trainer.checkpoint": "keep the weights of the epoch of least validation loss",
    "trainer.monitor": "keep the weights of the epoch of least validation loss",
    "data.split.method=group": "split whole groups: sklearn.model_selection.GroupShuffleSplit",
    "data.split.method=time": "hold out the latest rows",
    "data.split.shuffle=false": _STRETCH,
    "data.split.stratify=false": _STRETCH,
    "data.split": _SPLIT,
}
# a setting that is to be left out, or set to nothing
_OUT = {
    "optimizer.weight_decay": NO_DECAY,
    "reg.weight_decay": NO_DECAY,
    "reg.dropout": LESS_DROPOUT,
    "reg.input_dropout": NO_INPUT_DROPOUT,
    "reg.label_smoothing": NO_SMOOTHING,
    "reg.l1": NO_PENALTY,
    "reg.l2": NO_PENALTY,
    "reg.grad_clip": "do not clip gradients that short",
    "reg.patience": "do not stop early",
    "data.split.by": _SPLIT,
}
_NUMBERS = {
    "optimizer.weight_decay": "weight_decay={} in the optimizer",
    "reg.weight_decay": "weight_decay={} in the optimizer",
    "reg.dropout": "torch.nn.Dropout({}) behind the hidden layers",
    "reg.input_dropout": "torch.nn.Dropout({}) before the first layer",
    "reg.label_smoothing": "label_smoothing={} in the loss",
    "reg.l1": "{} times the sum of the weights' sizes added to the loss",
    "reg.l2": "{} times the sum of the weights' squares added to the loss",
    "reg.grad_clip": "torch.nn.utils.clip_grad_norm_(model.parameters(), {})",
    "optimizer.lr": "lr={}",
    "trainer.epochs": "train for {} epochs",
    "trainer.batch_size": "batches of {} rows",
    "model.hidden": "hidden layers of {} units",
    "data.split.by": "by {}",
    "data.drop": "leave {} out of X",
    "data.categorical": "one-hot encode {}",
    "data.sentinels": "NaN for {}, then fill the missing cells",
    "data.missing_tokens": "NaN for {}",
}
# what no setting of a run mends, and a loop can
_BY_CAUSE = {
    "duplicate_leak": ("split first, and copy or augment the train rows then",),
    "preprocessing_mismatch": ("prepare the rows of valid= as those of train=",),
    "label_permuted": ("y in the order of the rows of X",),
    "label_mapping_mismatch": ("code the labels of valid= as those of train=",),
    "distribution_shift": ("train on rows like those of valid=, or split at random",),
    "unseen_class": (_SPLIT,),
    "ordered_split": (_SPLIT,),
}
# what a configuration calls otherwise than a loop
_CALLED = {"trainer.batch_size with model.norm=batch": "rows of a batch, with BatchNorm"}
_UNKNOWN = {"model.init", "model.init_scale", "model.bias_init"}
_KEY = re.compile(r"\b(?:optimizer|reg|model|trainer|loss|data)\.([a-z_]+)")


def code_words(words: Sequence[str]) -> tuple[str, ...]:
    """Overrides in the words of a loop, each once.

    >>> code_words(["optimizer.lr=0.001", "data.drop=[x3]"])
    ('lr=0.001', 'leave x3 out of X')
    >>> code_words(["reg.label_smoothing=0.1", "reg.l2=0.0"])[0]
    'label_smoothing=0.1 in the loss'
    """
    return tuple(dict.fromkeys(_word(word) for word in words))


def in_code(own: Nomination) -> Nomination:
    """A rule's nomination in the words of a loop."""
    evidence = tuple(_evidence(e) for e in own.evidence if e.signal not in _UNKNOWN)
    return replace(
        own,
        fix=code_words(own.fix or _BY_CAUSE.get(own.cause, ())),
        evidence=evidence or own.evidence,
        against=tuple(map(_evidence, own.against)),
    )


def in_python(line: str) -> str:
    """A line of an audit in the words of a loop, whose table has no settings.

    >>> in_python("data.missing=none, and every number of every row is finite")
    'every number of every row is finite'
    >>> in_python("'x3': one value in train, left out")
    "'x3': one value in train"
    """
    line = re.sub(r"^data\.[a-z_.]+=\S+, and | \(data\.[a-z_.]+=\w+\)", "", line)
    return re.sub(r"(: one value in train), left out$", r"\1", line)


def _evidence(own: Evidence) -> Evidence:
    signal = _CALLED.get(own.signal, own.signal)
    expected = own.expected.removesuffix(" with data.missing=none")
    return replace(own, signal=_KEY.sub(r"\1", signal), expected=_KEY.sub(r"\1", expected))


def _word(word: str) -> str:
    key, given, text = word.partition("=")
    if not given:
        return word
    if key in _OUT and _is_nothing(text):
        return _OUT[key]
    if key in _NUMBERS:
        return _NUMBERS[key].format(text.strip("[]").replace(",", ", "))
    for name in (word, key, key.rpartition(".")[0]):
        if name in _WORDS:
            return _WORDS[name]
    return f"{key.rpartition('.')[2]}={text}" if re.fullmatch(r"[a-z_.]+", key) else word


def _is_nothing(text: str) -> bool:
    """Whether a value takes a setting away: 0 or null."""
    return text in ("null", "none", "false") or (
        text.replace(".", "").strip("0") == "" and text != ""
    )
