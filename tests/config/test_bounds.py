"""What can be trained can be read back from the run's folder."""

import pytest

from nnexp.config import bounds
from nnexp.config.compose import compose
from nnexp.config.saved import FILE, config_text, read_config
from nnexp.errors import UserError


@pytest.mark.parametrize(
    "word",
    [
        f"seed={10**bounds.DIGITS}",
        f"data.target={'a' * (bounds.LONGEST + 1)}",
        f"data.numeric=[{','.join('x' * 1000 + str(n) for n in range(800))}]",
    ],
)
def test_what_could_not_be_read_back_is_refused(word):
    with pytest.raises(UserError) as caught:
        compose([word])
    key = word.partition("=")[0]
    assert caught.value.wrong.startswith(f"{key} is ")
    assert len(caught.value.wrong) < 200


@pytest.mark.parametrize(
    "word",
    [
        f"seed={10**bounds.DIGITS - 1}",
        f"data.target={'a' * bounds.LONGEST}",
        f"data.numeric=[{','.join('x' * 1000 + str(n) for n in range(750))}]",
    ],
)
def test_what_is_just_allowed_is_read_back(word, tmp_path):
    config = compose([word])
    (tmp_path / FILE).write_text(config_text(config), encoding="utf-8")
    assert read_config(tmp_path) == config
