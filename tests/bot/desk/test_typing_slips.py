"""Codes as people write them: what was meant is read, and said aloud."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import TEST_DATA

from bot.desk.code_mentions import named_code, read_mentions
from bot.desk.desk import Desk
from bot.desk.known_codes import Known
from bot.desk.modifier_mentions import beside_codes
from bot.desk.typing_slips import apart, letter_for_digit, look_alike, without_blanks
from bot.settings import Settings
from codesets.loading.importer import import_files
from codesets.model import System
from codesets.store.code_store import CodeStore

MAY = dt.date(2026, 5, 1)
LOADED = {"I10", "Z01.810", "Z01.818", "E10.621", "E10.1", "E11.65", "C02", "J3301"}


def is_loaded(code: str) -> bool:
    return code in LOADED


def lookup(typed: str) -> list[tuple[System, str]]:
    forms = {"E1165": "E11.65", "Z794": "Z79.4", "G35": "G35", "Z79.4": "Z79.4", "E101": "E10.1"}
    code = forms.get(typed, typed)
    system: System = "hcpcs" if code == "J3301" else "icd10cm"
    return [(system, code)] if code in LOADED | set(forms.values()) else []


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("I1O", "I10"),
        ("ZO1.810", "Z01.810"),
        ("E10.l", "E10.1"),
        ("J33O1", "J3301"),
        ("I10", None),  # nothing to correct
        ("E10.O", None),  # no release has E10.0
        ("CO2", None),  # a gas, and not C02
        ("l4l5", None),
        ("e10.l", "E10.1"),
        ("j33o1", "J3301"),
        ("h2o", None),
        ("OIL", None),
    ],
)
def test_letters_that_look_like_digits(typed: str, read: str | None) -> None:
    assert look_alike(typed, is_loaded) == read


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("Z01. 818", "Z01.818"),
        ("Z01 .818 and e10. 621", "Z01.818 and E10.621"),
        ("E11 . 65", "E11.65"),
        ("E11..65", "E11.65"),
        ("E11 65", "E11 65"),
        ("J 45.909", "J 45.909"),  # no release has it
        ("E 10.621", "E10.621"),
        ("dm2 E11. 65 yo male", "dm2 E11. 65 yo male"),
        ("dm2 E11. 65 F", "dm2 E11. 65 F"),
        ("htn I10. 20 mg lisinopril", "htn I10. 20 mg lisinopril"),
    ],
)
def test_blanks_beside_the_dot(text: str, joined: str) -> None:
    assert without_blanks(text, is_loaded)[0] == joined


@pytest.mark.parametrize("text", ["E11,65", "E11:65", "E11_65", "E11-65", "E11 65"])
def test_other_marks_for_the_dot_where_nothing_but_codes_is_there(text: str) -> None:
    assert without_blanks(text, is_loaded, only_codes=True)[0] == "E11.65"
    assert without_blanks(text, is_loaded)[0] == text


def test_codes_with_nothing_between_them() -> None:
    assert apart("E11.65Z01.818", is_loaded) == "E11.65 Z01.818"
    assert apart("E11.65Z", is_loaded) == "E11.65Z"


@pytest.mark.parametrize(
    ("typed", "codes"),
    [("110", ["I10"]), ("201.818", ["Z01.818"]), ("210", []), ("E10.1", []), ("11", [])],
)
def test_a_digit_for_the_first_letter(typed: str, codes: list[str]) -> None:
    assert letter_for_digit(typed, is_loaded) == codes


KNOWN = Known(
    icd9={"120.0": ["Schistosomiasis due to Schistosoma haematobium"]}.get,
    title={"I20.0": "Unstable angina", "I10": "Essential (primary) hypertension"}.get,  # type: ignore[arg-type]
)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("120.0 unstable angina", [("I20.0", "120.0")]),
        ("120.0 urinary schistosomiasis", [("120.0", "")]),  # of ICD-9-CM
        ("110 hypertension", [("I10", "110")]),
        ("htn 110/70", []),
        ("110 mg/dl glucose, hypertension", []),
        ("110 lb hypertension", []),
        ("572.001A", [("S72.001A", "572.001A")]),
    ],
)
def test_the_words_decide_about_the_first_letter(text: str, codes: list[tuple[str, str]]) -> None:
    loaded = {"I20.0", "I10", "S72.001A"}

    def known(typed: str) -> list[tuple[System, str]]:
        return [("icd10cm", typed)] if typed in loaded else []

    assert [(m.code, m.slip) for m in read_mentions(text, known, (), KNOWN)] == codes


MENTIONS = [
    # text, (code, what was typed for it) of each mention
    ("I1O", [("I10", "I1O")]),
    ("ZO1.810, Z01. 818", [("Z01.810", "ZO1.810"), ("Z01.818", "Z01. 818")]),
    ("HI*ABK:E1165*ABF:I10*ABF:Z794~", [("E11.65", ""), ("I10", ""), ("Z79.4", "")]),
    ("HI*ABK:E1165:::::::Y*ABF:I10:::::::N~", [("E11.65", ""), ("I10", "")]),
    ("HI*BK:25000*BF:4019~", [("250.00", ""), ("401.9", "")]),  # of ICD-9-CM
    ("T07XXXXD", [("T07.XXXXD", "")]),
    ("E11 65", [("E11.65", "E11 65")]),
    ("dm2, G35 dx", [("G35", "")]),
    ("G35 denied", [("G35", "")]),
    ("what is I1O?", [("I10", "I1O")]),
    ("pt with ZO1.810 today", [("Z01.810", "ZO1.810")]),
    ("I1O seen in the hall", []),  # in prose, only a dot tells that a code is meant
    ("T1DM", []),  # shorthand
    ("E10l", [("E10.1", "E10l")]),
    ("claim has G35 on it", [("G35", "")]),
    ("can I bill G35 by itself", [("G35", "")]),
    ("ICD-10: G35", [("G35", "")]),
    ("pt with G35 mask", []),  # in prose, a category may be anything
    ("code for H1N1", []),
    ("are we still on for 3pm", []),
    ("10mg ok?", []),
    ("S72.001XA", [("S72.001XA", "")]),
    ("CO2 retention", []),
]


@pytest.mark.parametrize(("text", "codes"), MENTIONS)
def test_codes_as_people_write_them(text: str, codes: list[tuple[str, str]]) -> None:
    assert [(m.code, m.slip) for m in read_mentions(text, lookup)] == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("modifier K0 vs KO", ["K0", "KO"]),
        ("modifiers LT, RT and 59", ["LT", "RT", "59"]),
        ("modifiers LT, RT and 59 on knee", ["LT", "RT", "59"]),
        ("modifier LT or RT", ["LT", "RT"]),
        ("modifier or vs", []),
        ("modifiers GO GP", ["GO", "GP"]),
        ("modifier is needed", []),
        ("KX or KO modifier", ["KX", "KO"]),
        ("KO modifier vs KX", ["KO", "KX"]),
        ("need a modifier", []),
        ("JW vs JZ", ["JW", "JZ"]),
        ("MI vs PE", []),
        ("pos 2", ["02"]),
        ("pos 2 vs 10", ["02", "10"]),
        ("pos 22 and 11", ["22", "11"]),
        ("modifier 59", ["59"]),  # of CPT
        ("mod 25 and 59", ["25", "59"]),
        ("modifier 25 and wound repair", []),
        ("mod AS", []),  # aortic stenosis
        ("J0587-JW and J0587-jz", ["JW", "JZ"]),
        ("E0601 RR KX denied", ["RR", "KX"]),
        ("E0601 RR KX", ["RR", "KX"]),
        ("99213-25, 20610-LT", ["25", "LT"]),
        ("J0587 as well", []),
        ("J0587 XX", []),  # no such modifier
        ("IS J0587 AS GOOD", []),
        ("place of service 11", ["11"]),
        ("pos 2/3", []),
    ],
)
def test_modifiers_and_places(text: str, codes: list[str]) -> None:
    loaded = [(code, "") for code in ("AS", "JW", "JZ", "KX", "LT", "RR", "RT")]
    found = beside_codes(text, Known(modifiers=lambda: loaded))
    assert [mention.code for mention in found] == codes


@pytest.mark.parametrize(
    ("typed", "code", "slip"),
    [
        ("I1O", "I10", "I1O"),
        ("ZO1.810", "Z01.810", "ZO1.810"),
        ("Z01. 818", "Z01.818", "Z01. 818"),
        ("i10", "I10", ""),
        ("E10.9", "E10.9", ""),
    ],
)
def test_a_code_that_is_checked_is_corrected_alike(typed: str, code: str, slip: str) -> None:
    assert [(m.code, m.slip) for m in named_code(typed, lookup)] == [(code, slip)]


@pytest.fixture(scope="module")
def desk(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk, without an index, with the packaged code sets and a HCPCS quarter."""
    home: Path = tmp_path_factory.mktemp("slips")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    import_files(copy, [TEST_DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"], partial=True)
    copy.close()
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


def test_what_was_corrected_is_said_aloud(desk: Desk) -> None:
    for answer in (desk.ask("I1O", day=MAY), desk.check(["I1O"], day=MAY)):
        assert [(v.code, v.status) for v in answer.verdicts] == [("I10", "billable")]
        assert "I read “I1O” as I10." in answer.notices
        assert [v.typed for v in answer.verdicts] == ["I1O"]
    assert not any("I read" in notice for notice in desk.ask("I10", day=MAY).notices)


@pytest.mark.parametrize(
    ("typed", "meant", "says"),
    [
        ("I10X", "I10", "takes no placeholder X"),
        ("E11.9XXA", "E11.9", "takes no placeholder X"),
        ("S67.01A", "S67.01XA", "needs an X in each empty place"),
        ("W19A", "W19.XXXA", "needs an X in each empty place"),
        ("T07XXXXD", "T07.XXXD", "an X too many"),
        ("S72.001XA", "S72.001A", "an X too many"),
        ("S72.01XA", "S72.011A", ""),
        ("D68.32B", "D68.32", ""),
    ],
)
def test_what_is_wrong_with_an_x(desk: Desk, typed: str, meant: str, says: str) -> None:
    for answer in (desk.ask(typed, day=MAY), desk.check([typed], day=MAY)):
        (verdict,) = answer.verdicts
        assert verdict.status == "unknown"
        assert verdict.did_you_mean[0].code == meant
        assert says in verdict.why


@pytest.mark.parametrize(("typed", "meant"), [("AI", "A1"), ("AL", "A1")])
def test_modifiers_that_look_alike(desk: Desk, typed: str, meant: str) -> None:
    (verdict,) = desk.ask(f"modifier {typed}", day=MAY).verdicts
    assert verdict.status == "unknown"
    assert [code.code for code in verdict.did_you_mean] == [meant]
    assert verdict.did_you_mean[0].title


def test_a_modifier_of_cpt_is_named_and_not_guessed(desk: Desk) -> None:
    (verdict,) = desk.ask("modifier 59", day=MAY).verdicts
    assert (verdict.code, verdict.system, verdict.status) == ("59", "cpt", "not_loaded")
