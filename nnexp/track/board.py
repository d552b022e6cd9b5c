"""TensorBoard: scalars, histograms, pictures, text and hyperparameters in one event file.

Everything goes into the run folder itself, so that a run is one line in TensorBoard's list.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.histogram_pb2 import HistogramProto
from tensorboard.compat.proto.summary_pb2 import Summary

from nnexp.track import summaries
from nnexp.track.confusion import draw_confusion
from nnexp.track.events import EventFile

# history.csv's column -> TensorBoard's tag
TAGS = {
    "train_loss": "loss/train",
    "train_penalty": "penalty/train",
    "train_accuracy": "accuracy/train",
    "val_loss": "loss/val",
    "val_accuracy": "accuracy/val",
    "lr": "lr",
}
BINS = 64  # of a histogram made here
PARTS = np.arange(BINS + 1) / BINS  # where its edges lie between the least value and the largest
LARGEST = 1e150  # values beyond it are counted as it: their squares would overflow


class Board:
    """TensorBoard's events of one run.

    Import this module only where a board is wanted: TensorBoard's own modules take a moment.

    Arguments:
        folder: the run folder.
        purge_step: None for a new run; for a resumed one the first epoch that it will train.
    """

    def __init__(self, folder: str | Path, purge_step: int | None = None) -> None:
        self._events = EventFile(folder, purge_step)
        self._session_started = False
        self._closed = False
        self._write([summaries.layout()])

    @property
    def path(self) -> Path:
        """The event file."""
        return self._events.path

    def epoch(self, row: Mapping[str, Any], histograms: Mapping[str, Any] | None = None) -> None:
        """Write a row of the history as scalars, and histograms of its epoch, as one record.

        Arguments:
            row: `epoch` and columns of history.csv; known ones are written under the tags of
                `TAGS`, others under their own name; None is left out.
            histograms: tag -> numbers of any shape, numpy or a CPU tensor; those that are not
                finite are left out.
        """
        written = [
            summaries.scalar(TAGS.get(name, name), value)
            for name, value in row.items()
            if name != "epoch" and value is not None
        ]
        found = [_of_values(tag, values) for tag, values in (histograms or {}).items()]
        self._write([*written, *(value for value in found if value is not None)], int(row["epoch"]))

    def image(self, step: int, tag: str, png: bytes) -> None:
        """Write a picture.

        Arguments:
            step: the epoch.
            tag: its name.
            png: a PNG file's bytes.

        Raises:
            ValueError: not a PNG.
        """
        if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 24:
            raise ValueError(f"an image is a PNG file. Received: {png[:8]!r}")
        width, height = struct.unpack(">II", png[16:24])  # of the IHDR chunk, always the first
        picture = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=png)
        self._write([Summary.Value(tag=tag, image=picture)], step)

    def confusion(self, step: int, tag: str, counts: Any, classes: Any, title: str = "") -> None:
        """Write a confusion matrix as a picture.

        Arguments:
            step: the epoch of the weights that predicted.
            tag: its name, such as `confusion/val`.
            counts: (C, C) whole numbers, rows the true class, columns the predicted one.
            classes: C class names.
            title: a line above.
        """
        self.image(step, tag, draw_confusion(counts, classes, title))

    def text(self, tag: str, markdown: str, step: int = 0) -> None:
        """Write a text.

        Arguments:
            tag: its name, such as `config`.
            markdown: the text; `nnexp.track.markdown` makes some.
            step: the epoch.
        """
        self._write([summaries.text(tag, markdown)], step)

    def hparams(
        self,
        hparams: Mapping[str, bool | float | str | None],
        metrics: Mapping[str, float | None],
        status: str = "done",
        step: int = 0,
    ) -> None:
        """Write the run's row in the HPARAMS tab.

        Once at the end is enough; called with status "running" at the start as well, the row is
        there from the first epoch on. TensorBoard takes the columns from an arbitrary run, so
        every run should give the same keys.

        Arguments:
            hparams: flat key -> bool, number or text; None leaves the cell empty.
            metrics: tag -> number, such as `hparam/val_loss`; each is written as a scalar too.
                None (no test rows, say) makes a column without a value.
            status: "running", "done", or any other for a run that did not end well.
            step: the epoch of the weights that were scored.
        """
        values = []
        if not self._session_started:
            self._session_started = True
            values += [summaries.experiment(hparams, metrics), summaries.session_start(hparams)]
        values += [
            summaries.scalar(tag, value) for tag, value in metrics.items() if value is not None
        ]
        if status != "running":
            values.append(summaries.session_end(status == "done"))
        self._write(values, step)

    def close(self) -> None:
        """End the board; what was written is on disk already. A second call does nothing."""
        self._closed = True

    def __enter__(self) -> Board:
        """Return the board itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the board."""
        self.close()

    def _write(self, values: list[Summary.Value], step: int = 0) -> None:
        if self._closed:
            raise ValueError("the board is closed")
        if values:
            self._events.write(values, step)


def _of_values(tag: str, values: Any) -> Summary.Value | None:
    """A histogram of values; None where none is finite."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return None
    flat = flat.clip(-LARGEST, LARGEST)
    moments = float(flat.sum()), float(flat @ flat)
    low, high = flat.min(), flat.max()
    edges = low + (high - low) * PARTS
    edges[-1] = high
    if not (edges[1:] > edges[:-1]).all():  # values too close together for bins between them
        return _histogram(tag, np.array([flat.size]), np.array([low, high]), moments)
    # numpy's own histogram takes longer, for weights and odd types
    places = ((flat - low) / (high - low) * BINS).astype(np.intp)
    counts = np.bincount(np.minimum(places, BINS - 1), minlength=BINS)
    return _histogram(tag, counts, edges, moments)


def _histogram(
    tag: str, counts: NDArray[Any], edges: NDArray[Any], moments: tuple[float, float]
) -> Summary.Value:
    """A histogram of counts (bins,), edges (bins + 1,) and the sums of values and squares."""
    proto = HistogramProto(
        min=float(edges[0]),
        max=float(edges[-1]),
        num=float(np.sum(counts)),
        sum=moments[0],
        sum_squares=moments[1],
        bucket_limit=edges[1:].tolist(),
        bucket=counts.tolist(),
    )
    return Summary.Value(tag=tag, histo=proto)
