"""Fixes in the words of a loop say the same as the overrides that they come from."""

import numpy as np
import pytest
from sklearn.impute import SimpleImputer

from nnexp.loop.fixes import code_words


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("reg.label_smoothing=0.1", "label_smoothing=0.1 in the loss"),
        ("reg.label_smoothing=0.0", "label_smoothing=0 in the loss"),
        ("reg.dropout=0.5", "torch.nn.Dropout(0.5) behind the hidden layers"),
        ("reg.dropout=0.0", "torch.nn.Dropout with p of 0.5 or less, or none"),
        ("reg.l2=0.01", "0.01 times the sum of the weights' squares added to the loss"),
        ("reg.l2=0.0", "leave the penalty out of the loss, or divide its factor by 100"),
        ("optimizer.weight_decay=0.01", "weight_decay=0.01 in the optimizer"),
        ("optimizer.weight_decay=0", "weight_decay=0 in the optimizer"),
        ("reg.grad_clip=null", "do not clip gradients that short"),
        ("reg.patience=null", "do not stop early"),
        ("data.split.by=patient", "by patient"),
        (
            "data.split.method=group",
            "split whole groups: sklearn.model_selection.GroupShuffleSplit",
        ),
        (
            "data.split.shuffle=false",
            "hold out a stretch of rows: train_test_split(shuffle=False)",
        ),
    ],
)
def test_to_add_is_not_to_leave_out(word, said):
    assert code_words([word]) == (said,)


def test_changes_of_one_thing_are_said_once():
    at_random = code_words(["data.split.method=random", "data.split.by=null"])
    assert at_random == code_words(["data.split.shuffle=true"])


def test_what_was_in_order_has_no_settings(loops):
    found = loops.run(loops.Loop(epochs=5), 0)
    assert found.checked
    assert "data." not in " ".join([*found.checked, *found.notes])


@pytest.mark.parametrize("cell", [np.nan, np.inf])
def test_what_fills_missing_cells_takes_them(loops, cell):
    def spoiled(x, y, xv, yv):
        x = x.clone()
        x[::40, 2] = float(cell)
        return x, y, xv, yv

    loop = loops.Loop(rows=spoiled, epochs=5)
    found = loops.run(loop, 0)
    first = found.findings[0]
    assert first.cause == "nonfinite_inputs"
    broken = any(not p.isfinite().all() for p in loop.module.parameters())
    assert any("the outputs are NaN" in note for note in found.notes) is broken
    x = loop.watch.table.flat
    if first.fix[0].startswith("X[~np.isfinite(X)] = np.nan, then sklearn"):
        x[~np.isfinite(x)] = np.nan
    assert ("isfinite" in first.fix[0]) == np.isinf(cell)
    assert np.isfinite(SimpleImputer().fit_transform(x)).all()
