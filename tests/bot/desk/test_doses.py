"""Doses as lines of a claim: the code of the drug, its units, JW and JZ, and the reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from shown_answers import short

from bot.desk.answer import Answer, ReportLine
from bot.desk.code_answers import CodeAnswers
from bot.desk.doses.answers import answered
from bot.desk.doses.counted import counted
from bot.desk.doses.lines import lines_of
from bot.desk.doses.reading import Doses
from bot.desk.guidelines import GuidelineLookup
from bot.desk.question import read_question
from bot.phi import Scrubbed
from bot.slack.views.answer import answer_blocks
from bot.views.wording import worded
from codesets.model import Code, Product, Reference, ReferenceData, Release, ReleaseData
from codesets.store.code_store import CodeStore

DAY = dt.date(2026, 2, 1)
QUARTER = dt.date(2026, 1, 1), dt.date(2026, 3, 31)
ENDED = dt.date(2024, 3, 31)
CODES = {
    "J0561": "Injection, penicillin g benzathine, 100,000 units",
    "J0558": "Injection, penicillin g benzathine and penicillin g procaine, 100,000 units",
    "J0587": "Injection, rimabotulinumtoxinb, 100 units",
    "J0696": "Injection, ceftriaxone sodium, per 250 mg",
    "J0881": "Injection, darbepoetin alfa, 1 microgram (non-esrd use)",
    "J0882": "Injection, darbepoetin alfa, 1 microgram (for esrd on dialysis)",
    "J1010": "Injection, methylprednisolone acetate, 1 mg",
    "J1030": "Injection, methylprednisolone acetate, 40 mg",
    "J1745": "Injection, infliximab, excludes biosimilar, 10 mg",
    "J0897": "Injection, denosumab, 1 mg",
    "Q5136": "Injection, denosumab-bbdz (jubbonti/wyost), biosimilar, 1 mg",
    "J1885": "Injection, ketorolac tromethamine, per 15 mg",
    "J2353": "Injection, octreotide, depot form for intramuscular injection, 1 mg",
    "J2354": "Injection, octreotide, non-depot form for subcutaneous or intravenous use, 25 mcg",
    "J3301": "Injection, triamcinolone acetonide, not otherwise specified, 10 mg",
    "J7323": "Hyaluronan or derivative, euflexxa, for intra-articular injection, per dose",
    "J9206": "Injection, irinotecan, 20 mg",
    "J9060": "Injection, cisplatin, powder or solution, 10 mg",
    "Q9991": "Injection, buprenorphine extended-release (sublocade), less than or equal to 100 mg",
    "Q9992": "Injection, buprenorphine extended-release (sublocade), greater than 100 mg",
    "Q4101": "Apligraf, per square centimeter",
    "J3490": "Unclassified drugs",
    "J2540": "Injection, penicillin g potassium, up to 600,000 units",
    "J1720": "Injection, hydrocortisone sodium succinate, up to 100 mg",
    "J1938": "Injection, furosemide, 1 mg",
    "J1940": "Injection, furosemide, up to 20 mg",
    "J7626": "Budesonide, inhalation solution, fda-approved final product, non-compounded, "
    "administered through dme, unit dose form, up to 0.5 mg",
    "J7677": "Revefenacin inhalation solution, fda-approved final product, non-compounded, "
    "administered through dme, 1 microgram",
    "J8522": "Capecitabine, oral, 50 mg",
    "P9016": "Red blood cells, leukocytes reduced, each unit",
    "P9021": "Red blood cells, each unit",
    "P9040": "Red blood cells, leukocytes reduced, irradiated, each unit",
    "P9041": "Infusion, albumin (human), 5%, 50 ml",
    "P9047": "Infusion, albumin (human), 25%, 50 ml",
}
#: Code, NDC, name, dosage, size of an item, items, units in an item.
PRODUCTS = [
    ("J0561", "60793-0702-10", "Bicillin L-A", "100,000 UNITS", "4", "10", "24"),
    ("J0558", "60793-0600-10", "Bicillin C-R", "100,000 UNITS", "2", "10", "12"),
    ("J0587", "10454-0711-10", "Myobloc", "100 UNITS", "0.5", "1", "25"),
    ("J0587", "10454-0712-10", "Myobloc", "100 UNITS", "1", "1", "50"),
    ("J0587", "10454-0710-10", "Myobloc", "100 UNITS", "2", "1", "100"),
    ("J0881", "55513-0023-04", "Aranesp", "1 MCG", "0.4", "4", "100"),
    ("J0882", "55513-0023-04", "Aranesp", "1 MCG", "0.4", "4", "100"),
    ("J1010", "00009-0280-02", "Depo-Medrol", "1 MG", "5", "1", "200"),
    ("J1745", "57894-0030-01", "Remicade", "10 MG", "1", "1", "10"),
    ("J0897", "55513-0710-01", "Prolia", "1 MG", "1", "1", "60"),
    ("Q5136", "61314-0240-63", "Jubbonti", "1 MG", "1", "1", "60"),
    ("J1885", "00409-3795-01", "Ketorolac Tromethamine", "15 MG", "1", "25", "2"),
    ("J2353", "00078-0825-81", "Sandostatin Lar Depot", "1 MG", "1", "1", "20"),
    ("J2354", "00078-0180-01", "Sandostatin", "25 MCG", "1", "10", "2"),
    ("J3301", "00003-0293-05", "Kenalog-40", "10 MG", "1", "1", "4"),
    ("J3301", "00003-0293-28", "Kenalog-40", "10 MG", "10", "1", "40"),
    ("J1720", "00009-0011-03", "Solu-Cortef", "100 MG", "1", "1", "1"),
    ("J1938", "00409-6102-02", "Furosemide", "1 MG", "2", "25", "20"),
    ("J7677", "49502-0806-93", "Yupelri", "1 MCG", "3", "30", "175"),
    ("J9060", "00703-5747-11", "Cisplatin", "10 MG", "50", "1", "5"),
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeStore]:
    """A quarter of HCPCS with its crosswalk."""
    made = CodeStore(tmp_path_factory.mktemp("doses") / "codes.db")
    release = Release("hcpcs", "2026-January", *QUARTER, "test", ())
    codes = tuple(
        Code.alone(release, code, title, at, effective_through=ENDED if code == "J1030" else None)
        for at, (code, title) in enumerate(CODES.items())
    )
    made.load(ReleaseData(release, codes))
    crosswalk = Reference("asp", "hcpcs", "2026-January", *QUARTER, "test", ())
    products = tuple(
        Product(code, ndc, name, "Maker", dosage, size, items, units, str(int(items) * int(units)))
        for code, ndc, name, dosage, size, items, units in PRODUCTS
    )
    made.references.load(ReferenceData(crosswalk, products))
    yield made
    made.close()


def asked(store: CodeStore, text: str, day: dt.date = DAY):  # type: ignore[no-untyped-def]
    codes = CodeAnswers(store, GuidelineLookup(store))
    question = read_question(
        text, Scrubbed(text, searched=text), codes.lookup, day=day, known=codes.known
    )
    return Doses(store).read(question)


def lines(store: CodeStore, text: str, day: dt.date = DAY) -> list[str]:
    """The lines: code, modifiers and units."""
    found = asked(store, text, day)
    told = [line for one in (found.dosed if found else ()) for line in lines_of(one)]
    return [f"{'-'.join([line.code, *line.modifiers])} x {line.units}" for line in told]


def answer(store: CodeStore, text: str, day: dt.date = DAY) -> Answer:
    found = asked(store, text, day)
    assert found is not None
    return worded(answered(found, Answer(text, day.isoformat(), "abstained")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kenalog 40mg im how many units", ["J3301 x 4"]),
        ("rocephin 1 gram, units?", ["J0696 x 4"]),
        ("cisplatin 65mg, units", ["J9060 x 7"]),
        ("bicillin LA 2.4 million units im", ["J0561 x 24"]),
        ("bicillin c-r 1.2 million units im", ["J0558 x 12"]),
        ("sandostatin LAR 20 mg units", ["J2353 x 20"]),
        ("sandostatin 100 mcg sq units", ["J2354 x 4"]),
        ("aranesp 100 mcg sq, ckd 4 not on dialysis", ["J0881 x 100"]),
        ("aranesp 100 mcg at dialysis, units", ["J0882 x 100"]),
        ("remicade 5 mg/kg, 80 kg", ["J1745 x 40"]),
        ("prolia 60 mg sq", ["J0897 x 60"]),
        ("denosumab 60 mg sq", ["J0897 x 60"]),
        ("jubbonti 60 mg sq", ["Q5136 x 60"]),
        ("wyost 120 mg sq", ["Q5136 x 120"]),
        ("cisplatin 75 mg/m2 bsa 2.0 units", ["J9060 x 15"]),
        ("depo medrol 40 mg/ml, 2 ml R knee, units", ["J1010 x 80"]),
        ("depo-medrol 40mg each knee units", ["J1010 x 80"]),
        ("kenalog-40, gave 2 ml, units", ["J3301 x 8"]),
        ("euflexxa left knee units", ["J7323 x 1"]),
        ("euflexxa each knee, units", ["J7323 x 2"]),
        ("sublocade 300 mg units", ["Q9992 x 1"]),
        ("apligraf 44 sq cm used, units", ["Q4101 x 44"]),
        ("toradol 60 mg im and rocephin 1 g im units", ["J1885 x 4", "J0696 x 4"]),
        ("60 mg toradol im and 1 g rocephin im, units", ["J1885 x 4", "J0696 x 4"]),
        ("J1885 60 mg", ["J1885 x 4"]),
    ],
)
def test_a_dose_becomes_units(store: CodeStore, text: str, expected: list[str]) -> None:
    assert lines(store, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("myobloc 9000 u given 1000 wasted", ["J0587 x 90", "J0587-JW x 10"]),
        ("remicade 400mg 4 vials no waste", ["J1745-JZ x 40"]),
        ("remicade 350mg, opened 4 vials", ["J1745 x 35", "J1745-JW x 5"]),
        ("remicade 350mg, 4 vials x100, units and waste", ["J1745 x 35", "J1745-JW x 5"]),
        ("irinotecan 333 mg from 3 x 100 mg + 1 x 40 mg vials units", ["J9206-JZ x 17"]),
        ("kenalog-40 10 ml MDV, used 2 ml, JW?", ["J3301 x 8"]),
        ("apligraf 30 sq cm used, 14 sq cm wasted", ["Q4101 x 30"]),
    ],
)
def test_what_is_left_of_a_container(store: CodeStore, text: str, expected: list[str]) -> None:
    assert lines(store, text) == expected


def test_both_lines_never_exceed_what_was_opened(store: CodeStore) -> None:
    # 142 mg of 150: 15 units, and the 8 mg left are within the last of them.
    assert lines(store, "cisplatin 142 mg iv, 3 x 50mg vials") == ["J9060-JZ x 15"]
    assert lines(store, "cisplatin 132 mg iv, 3 x 50mg vials") == ["J9060 x 14", "J9060-JW x 1"]


def test_jz_has_a_first_day(store: CodeStore) -> None:
    text = "remicade 400mg 4 vials no waste"
    assert lines(store, text, dt.date(2023, 6, 30)) == ["J1745 x 40"]


def test_a_package_by_its_ndc(store: CodeStore) -> None:
    assert lines(store, "ndc 57894003001") == ["J1745 x 10"]
    assert lines(store, "00009-0280-02, 1 ml of the 40mg/ml to knee") == ["J1010 x 40"]


def test_a_code_that_ended_gives_way(store: CodeStore) -> None:
    told = answer(store, "J1030 depo medrol 40 mg im")
    assert [(line.code, line.units) for line in told.report] == [("J1010", 40)]
    assert "its last day was 2024-03-31" in told.report[0].because[0].text


def test_what_is_missing_is_asked(store: CodeStore) -> None:
    told = answer(store, "toradol im in clinic, how many units")
    assert [(line.code, line.units) for line in told.report] == [("J1885", None)]
    assert told.asks == ["Which dose was given? One billing unit is 15 mg."]
    told = answer(store, "remicade 5 mg/kg, how many units")
    assert told.asks == ["What does the patient weigh, in kg?"]
    told = answer(store, "ketorolac 2 ml im units")
    # The crosswalk has items of size 1 alone, which may be mL or vials of powder.
    assert told.asks == ["How much is in each mL? One billing unit is 15 mg."]


def test_a_unit_that_the_question_names(store: CodeStore) -> None:
    told = answer(store, "100mg vial, gave 70, code is per 100 mg")
    assert told.headline.text == "1 unit: 70 mg ÷ 100 mg = 0.7, rounded up"
    assert any("No JW line" in notice for notice in told.notices)
    assert told.report == []


@pytest.mark.parametrize(
    "text",
    [
        "on remicade 400 mg, crohns",
        "overdose of toradol 60 mg",
        "J3301 x 30 units ok?",
        "ketorolac",
        "allergic to rocephin 1 g",
        "left knee pain for 3 weeks",
    ],
)
def test_other_questions_are_left_alone(store: CodeStore, text: str) -> None:
    assert asked(store, text) is None


def test_the_first_line_says_how_many(store: CodeStore) -> None:
    one = answer(store, "kenalog 40mg im how many units")
    assert (one.headline.kind, one.headline.codes) == ("units", ["J3301"])
    assert one.headline.text == "4 units of J3301: 40 mg ÷ 10 mg"
    two = answer(store, "myobloc 9000 u given 1000 wasted")
    assert two.headline.text == "90 units of J0587 and 10 of J0587-JW: 9,000 units ÷ 100 units"
    rounded = answer(store, "cisplatin 65mg, units")
    assert rounded.headline.text == "7 units of J9060: 65 mg ÷ 10 mg = 6.5, rounded up"


def test_the_terminal_shows_units_and_modifiers(store: CodeStore) -> None:
    text = short(answer(store, "myobloc 9000 u given 1000 wasted"))
    assert "1. J0587 \u00d7 90" in text
    assert "2. J0587-JW \u00d7 10" in text
    assert "chapter 17, section 40" in " ".join(text.split())


def test_reasons_name_the_edition(store: CodeStore) -> None:
    told = answer(store, "kenalog 40mg im how many units").report[0]
    assert {one.rule for one in told.because} == {"billing unit"}
    assert told.because[0].text == "40 mg ÷ 10 mg = 4."
    assert told.because[1].release == "2026-January"
    assert "so does the crosswalk 2026-January" in told.because[1].text


def test_slack_says_how_many_first(store: CodeStore) -> None:
    blocks = answer_blocks(answer(store, "myobloc 9000 u given 1000 wasted"), "id")
    first, second = [block["text"]["text"] for block in blocks if block["type"] == "section"][:2]
    assert first.startswith("90 units of J0587 and 10 of J0587-JW")
    assert "*J0587-JW*" in second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Beside a diagnosis, typed or in words.
        ("remicade 400 mg K51.90", ["J1745 x 40"]),
        ("aranesp 60 mcg anemia of ckd stage 3, not on dialysis", ["J0881 x 60"]),
        ("aranesp 60 mcg esrd on dialysis", ["J0882 x 60"]),
        ("solucortef 150 mg addisonian crisis clinic", ["J1720 x 2"]),
        # Amounts in words and shorthand.
        ("ceftriaxone one gram im", ["J0696 x 4"]),
        ("pen g potassium 2 mil units iv", ["J2540 x 4"]),
        ("apligraf 5 x 6 cm on foot ulcer", ["Q4101 x 30"]),
        ("prbc leukoreduced 3 units, which product code", ["P9016 x 3"]),
        ("prbc leukoreduced irradiated 2 bags transfused", ["P9040 x 2"]),
        ("albumin 25% 4 x 50 ml iv", ["P9047-JZ x 4"]),
        # Handed out for some days: rounded by the dose where a unit is "up to" an amount.
        ("budesonide 0.25 mg bid x 10 days neb, dme", ["J7626 x 20"]),
        ("budesonide 0.25 mg x 30 vials neb", ["J7626 x 30"]),
        ("yupelri 175 mcg 30 vials neb", ["J7677 x 5250"]),
        ("capecitabine 1000 mg po bid 7 days dispensed", ["J8522 x 280"]),
        # What was opened.
        ("cisplatin 120 mg iv from sdvs 100 mg + two 50 mg, jw?", ["J9060 x 12", "J9060-JW x 8"]),
        (
            "remicade 300 mg iv for crohns, vial is 100 mg, 4 vials opened",
            ["J1745 x 30", "J1745-JW x 10"],
        ),
    ],
)
def test_kinds_of_doses(store: CodeStore, text: str, expected: list[str]) -> None:
    assert lines(store, text) == expected


def test_a_refused_code_is_doubted(store: CodeStore) -> None:
    assert lines(store, "furosemide 60 mg iv J1940 denied") == ["J1938 x 60"]
    assert lines(store, "furosemide 60 mg iv J1940") == ["J1940 x 3"]


@pytest.mark.parametrize(
    "text",
    [
        "on remicade 400 mg for crohns",
        "capecitabine 1000 mg po bid",
        "2 u prbc, peripheral vein",
        "aranesp 60 mcg weekly for anemia in ckd at home",
    ],
)
def test_no_line_unasked(store: CodeStore, text: str) -> None:
    assert lines(store, text) == []


KIT = "Enteral feeding supply kit; pump fed, per day"
STRIPS = "Blood glucose test or reagent strips for home blood glucose monitor, per 50 strips"


@pytest.mark.parametrize(
    ("text", "title", "units"),
    [
        ("pump feeding kits 30 days", KIT, 30),
        ("pump feeding kit, tube placed 3 days ago", KIT, None),
        ("120 test strips", STRIPS, 3),
        ("test strips", STRIPS, None),
    ],
)
def test_supplies_by_the_day_and_by_the_piece(text: str, title: str, units: int | None) -> None:
    line = ReportLine(1, "B4035", "hcpcs", title, True, "2026-January", "supply")
    found = worded(counted(text, Answer(text, DAY.isoformat(), "answered", report=[line])))
    assert found.report[0].units == units
    if units:
        assert found.headline.text.startswith(f"{units} units of B4035: ")
