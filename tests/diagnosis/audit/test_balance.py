import numpy as np

from nnexp.diagnosis.audit.labels import balance


def test_shares_are_notes(sheet_of, table, causes):
    frame, _ = table("moons")
    y = np.where(np.arange(600) % 10 == 0, "'1'", "'-1'")
    found = balance.check(sheet_of(frame, y))
    assert causes(found) == []
    assert "90 % of the train rows" in found.notes[0]
    assert "quotes" in found.notes[1]
    assert balance.check(sheet_of(frame, np.arange(600) % 2)).notes == []
