"""What the lists of inpatient claims and risk adjustment say stands on every diagnosis, and answers
the questions about it; nothing that is asked back speaks of payment."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import inpatient_files as files
import pytest
from paths import ROOT
from shown_answers import short

from bot.desk import drg
from bot.desk.age_and_sex import age_said, sex_said
from bot.desk.answer import Answer, ReportLine, Verdict
from bot.desk.answer_flags import Flag
from bot.desk.desk import Desk
from bot.desk.inpatient_questions import subject_of
from bot.settings import Settings
from bot.slack.views.answer import answer_message
from bot.slack.views.details import detail_pages
from bot.views.flag_words import clause
from codesets.loading import packaged_references
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

MAY = dt.date(2026, 5, 1)
needs_drgpy = pytest.mark.skipif(find_spec("drgpy") is None, reason="needs drgpy")
_PAYMENT = re.compile(
    r"\bm?ccs?\b|\bhccs?\b|\bdrgs?\b|\bpay\w*|\breimburs\w*|\bcomorbid\w*|\brisk adj",
    re.I,
)


def _home_without_lists(built: Path, home: Path) -> CodeStore:
    """A home with the shared code sets and index, but without the lists that packages bring."""
    shared, own = CodeStore(built / "codes.db"), CodeStore(home / "codes.db")
    shared._db.conn.backup(own._db.conn)
    shared.close()
    for kind in {one.kind for one in packaged_references.LISTS}:
        own.references.replace(kind, [])
    (home / "index").symlink_to(built / "index")
    return own


@pytest.fixture(scope="module")
def home(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the shared code sets and index, and small lists."""
    home = tmp_path_factory.mktemp("home")
    own = _home_without_lists(built, home)
    folder = home / "files"
    folder.mkdir()
    import_files(own, files.all_of(folder, hac=True))
    own.close()
    return home


@pytest.fixture(scope="module")
def without_lists(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("without")
    _home_without_lists(built, home).close()
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def with_lists(home: Path) -> Iterator[Desk]:
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


def asked(desk: Desk, question: str) -> Answer:
    return desk.ask(question, day=MAY)


def flags_of(shown: Verdict | ReportLine) -> dict[str, str]:
    return {flag.kind: flag.label for flag in shown.flags if flag.kind != "hcc_other"}


# On verdicts


@pytest.mark.parametrize(
    ("codes", "of", "flags"),
    [
        (["N17.9"], "N17.9", {"cc": "CC"}),
        (["I50.23"], "I50.23", {"mcc": "MCC", "hcc": "HCC 224"}),
        (["I50.23", "N17.9"], "N17.9", {"cc": "CC"}),
        (["N18.6", "N17.9"], "N17.9", {"cc_excluded": "CC excluded by N18.6"}),
        (["N18.6", "N17.9"], "N18.6", {}),
        (["B95.0"], "B95.0", {"unacceptable_principal": "no principal dx"}),
        (["D63.1"], "D63.1", {"manifestation": "manifestation"}),
        (["W19.XXXA"], "W19.XXXA", {"external_cause": "external cause"}),
        (["Z51.89"], "Z51.89", {"needs_secondary": "principal only with a secondary dx"}),
        (["Z79.4"], "Z79.4", {"poa_exempt": "POA exempt", "hcc": "HCC 38"}),
        (["S72.001A"], "S72.001A", {"hac": "HAC 05"}),
        (["N40.0"], "N40.0", {"age": "adult 15-124 years"}),
        (["I10"], "I10", {}),
    ],
)
def test_each_diagnosis_has_its_flags(
    with_lists: Desk, codes: list[str], of: str, flags: dict[str, str]
) -> None:
    answer = with_lists.check(codes, day=MAY)
    (verdict,) = [one for one in answer.verdicts if one.code == of and one.system == "icd10cm"]
    assert flags_of(verdict) == flags
    assert all(flag.says and flag.release for flag in verdict.flags)


def test_an_exclusion_names_the_principal_and_the_collection(with_lists: Desk) -> None:
    answer = with_lists.check(["N18.6", "N17.9"], day=MAY)
    (flag,) = answer.verdicts[1].flags
    assert flag.says == (
        "CC, but excluded by principal N18.6, PDX collection 0004 (Table 6K FY2026)."
    )


def test_a_list_of_another_edition_is_said_to_be_the_nearest(with_lists: Desk) -> None:
    answer = with_lists.check(["N17.9"], day=dt.date(2026, 12, 1))
    (flag,) = answer.verdicts[0].flags
    assert "FY2026, the nearest loaded" in flag.says


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("3 yo with N40.0", "age_conflict"),
        ("71yo with N40.0", "age"),
        ("is N40.0 billable", "age"),
        ("newborn with O80", "age_conflict"),
        ("is code O80 billable, 28 y/o female", "age"),
    ],
)
def test_an_age_that_is_said_is_held_against_the_list(
    with_lists: Desk, question: str, kind: str
) -> None:
    verdict = asked(with_lists, question).verdicts[0]
    assert kind in flags_of(verdict)


def test_without_lists_there_are_no_flags(without_lists: Desk) -> None:
    answer = without_lists.check(["N17.9", "I50.23"], day=MAY)
    assert [verdict.flags for verdict in answer.verdicts] == [[], []]


def test_other_systems_have_none(with_lists: Desk) -> None:
    answer = with_lists.check(["0DTJ0ZZ"], day=MAY)
    assert answer.verdicts[0].flags == []


# On the lines of a report


def test_the_first_line_for_an_inpatient_is_its_principal_diagnosis(with_lists: Desk) -> None:
    inpatient = asked(with_lists, "inpatient admitted with esrd, acute kidney failure")
    outpatient = asked(with_lists, "esrd, acute kidney failure")
    for answer, kind in ((inpatient, "cc_excluded"), (outpatient, "cc")):
        lines = {line.code: line for line in answer.report}
        assert {"N18.6", "N17.9"} <= lines.keys()
        if answer.report[0].code == "N18.6":
            assert kind in flags_of(lines["N17.9"])


# Asked for


@pytest.mark.parametrize(
    ("question", "kind", "first"),
    [
        ("is N17.9 a CC or MCC?", "yes", "Yes: N17.9 is a CC (Table 6J FY2026)."),
        ("D62 cc?", "yes", "Yes: D62 is a CC"),
        ("is N17.9 an MCC", "no", "No: N17.9 is a CC, not an MCC"),
        ("is I50.23 a cc", "yes", "Yes: I50.23 is an MCC, which is more than a CC"),
        ("is I10 a cc", "no", "No: I10 is no CC and no MCC"),
        ("is N17.9 a CC with N18.6", "no",
         "No: N17.9 is a CC, but excluded by principal N18.6, PDX collection 0004"),
        ("N17.9 mcc or cc if pdx is N18.6", "no", "No: N17.9 is a CC, but excluded by principal"),
        ("I50.23, N17.9 cc?", "yes",
         "Yes: N17.9 is a CC (Table 6J FY2026); principal I50.23 does not exclude it."),
        ("is I46.9 an mcc", "yes", "Yes: I46.9 is an MCC (Table 6I FY2026), only if discharged"),
        ("hcc for E11.22", "verdict",
         "E11.22 is CMS-HCC V28 HCC 37 Diabetes with Chronic Complications (payment year 2027)."),
        ("rxhcc for E11.22", "verdict", "E11.22 is RxHCC V08 HCC 30 Diabetes with Complications"),
        ("E11.22 hcc esrd", "verdict", "E11.22 is CMS-HCC ESRD V24 HCC 18"),
        ("does E11.22 risk adjust", "yes", "Yes: E11.22 is CMS-HCC V28 HCC 37"),
        ("hcc for I10", "no", "No: I10 has no category in CMS-HCC V28"),
        ("hccs E11.22 E11.9", "verdict",
         "E11.22 is CMS-HCC V28 HCC 37 Diabetes with Chronic Complications (payment year 2027); "
         "E11.9 is CMS-HCC V28 HCC 38 (payment year 2027); HCC 37 drops HCC 38."),
        ("Z79.4 poa exempt?", "yes", "Yes: Z79.4 is exempt from POA reporting"),
        ("N17.9 poa exempt?", "no", "No: N17.9 is not on the POA exempt list"),
        ("is B95.0 ok as principal dx", "no", "No: B95.0 is unacceptable as principal diagnosis"),
        ("can D63.1 be principal?", "no", "No: D63.1 is a manifestation"),
        ("can W19.XXXA be the principal diagnosis", "no", "No: W19.XXXA is an external cause"),
        ("can Z79.4 be principal?", "no", "No: Z79.4 is never first-listed."),
        ("can Z51.89 be the pdx", "verdict", "Z51.89 may be principal only with a secondary"),
        ("is S72.001A a hac", "yes", "Yes: S72.001A is HAC 05 Falls and Trauma"),
        ("N17.9 hac?", "no", "No: N17.9 is on no list of hospital-acquired conditions"),
    ],
)  # fmt: skip
def test_the_first_line_answers(with_lists: Desk, question: str, kind: str, first: str) -> None:
    answer = asked(with_lists, question)
    assert answer.headline.kind == kind
    assert answer.headline.text.startswith(first)
    assert answer.pairs == [] or question == "can Z79.4 be principal?"


@pytest.mark.parametrize(
    ("question", "lists"),
    [
        ("is N17.9 a cc", "Tables 6I, 6J and 6K"),
        ("N17.9 poa exempt?", "POAexemptCodes"),
        ("hcc for E11.22", "HCC mapping"),
        ("N17.9 hac?", "Appendix I"),
    ],
)
def test_a_list_that_is_not_loaded_is_named(without_lists: Desk, question: str, lists: str) -> None:
    answer = asked(without_lists, question)
    assert answer.headline.kind == "none"
    assert lists in answer.headline.text


@pytest.mark.parametrize(
    ("text", "codes", "subject"),
    [
        ("CC and HPI with R07.9", ["R07.9"], None),
        ("J1100 5 cc given", ["J1100"], None),
        ("N17.9 mcc", ["N17.9"], "severity"),
        ("is E11.9 billable", ["E11.9"], None),
        ("primary care visit Z00.00", ["Z00.00"], None),
        ("E11.9 with N18.31 which first", ["E11.9", "N18.31"], None),
    ],
)
def test_what_is_no_question_about_lists(text: str, codes: list[str], subject: str | None) -> None:
    assert subject_of(text, codes) == subject


@pytest.mark.parametrize(
    ("text", "age", "sex"),
    [
        ("72yo M", 72, "M"),
        ("67 y/o female with N40.0", 67, "F"),
        ("3-month-old boy", 0, "M"),
        ("age 45, I10", 45, None),
        ("x 3 days, E11.9", None, None),
        ("mother 30 yo, father 40 yo", None, None),
    ],
)
def test_age_and_sex_are_read(text: str, age: int | None, sex: str | None) -> None:
    assert (age_said(text), sex_said(text)) == (age, sex)


# Shown


def test_the_clause_is_short_and_leaves_out_what_is_no_news() -> None:
    flags = [
        Flag("cc", "CC", release="FY2026"),
        Flag("age", "adult 15-124 years", release="FY2026"),
        Flag("poa_exempt", "POA exempt", release="FY2026"),
        Flag("hcc_other", "RxHCC V08 30", release="2027"),
        Flag("hcc", "HCC 37", release="2027"),
    ]
    assert clause(flags) == "CC · POA exempt (FY2026) · HCC 37 (2027)"
    assert clause([flags[1], flags[3]]) == ""


def test_terminal_and_rules_have_the_clause(with_lists: Desk) -> None:
    answer = with_lists.check(["I50.23"], day=MAY)
    told = "MCC (FY2026) · HCC 224 (2027)"
    assert told in short(answer)
    assert told in str([block.to_dict() for page in detail_pages(answer) for block in page])
    assert "HCC 224" not in str(answer_message(answer, "q").blocks)


def test_a_message_has_it_where_it_is_asked_or_of_an_inpatient(with_lists: Desk) -> None:
    several = asked(with_lists, "hccs E11.22 E11.9")
    assert "HCC 37 drops HCC 38" in str(answer_message(several, "q").blocks)
    inpatient = asked(with_lists, "inpatient admitted with acute kidney failure")
    outpatient = asked(with_lists, "acute kidney failure")
    assert "· CC" in str(answer_message(inpatient, "q").blocks)
    assert "· CC" not in str(answer_message(outpatient, "q").blocks)


# Nothing of payment is asked back (AHIMA and ACDIS, "Guidelines for Achieving a Compliant Query
# Practice")


@pytest.mark.parametrize(
    "statement",
    [
        "inpatient with chf, aki, is it a cc",
        "admitted with pneumonia, acute blood loss anemia, mcc?",
        "hcc for diabetes with ckd",
        "inpatient, fracture of femur, drg",
    ],
)
def test_questions_back_do_not_speak_of_payment(with_lists: Desk, statement: str) -> None:
    answer = asked(with_lists, statement)
    told = [*answer.asks, *(f"{one.label} {one.words}" for one in answer.ask_options)]
    told += [line.ask_back or "" for line in answer.report]
    assert not [one for one in told if _PAYMENT.search(one)]


def test_no_message_that_asks_back_speaks_of_payment() -> None:
    asking: list[str] = []
    for path in (ROOT / "prompts" / "messages").glob("*.toml"):
        for section, texts in tomllib.loads(path.read_text("utf-8")).items():
            if section in ("ask", "asks", "ask_back", "left_open", "options"):
                asking += texts.values()
            asking += [text for text in texts.values() if text.endswith("?")]
    assert asking
    assert not [text for text in asking if _PAYMENT.search(text)]


# MS-DRG


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (dt.date(2025, 10, 1), "v43"),
        (dt.date(2026, 3, 31), "v43"),
        (dt.date(2026, 4, 1), "v43.1"),
        (dt.date(2026, 10, 1), "v44"),
    ],
)
def test_the_version_goes_by_the_date_of_discharge(day: dt.date, version: str) -> None:
    assert drg.version_for(day) == version


@needs_drgpy
@pytest.mark.parametrize(
    ("question", "number", "counted"),
    [
        ("drg for I50.23", "293", []),
        ("drg for I50.22 with N17.9", "292", ["N17.9 CC"]),
        ("drg for I50.22 with J96.01, 72yo M", "291", ["J96.01 MCC"]),
        ("drg N18.6, N17.9", "684", []),
        ("ms-drg J18.9 E11.9", "195", []),
        ("drg J18.9 with K77", "194", ["K77 CC"]),
        ("drg N40.0 71yo male", "726", []),
    ],
)
def test_codes_are_grouped(
    with_lists: Desk, question: str, number: str, counted: list[str]
) -> None:
    answer = asked(with_lists, question)
    assert answer.drg is not None
    assert (answer.drg.number, answer.drg.counted) == (number, counted)
    assert f"MS-DRG {number}" in answer.headline.text
    assert "v43.1" in answer.headline.text
    assert any("no second one" in notice for notice in answer.notices)


@needs_drgpy
def test_where_the_sex_decides_it_is_asked_for(with_lists: Desk) -> None:
    answer = asked(with_lists, "drg N40.0")
    assert answer.drg is None
    assert "726 for a man" in answer.headline.text


def test_without_the_grouper_it_is_said_how_to_get_it(
    with_lists: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drg, "is_installed", lambda: False)
    answer = asked(with_lists, "drg for I50.23")
    assert answer.headline.kind == "none"
    assert 'pip install "codedesk[drg]"' in answer.headline.text


def test_a_replay_gives_the_same(with_lists: Desk) -> None:
    first = asked(with_lists, "is N17.9 a CC with N18.6").as_dict()
    again = asked(with_lists, "is N17.9 a CC with N18.6").as_dict()
    assert first | {"elapsed_ms": 0} == again | {"elapsed_ms": 0}
    assert Answer.from_dict(first).verdicts[0].flags is not None
