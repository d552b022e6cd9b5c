"""The options of `data=`, a source of tables each."""

# ruff: noqa: RUF009  (option() returns a dataclasses.field; it copies lists for each instance)
from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional  # noqa: UP035  (OmegaConf reads these annotations)

from nnexp.config.schema.data import DataConfig, scaling_option
from nnexp.config.schema.option import option


@dataclass
class DigitsConfig(DataConfig):
    name: str = option("digits", "8x8 handwritten digits: 1797 rows, 64 pixels, 10 classes")
    # pixels share one scale, which standard would blow up where they are rarely set
    scaling: str = scaling_option("minmax")


@dataclass
class BreastCancerConfig(DataConfig):
    name: str = option("breast_cancer", "Wisconsin breast cancer: 569 rows, 30 numbers, 2 classes")


@dataclass
class WineConfig(DataConfig):
    name: str = option("wine", "Italian wines: 178 rows, 13 numbers, 3 classes")


@dataclass
class IrisConfig(DataConfig):
    name: str = option("iris", "iris flowers: 150 rows, 4 numbers, 3 classes")


@dataclass
class MoonsConfig(DataConfig):
    name: str = option("moons", "two interleaved half circles, made")
    rows: int = option(1000, "rows to make", ge=10)
    noise: float = option(0.2, "standard deviation of the noise", ge=0)
    seed: int = option(0, "seed of the made rows", ge=0)


@dataclass
class CirclesConfig(DataConfig):
    name: str = option("circles", "a circle within a circle, made")
    rows: int = option(1000, "rows to make", ge=10)
    noise: float = option(0.1, "standard deviation of the noise", ge=0)
    factor: float = option(0.5, "radius of the inner circle over the outer", gt=0, lt=1)
    seed: int = option(0, "seed of the made rows", ge=0)


@dataclass
class BlobsConfig(DataConfig):
    name: str = option("blobs", "Gaussian blobs, made")
    rows: int = option(1000, "rows to make", ge=10)
    features: int = option(2, "numeric columns", ge=1)
    centers: int = option(3, "blobs, which are the classes", ge=2)
    std: float = option(1.0, "standard deviation of a blob", gt=0)
    seed: int = option(0, "seed of the made rows", ge=0)


@dataclass
class ClassificationConfig(DataConfig):
    name: str = option("classification", "scikit-learn's make_classification")
    rows: int = option(1000, "rows to make", ge=10)
    features: int = option(20, "columns in all", ge=1)
    informative: int = option(5, "columns that carry the class", ge=1)
    redundant: int = option(2, "linear combinations of the informative columns", ge=0)
    classes: int = option(2, "classes", ge=2)
    class_sep: float = option(1.0, "distance between the classes", gt=0)
    flip_y: float = option(0.01, "share of labels drawn at random", ge=0, le=1)
    weights: List[float] = option([], "share of each class; empty for equal shares", ge=0, le=1)
    seed: int = option(0, "seed of the made rows", ge=0)


@dataclass
class OpenMLConfig(DataConfig):
    name: str = option("openml", "a data set of openml.org, downloaded by scikit-learn")
    id: Optional[int] = option(None, "its number", ge=1)
    dataset: Optional[str] = option(None, "its name, where no id is given")
    version: Optional[int] = option(None, "its version; null for the active one", ge=1)
    cache: Optional[str] = option(None, "download folder; null for scikit-learn's own")


@dataclass
class CsvConfig(DataConfig):
    name: str = option("csv", "a table of your own: CSV, TSV, Parquet or Feather, or compressed")
    path: Optional[str] = option(None, "the file; its ending tells the format")
    test_path: Optional[str] = option(
        None, "a second file whose rows are the test; data.split.test is then not used"
    )
    separator: Optional[str] = option(None, "between cells; null for comma, or tab in .tsv")
    header: bool = option(
        True,
        "the first line of a CSV names the columns; false: it is a row, and they are x1, x2, ...",
    )


@dataclass
class IdxConfig(DataConfig):
    name: str = option("idx", "images in MNIST's IDX format, plain or gzip")
    scaling: str = scaling_option("minmax")
    path: Optional[str] = option(
        None, "a folder with train-images-idx3-ubyte, train-labels-..., t10k-images-..., t10k-..."
    )
    images: Optional[str] = option(None, "or: the file of train images")
    image_labels: Optional[str] = option(None, "and the file of their labels")
    test_images: Optional[str] = option(None, "the file of test images, where there is one")
    test_image_labels: Optional[str] = option(None, "and the file of their labels")
