import io
import math
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.custom_scalar import metadata as custom_scalar_metadata
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.hparams.backend_context import Context
from tensorboard.plugins.hparams.get_experiment import Handler as GetExperiment
from tensorboard.plugins.hparams.list_session_groups import Handler as ListSessionGroups
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.util import tensor_util

from nnexp.track.board import TAGS, Board
from nnexp.track.markdown import cell, code_block
from nnexp.track.summaries import CHARTS


def read(folder: Path) -> EventAccumulator:
    everything = dict.fromkeys(("scalars", "histograms", "images", "tensors"), 0)
    return EventAccumulator(str(folder), size_guidance=everything).Reload()


def row(epoch: int) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "train_loss": 1 / epoch,
        "train_penalty": 0.0,
        "train_accuracy": 0.5,
        "val_loss": None,
        "val_accuracy": None,
        "lr": np.float64(0.25),
        "gradient_norm/hidden.0": torch.tensor(0.5),
    }


def test_rows_of_the_history_become_scalars(tmp_path: Path) -> None:
    with Board(tmp_path) as board:
        for epoch in (1, 2, 4):
            board.epoch(row(epoch))
    events = read(tmp_path)
    assert set(events.Tags()["scalars"]) == {
        "loss/train",
        "penalty/train",
        "accuracy/train",
        "lr",
        "gradient_norm/hidden.0",
    }
    assert [(e.step, e.value) for e in events.Scalars("loss/train")] == [
        (1, 1.0),
        (2, 0.5),
        (4, 0.25),
    ]


def test_an_epoch_is_one_record_of_one_file(tmp_path: Path) -> None:
    board = Board(tmp_path)
    before = board.path.stat().st_size
    board.epoch({"epoch": 1, **{f"gradient_norm/{n}": 1.0 for n in range(20)}})
    assert board.path.stat().st_size - before < 20 * 50
    assert list(tmp_path.iterdir()) == [board.path]
    board.epoch({"epoch": 2, "none": None})
    assert "none" not in read(tmp_path).Tags()["scalars"]


def test_values_that_are_not_finite_are_kept(tmp_path: Path) -> None:
    board = Board(tmp_path)
    odd = {"nan": math.nan, "inf": -math.inf, "large": 1e300, "small": -1e300}
    board.epoch({"epoch": 1, **odd})
    values = {tag: read(tmp_path).Scalars(tag)[0].value for tag in odd}
    assert math.isnan(values["nan"])
    assert values["inf"] == -math.inf
    assert (values["large"], values["small"]) == (math.inf, -math.inf)


def test_resumed_run_overwrites_what_the_killed_one_wrote_last(tmp_path: Path) -> None:
    killed = Board(tmp_path)
    for epoch in range(1, 6):
        killed.epoch({"epoch": epoch, "train_loss": 1.0})
    resumed = Board(tmp_path, purge_step=3)
    for epoch in range(3, 8):
        resumed.epoch({"epoch": epoch, "train_loss": 2.0})
    scalars = read(tmp_path).Scalars("loss/train")
    assert [e.step for e in scalars] == [1, 2, 3, 4, 5, 6, 7]
    assert [e.value for e in scalars] == [1.0] * 2 + [2.0] * 5


def test_train_and_validation_share_a_chart(tmp_path: Path) -> None:
    Board(tmp_path).close()
    tag = custom_scalar_metadata.CONFIG_SUMMARY_TAG
    events = read(tmp_path)
    metadata = events.SummaryMetadata(tag)
    assert metadata.plugin_data.plugin_name == custom_scalar_metadata.PLUGIN_NAME
    content = tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto).item()
    charts = layout_pb2.Layout.FromString(content).category[0].chart
    drawn = {
        chart.title: {
            name
            for name in [*TAGS.values(), "gradient_norm/hidden.0", "update_ratio/output"]
            if any(re.search(pattern, name) for pattern in chart.multiline.tag)
        }
        for chart in charts
    }
    assert drawn["loss"] == {"loss/train", "loss/val"}
    assert drawn["accuracy"] == {"accuracy/train", "accuracy/val"}
    assert drawn["gradient norm"] == {"gradient_norm/hidden.0"}
    assert drawn["update ratio"] == {"update_ratio/output"}
    assert set(drawn) == set(CHARTS)


def test_histogram_of_values(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(50, 40))
    board = Board(tmp_path)
    board.epoch({"epoch": 3}, {"weights/hidden.0": torch.tensor(values)})
    board.epoch({"epoch": 4}, {"weights/hidden.0": [np.nan, np.inf, 1.0]})
    board.epoch({"epoch": 5}, {"weights/hidden.0": [np.nan]})
    board.epoch({"epoch": 6}, {"weights/hidden.0": []})
    first, second = read(tmp_path).Histograms("weights/hidden.0")
    counts, edges = np.histogram(values, 64)
    histogram = first.histogram_value
    assert first.step == 3
    assert histogram.num == 2000
    assert histogram.bucket == counts.tolist()
    assert histogram.bucket_limit == pytest.approx(edges[1:])
    assert (histogram.min, histogram.max) == (values.min(), values.max())
    assert histogram.sum == pytest.approx(values.sum())
    assert histogram.sum_squares == pytest.approx((values**2).sum())
    assert (second.step, second.histogram_value.num) == (4, 1)


@pytest.mark.parametrize(
    "values", [[1.0, 1.0 + 2e-16], [0.0], [5e-324, 0.0], [1e308, -1e308], [1e300] * 3]
)
def test_histogram_of_extreme_values(tmp_path: Path, values: list[float]) -> None:
    Board(tmp_path).epoch({"epoch": 1}, {"w": values})
    histogram = read(tmp_path).Histograms("w")[0].histogram_value
    assert sum(histogram.bucket) == histogram.num == len(values)
    assert np.isfinite([histogram.min, histogram.max, histogram.sum_squares]).all()


def test_confusion_matrix_is_a_picture(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.confusion(12, "confusion/val", [[3, 1], [0, 2]], ["no", "yes"], "validation")
    event = read(tmp_path).Images("confusion/val")[0]
    drawn = Image.open(io.BytesIO(event.encoded_image_string))
    assert event.step == 12
    assert (event.width, event.height) == drawn.size
    with pytest.raises(ValueError, match="PNG"):
        board.image(1, "x", b"GIF89a")


def test_text_reaches_the_text_tab(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.text("config", code_block("seed: 0\nname: |\n  ```x"))
    events = read(tmp_path)
    assert events.SummaryMetadata("config").plugin_data.plugin_name == text_metadata.PLUGIN_NAME
    text = tensor_util.make_ndarray(events.Tensors("config")[0].tensor_proto).item().decode()
    assert text == "    seed: 0\n    name: |\n      ```x"


def test_what_markdown_would_take_for_markup_is_escaped() -> None:
    assert cell("a_b x|y") == r"a\_b x\|y"
    assert cell("<b>\n*c*") == r"\<b\> \*c\*"


def hparams_tab(
    folder: Path, sort: str | None = None
) -> tuple[api_pb2.Experiment, list[api_pb2.SessionGroup]]:
    """What TensorBoard's own backend makes of a folder of runs."""
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(folder)).Reload()
    provider = MultiplexerDataProvider(multiplexer, str(folder))
    backend = Context(TBContext(multiplexer=multiplexer, data_provider=provider))
    request = api_pb2.GetExperimentRequest()
    experiment = GetExperiment(RequestContext(), backend, "", request).run()
    columns = [
        api_pb2.ColParams(
            hparam=info.name,
            include_in_result=True,
            order=api_pb2.ORDER_ASC if info.name == sort else api_pb2.ORDER_UNSPECIFIED,
        )
        for info in experiment.hparam_infos
    ] + [
        api_pb2.ColParams(metric=info.name, include_in_result=True)
        for info in experiment.metric_infos
    ]
    request = api_pb2.ListSessionGroupsRequest(
        col_params=columns,
        allowed_statuses=[
            api_pb2.STATUS_UNKNOWN,
            api_pb2.STATUS_SUCCESS,
            api_pb2.STATUS_FAILURE,
            api_pb2.STATUS_RUNNING,
        ],
        slice_size=100,
    )
    response = ListSessionGroups(RequestContext(), backend, "", request).run()
    return experiment, list(response.session_groups)


def values_of(group: api_pb2.SessionGroup) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in group.hparams.items():
        found[name] = getattr(value, value.WhichOneof("kind"))
    return found


def write_run(
    folder: Path, hparams: Mapping[str, Any], metrics: Mapping[str, Any], status: str
) -> None:
    folder.mkdir()
    board = Board(folder)
    board.hparams(hparams, dict.fromkeys(metrics), "running")
    board.epoch(row(1))
    if status != "running":
        board.hparams(hparams, metrics, status, step=1)
    board.close()


def test_hparams_tab_shows_every_run_with_its_scores(tmp_path: Path) -> None:
    keys = ("optimizer", "lr", "skip", "patience", "hidden")
    runs = {
        "a": ("adam", 1e-3, True, None, "[128, 128]"),
        "b": ("sgd", 1, False, 5, "[]"),
        "c": ("adam", 0.5, False, 3, "[8]"),
        "d": ("adam", 0.5, False, 3, "[8]"),
    }
    scores = {"hparam/val_loss": 0.25, "hparam/test_loss": None}
    states = dict(zip(runs, ("done", "diverged", "running", "done"), strict=True))
    for name, values in runs.items():
        write_run(tmp_path / name, dict(zip(keys, values, strict=True)), scores, states[name])
    experiment, groups = hparams_tab(tmp_path)
    types = {info.name: info.type for info in experiment.hparam_infos}
    # Of the run that TensorBoard happens to ask; null has no type of its own.
    assert types.pop("patience") in {api_pb2.DATA_TYPE_STRING, api_pb2.DATA_TYPE_FLOAT64}
    assert types == {
        "optimizer": api_pb2.DATA_TYPE_STRING,
        "lr": api_pb2.DATA_TYPE_FLOAT64,
        "skip": api_pb2.DATA_TYPE_BOOL,
        "hidden": api_pb2.DATA_TYPE_STRING,
    }
    assert [info.name.tag for info in experiment.metric_infos] == list(scores)
    by_run = {group.sessions[0].name: group for group in groups}
    assert set(by_run) == set(runs)
    for name, values in runs.items():
        known = {key: value for key, value in zip(keys, values, strict=True) if value is not None}
        assert values_of(by_run[name]) == known
    shown = {
        name: [(value.name.tag, value.value, value.training_step) for value in group.metric_values]
        for name, group in by_run.items()
    }
    assert shown["a"] == [("hparam/val_loss", 0.25, 1)]
    assert shown["c"] == []
    assert {name: group.sessions[0].status for name, group in by_run.items()} == {
        "a": api_pb2.STATUS_SUCCESS,
        "b": api_pb2.STATUS_FAILURE,
        "c": api_pb2.STATUS_UNKNOWN,
        "d": api_pb2.STATUS_SUCCESS,
    }


def test_hparams_tab_sorts_by_a_key_that_some_runs_leave_null(tmp_path: Path) -> None:
    for name, patience in {"a": 5, "b": None, "c": 3}.items():
        write_run(tmp_path / name, {"patience": patience}, {}, "done")
    _, groups = hparams_tab(tmp_path, sort="patience")
    assert [group.sessions[0].name for group in groups] == ["c", "a", "b"]


def test_hparams_need_no_second_folder_and_one_call_is_enough(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.hparams({"lr": 0.1}, {"hparam/val_loss": 0.5}, step=9)
    assert list(tmp_path.iterdir()) == [board.path]
    events = read(tmp_path)
    tags = {
        hparams_metadata.EXPERIMENT_TAG,
        hparams_metadata.SESSION_START_INFO_TAG,
        hparams_metadata.SESSION_END_INFO_TAG,
    }
    assert tags < set(events.Tags()["tensors"])
    assert {events.SummaryMetadata(tag).plugin_data.plugin_name for tag in tags} == {
        hparams_metadata.PLUGIN_NAME
    }
    assert events.Scalars("hparam/val_loss")[0].step == 9


def test_a_closed_board_takes_nothing_more(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.close()
    board.close()
    with pytest.raises(ValueError, match="closed"):
        board.epoch({"epoch": 1, "a": 1.0})


def test_import_is_light() -> None:
    code = (
        "import sys, nnexp.track.board\n"
        "heavy = {'torch', 'tensorflow', 'PIL', 'matplotlib', 'pandas', 'grpc',"
        " 'tensorboard.compat.tensorflow_stub'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
