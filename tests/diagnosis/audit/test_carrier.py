import numpy as np
import pandas as pd
import pytest

from nnexp.diagnosis.audit.leaks import carrier


@pytest.mark.parametrize(("own", "told"), [(3.0, True), (1.0, False)])
def test_one_column_far_ahead_of_the_others(sheet_of, causes, own, told):
    rng = np.random.default_rng(0)
    y = (rng.random(1500) < 0.1).astype(int)
    frame = pd.DataFrame(rng.normal(size=(1500, 4)) + y[:, None]).add_prefix("x")
    frame["dose"] = -own * y + rng.normal(size=1500)
    found = carrier.check(sheet_of(frame, y))
    assert causes(found) == []
    assert any("'dose' alone" in note for note in found.notes) == told
    beside = frame.assign(other=own * y + rng.normal(size=1500))
    assert carrier.check(sheet_of(beside, y)).notes == ()
