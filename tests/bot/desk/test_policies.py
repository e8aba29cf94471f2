"""Rules of the house and of payers: loaded as a table, shown beside what is official, as theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import openpyxl
import pytest
from paths import TEST_DATA as DATA
from shown_answers import whole

from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.settings import Settings
from bot.slack.views.answer import BUDGET, answer_message
from bot.slack.views.details import detail_pages
from bot.slack.views.phone_lines import phone_lines
from codesets.loading.importer import import_files
from codesets.model import CodesetError
from codesets.rows_policies import HouseRule
from codesets.store.code_store import CodeStore

QUARTER = DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"
HEAD = "Payer,Code or range,Text,From,Through,Source"
RULES = (
    HEAD,
    'Aetna,J7318-J7332,"Prior authorization, one series in six months.",2026-01-01,,Bulletin 12',
    ",M17.-,Name the compartment in the note.,,,House handbook",
    "Cigna,20610,Report RT or LT.,1/1/2026,12/31/2026,",
    "Cigna,E11,Needs an A1c of the last 90 days.,,,",
    "Blue Cross,J7325,Old rule.,2024-01-01,2024-12-31,",
)
MARKUP = 'Aetna,J3301,"<b>Bold</b> & *stars* <!channel>",,,'


def table(folder: Path, *lines: str, name: str = "Our Rules.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[CodeStore]:
    opened = CodeStore(tmp_path / "codes.db")
    yield opened
    opened.close()


def imported(store: CodeStore, *paths: Path) -> list[str]:
    said: list[str] = []
    import_files(store, list(paths), say=said.append)
    return said


def rules(store: CodeStore) -> list[HouseRule]:
    return [
        rule
        for reference in store.references.all("policies")
        for rule in store.references.rows(HouseRule, reference)
    ]


@pytest.fixture(scope="module")
def desk(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("policies")
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    import_files(copy, [QUARTER])
    import_files(copy, [table(home, *RULES, MARKUP)])
    copy.close()
    opened = Desk(Settings(home=home))
    yield opened
    opened.close()


def shown(answer: Answer) -> list[str]:
    return [one.says for one in answer.policies]


# Loading


def test_a_table_is_loaded_by_its_name_and_replaced_by_the_next(
    empty: CodeStore, tmp_path: Path
) -> None:
    said = imported(empty, table(tmp_path, *RULES))
    (reference,) = empty.references.all("policies")
    assert (reference.key, reference.label) == ("hcpcs/policies/our rules", "our rules")
    assert (
        said[0] == "Our Rules.csv: house and payer policies our rules, from 2024-01-01: 5 entries"
    )
    # A browser numbers a second download.
    imported(empty, table(tmp_path, HEAD, "Aetna,J3301,New.,,,", name="our rules (1).csv"))
    assert [rule.text for rule in rules(empty)] == ["New."]
    imported(empty, table(tmp_path, HEAD, "Cigna,J3301,Other.,,,", name="other.csv"))
    assert sorted(rule.text for rule in rules(empty)) == ["New.", "Other."]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("payor,codes,rule,effective date,end date,reference", "Aetna,J3301,Text.,2026-01-01,,x"),
        ("CODE;not a column", ""),
        ("Insurance\tCPT/HCPCS\tRequirement", "Aetna\tJ3301\tText."),
        ("Code,Rule", "J3301,Text."),
    ],
)
def test_headings_are_read_as_people_write_them(
    empty: CodeStore, tmp_path: Path, head: str, row: str
) -> None:
    path = table(tmp_path, head, row)
    if not row:
        with pytest.raises(CodesetError):
            imported(empty, path)
        return
    imported(empty, path)
    assert [(rule.first, rule.text) for rule in rules(empty)] == [("J3301", "Text.")]


def test_a_workbook(empty: CodeStore, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (HEAD, "Aetna,J3301,Text.,2026-02-01,,"):
        sheet.append(line.split(","))
    book.save(tmp_path / "rules.xlsx")
    imported(empty, tmp_path / "rules.xlsx")
    (rule,) = rules(empty)
    assert (rule.payer, rule.first, str(rule.effective_from)) == ("Aetna", "J3301", "2026-02-01")


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("M17.-", [("M17", "M17")]),
        ("M17", [("M17", "M17")]),
        ("m17.11", [("M1711", "M1711")]),
        ("J7318-J7332", [("J7318", "J7332")]),
        ("J7318 to J7332", [("J7318", "J7332")]),
        ("99202; 99203, J3301", [("99202", "99202"), ("99203", "99203"), ("J3301", "J3301")]),
        ("20610-RT", [("20610", "20610")]),
        ("0DTJ4ZZ", [("0DTJ4ZZ", "0DTJ4ZZ")]),
        ("E11.x", [("E11", "E11")]),
    ],
)
def test_codes_and_ranges(
    empty: CodeStore, tmp_path: Path, cell: str, read: Sequence[tuple[str, str]]
) -> None:
    imported(empty, table(tmp_path, HEAD, f'Aetna,"{cell}",Text.,,,'))
    assert [(rule.first, rule.last) for rule in rules(empty)] == list(read)


def test_bad_rows_are_told_by_number_and_stop_no_other(empty: CodeStore, tmp_path: Path) -> None:
    lines = (
        HEAD,
        "Aetna,J3301,Good.,,,",
        "Aetna,,No code.,,,",
        "Aetna,J3301,Text.,2026-02-31,,",
        "Aetna,J3301,Text.,2026-05-01,2026-01-01,",
        f"Aetna,J3301,{'x' * 1001},,,",
        "Aetna,knee,Text.,,,",
        "Aetna,J9999-J1000,Text.,,,",
        "Aetna,J3301,,,,",
        'Aetna,J3301,"For dob 3/4/1950",,,',
        "Aetna,J3301,Patient 123-45-6789,,,",
        "Aetna,J3301-99213,Text.,,,",
    )
    said = imported(empty, table(tmp_path, *lines))
    assert [rule.text for rule in rules(empty)] == ["Good."]
    told = "\n".join(said)
    for number, why in (
        (3, "it has no code"),
        (4, "its from is no date (2026-02-31)"),
        (5, "it ends (2026-01-01) before it begins (2026-05-01)"),
        (6, "its text has more than 1,000 characters"),
        (7, "knee is no code"),
        (8, "ends before it begins"),
        (9, "it has no text"),
        (10, "an identifier of a patient"),
        (11, "an identifier of a patient"),
        (12, "is no range of codes of one kind"),
    ):
        assert any(f"row {number} is left out" in line and why in line for line in said), told


def test_a_code_that_no_code_set_has_is_told_and_loaded(store: CodeStore, tmp_path: Path) -> None:
    copy = CodeStore(tmp_path / "codes.db")
    store._db.conn.backup(copy._db.conn)
    lines = (HEAD, "Aetna,M17.99,x.,,,", "Aetna,M17.11,y.,,,", "Aetna,99213,z.,,,")
    said = imported(copy, table(tmp_path, *lines))
    assert len(rules(copy)) == 3
    # CPT is not loaded, so nothing is said of its codes.
    assert [line for line in said if "row" in line] == [
        "Our Rules.csv, row 2: no loaded code set has M17.99"
    ]
    copy.close()


def test_a_table_without_a_rule_is_refused(empty: CodeStore, tmp_path: Path) -> None:
    with pytest.raises(CodesetError, match=r"no rule that can be used\. Row 2: it has no code"):
        imported(empty, table(tmp_path, HEAD, "Aetna,,Text.,,,"))


# Answering


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            "J7325 3/3/2026",
            ["House rule (Aetna, from 2026-01-01), J7318-J7332: Prior authorization, one series "
             "in six months. (source: Bulletin 12)"],
        ),
        # Before its first day, and after its last.
        ("J7325 12/31/2025", []),
        ("J7325 3/3/2024", ["House rule (Blue Cross, 2024-01-01 through 2024-12-31), J7325: "
                            "Old rule."]),
        ("M17.11 3/3/2026", ["House rule, M17.-: Name the compartment in the note. (source: House "
                             "handbook)"]),
        ("20610 3/3/2026", ["House rule (Cigna, 2026-01-01 through 2026-12-31), 20610: Report RT "
                            "or LT."]),
        ("E11.9 3/3/2026", ["House rule (Cigna), E11: Needs an A1c of the last 90 days."]),
        ("E10.9 3/3/2026", []),
    ],
)  # fmt: skip
def test_the_rules_of_the_day(desk: Desk, asked: str, expected: list[str]) -> None:
    assert shown(desk.ask(asked)) == expected


def test_a_payer_that_is_named_narrows(desk: Desk) -> None:
    every = desk.ask("20610 M17.11 J7325 3/3/2026")
    assert {one.payer for one in every.policies} == {"Cigna", "Aetna", ""}
    named = desk.ask("20610 M17.11 J7325 aetna 3/3/2026")
    assert [one.payer for one in named.policies] == ["Aetna", ""]


def test_a_rule_names_its_table_and_is_logged(desk: Desk) -> None:
    answer = desk.ask("J7325 3/3/2026")
    (rule,) = answer.policies
    assert (rule.table, rule.row, rule.matches) == ("our rules", 2, ["J7325"])
    assert len(rule.digest) == 64
    editions = desk.made_with(answer)["editions"]
    assert editions["hcpcs/policies/our rules"] == {"Our Rules.csv": f"sha256:{rule.digest}"}
    assert Answer.from_dict(answer.as_logged()).policies[0].text == rule.text


def test_what_is_official_stays_as_it_is(desk: Desk) -> None:
    answer = desk.ask("M17.11 3/3/2026")
    (verdict,) = answer.verdicts
    assert (verdict.status, answer.headline.kind) == ("billable", "verdict")
    assert "compartment" not in answer.headline.text + verdict.why


def test_names_of_patients_in_a_rule_are_removed(store: CodeStore, tmp_path: Path) -> None:
    copy = CodeStore(tmp_path / "codes.db")
    store._db.conn.backup(copy._db.conn)
    rule = "As for patient John Smith, from 3/1/2026 on."
    imported(copy, table(tmp_path, HEAD, f'Aetna,M17.11,"{rule}",,,'))
    copy.close()
    desk = Desk(Settings(home=tmp_path))
    try:
        (one,) = desk.ask("M17.11 3/3/2026").policies
        assert "Smith" not in one.text + one.says
        assert "3/1/2026" in one.text
    finally:
        desk.close()


def test_markup_in_a_rule_is_text(desk: Desk) -> None:
    answer = desk.ask("J3301 3/3/2026")
    drawn = str(answer_message(answer, "abc").blocks)
    details = str([block.to_dict() for page in detail_pages(answer) for block in page])
    for shown_text in (drawn, details):
        assert "<!channel>" not in shown_text
        assert "&lt;!channel&gt;" in shown_text


def test_at_most_five_are_shown(store: CodeStore, tmp_path: Path) -> None:
    copy = CodeStore(tmp_path / "codes.db")
    store._db.conn.backup(copy._db.conn)
    lines = [f"Payer {number},M17.11,Rule {number}.,,," for number in range(8)]
    imported(copy, table(tmp_path, HEAD, *lines))
    copy.close()
    desk = Desk(Settings(home=tmp_path))
    try:
        answer = desk.ask("M17.11 3/3/2026")
    finally:
        desk.close()
    assert len(answer.policies) == 8
    text = whole(answer)
    assert text.count("House rule (Payer") == 5
    assert "… and 3 more house rules" in text
    assert phone_lines(answer_message(answer, "abc").blocks) <= BUDGET
