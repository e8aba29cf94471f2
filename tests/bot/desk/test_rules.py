"""Questions about a rule: the section beside the verdict or the codes, and not in their place."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from shown_answers import whole

from bot.desk.desk import Desk
from bot.settings import Settings
from bot.slack.views.answer import answer_blocks
from bot.slack.views.answer_text import answer_text
from codesets.code_format import dot, undot
from codesets.formats.guidelines import named_codes
from codesets.loading.importer import import_files
from codesets.model import Guideline, Reference, ReferenceData, Release
from codesets.store.code_store import CodeStore
from index import build, bundle
from index.embedding.models import Shipped
from index.search.searcher import Searcher
from index.text import guideline_topics

pytestmark = pytest.mark.index

DAY = dt.date(2026, 5, 1)

#: Codes that the questions name or mean. Every so many of the others tell what coders ask about.
CODES = "E11.9 I10 O36.8290 S72.001A S72.001D T22.231A T23.301A Z12.11 Z79.4".split()
_EVERY = 150

#: Sections as published, shortened. I.B.13 stands as I.B.12, as if an edition had moved it.
SECTIONS = [
    ("I", "Conventions, general coding guidelines and chapter specific guidelines", ""),
    ("I.B", "General Coding Guidelines", ""),
    (
        "I.B.12",
        "Laterality",
        "If no bilateral code is provided and the condition is bilateral, assign separate codes "
        "for both the left and right side. If the side is not identified in the medical record, "
        "assign the code for the unspecified side.",
    ),
    ("I.C", "Chapter-Specific Coding Guidelines", ""),
    ("I.C.4", "Chapter 4: Endocrine, Nutritional, and Metabolic Diseases (E00-E89)", ""),
    ("I.C.4.a", "Diabetes mellitus", "The diabetes mellitus codes are combination codes."),
    (
        "I.C.4.a.3",
        "Diabetes mellitus and the use of insulin, oral hypoglycemics, and injectable non-insulin "
        "drugs",
        "Code Z79.4 should not be assigned if insulin is given temporarily to bring a type 2 "
        "patient's blood sugar under control during an encounter.",
    ),
    ("I.C.15", "Chapter 15: Pregnancy, Childbirth, and the Puerperium (O00-O9A)", ""),
    ("I.C.15.a", "General Rules for Obstetric Cases", ""),
    (
        "I.C.15.a.3",
        "Final character for trimester",
        "The timeframes for the trimesters are indicated at the beginning of the chapter. The "
        "provider's documentation of the number of weeks may be used to assign the appropriate "
        "code identifying the trimester.",
    ),
    (
        "I.C.19",
        "Chapter 19: Injury, poisoning, and certain other consequences of external causes "
        "(S00-T88)",
        "",
    ),
    (
        "I.C.19.a",
        "Application of 7th Characters in Chapter 19",
        "7th character A, initial encounter is used for each encounter where the patient is "
        "receiving active treatment for the condition.",
    ),
    ("I.C.19.d", "Coding of Burns and Corrosions", "Burns are classified by depth."),
    (
        "I.C.19.d.1",
        "Sequencing of burn and related condition codes",
        "Sequence first the code that reflects the highest degree of burn when more than one burn "
        "is present.",
    ),
    (
        "I.C.21",
        "Chapter 21: Factors influencing health status and contact with health services (Z00-Z99)",
        "",
    ),
    ("I.C.21.c", "Categories of Z Codes", ""),
    (
        "I.C.21.c.5",
        "Screening",
        "The Z code indicates that a screening exam is planned. A procedure code is required to "
        "confirm that the screening was performed. Z12 Encounter for screening for malignant "
        "neoplasms",
    ),
    ("I.C.21.c.7", "Aftercare", "Aftercare codes are generally first listed."),
]  # fmt: skip


def guidelines(label: str = "FY2026") -> ReferenceData:
    days = dt.date(2025, 10, 1), dt.date(2026, 9, 30)
    rows = tuple(
        Guideline(section, title, text, None, label, named_codes(f"{title}\n{text}"))
        for section, title, text in SECTIONS
    )
    return ReferenceData(Reference("guidelines", "icd10cm", label, *days, "test", ()), rows)


@pytest.fixture(scope="module")
def home(store: CodeStore, april: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("rules")
    codes = sorted({*CODES, *list(store.titles(april))[::_EVERY]})
    whole = {dot(undot(code)[:length]) for code in codes for length in range(3, 8)}
    listed = filter(None, (store.get(april, code) for code in sorted(whole)))
    order = home / "icd10cm_order_2026.txt"
    order.write_text(
        "".join(
            f"{number:05} {undot(c.code):<7} {c.billable:d} {c.title[:60]:<60} {c.title}\n"
            for number, c in enumerate(listed, 1)
        )
    )
    own = CodeStore(home / "codes.db")
    import_files(own, [order], partial=True)
    own.references.load(guidelines())
    build.build(own, home / "index", Shipped(), progress=False)
    own.close()
    return home


@pytest.fixture(scope="module")
def ruled(home: Path) -> Iterator[Desk]:
    """A desk with a few codes and a few sections of the guidelines."""
    desk = Desk(Settings(home=home))
    yield desk
    desk.close()


# Beside verdicts


@pytest.mark.parametrize(
    ("question", "code", "section"),
    [
        ("Z12.11 if the GI only gets a referral for a colonoscopy, no scope yet", "Z12.11",
         "I.C.21.c.5"),
        ("insulin drip for one day, do we add Z79.4?", "Z79.4", "I.C.4.a.3"),
        ("T23.301A and T22.231A, which goes first", "T23.301A", "I.C.19.d.1"),
        ("S72.001A or S72.001D, another surgeon, active treatment goes on", "S72.001A",
         "I.C.19.a"),
    ],
)  # fmt: skip
def test_a_code_and_a_rule(ruled: Desk, question: str, code: str, section: str) -> None:
    answer = ruled.ask(question, day=DAY)
    assert answer.outcome == "verdict"
    assert answer.verdicts[0].code == code
    assert answer.guidelines[0].section == section


@pytest.mark.parametrize(
    "question",
    [
        "Z12.11",
        "is Z12.11 billable today",
        "Z12.11 denied",
        "why was Z79.4 rejected",
        "what replaced Z79.4",
        "Z12.11 and Z79.4 on the same claim",
        "E11.9, I10",
    ],
)
def test_a_code_and_no_rule(ruled: Desk, question: str) -> None:
    answer = ruled.ask(question, day=DAY)
    assert answer.outcome == "verdict"
    assert answer.guidelines == []


def test_the_section_is_shown_beside_the_verdict(ruled: Desk) -> None:
    answer = ruled.ask("insulin only for one day in the hospital, add Z79.4?", day=DAY)
    shown = whole(answer)
    assert shown.index("Z79.4  Long term") < shown.index("§ I.C.4.a.3")
    assert "Official Guidelines FY2026" in shown
    assert "I.C.4.a.3" in json.dumps(answer_blocks(answer, "q1"), default=str)
    assert "I.C.4.a.3" in answer_text(answer)


def test_codes_need_no_index(home: Path, tmp_path: Path) -> None:
    (tmp_path / "codes.db").symlink_to(home / "codes.db")
    desk = Desk(Settings(home=tmp_path))
    answer = desk.ask("insulin only in the hospital, do we add Z79.4?", day=DAY)
    desk.close()
    assert [verdict.code for verdict in answer.verdicts] == ["Z79.4"]
    assert answer.guidelines == []


# Beside codes


@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("2nd degree burn right upper arm, 3rd degree burn right hand, which is first",
         "I.C.19.d.1"),
        ("31w2d, which trimester do we code", "I.C.15.a.3"),
        ("second surgeon sees the hip fracture, still active treatment - A or D", "I.C.19.a"),
        ("bilateral but the book has only right and left, two codes?", "I.B.12"),
    ],
)  # fmt: skip
def test_a_rule_beside_the_codes(ruled: Desk, question: str, section: str) -> None:
    answer = ruled.ask(question, day=DAY)
    assert answer.outcome == "guideline"
    assert answer.guidelines[0].section == section


def test_the_codes_are_there_too(ruled: Desk) -> None:
    question = "burn of third degree of right hand, burn of second degree of arm: which first?"
    answer = ruled.ask(question, day=DAY)
    assert answer.candidates[0].code == "T23.301A"


@pytest.mark.parametrize(
    "question",
    ["burn of third degree of right hand", "essential hypertension", "long term insulin use"],
)
def test_codes_and_no_rule(ruled: Desk, question: str) -> None:
    assert ruled.ask(question, day=DAY).outcome == "answered"


@pytest.mark.parametrize(
    "question", ["how do I make lasagna", "when does the new season start", "who is on call today"]
)
def test_neither(ruled: Desk, question: str) -> None:
    answer = ruled.ask(question, day=DAY)
    assert answer.outcome == "abstained"
    assert answer.guidelines == []


# The index


def test_new_topics_leave_an_index_usable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answers are not wrong, but it is out of date."""
    store = CodeStore(home / "codes.db")
    assert build.is_current(store, home / "index", Shipped())
    monkeypatch.setattr(guideline_topics, "sha256", lambda: "another file")
    bundle.opened(home / "index", store)
    assert not build.is_current(store, home / "index", Shipped())
    store.close()


def test_an_index_without_topics_answers(home: Path, tmp_path: Path) -> None:
    """One that was built before there were topics."""
    store = CodeStore(home / "codes.db")
    folder, manifest = bundle.opened(home / "index", store)
    older = tmp_path / "index" / folder.name
    older.parent.mkdir()
    older.mkdir()
    for path in folder.iterdir():
        if path.name not in (bundle.TOPICS, bundle.TOPIC_VECTORS, bundle.TOPIC_WORDS):
            (older / path.name).symlink_to(path)
    (older / "manifest.json").unlink()
    replace(manifest, files=bundle.files_of(older)).write(older)
    (older.parent / "current").write_text(folder.name)
    searcher = Searcher(older.parent, store)
    vector = searcher.encoder.encode(["which burn is sequenced first"])[0]
    key = store.references.all("guidelines")[0].key
    words = "which burn is sequenced first"
    found = searcher.guidance(key).find(words, words, vector)
    assert found.best[0][0].section == "I.C.19.d.1"
    store.close()
