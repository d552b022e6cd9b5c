"""Sweeps without training, folders of hand-written files; and a page read back as a tree."""

import csv
import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import numpy as np
import pytest
import yaml

from nnexp.leaderboard import ranked, read_records
from nnexp.report.page import report_html
from nnexp.report.run_folder import read_run_folder
from nnexp.report.run_page import run_html

CONFIG = {
    "seed": 0,
    "data": {"name": "iris"},
    "model": {"name": "mlp", "hidden": [64, 64]},
    "reg": {"l2": 0.0},
    "optimizer": {"name": "adam", "lr": 0.001},
    "trainer": {"batch_size": 32},
}
HEAD = ["epoch", "train_loss", "train_penalty", "train_accuracy", "val_loss", "val_accuracy", "lr"]


def scores(loss, accuracy, n):
    own = {"loss": loss, "accuracy": accuracy, "balanced_accuracy": accuracy, "auc": None, "n": n}
    return {**own, "loss_stderr": 0.03, "accuracy_stderr": 0.04}


def history(epochs=4, seed=0, level=1.0):
    """Rows of a history.csv: numbers of no meaning, the same for the same arguments."""
    rng = np.random.default_rng([seed, round(1000 * level)])
    rows = []
    for epoch in range(1, epochs + 1):
        loss, accuracy = level * (1 + 0.3 / epoch) + 0.05 * rng.random(2), 0.5 + 0.4 * rng.random(2)
        row = [epoch, loss[0], 2.5 * level, accuracy[0], loss[1], accuracy[1], 0.001]
        rows.append(dict(zip(HEAD, map(float, row), strict=True)) | {"epoch": epoch})
    return rows


@pytest.fixture
def add(tmp_path):
    """Write a run into the sweep `tmp_path / "sweep"`.

    Arguments: its number, changes of the configuration as `reg__l2=0.1`, and what its files hold.
    """

    def write(number, /, *, seed=0, val=0.5, accuracy=0.9, test=0.6, rows=None, best=2,
              status="done", reason=None, manifest=None, **changes):  # fmt: skip
        folder = tmp_path / "sweep" / str(number)
        folder.mkdir(parents=True)
        config = json.loads(json.dumps(CONFIG)) | {"seed": seed}
        for key, value in changes.items():
            section, _, name = key.partition("__")
            config[section][name] = value
        (folder / "config.yaml").write_text(
            yaml.safe_dump(config, sort_keys=False), encoding="utf-8"
        )
        files = {"status": {"status": status, "reason": reason}}
        if status == "done":
            parts = {"val": None if val is None else scores(val, accuracy, 30)}
            parts["test"] = None if test is None else scores(test, accuracy and accuracy - 0.1, 40)
            files["metrics"] = {"best_epoch": best, **parts}
        if manifest is not None:
            files["manifest"] = {"format_version": 1, "files": {}, **manifest}
        for name, content in files.items():
            (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        rows = history(seed=seed, level=val or 1.0) if rows is None else rows
        if rows:
            with (folder / "history.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, HEAD, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        return folder

    return write


@pytest.fixture
def path_of(add):
    """A regularization path: three values of reg.l2, of three seeds each."""
    number = 0
    for l2, level in [(0.0, 1.0), (0.01, 0.8), (0.1, 1.4)]:
        for seed in range(3):
            val = level + [0.0, 0.05, 0.11][seed]
            add(number, seed=seed, val=val, accuracy=0.9 - 0.1 * l2 - 0.01 * seed, reg__l2=l2)
            number += 1


SIGNALS = {
    "val_moved_right": [None, -0.2, -0.1, -0.05, 0.0],
    "val_moved_wrong": [None, 0.1, 0.2, 0.3, 0.4],
    "val_moved_flips": [None, -0.3, -0.1, 0.0, 0.0],
    "val_loss": [1.2, 0.8, 0.8, 1.05, 1.45],
    "val_accuracy": [0.3, 0.7, 0.8, 0.8, 0.8],
    "gradient_norm/layers.0": [None, 1.0, 0.5, 0.25, 0.1],
    "gradient_norm/layers.1": [None, 2.0, 1.5, 1.25, 1.1],
    "update_ratio/layers.0": [None, 0.002, 0.001, 0.001, 0.0005],
    "dead/layers.0": [0.0, 0.25, None, 0.5, 0.5],
    "weight_norm/layers.0": [10.0, 11.0, None, 12.0, 13.0],
}
CLASSES = [{"label": "a", "rows": 60}, {"label": "b", "rows": 40}]


@pytest.fixture
def make_run(add):
    """Write a run with all its files, and return its folder.

    Arguments: columns of signals.csv, None for no such file; overrides, None likewise; others as
    for `add`.
    """

    def write(number=0, /, *, signals=SIGNALS, overrides=("data=iris", "reg.l2=0"), **given):
        split = {"train": 60, "valid": 30, "test": 40}
        data = {"source": "iris", "split": split, "features": 4, "classes": CLASSES}
        given.setdefault("manifest", {"data": data})
        folder = add(number, **given)
        text = (folder / "config.yaml").read_text(encoding="utf-8")
        text += "loss:\n  name: cross_entropy\n"
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        if overrides is not None:
            text = yaml.safe_dump(list(overrides), width=10_000)
            (folder / "overrides.yaml").write_text(text, encoding="utf-8")
        if signals is not None:
            with (folder / "signals.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(["epoch", *signals])
                cells = zip(*signals.values(), strict=True)
                rows = [["" if c is None else c for c in row] for row in cells]
                writer.writerows([[epoch, *row] for epoch, row in enumerate(rows)])
        return folder

    return write


@pytest.fixture
def shown(read):
    """The page of a run as a tree."""

    def make(folder, diagnosis, restores=()):
        told = replace(diagnosis, restores=restores)
        return read(run_html(read_run_folder(folder), told))

    return make


@dataclass
class Node:
    """An element: its name, its attributes, and what is in it."""

    tag: str
    attributes: dict = field(default_factory=dict)
    children: list = field(default_factory=list)

    def all(self, tag=None, class_=None):
        """The elements below it, in order, by name and class."""
        found = []
        for child in self.children:
            if isinstance(child, Node):
                classes = (child.attributes.get("class") or "").split()
                if tag in (None, child.tag) and (class_ is None or class_ in classes):
                    found.append(child)
                found += child.all(tag, class_)
        return found

    def one(self, tag=None, class_=None):
        found = self.all(tag, class_)
        assert len(found) == 1, f"{len(found)} of {tag}.{class_}"
        return found[0]

    def section(self, name):
        """The section of an id; None without."""
        return next((s for s in self.all("section") if s.attributes["id"] == name), None)

    @property
    def text(self):
        """All text in it, without what only a resting pointer is told."""
        parts = [c if isinstance(c, str) else c.text for c in self.children if self.tag != "title"]
        return re.sub(r"\s+", " ", "".join(parts)).strip()

    @property
    def told(self):
        """What a pointer that rests on a drawing is told."""
        return "".join(c.children[0] for c in self.children if getattr(c, "tag", "") == "title")


class Reader(HTMLParser):
    """Reads a page whose elements are all closed, and fails where one is not."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        self.open[-1].children.append(data)


def read(text):
    reader = Reader()
    reader.feed(str(text))
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


@pytest.fixture(name="read", scope="session")
def _read():
    """Markup as a tree."""
    return read


@pytest.fixture
def board(tmp_path):
    """The leaderboard of the sweep that was written, with or without configurations."""
    return lambda sort="val_loss": ranked(read_records([tmp_path / "sweep"]), sort)


@pytest.fixture
def page(tmp_path):
    """The page of the sweep that was written, as a tree."""

    def make(sort="val_loss"):
        records = read_records([tmp_path / "sweep"])
        return read(report_html(ranked(records, sort), records))

    return make


class Axis:
    """A scale recovered from the labels of its ticks, as a reader of the chart would."""

    def __init__(self, ticks, logs):
        places, labels = zip(*ticks, strict=True)
        values = [float(label.replace("−", "-")) for label in labels]
        self.logs = logs
        numbers = np.log10(values) if logs else np.array(values)
        self.slope, self.start = np.polyfit(places, numbers, 1)
        residue = np.abs(np.polyval([self.slope, self.start], places) - numbers).max()
        assert len(ticks) > 2
        assert residue < 0.002 * np.ptp(numbers)  # the places are rounded

    def value(self, place):
        number = self.slope * np.asarray(place, dtype=float) + self.start
        return 10**number if self.logs else number


@pytest.fixture
def axis_of():
    """The upright axis of a chart's figure; places are shares from the top."""

    def recover(figure, logs=False):
        texts = figure.one("div", "plot").all("text", "tick")
        ticks = [t for t in texts if t.attributes["text-anchor"] == "end"]
        return Axis([(share(t.attributes["y"]), t.text) for t in ticks], logs)

    return recover


def share(text):
    assert text.endswith("%")
    return float(text[:-1]) / 100


@pytest.fixture(name="share")
def _share():
    """A percentage as a number."""
    return share
