"""The garbage collector is still while a command imports, and works again afterwards."""

import gc

import pytest

from nnexp import garbage
from nnexp.cli import main, train
from nnexp.runs import stack


@pytest.fixture(autouse=True)
def _as_it_was():
    yield
    gc.unfreeze()
    gc.enable()


def test_it_collects_again_where_a_command_begins_its_work():
    with garbage.paused():
        assert not gc.isenabled()
        before = gc.get_freeze_count()
        garbage.collect_again()
        assert gc.isenabled()
        assert gc.get_freeze_count() > before
        frozen = gc.get_freeze_count()
        garbage.collect_again()  # once only
        assert gc.get_freeze_count() == frozen
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_it_collects_again_after_a_command_that_failed(capsys):
    assert main(["predict"]) == 2
    assert capsys.readouterr().err
    assert gc.isenabled()


def test_who_has_switched_it_off_finds_it_off():
    gc.disable()
    with garbage.paused():
        garbage.collect_again()
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_a_program_of_its_own_is_left_alone():
    before = gc.get_freeze_count()
    garbage.collect_again()
    assert gc.get_freeze_count() == before


def test_what_a_user_has_frozen_stays_so():
    gc.freeze()
    frozen = gc.get_freeze_count()
    with garbage.paused():
        garbage.collect_again()
        assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen > 0


def test_a_command_trains_with_the_collector_on(monkeypatch, tmp_path):
    seen = []
    fit = stack.fit

    def noted(*arguments, **options):
        seen.append(gc.isenabled())
        return fit(*arguments, **options)

    monkeypatch.setattr(stack, "fit", noted)
    words = ["data=moons", "trainer.epochs=1", "trainer.watch=false", "trainer.progress=none"]
    assert train([*words, f"hydra.run.dir={tmp_path / 'run'}"]) == 0
    assert seen == [True]
