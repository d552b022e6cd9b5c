import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.table import dressed

RNG = np.random.default_rng(0)
AREA = RNG.normal(90, 20, 300).round(1)
OTHER = RNG.normal(size=300)


@pytest.mark.parametrize(
    ("form", "style"), [("{} m2", "point"), ("${}", "point"), ("{} %", "point"), ("x", "comma")]
)
def test_numbers_that_are_left_out_for_their_writing(sheet_of, causes, form, style):
    written = [form.format(own) if form != "x" else str(own).replace(".", ",") for own in AREA]
    frame = pd.DataFrame({"area": written, "b": OTHER})
    found = dressed.check(sheet_of(frame, (AREA > 90).astype(int)))
    assert causes(found) == ["uninformative_inputs"]
    assert found.nominations[0].fix == (f"data.decimal={style}",)
    assert found.nominations[0].subject == "area"
    # one that tells nothing is a note, and one that is read is nothing
    nothing = dressed.check(sheet_of(frame, (OTHER > 0).astype(int)))
    assert (causes(nothing), len(nothing.notes)) == ([], 1)
    read = sheet_of(frame, (AREA > 90).astype(int), decimal=style)
    assert (causes(dressed.check(read)), dressed.check(read).notes) == ([], [])


def test_where_nothing_else_tells_its_way_of_writing_is_tried(sheet_of, causes):
    frame = pd.DataFrame({"area": [f"{own} m2" for own in AREA], "b": OTHER})
    sheet = sheet_of(frame, np.random.default_rng(1).integers(0, 2, 300))
    assert causes(dressed.check(sheet)) == []
    found = dressed.check(sheet, nothing=True)
    assert [(own.fix, own.certain) for own in found.nominations] == [
        (("data.decimal=point",), False)
    ]


def test_texts_are_no_numbers(sheet_of, causes):
    frame = pd.DataFrame({"a": [f"note {own}" for own in AREA], "b": OTHER})
    found = dressed.check(sheet_of(frame, (AREA > 90).astype(int)))
    assert (causes(found), found.notes) == ([], [])


def test_what_the_other_style_reads_is_told_without_a_setting(sheet_of, causes):
    frame = pd.DataFrame({"area": [f"{own:.2f}" for own in AREA], "b": OTHER})
    found = dressed.check(sheet_of(frame, (AREA > 90).astype(int), decimal="comma"))
    assert causes(found) == ["uninformative_inputs"]
    assert found.nominations[0].fix == ()
