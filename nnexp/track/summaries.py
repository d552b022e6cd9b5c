"""TensorBoard's summary values: scalars, texts, the chart layout, the HPARAMS records."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_FLOAT, DT_STRING
from tensorboard.plugins.custom_scalar.layout_pb2 import (
    Category,
    Chart,
    Layout,
    MultilineChartContent,
)
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2

# One chart of the Custom Scalars tab each: its title, and the tags that it draws.
CHARTS = {
    "loss": (r"^loss/train$", r"^loss/val$"),
    "accuracy": (r"^accuracy/train$", r"^accuracy/val$"),
    "penalty": (r"^penalty/train$",),
    "learning rate": (r"^lr$",),
    "gradient norm": (r"^gradient_norm/",),
    "update ratio": (r"^update_ratio/",),
}


def scalar(tag: str, value: Any) -> Summary.Value:
    """A number, as a 32-bit float; what is too large for one becomes infinite.

    Arguments:
        tag: its name.
        value: any real number.
    """
    number = float(value)
    try:
        struct.pack("<f", number)
    except OverflowError:  # the format's scalars are float32
        number = math.copysign(math.inf, number)
    return Summary.Value(tag=tag, simple_value=number)


def text(tag: str, markdown: str) -> Summary.Value:
    """A text of the Text tab.

    Arguments:
        tag: its name.
        markdown: the text.
    """
    content = markdown.encode("utf-8", "backslashreplace")
    return _tensor(tag, _strings([content], [1]), "text")


def layout() -> Summary.Value:
    """The charts of the Custom Scalars tab, as `CHARTS` names them."""
    charts = [
        Chart(title=title, multiline=MultilineChartContent(tag=list(tags)))
        for title, tags in CHARTS.items()
    ]
    layout = Layout(category=[Category(title="learning curves", chart=charts)])
    tensor = _strings([layout.SerializeToString()], [])
    return _tensor("custom_scalars__config__", tensor, "custom_scalars")


def experiment(hparams: Mapping[str, Any], metrics: Mapping[str, Any]) -> Summary.Value:
    """The columns of the HPARAMS tab.

    Arguments:
        hparams: key -> value, which gives the column its type.
        metrics: the tags of the scores.
    """
    experiment = api_pb2.Experiment(
        hparam_infos=[
            api_pb2.HParamInfo(name=name, type=_hparam_type(value))
            for name, value in hparams.items()
        ],
        metric_infos=[
            api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=tag)
            for tag in metrics
        ],
    )
    return _hparams_value("experiment", plugin_data_pb2.HParamsPluginData(experiment=experiment))


def session_start(hparams: Mapping[str, Any]) -> Summary.Value:
    """A run's settings in the HPARAMS tab.

    Arguments:
        hparams: key -> bool, number or text; None leaves the cell empty.
    """
    info = plugin_data_pb2.SessionStartInfo()
    for name, value in hparams.items():
        if isinstance(value, bool):  # before numbers: a bool is one
            info.hparams[name].bool_value = value
        elif isinstance(value, int | float):
            info.hparams[name].number_value = value
        elif value is not None:  # left empty: a text among numbers breaks TensorBoard's sorting
            info.hparams[name].string_value = str(value)
    content = plugin_data_pb2.HParamsPluginData(session_start_info=info)
    return _hparams_value("session_start_info", content)


def session_end(succeeded: bool) -> Summary.Value:
    """A run's end in the HPARAMS tab.

    Arguments:
        succeeded: whether it ended well.
    """
    status = api_pb2.STATUS_SUCCESS if succeeded else api_pb2.STATUS_FAILURE
    info = plugin_data_pb2.SessionEndInfo(status=status)
    content = plugin_data_pb2.HParamsPluginData(session_end_info=info)
    return _hparams_value("session_end_info", content)


def _metadata(plugin: str, content: bytes = b"") -> SummaryMetadata:
    data = SummaryMetadata.PluginData(plugin_name=plugin, content=content)
    return SummaryMetadata(plugin_data=data)


def _strings(content: list[bytes], shape: list[int]) -> TensorProto:
    dimensions = [TensorShapeProto.Dim(size=size) for size in shape]
    return TensorProto(
        dtype=DT_STRING, string_val=content, tensor_shape=TensorShapeProto(dim=dimensions)
    )


def _tensor(tag: str, tensor: TensorProto, plugin: str) -> Summary.Value:
    return Summary.Value(tag=tag, tensor=tensor, metadata=_metadata(plugin))


def _hparams_value(name: str, content: plugin_data_pb2.HParamsPluginData) -> Summary.Value:
    # The message travels in the metadata; the tensor only has to be there.
    empty = TensorShapeProto(dim=[TensorShapeProto.Dim(size=0)])
    return Summary.Value(
        tag=f"_hparams_/{name}",
        tensor=TensorProto(dtype=DT_FLOAT, tensor_shape=empty),
        metadata=_metadata("hparams", content.SerializeToString()),
    )


def _hparam_type(value: Any) -> int:
    if isinstance(value, bool):
        return api_pb2.DATA_TYPE_BOOL
    return api_pb2.DATA_TYPE_FLOAT64 if isinstance(value, int | float) else api_pb2.DATA_TYPE_STRING
