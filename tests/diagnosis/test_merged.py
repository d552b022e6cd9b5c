"""Nominations of one cause are told as one: its words, its evidence and its fix."""

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.merged import merged


def nominate(cause, signal, fix=(), strength=0.85, **more):
    return Nomination(cause, (Evidence(signal, 1, "0"),), f"{signal} it is", fix, strength, **more)


def test_what_a_setting_mends_keeps_its_words():
    nothing = nominate("uninformative_inputs", "nothing", strength=0.9, certain=True)
    left_out = nominate(
        "uninformative_inputs", "price", ("data.decimal=comma",), subject="price", title="as text"
    )
    (own,) = merged([nothing, left_out])
    assert (own.title, own.subject, own.explanation) == ("as text", "price", "price it is")
    assert [item.signal for item in own.evidence] == ["price", "nothing"]
    assert (own.fix, own.strength, own.certain) == (("data.decimal=comma",), 0.9, True)


def test_of_a_run_the_strongest_is_told_whether_it_has_a_fix_or_not():
    code = nominate("bad_initialisation", "the module", strength=0.95)
    setting = nominate("bad_initialisation", "the setting", ("model.init=he",), strength=0.4)
    (own,) = merged([setting, code])
    assert (own.explanation, own.fix) == ("the module it is", ())


def test_fixes_of_a_table_are_one():
    found = [nominate("target_leak", n, (f"data.drop=[{n}]",), subject=n) for n in "ab"]
    (own,) = merged(found)
    assert own.fix == ("data.drop=[a,b]",)
    unlike = [nominate("deletion_bias", n, (f"data.missing={n}",)) for n in ("mean", "median")]
    (own,) = merged(unlike)
    assert own.fix == ("data.missing=mean",)


def test_who_names_columns_says_more_than_a_setting_that_would_help():
    fix = ("data.scaling=quantile",)
    helped = nominate(
        "outlier_crushed_feature", "gain", fix, 0.9, certain=True, title="it does better"
    )
    seen = nominate("outlier_crushed_feature", "reach", fix, 0.8, subject="fee")
    (own,) = merged([helped, seen])
    assert (own.title, own.subject, own.explanation) == ("", "fee", "reach it is")
    assert merged([helped])[0].title == "it does better"
