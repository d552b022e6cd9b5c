"""What other tools call our keys, groups and options."""

from __future__ import annotations

# a key or a group
KEYS = {
    "batch": "trainer.batch_size",
    "bs": "trainer.batch_size",
    "clip": "reg.grad_clip",
    "criterion": "loss",
    "dataset": "data",
    "early_stopping": "reg.patience",
    "gpu": "device",
    "hidden_dims": "model.hidden",
    "hidden_layer_sizes": "model.hidden",
    "hidden_layers": "model.hidden",
    "hidden_sizes": "model.hidden",
    "label": "data.target",
    "layers": "model.hidden",
    "learning_rate": "optimizer.lr",
    "lr_scheduler": "scheduler",
    "max_epochs": "trainer.epochs",
    "max_iter": "trainer.epochs",
    "n_epochs": "trainer.epochs",
    "normalize": "data.scaling",
    "num_epochs": "trainer.epochs",
    "opt": "optimizer",
    "optim": "optimizer",
    "penalty": "regularizer",
    "random_state": "seed",
    "scaler": "data.scaling",
    "sched": "scheduler",
    "test_size": "data.split.test",
    "units": "model.hidden",
    "val_size": "data.split.valid",
    "validation": "data.split.valid",
    "wd": "reg.weight_decay",
}

# an option of a group
OPTION_NAMES = {
    "cancer": "breast_cancer",
    "ce": "cross_entropy",
    "fashion_mnist": "idx",
    "l1_loss": "mae",
    "lasso": "l1",
    "logistic": "linear",
    "logloss": "cross_entropy",
    "mnist": "idx",
    "onecycle": "one_cycle",
    "parquet": "csv",
    "ridge": "l2",
    "tsv": "csv",
    "xent": "cross_entropy",
}
