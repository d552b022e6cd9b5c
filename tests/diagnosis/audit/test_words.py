from nnexp.diagnosis.audit.words import columns, figure, p_text, percent


def test_figures_are_short():
    assert percent(0) == "0 %"
    assert percent(0.005) == "0.5 %"
    assert percent(0.5) == "50 %"
    assert figure(-999.0) == "-999"
    assert figure(0.123456) == "0.1235"
    assert p_text(3e-5) == "p = 3e-05"


def test_many_columns_are_cut():
    assert columns([f"c{place}" for place in range(9)]).endswith("... (9 in all)")
