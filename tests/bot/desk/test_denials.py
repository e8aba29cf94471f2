"""Codes of remittances are read where they are written as such, and explained in the desk's words
or those of an imported list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import coverage_export
import pytest
from paths import TEST_DATA as DATA
from shown_answers import whole

from bot.desk.answer import Answer
from bot.desk.denial_lists import categories, own_words
from bot.desk.denial_mentions import MOST_LINES, read_denials
from bot.desk.desk import Desk
from bot.settings import Settings
from bot.slack.views.answer import BUDGET, answer_message
from bot.slack.views.details import detail_pages
from bot.slack.views.phone_lines import phone_lines
from bot.views.terminal import as_text
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

DAY = dt.date(2026, 2, 1)
MUE = (
    "HCPCS/CPT Code,DME Supplier Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n"
    "E0143,1,2 Date of Service Edit: Policy,Code Descriptor\n"
)
PTP = (
    "Column 1\tColumn 2\t*=in existence\tEffective\tDeletion\tModifier\tPTP Edit Rationale\n"
    "E0143\tE0156\t\t20200101\t*\t1\tMisuse of Column Two code with Column One code\n"
)
LIST = (
    "Code,Description,Start,Stop\n"
    "16,Words of the licensed list,1995-01-01,\n"
    "97,More words of that list,1995-01-01,2026-01-31\n"
)


@pytest.fixture(scope="module")
def home(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("denials")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    import_files(copy, [DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"])
    for name, text in (
        ("MCR_MUE_DMESupplierServices_Eff_01-01-2026.csv", MUE),
        ("ccipra-v320r0-f1.txt", PTP),
    ):
        (home / name).write_text(text)
        import_files(copy, [home / name])
    copy.close()
    return home


@pytest.fixture(scope="module")
def desk(home: Path) -> Iterator[Desk]:
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


def ask(desk: Desk, text: str) -> Answer:
    answer = desk.ask(text, day=DAY)
    assert answer.outcome == "denial"
    return answer


def shown(answer: Answer) -> list[str]:
    return [one.code for one in answer.denials]


# Reading

READ = [
    # question, the codes of each adjustment
    ("CO-97 on E0143", ["CO 97"]),
    ("co 50 n115", ["CO 50 N115"]),
    ("pi204", ["PI 204"]),
    ("claim adjusted PR-1 PR-2, can i bill", ["PR 1 2"]),
    ("PR 1, 2 & 3 on eob", ["PR 1 2 3"]),
    ("CO-45 PR-2 CO-97 CO-45", ["CO 45 PR 2 CO 97"]),
    ("carc 18", ["18"]),
    ("denial code B7", ["B7"]),
    ("remark codes MA63, N4", ["MA63 N4"]),
    ("MA130", ["MA130"]),
    ("CO 016 M051", ["CO 16 M51"]),
    ("CO-11 dx N19", ["CO 11"]),
    ("OA23 from primary payer", ["OA 23"]),
    ("CO-97 N19 on E0143\nCO-45 on E0156\nPI-222 on E0163", ["CO 97 N19", "CO 45", "PI 222"]),
    # Without a hyphen: beside a remark, the code of a service, or words of its reason.
    ("CO 29 sent in too late", ["CO 29"]),
    ("co 197 on K0001", ["CO 197"]),
    ("OA 18 dupe of an earlier line", ["OA 18"]),
    ("PR 1 deductible", ["PR 1"]),
    ("PR 2 coins, collect it?", ["PR 2"]),
    ("pr26 service before policy began", ["PR 26"]),
    ("PR 27 coverage lapsed", ["PR 27"]),
    ("CO 5 pos 22 on G0101", ["CO 5"]),
    ("CO 11 on glucose test R73.09", ["CO 11"]),
    ("we got CO 50 and N115 for the brace", ["CO 50 N115"]),
    ("co 97 m15 panel", ["CO 97 M15"]),
    ("CO 109 belongs to hmo", ["CO 109"]),
    ("CO 15 auth number is there", ["CO 15"]),
    # Zero for the letter.
    ("C0-45 on E0143", ["CO 45"]),
    ("0A-23 from primary", ["OA 23"]),
    # Without a group.
    ("denied 29 we sent it in march", ["29"]),
    ("line rejected as duplicate 18, why", ["18"]),
    ("eob shows 16 and M51", ["16 M51"]),
    ("MA130 on it, reason 16", ["MA130 16"]),
    ("B9 denial", ["B9"]),
    ("B15 denied again", ["B15"]),
    ("M79 rejected", ["M79"]),
    ("MA63 rejection", ["MA63"]),
    ("denied 611 remark N290", ["611 N290"]),
    ("remark N8888", ["N8888"]),
    ("CAS*CO*45*30~\nCAS*PR*2*18.44*1*3*20~\nMOA***MA01*N115~", ["CO 45 PR 2 3 MA01 N115"]),
    ("SVC*HC:E0143:NU*150*0~CAS*CO*97*150~LQ*HE*N19~SVC*HC:E0156*9*0~CAS*OA*18*9~",
     ["CO 97 N19", "OA 18"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "codes"), READ)
def test_codes_are_read_by_adjustment(text: str, codes: list[str]) -> None:
    read = read_denials(text)
    assert read is not None
    found = [" ".join(code for _, code in one.codes) for one in read.adjustments]
    assert found == codes


NO_DENIALS = [
    "CO2 retention", "CO-2 narcosis", "co 2", "CO poisoning", "PR interval prolonged",
    "PR 220 ms on EKG", "OA of the knee", "OA 2 fingers", "PI on exam", "PI 10/10", "N18.6",
    "M51.26", "N19", "M51", "MA plan", "MA 02139", "PR3 ANCA vasculitis", "PR-3 vasculitis",
    "97530 CO 4 units", "97110-CO", "modifier CO", "CR 2", "cr 1.2", "G35 denied", "ER/PR 90%",
    "dx N19 and N18.6", "pt denied OA 2 joints", "CO 5.2 L/min",
    "CO 5 L/min by Fick", "CO 4 lpm after bypass", "CO 29 mmHg", "CO 29 ppm exhaled",
    "CO2 45 on abg",
    "CO2 29 and bicarb 22", "etco2 29", "low CO 3 with dilated cardiomyopathy",
    "CO 16% after house fire",
    "CO level 29 smoke inhalation", "CO exposure 4 hours", "CO 10 years of carbon monoxide alarms",
    "PR 120", "PR 180 QRS 90", "PR 200 ms", "PR interval 200", "PR 22 weeks", "PR 3 cm polyp",
    "PR 2 cm rectal mass", "PR 96 bpm", "BP 120/80 PR 96", "ER 90 PR 31", "er+ pr 27 her2 neg",
    "PR3 positive vasculitis", "PR 18 years ago ACL reconstruction",
    "OA of the knee 18 months", "OA 18 mo", "OA 18 months after injury", "OA 4 joints",
    "hip OA 2 years",
    "OA grade 3", "OA 3 both knees", "OA 4 months postpartum", "knee OA 10/10 pain", "OA 23 yrs",
    "PI 4", "PI 3 sacrum", "PI stage 3", "PI 2.1 uterine artery", "pain PI 8", "PI 20 mm heel",
    "CR 1.8 with ckd", "CR 3 up from 2", "97110 GO CO 4", "97530 CO 2 units",
    "B12 denied", "b12 deficiency, denied alcohol", "denied 2 falls",
    "pt denied 3 episodes of syncope",
    "she denied 18 months of symptoms", "denied 18 visits", "denied 2 packs a day",
    "reason for visit 16 wk checkup", "reason 2 days of fever", "unknown reason 4 weeks",
    "rejected kidney transplant 2019", "graft rejected 3 months out", "M54 and M79 pain",
    "N19 denied", "M25.56 rejected", "MRI rejected 2 times",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_DENIALS)
def test_other_meanings_of_the_letters_are_left_alone(text: str) -> None:
    assert read_denials(text) is None


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("CAS*PR*1*50**2*18.44~", "PR-1\nPR-2"),
        ("CO-45 $30.00 PR-2 12.40", "CO-45 PR-2"),
        ("CLP*A1*1*200*50~NM1*QC*1*ROE*ANN~CAS*OA*23*10~", "OA-23"),
    ],
)
def test_money_and_other_segments_are_not_stored(desk: Desk, text: str, stored: str) -> None:
    answer = ask(desk, text)
    assert answer.question == stored
    again = ask(desk, stored)
    assert (again.question, shown(again)) == (stored, shown(answer))


def test_at_most_thirty_adjustments(desk: Desk) -> None:
    lines = "\n".join(f"CO-45 on E0143, line {number}" for number in range(MOST_LINES + 3))
    answer = ask(desk, lines)
    assert {one.line for one in answer.denials} == set(range(1, MOST_LINES + 1))
    assert "3 more were left out" in " ".join(answer.notices)


# Answers

TOLD = [
    # question, categories that are told
    ("CO-97", {"bundling", "modifier"}),
    ("CO 4", {"modifier"}),
    ("CO-11", {"diagnosis"}),
    ("CO-18", {"duplicate"}),
    ("CO-16 N290", {"missing information", "provider"}),
    ("CO 50 N115", {"medical necessity"}),
    ("CO-197", {"authorization"}),
    ("CO-29", {"timely filing"}),
    ("PR-3", {"patient share"}),
    ("CO-22", {"coordination of benefits"}),
    ("CO-151", {"units"}),
    ("CO-167", {"diagnosis", "not covered"}),
    ("CO-183", {"referral"}),
]


@pytest.mark.parametrize(("text", "kinds"), TOLD)
def test_categories_and_next_steps(desk: Desk, text: str, kinds: set[str]) -> None:
    answer = ask(desk, text)
    assert kinds <= {name for one in answer.denials for name in one.categories}
    reasons = [one for one in answer.denials if one.kind != "group"]
    assert all(one.known and one.source == "Code Desk" and one.next_steps for one in reasons)
    assert "own words" in " ".join(answer.notices)


def test_a_group_says_who_bears_the_amount(desk: Desk) -> None:
    group, _ = ask(desk, "CO-45").denials
    assert "the patient may not be billed" in group.text
    assert "the patient may not be billed" in ask(desk, "CO-45").headline.text


@pytest.mark.parametrize("code", ["CO-999", "PR 888 on eob", "carc 9777"])
def test_a_code_that_does_not_exist_is_said_to_be_unknown(desk: Desk, code: str) -> None:
    told = ask(desk, code).denials[-1]
    assert (told.known, told.categories) == (False, ["unknown code"])
    assert "that exists" in told.text


def test_a_number_that_may_exist_is_not_invented(desk: Desk) -> None:
    told = ask(desk, "CO 312").denials[-1]
    assert (told.known, told.categories, told.next_steps) == (False, [], [])
    assert "desk's list" in told.text


def test_a_slip_gets_the_nearest_real_one(desk: Desk) -> None:
    assert "97" in ask(desk, "CO-977").denials[-1].did_you_mean


def test_checks_of_the_codes_named_with_it(desk: Desk) -> None:
    both = ask(desk, "CO-97 E0143 E0156")
    assert [pair.rule for pair in both.pairs] == ["ncci_ptp"]
    assert [check for one in both.denials for check in one.checks] == [
        "NCCI has an edit on this pair: see below."
    ]
    (check,) = [c for one in ask(desk, "CO-97 on E0143").denials for c in one.checks]
    assert "Name the other services" in check
    units = ask(desk, "CO-222 on E0143 x 3")
    assert [pair.severity for pair in units.pairs] == ["conflict"]


def test_lines_of_different_claims_are_not_paired(desk: Desk) -> None:
    answer = ask(desk, "CO-97 on E0143, 2026-01-05\nCO-97 on E0156, 2026-01-05")
    assert answer.pairs == []
    assert answer.headline.text == "2 adjustments: CO-97 bundling; CO-97 bundling."


def test_the_imported_list_is_shown_and_named(home: Path, tmp_path: Path) -> None:
    copy = CodeStore(tmp_path / "codes.db")
    CodeStore(home / "codes.db")._db.conn.backup(copy._db.conn)
    (tmp_path / "CARC 2026.csv").write_text(LIST)
    import_files(copy, [tmp_path / "CARC 2026.csv"])
    copy.close()
    desk = Desk(Settings(home=tmp_path))
    told = ask(desk, "CO-16").denials[-1]
    assert "Words of the licensed list" in told.text
    assert told.source == "claim adjustment reason codes (CARC) 2026"
    assert told.categories == ["missing information"]
    assert "No longer used after 2026-01-31" in ask(desk, "CO-97").denials[-1].text
    # The desk has it, and the list that was imported does not: the desk's own words.
    assert ask(desk, "CO-29").denials[-1].source == "Code Desk"
    desk.close()


# Surfaces


@pytest.mark.parametrize(
    "text", ["CO-97 on E0143", "CO-16 M51 MA130", "\n".join(f"CO-{n}" for n in (4, 11, 16, 18))]
)
def test_terminal_and_slack_show_it(desk: Desk, text: str) -> None:
    answer = ask(desk, text)
    printed = as_text(answer)
    assert printed.startswith(answer.headline.text[:60])
    assert all(one.code in printed for one in answer.denials)
    assert all(one.text in whole(answer) for one in answer.denials)
    drawn = answer_message(answer, "abc", private=True)
    above = [block for block in drawn.blocks if block["type"] in ("section", "context")]
    assert phone_lines(above) <= BUDGET
    assert detail_pages(answer)


def test_an_answer_out_of_the_log_is_the_same(desk: Desk) -> None:
    answer = ask(desk, "CO 50 N115 on E0143")
    assert Answer.from_dict(answer.as_logged()).as_dict() == answer.as_dict()


# The lists


def test_the_lists_name_known_categories_and_say_something() -> None:
    for kind in ("carc", "rarc"):
        for code, words in own_words(kind).items():  # type: ignore[arg-type]
            assert all([words.about, words.categories]), code
    for category in categories().values():
        assert all([category.means.endswith("."), category.next]), category.name


def test_a_denial_of_necessity_looks_into_coverage(store: CodeStore, tmp_path: Path) -> None:
    own = CodeStore(tmp_path / "codes.db")
    store._db.conn.backup(own._db.conn)
    import_files(own, [coverage_export.articles(tmp_path / "current_article.zip")])
    own.close()
    desk = Desk(Settings(home=tmp_path))
    try:
        for text, told in (
            ("CO-50 on J7325 dx M17.11, dos 1/10/2026", "Listed in A90001"),
            ("CO-11 on J7325 dx E11.9, dos 1/10/2026", "Not listed as supporting J7325"),
            ("CO-50 on J7325, dos 1/10/2026", "Name the diagnosis"),
            ("CO-50 on E0143, dos 1/10/2026", "No loaded policy is about E0143"),
        ):
            checks = [check for one in desk.ask(text).denials for check in one.checks]
            assert any(told in check for check in checks), (text, checks)
    finally:
        desk.close()
