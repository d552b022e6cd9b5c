"""What is no import path is answered with the one that was meant, and nothing of it is run."""

import pytest

from nnexp.errors import UserError
from nnexp.runs.user_class import check_import_path

SOURCE = """
import torch
raise SystemExit("run")
class Helper: pass
class Net(torch.nn.Module): pass
"""


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("./net.py", "net.Net"),
        ("net.py", "net.Net"),
        ("models/other.py", "models.other.Net"),
        ("Net", "net.Net"),
        ("net", "net.Net"),
        ("math", "package.module.Class"),
        ("absent.py", "package.module.Class"),
        ("a b.Net", "package.module.Class"),
        ("", "package.module.Class"),
        (".Net", "package.module.Class"),
    ],
)
def test_what_was_meant(tmp_path, monkeypatch, path, meant):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    for name in ("net.py", "models/other.py"):
        (tmp_path / name).write_text(SOURCE)
    with pytest.raises(UserError) as caught:
        check_import_path(path)
    assert caught.value.remedy == f"model=custom model._target_={meant}"


def test_an_import_path_is_taken():
    check_import_path("net.Net")
    check_import_path("package.module.Net")


@pytest.mark.parametrize("path", ["./net.py", "math"])
def test_the_command_says_so(tmp_path, monkeypatch, capsys, path):
    from nnexp.cli import train

    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(SOURCE)
    assert train(["data=iris", "model=custom", f"model._target_={path}"], ("nnexp", "train")) == 2
    said = capsys.readouterr().err
    assert f"error: model._target_={path} " in said
    assert "Empty module name" not in said
