import pytest

from nnexp.diagnosis.audit.run import audit_sheet
from nnexp.diagnosis.audit_report import SHOWN

# what the tables are known to have, from their own documentation; all else has to be silent
KNOWN = {
    "weather": ["target_leak"],  # RISK_MM, the rain of the day that is to be told
    "pima": ["sentinel_values"],  # 0 for a blood pressure
    "vowel": ["group_leak"],  # speakers
    "electricity": ["group_leak"],  # half hours, of which a random split parts neighbours
}
HEALTHY = [
    "adult",
    "car",
    "horse_colic",
    "letter",
    "mammographic_masses",
    "mammography",
    "mushroom",
    "nsl_kdd",
    "oil_spill",
    "soybean",
    "titanic",
]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", [*HEALTHY, *KNOWN])
def test_what_a_table_is_known_for_and_nothing_else(real_sheet, name, seed):
    found = audit_sheet(real_sheet(name, seed)).nominations
    assert [own.cause for own in found if own.strength >= SHOWN] == KNOWN.get(name, [])


def test_the_leak_is_named(real_sheet):
    (found,) = audit_sheet(real_sheet("weather")).nominations
    assert found.fix == ("data.drop=[RISK_MM]",)


def test_the_zeros_are_named(real_sheet):
    (found,) = audit_sheet(real_sheet("pima")).nominations
    columns = {"glucose", "blood_pressure", "skin_thickness", "insulin", "bmi"}
    assert set(found.subject.split(", ")) == columns


def test_speakers_kept_whole_are_fine(real_sheet, causes):
    sheet = real_sheet("vowel", split_method="group", split_by="Speaker Number")
    assert causes(audit_sheet(sheet)) == []


@pytest.mark.parametrize(("name", "by"), [("weather", "Date")])
def test_a_split_by_time(real_sheet, causes, name, by):
    sheet = real_sheet(name, drop=["RISK_MM"], split_method="time", split_by=by)
    assert causes(audit_sheet(sheet)) == []


def test_a_file_in_order(real_sheet, causes):
    sheet = real_sheet("soybean", split_shuffle=False, split_stratify=False)
    assert causes(audit_sheet(sheet)) == ["ordered_split"]
