"""Tables that scikit-learn makes: half circles, circles, blobs, classes in many columns."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import (
    BlobsConfig,
    CirclesConfig,
    ClassificationConfig,
    MoonsConfig,
)
from nnexp.data.table import Table, table_from_frame
from nnexp.errors import UserError


def make_moons_table(config: DataConfig) -> Table:
    """Two interleaved half circles."""
    from sklearn.datasets import make_moons

    made = cast(MoonsConfig, config)
    return _made(config, *make_moons(made.rows, noise=made.noise, random_state=made.seed))


def make_circles_table(config: DataConfig) -> Table:
    """A circle within a circle."""
    from sklearn.datasets import make_circles

    made = cast(CirclesConfig, config)
    return _made(
        config,
        *make_circles(made.rows, noise=made.noise, factor=made.factor, random_state=made.seed),
    )


def make_blobs_table(config: DataConfig) -> Table:
    """Gaussian blobs."""
    from sklearn.datasets import make_blobs

    made = cast(BlobsConfig, config)
    values, labels = make_blobs(
        made.rows, made.features, centers=made.centers, cluster_std=made.std, random_state=made.seed
    )
    return _made(config, values, labels)


def make_classification_table(config: DataConfig) -> Table:
    """Classes in many columns, of which some tell them."""
    from sklearn.datasets import make_classification

    made = cast(ClassificationConfig, config)
    try:
        values, labels = make_classification(
            n_samples=made.rows,
            n_features=made.features,
            n_informative=made.informative,
            n_redundant=made.redundant,
            n_classes=made.classes,
            # two clusters a class where the informative columns have room for them
            n_clusters_per_class=2 if 2 * made.classes <= 2**made.informative else 1,
            class_sep=made.class_sep,
            flip_y=made.flip_y,
            weights=list(made.weights) or None,
            random_state=made.seed,
        )
    except ValueError as problem:
        raise UserError(
            f"data=classification: {' '.join(str(problem).split())}",
            "informative + redundant <= features, classes <= 2^informative, and a weight for "
            "each class, 1 in sum",
            "data.features=20 data.informative=5 data.redundant=2 data.classes=2 data.weights=[]",
        ) from problem
    return _made(config, values, labels)


def _made(config: DataConfig, values: np.ndarray, labels: np.ndarray) -> Table:
    frame = pd.DataFrame(values, columns=[f"x{place + 1}" for place in range(values.shape[1])])
    return table_from_frame(frame.assign(target=labels), config.target or "target", config.name)
