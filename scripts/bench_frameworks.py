"""Runs of the grid of `bench_sweep.py` by frameworks, as their documentation writes them.

Each makes and trains its model anew for every run, validates after every epoch and shows nothing.
What each offers for speed is used where it helped in a trial on this work, and no files are
written, but for Lightning as its introduction has it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from bench_grid import DROPOUT, HIDDEN, Result, Setting, Work


# --------------------------------------------------------------------------------------- Keras
def keras_runs(work: Work, settings: Sequence[Setting], *, backend: str) -> Result:
    """`Sequential` with kernel_regularizer and `fit`.

    Arguments:
        backend: `jax` or `torch`; the same in every call of a process.
    """
    os.environ["KERAS_BACKEND"] = backend
    import keras

    if backend == "torch":
        import torch

        torch.set_num_threads(1)
    accuracies = []
    for setting in settings:
        keras.utils.set_random_seed(setting.seed)
        penalty = keras.regularizers.L2(setting.l2)
        layers: list[Any] = [keras.Input((work.widths[0],))]
        for units in HIDDEN:
            layers += [
                keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty),
                keras.layers.Dropout(DROPOUT),
            ]
        net = keras.Sequential(
            [*layers, keras.layers.Dense(work.widths[-1], kernel_regularizer=penalty)]
        )
        net.compile(
            optimizer=keras.optimizers.Adam(setting.lr),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        history = net.fit(
            work.x_train,
            work.y_train,
            batch_size=work.batch,
            epochs=work.epochs,
            validation_data=(work.x_valid, work.y_valid),
            verbose=0,
        )
        accuracies.append(float(history.history["val_accuracy"][-1]))
    return Result(accuracies)


# ----------------------------------------------------------------------------------- Lightning
def lightning_runs(work: Work, settings: Sequence[Setting], *, usual: bool = False) -> Result:
    """A `LightningModule` and `Trainer.fit`.

    Arguments:
        usual: as its introduction has it: rows collated by the `DataLoader`, `self.log` in every
            step, its logger and checkpoints on, which leave TensorBoard events and weights as
            nnexp does. Else whole batches by row numbers, and all of that off.
    """
    import lightning
    import torch
    from torch import nn
    from torch.nn import functional as F
    from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

    torch.set_num_threads(1)

    class Perceptron(lightning.LightningModule):
        def __init__(self, setting: Setting) -> None:
            super().__init__()
            self.setting, self.net = setting, torch_net(work)
            self.losses: list[torch.Tensor] = []

        def training_step(self, batch: Any) -> Any:
            x, y = batch
            loss = F.cross_entropy(self.net(x), y)
            if usual:
                self.log("train_loss", loss)
            else:
                self.losses.append(loss.detach())  # self.log takes as long as the step
            return loss

        def on_train_epoch_end(self) -> None:
            if self.losses:
                self.log("train_loss", torch.stack(self.losses).mean())
                self.losses.clear()

        def validation_step(self, batch: Any) -> None:
            x, y = batch
            logits = self.net(x)
            self.log("val_loss", F.cross_entropy(logits, y))
            self.log("val_accuracy", (logits.argmax(1) == y).float().mean())

        def configure_optimizers(self) -> Any:
            groups: list[dict[str, Any]] = [
                {
                    "params": [p for p in self.net.parameters() if p.ndim > 1],
                    "weight_decay": 2 * self.setting.l2,
                },
                {"params": [p for p in self.net.parameters() if p.ndim == 1]},
            ]
            return torch.optim.Adam(groups, lr=self.setting.lr, fused=True)

    def torch_net(work: Work) -> nn.Module:
        layers: list[nn.Module] = []
        for inputs, units in zip(work.widths[:-2], HIDDEN, strict=True):
            layers += [nn.Linear(inputs, units), nn.ReLU(), nn.Dropout(DROPOUT)]
        return nn.Sequential(*layers, nn.Linear(work.widths[-2], work.widths[-1]))

    train = TensorDataset(torch.from_numpy(work.x_train), torch.from_numpy(work.y_train))
    valid = TensorDataset(torch.from_numpy(work.x_valid), torch.from_numpy(work.y_valid))
    # whole batches by their row numbers: half the time of collating single rows
    rows = BatchSampler(RandomSampler(train), work.batch, drop_last=False)
    batches: dict[str, Any] = {"sampler": rows, "batch_size": None}
    off: dict[str, Any] = {
        "logger": False,
        "enable_checkpointing": False,
        "num_sanity_val_steps": 0,
    }
    if usual:
        batches, off = {"batch_size": work.batch, "shuffle": True}, {}
    accuracies = []
    with (
        _quiet("lightning", "lightning.pytorch", "lightning.fabric"),
        tempfile.TemporaryDirectory() as folder,
    ):
        for setting in settings:
            lightning.seed_everything(setting.seed, verbose=False)
            trainer = lightning.Trainer(
                max_epochs=work.epochs,
                accelerator="cpu",
                default_root_dir=folder,
                enable_progress_bar=False,
                enable_model_summary=False,
                **off,
            )
            trainer.fit(
                Perceptron(setting),
                DataLoader(train, **batches),
                DataLoader(valid, batch_size=len(valid)),
            )
            accuracies.append(float(trainer.callback_metrics["val_accuracy"]))
    return Result(accuracies)


# -------------------------------------------------------------------------------------- skorch
def skorch_runs(work: Work, settings: Sequence[Setting]) -> Result:
    """`NeuralNetClassifier` with a fixed validation part."""
    import torch
    from skorch import NeuralNetClassifier
    from skorch.dataset import Dataset
    from skorch.helper import predefined_split
    from torch import nn

    torch.set_num_threads(1)

    class Perceptron(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            for inputs, units in zip(work.widths[:-2], HIDDEN, strict=True):
                layers += [nn.Linear(inputs, units), nn.ReLU(), nn.Dropout(DROPOUT)]
            self.net = nn.Sequential(*layers, nn.Linear(work.widths[-2], work.widths[-1]))

        def forward(self, x: Any) -> Any:
            return self.net(x)

    accuracies = []
    for setting in settings:
        torch.manual_seed(setting.seed)
        net = NeuralNetClassifier(
            Perceptron,
            criterion=nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            optimizer__fused=True,
            optimizer__param_groups=[("*.weight", {"weight_decay": 2 * setting.l2})],
            lr=setting.lr,
            batch_size=work.batch,
            max_epochs=work.epochs,
            iterator_train__shuffle=True,
            iterator_valid__batch_size=len(work.y_valid),
            train_split=predefined_split(Dataset(work.x_valid, work.y_valid)),
            verbose=0,
        )
        net.fit(work.x_train, work.y_train)
        accuracies.append(float(net.history[-1, "valid_acc"]))
    return Result(accuracies)


@contextlib.contextmanager
def _quiet(*loggers: str) -> Iterator[None]:
    """Without warnings, and without these loggers' lines below an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in loggers:
            logging.getLogger(name).setLevel(logging.ERROR)
        yield
