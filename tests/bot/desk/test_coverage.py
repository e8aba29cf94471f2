"""What coverage policies list, by state, contractor and date: never "covered"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage_export import ARTICLES, LCDS, NCDS, articles, changed, export
from paths import TEST_DATA as DATA
from shown_answers import whole

from bot.desk.answer import Answer
from bot.desk.coverage_asked import read_coverage, short_name, usps_code
from bot.desk.desk import Desk
from bot.settings import Settings
from bot.slack.views.answer import BUDGET, answer_message
from bot.slack.views.details import detail_pages
from bot.slack.views.phone_lines import phone_lines
from codesets.loading.importer import import_files
from codesets.store.code_store import CodeStore

# It reads whole files.
pytestmark = pytest.mark.slow

QUARTER = DATA / "imports" / "HCPC2026_JAN_ANWEB.txt"


def desk_with(store: CodeStore, home: Path, *paths: Path) -> Desk:
    """A desk with the packaged code sets, a quarter of HCPCS, and these files."""
    copy = CodeStore(home / "codes.db")
    store._db.conn.backup(copy._db.conn)
    for path in (QUARTER, *paths):
        import_files(copy, [path])
    copy.close()
    return Desk(Settings(home=home))


@pytest.fixture(scope="module")
def desk(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("coverage")
    opened = desk_with(
        store,
        home,
        articles(home / "current_article.zip"),
        export(home / "current_lcd.zip", "current_lcd_csv.zip", LCDS),
        export(home / "ncd.zip", "ncd_csv.zip", NCDS),
    )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bare(store: CodeStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk without coverage policies."""
    opened = desk_with(store, tmp_path_factory.mktemp("bare"))
    yield opened
    opened.close()


def results(answer: Answer) -> list[tuple[str, str, int | None]]:
    return [(one.status, one.policy, one.group) for one in answer.coverage]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("does M17.11 support J7325 in Florida on 3/3/2026", [("listed", "A90001", 1)]),
        ("is 20610 covered for M17.12 in FL 3/3/2026", [("listed", "A90001", 1)]),
        ("does M25.561 support J3301 in Florida on 3/3/2026", [("listed", "A90001", 2)]),
        # The paragraph over its group names other services.
        ("does M25.561 support J7325 in Florida on 3/3/2026", [("not_listed", "A90001", 2)]),
        ("does E11.9 support J7325 in Florida on 3/3/2026", [("not_listed", "A90001", None)]),
        (
            "does M16.11 support J7325 in Florida on 3/3/2026",
            [("listed_as_not_supporting", "A90001", 1)],
        ),
        # On a list of drugs that are usually self-administered.
        (
            "does M06.9 support J3590 in Florida on 3/3/2026",
            [("listed_as_not_supporting", "A90005", None)],
        ),
        # Another contractor has another article.
        ("does M17.11 support J7325 in New York on 3/3/2026", [("not_listed", "A90002", None)]),
        ("LCD of NGS: J7325 with M17.12, 3/3/2026", [("listed", "A90002", 1)]),
        # Without a state: each policy.
        (
            "does M17.11 support J7325 on 3/3/2026",
            [("listed", "A90001", 1), ("not_listed", "A90002", None)],
        ),
        ("does M17.11 support J7325 in Texas on 3/3/2026", [("no_policy", "", None)]),
        # The loaded version is in force from a later day on, or was until an earlier one.
        ("does M17.11 support J7325 in Florida on 8/1/2025", [("no_policy", "", None)]),
        ("does M17.12 support J7325 in New York on 8/1/2026", [("no_policy", "", None)]),
        ("does M17.11 support J7325 in Florida on 3/3/2024", [("listed", "A90003", 1)]),
        # An LCD whose article is not loaded lists no diagnoses.
        ("does M17.11 support J7326 in Florida on 3/3/2026", [("not_listed", "L80001", None)]),
    ],
)
def test_what_is_listed(
    desk: Desk, asked: str, expected: list[tuple[str, str, int | None]]
) -> None:
    assert results(desk.ask(asked)) == expected


def test_a_result_names_its_policy_whole(desk: Desk) -> None:
    answer = desk.ask("does M17.11 support J7325 in Florida on 3/3/2026")
    (one,) = answer.coverage
    assert answer.headline.kind == "coverage"
    assert answer.headline.text == (
        "Listed: M17.11 is in group 1 of A90001 (First Coast, FL) for J7325 on 2026-03-03."
    )
    assert (one.contractor, one.states) == ("First Coast Service Options, Inc.", ["FL", "PR"])
    assert (one.effective_from, one.effective_through) == ("2025-10-01", "")
    assert one.title == "Billing and Coding: Knee & Hyaluronan"
    assert one.related == ["L80001", "NCD 999.9"]
    assert one.release == "2026-01-08"
    assert one.conditions.startswith("For HCPCS codes J7318-J7332 and CPT 20610:")


def test_a_group_that_names_no_service_is_not_said_to_be_for_one(desk: Desk) -> None:
    answer = desk.ask("does M19.90 support J7325 in Florida on 3/3/2026")
    assert results(answer) == [("listed", "A90001", 3)]
    assert answer.headline.text == (
        "Listed: M19.90 is in group 3 of A90001 (First Coast, FL), which is about J7325, on "
        "2026-03-03."
    )
    assert "names no service" in answer.coverage[0].says


def test_conditions_are_pointed_to(desk: Desk) -> None:
    starred = desk.ask("does M17.12 support J7325 in Florida on 3/3/2026").coverage[0]
    assert "conditions" in starred.says
    assert "second code" in starred.conditions
    against = desk.ask("does M19.90 support J1030 in Florida on 3/3/2026").coverage[0]
    assert "are not covered: read it" in against.says


@pytest.mark.parametrize(
    "asked",
    [
        "does M17.11 support J7325 in Florida on 3/3/2026",
        "does M17.11 support J7325 on 3/3/2026",
        "does E11.9 support J7325 in Florida on 3/3/2026",
        "J7325 and J3301, M17.11 M17.12 E11.9, coverage in florida 3/3/2026",
    ],
)
def test_nothing_is_called_covered(desk: Desk, asked: str) -> None:
    answer = desk.ask(asked)
    said = " ".join([answer.headline.text, *(one.says for one in answer.coverage)]).lower()
    assert "covered" not in said


def test_several_codes_and_no_state(desk: Desk) -> None:
    answer = desk.ask("J7325 and J3301, M17.11 E11.9, coverage in florida 3/3/2026")
    assert answer.headline.text == (
        "Listed: M17.11 + J7325. Not listed: E11.9 + J7325, M17.11 + J3301, E11.9 + J3301."
    )
    unsaid = desk.ask("does M17.11 support J7325 on 3/3/2026")
    assert unsaid.headline.text == (
        "Listed in 1 of 2 policies: M17.11 for J7325 on 2026-03-03: A90001 (First Coast, FL, PR). "
        "In which state was the service given?"
    )


def test_where_it_is_not_asked_what_is_listed_stands_beside(desk: Desk) -> None:
    answer = desk.ask("J7325 M17.11, FL, 3/3/2026")
    assert answer.headline.kind == "verdict"
    assert results(answer) == [("listed", "A90001", 1)]
    assert desk.ask("J7325 E0601 3/3/2026").coverage == []


def test_a_service_alone_is_answered_with_its_policies(desk: Desk) -> None:
    answer = desk.ask("is J7325 covered in FL 3/3/2026")
    assert answer.headline.text == (
        "Policies about J7325 (FL) on 2026-03-03: A90001. Name a diagnosis to see whether it is "
        "listed."
    )


def test_without_policies_it_says_how_to_load_them(bare: Desk) -> None:
    answer = bare.ask("does M17.11 support J7325 in Florida on 3/3/2026")
    assert results(answer) == [("no_policy", "", None)]
    assert "says nothing about coverage" in answer.headline.text
    assert any("current_article.zip" in notice for notice in answer.notices)
    assert bare.ask("J7325 with M17.11 3/3/2026").coverage == []


def test_an_older_export_has_the_version_of_an_older_day(store: CodeStore, tmp_path: Path) -> None:
    older = changed(
        ARTICLES, "article", 1, article_version="11", article_eff_date="2024-07-01 00:00:00",
        last_updated="2025-09-01 00:00:00",
    )  # fmt: skip
    older = changed(older, "article", 2, last_updated="2025-09-01 00:00:00")
    older = changed(older, "article", 4, last_updated="2025-09-01 00:00:00")
    older = changed(older, "article_x_icd10_covered", 1, icd10_code_id="M17.31")
    for name, rows in older.items():  # its other tables are of that version, too
        older[name] = [[*row[:1], "11", *row[2:]] if row[0] == "90001" else row for row in rows]
    desk = desk_with(
        store, tmp_path, articles(tmp_path / "new.zip"), articles(tmp_path / "old.zip", older)
    )
    try:
        before = desk.ask("does M17.31 support J7325 in Florida on 9/30/2025")
        assert [(one.status, one.release) for one in before.coverage] == [("listed", "2025-09-01")]
        since = desk.ask("does M17.31 support J7325 in Florida on 10/1/2025")
        assert [(one.status, one.release) for one in since.coverage] == [
            ("not_listed", "2026-01-08")
        ]
    finally:
        desk.close()


def test_the_log_keeps_what_it_was_made_with(desk: Desk) -> None:
    answer = desk.ask("does M17.11 support J7325 in Florida on 3/3/2026")
    editions = desk.made_with(answer)["editions"]
    assert "hcpcs/coverage/2026-01-08/articles" in editions
    assert Answer.from_dict(answer.as_logged()).coverage[0].says == answer.coverage[0].says


@pytest.mark.parametrize(
    ("text", "state", "contractor"),
    [
        ("J7325 in florida", "FL", ""),
        ("J7325 in fl", "FL", ""),
        ("J7325 M17.11 FL", "FL", ""),
        ("J7325 M17.11, TX?", "TX", ""),
        ("J7325 for M17.11 in GA", "GA", ""),
        ("J7325 west virginia", "WV", ""),
        ("new york, novitas", "NY", "Novitas"),
        ("palmetto gba J7325", "", "Palmetto"),
        ("national government services article", "", "NGS"),
        # Words, modifiers and shorthand are no states.
        ("pt in or out of the room", "", ""),
        ("J7325 GA", "", ""),
        ("dx CO MS", "", ""),
        ("in florida or texas", "", ""),
    ],
)
def test_states_and_contractors(text: str, state: str, contractor: str) -> None:
    read = read_coverage(text)
    assert (read.state, read.contractor) == (state, contractor)


@pytest.mark.parametrize(
    ("abbreviation", "name", "code"),
    [("FL", "Florida", "FL"), ("DN", "New York - Downstate", "NY"),
     ("CNMI", "Northern Mariana Islands", "MP"), ("ZZ", "Elsewhere", "ZZ")],
)  # fmt: skip
def test_parts_of_states_are_read_as_their_state(abbreviation: str, name: str, code: str) -> None:
    assert usps_code(abbreviation, name) == code


def test_names_of_contractors_in_short() -> None:
    assert short_name("First Coast Service Options, Inc.") == "First Coast"
    assert short_name("Some Other Contractor") == "Some Other Contractor"


def test_terminal_and_slack_show_it_short(desk: Desk) -> None:
    answer = desk.ask("does M17.11 support J7325 in Florida on 3/3/2026")
    text = whole(answer)
    assert text.startswith("Listed: M17.11 is in group 1 of A90001")
    assert "Medicare Coverage Database 2026-01-08" in text
    blocks = answer_message(answer, "abc").blocks
    assert phone_lines(blocks) <= BUDGET
    assert "A90001" in str(blocks[0])
    details = str([block.to_dict() for page in detail_pages(answer) for block in page])
    assert "listed is not covered" in details
    assert "J7318-J7332" in details
