import pytest

from nnexp.diagnosis.audit.split import size


@pytest.mark.parametrize(
    ("name", "valid", "fires"),
    [
        ("breast_cancer", 20 / 569, True),
        ("moons", 0.04, True),
        ("iris", 0.2, False),
        ("iris", 0.1, False),  # 15 rows, but of 150
        ("wine", 0.2, False),
        ("breast_cancer", 0.2, False),
        ("breast_cancer", 0.0, False),
    ],
)
def test_rows_that_validate(sheet_of, table, causes, name, valid, fires):
    frame, y = table(name)
    found = size.check(sheet_of(frame, y, split_valid=valid))
    assert causes(found) == ["validation_too_small"] * fires
    if fires:
        assert found.nominations[0].fix == ("data.split.valid=0.2",)


def test_folds_validate_every_row(sheet_of, table, causes):
    frame, y = table("breast_cancer")
    sheet = sheet_of(frame, y, split_folds=40, split_fold=0, split_stratify=False)
    assert causes(size.check(sheet)) == []
