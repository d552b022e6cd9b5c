"""The weights that a run has kept, and what they say of the rows of its table."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nnexp.config.schema.config import Config
from nnexp.data.dataset import Dataset
from nnexp.diagnosis.audit.learners import forest
from nnexp.diagnosis.judged import Modes, Rows
from nnexp.errors import UserError
from nnexp.files import open_tensors
from nnexp.model.weights import FILE, weights_from_tensors
from nnexp.runs import assemble
from nnexp.train.evaluate import logits


class KeptWeights:
    """A run's network with its kept weights, and the loss it was trained with.

    Outputs are logits (1, n, C) in evaluation mode; rows are indices of the dataset (n,).

    Arguments:
        config: of the run.
        model, coded: of its table.
        dataset: the table, prepared as the run did.
        theta, buffers: as `weights_from_tensors` gives them.
    """

    def __init__(
        self,
        config: Config,
        model: assemble.Model,
        coded: assemble.Coding,
        dataset: Dataset,
        theta: Tensor,
        buffers: Tensor,
    ) -> None:
        self.model, self.dataset, self.theta, self.buffers = model, dataset, theta, buffers
        self.plan = assemble.plan(config)
        compute = self.plan.compute or self.plan.dtype
        counts = np.bincount(dataset.y[dataset.train], minlength=len(dataset.classes))
        weights = assemble.class_weights(config, counts)
        self.loss = assemble.loss(config, coded, weights, torch.zeros((), dtype=self.plan.dtype))
        self.decision = assemble.decision(config, coded)
        self.targets = assemble.targets(coded, dataset.y, weights, self.plan.dtype)
        self.stack = model.bind(theta, buffers, dtype=compute)
        self.x = torch.from_numpy(dataset.x).to(compute)
        self.codes = None if dataset.codes is None else torch.from_numpy(dataset.codes)

    def inputs(self, rows: np.ndarray) -> Tensor:
        """Inputs (1, n, D) of some rows."""
        return self.x[torch.from_numpy(rows)].unsqueeze(0)

    def outputs(self, rows: np.ndarray) -> Tensor:
        """Logits (1, n, C) of some rows."""
        index = torch.from_numpy(rows)
        return logits(self.stack, self.x, self.codes, index, 1, self.targets.outputs)

    def classes(self, out: Tensor) -> np.ndarray:
        """Class indices (n,) that outputs (1, n, C) name; -1 for none."""
        return np.asarray(self.decision.classes(self.loss.activate(out))[0].numpy())

    def losses(self, rows: np.ndarray, out: Tensor) -> Tensor:
        """Data loss of each row by its outputs (1, n, C), (1, n), float64."""
        index = torch.from_numpy(rows).unsqueeze(0)
        by_row = self.loss.rows(out, self.targets.dense(index), self.targets.row_weights(index))
        return by_row.double()

    def mean_loss(self, rows: np.ndarray, out: Tensor) -> float:
        """Data loss of all these rows, as training means it."""
        row_weights = self.targets.row_weights(torch.from_numpy(rows).unsqueeze(0))
        total = self.losses(rows, out).sum(1)
        shared = float(len(rows)) if row_weights is None else row_weights.double().sum(1)
        return float(self.loss.of_set(total, shared, len(rows), self.plan.batch_size)[0])

    def judge(self, rows: np.ndarray, out: Tensor, judged: forest.Judged) -> Rows:
        """These rows by their outputs (1, n, C), beside the yardstick."""
        activated = self.loss.activate(out)
        scores = np.asarray(self.decision.probabilities(activated)[0].double().numpy())
        known = scores.shape[1] == len(self.dataset.classes)
        true, predicted = self.dataset.y[rows], self.classes(out)
        return Rows(true, predicted, judged.predicted, judged.votes, scores if known else None)

    def compare_modes(self, rows: np.ndarray, trained: Tensor) -> Modes:
        """Rows by their outputs (1, n, C) in training mode, beside those in evaluation mode."""
        both = trained, self.outputs(rows)
        right = [self.classes(out) == self.dataset.y[rows] for out in both]
        lost = [float(self.losses(rows, out).mean()) for out in both]
        return Modes(right[0], right[1], lost[0], lost[1])


def open_kept(
    folder: Path,
    config: Config,
    model: assemble.Model,
    coded: assemble.Coding,
    dataset: Dataset,
) -> KeptWeights:
    """The weights of a run folder.

    Raises:
        MisfitError: they are not of this network, or hold NaN.
        UserError: the file is damaged.
    """
    path = folder / FILE
    try:
        with open_tensors(path, 4 << 30) as tensors:
            theta, buffers = weights_from_tensors(model, tensors)
    except OSError as error:
        raise UserError(
            f"{str(path)!r} is damaged: {error}",
            "the file that the run wrote, unchanged",
            f"ls -l {shlex.quote(str(folder))}",
        ) from error
    return KeptWeights(config, model, coded, dataset, theta, buffers)
