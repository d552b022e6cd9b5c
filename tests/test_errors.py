"""What is printed after `try:` is typed as it stands, also where a terminal shows ASCII alone."""

import subprocess

import pytest

from nnexp.errors import UserError


@pytest.mark.parametrize(
    "word", ["data.target=größe", "'data.path=\"a b ü.csv\"'", "data.target=a_b ü'", "x=\\ü"]
)
def test_bytes_of_what_a_terminal_cannot_show(word):
    import shlex

    text = UserError("a", "b", shlex.join(["-m", word])).printed("ascii")
    remedy = text.rpartition("try: ")[2]
    assert remedy.isascii()
    said = subprocess.run(["bash", "-c", f"printf '%s\\n' {remedy}"], capture_output=True)
    assert said.stdout.decode("utf-8").splitlines() == ["-m", word]


def test_what_it_can_show_stays():
    error = UserError("größe", "b", "data.target=größe")
    assert error.printed("utf-8") == error.printed(None) == str(error)
    assert UserError("größe", "b", "x=1").printed("ascii").endswith("try: x=1")


@pytest.mark.parametrize(
    ("program", "remedy"),
    [
        (["/a/train.py", "x"], "python train.py --help"),
        (["nnexp", "train"], "nnexp train --help"),
        ([], "nnexp train --help"),
    ],
)
def test_the_program_is_that_of_the_command(program, remedy):
    assert UserError("a", "b", "nnexp train --help").called(program).remedy == remedy
