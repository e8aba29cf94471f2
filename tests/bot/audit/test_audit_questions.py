"""The auditors' pages of questions: what is found, what a page has, and that nothing typed is more
than text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import httpx
import pytest
from audit_support import FORMULA, Pages, served
from log_support import Clock, attacked, converse
from packaging.requirements import Requirement
from slack_support import diabetes

from bot.audit.web import question_view
from bot.audit.web.question_form import BadField, read
from bot.audit.web.reader import Reader
from bot.querylog import QueryLog, QuestionRecord, retention, reviews, sampling
from bot.querylog.sign_offs import sign_off

MARKUP = "<script>alert(1)</script> \x1b[2J & 'x' \"y\""

#: The pages are served by a process of their own.
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Served:
    """The pages, signed in; `march` was asked, rated, corrected and reviewed in March 2026, and
    `typed` has markup wherever somebody types."""

    pages: Pages
    auditor: httpx.Client
    march: str
    typed: str
    sample: int

    def page(self, path: str, status: int = 200, **params: str) -> str:
        answer = self.auditor.get(path, params=params)
        assert answer.status_code == status, answer.text[-2000:]
        return answer.text

    def shown(self, path: str, **params: str) -> str:
        """The words of a page, without tags, in one line."""
        return words(self.page(path, **params))


def words(page: str) -> str:
    page = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub("<[^>]*>", " ", page)).split())


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("questions") / "home") as pages:
        # The clock of this one is wrong: its records come after those of today.
        log = QueryLog(pages.log.path, key=pages.log.key, clock=Clock(2026, 3))
        asked = log.ask(QuestionRecord("gout, zebra foot", "mention", "ann", "T1", "C9", "7.1"))
        assert asked is not None
        log.answered(asked, diabetes("gout, zebra foot"), index_build="b", latency_ms=12.0)
        log.delivered(asked, "delivered")
        log.feedback(asked, "right", by="bob")
        log.feedback(asked, "used", code="E11.21", note="nephropathy", by="cyd")
        number = log.correction(asked, "zebra foot", "M10.9", "icd10cm", "R. Auditor")
        assert number is not None
        log.withdrawal(number, "R. Auditor", "it means something else")
        record = log.get(asked)
        assert record is not None
        reviews.review(log, record, 1, "disagree", "dee", note="not documented")
        sample = sampling.sample(log, sampling.Draw(2, seed="s"), "dee", "monthly")
        sign_off(log, sample, "dee", incomplete="on leave")
        log.close()
        typed = pages.log.ask(QuestionRecord(MARKUP, "dm", "<b>U", "T1", "<i>C"))
        assert typed is not None
        pages.log.feedback(typed, "wrong", note=MARKUP, by="<u>V")
        pages.log.correction(typed, "<em>x", "<s>1", "icd10cm", "<q>")
        yield Served(pages, pages.signed_in(), asked, typed, sample.number)


# Finding


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"words": "ZEBRA gout"}, ["gout, zebra foot"]),
        ({"words": '"zebra gout"'}, []),
        ({"month": "2026-03"}, ["gout, zebra foot"]),
        ({"month": "2026-03", "until": "2026-03-14"}, []),
        ({"since": "2026-03-15", "until": "2026-03-15"}, ["gout, zebra foot"]),
        ({"person": "ANN", "channel": "c9", "code": "e11"}, ["gout, zebra foot"]),
        ({"confidence": "low"}, ["mass, breast?"]),
        ({"feedback": "used", "month": "2026-03"}, ["gout, zebra foot"]),
        ({"outcome": "unanswered", "person": "U3"}, [FORMULA]),
        ({"edition": "icd-10-cm  fy2026", "person": "U2"}, ["mass, breast?"]),
        ({"edition": "FY2019"}, []),
        # What SQL reads as a wildcard or an end of a string is looked for as it stands.
        ({"edition": "%"}, []),
        ({"edition": "_"}, []),
        ({"words": "%"}, []),
        ({"words": "' or 1=1 --"}, []),
        ({"person": "' or '1'='1"}, []),
        ({"channel": "C9') or 1=1 --"}, []),
        ({"code": '{"$": 1}'}, []),
    ],
)
def test_one_form_finds_questions(there: Served, params: dict[str, str], found: list[str]) -> None:
    page = there.page("/questions", **params)
    shown = [
        unescape(re.sub("<[^>]*>", "", one))
        for one in re.findall(r'<td class="words">(.*?)</td>', page, re.DOTALL)
    ]
    assert shown == [" ".join(one.split()) for one in found]
    assert f"{len(found)} question" in words(page)
    assert ("No question fits. Leave a field blank" in page) is not found or found
    csv = there.page("/questions.csv", **params)
    assert len(re.findall(r'^"?[0-9a-f]{12}"', csv, re.MULTILINE)) == len(found)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"since": "5 March"}, "“5 March” is no day"),
        ({"month": "2026-13"}, "“2026-13” is no month"),
        ({"outcome": "splendid"}, "“splendid” cannot be chosen here"),
        ({"since": "2026-03-05", "until": "2026-03-04"}, "The first day is after the last"),
        ({"page": "0"}, "There is no page “0”"),
        ({"page": "9" * 5000}, "There is no page"),
        ({"page": "<b>"}, "There is no page “&lt;b&gt;”"),
    ],
)
def test_a_field_that_cannot_be_read_is_told(
    there: Served, params: dict[str, str], sentence: str
) -> None:
    page = there.page("/questions", 400, **params)
    assert sentence in page
    if "since" in params:
        assert f'value="{params["since"]}"' in page  # what was typed is still there
    if "page" not in params:
        assert there.auditor.get("/questions.csv", params=params).status_code == 400


def test_the_form_reads_months_of_any_length() -> None:
    filters = read({"month": "2028-02"}).filters
    assert (str(filters.first_day), str(filters.last_day)) == ("2028-02-01", "2028-02-29")
    with pytest.raises(BadField):
        read({"month": "2026-3"})


@pytest.mark.slow
def test_long_lists_are_paged_newest_first(tmp_path: Path) -> None:
    with served(tmp_path / "home") as pages:
        converse(pages.log, 55, "hiccups")
        auditor = pages.signed_in()
        first = auditor.get("/questions?words=hiccups").text
        assert "55 questions" in first
        assert "1 to 50 of 55" in first
        link = unescape(re.findall(r'rel="next" href="([^"]+)"', first)[0])
        last = auditor.get(link).text
        assert "51 to 55 of 55" in last
        ids = [
            re.findall(r'class="words"><a href="/questions/(\w+)"', one) for one in (first, last)
        ]
        assert [*ids[0], *ids[1]] == [one.id for one in pages.log.recent(55)]
        assert "0 questions" not in auditor.get("/questions?words=hiccups&page=9").text


# The five questions of an auditor


def test_the_list_says_who_asked_what_was_answered_and_whether_it_was_right(there: Served) -> None:
    told = there.shown("/questions", month="2026-03", words="zebra")
    for said in (
        "2026-03-15 12:00:00 UTC", "gout, zebra foot", "ann", "mention C9",
        "ICD-10-CM FY2026-April", "right (bob); used E11.21", "(cyd)", "delivered",
        "Type 2 diabetes mellitus",
    ):  # fmt: skip
        assert said in told


def test_one_question_has_everything(there: Served) -> None:
    told = there.shown(f"/questions/{there.march}")
    for said in (
        f"Question {there.march}", "gout, zebra foot", "by ann", "channel C9", "confidence high",
        "editions ICD-10-CM FY2026-April", "answered within 12 ms", "answer: delivered",
        "E11.22", "The answer as text",
        "bob right", "cyd used E11.21", ": nephropathy",
        "“zebra foot” leads to M10.9", "holds no longer: it means something else",
        "Nothing was destroyed, held or altered.",
        "dee line 1, E11.22, is wrong. not documented",
        f"codedesk log replay {there.march}", f"codedesk log receipt {there.march}",
        "sha256:", "R. Auditor view",
    ):  # fmt: skip
        assert said in told, said


def test_opening_a_question_is_a_look_at_it(there: Served) -> None:
    before = there.page(f"/questions/{there.march}").count("R. Auditor</strong> view")
    assert there.page(f"/questions/{there.march}").count("R. Auditor</strong> view") == before + 1


def test_questions_of_a_person_and_a_thread_follow_each_other(there: Served) -> None:
    ids = [one.id for one in there.pages.log.select("\"user\" = 'U1' order by seq")]
    page = there.page(f"/questions/{ids[1]}")
    for side, beside in (("question before", ids[0]), ("next question", ids[2])):
        assert re.search(rf'href="/questions/{beside}">[^<]*{side}', page)
    assert "in this thread" in page


@pytest.mark.parametrize("path", ["/questions/0a1b2c3d4e5f", "/questions/%00", "/questions/'"])
def test_a_question_that_is_not_there_is_told(there: Served, path: str) -> None:
    assert "no such question" in there.page(path, 404)


def test_what_was_changed_is_one_page(there: Served) -> None:
    page = there.page("/changes")
    told = words(page)
    for said in (
        "correction approved R. Auditor “zebra foot” leads to M10.9",
        "correction withdrawn R. Auditor",
        "feedback cyd used E11.21",
        "legal hold R. Officer", "Roe v. Clinic",
        "redaction R. Officer destroyed", ": a name",
        "the clock went back",
    ):  # fmt: skip
        assert said in told, said
    assert "bob" not in told, "feedback that agrees changes nothing"
    assert f'href="/questions/{there.march}"' in page
    numbers = [int(n) for n in re.findall(r'data-label="Record">(\d+)<', page)]
    assert numbers == sorted(numbers, reverse=True)
    only = there.shown("/changes", kind="hold")
    assert "1 change" in only
    assert "M10.9" not in only
    assert "0 changes" in there.shown("/changes", since="2099-01-01")
    assert "cannot be chosen" in there.page("/changes", 400, kind="x' or 1=1")


def test_reviews_are_due_done_and_signed_off(there: Served) -> None:
    told = there.shown("/samples")
    assert f"Sample {there.sample}" in told
    assert "monthly" in told
    assert "2026-03-15 12:00:00 UTC dee" in told
    # One line was reviewed, and was wrong: the interval is Wilson's.
    assert "lines 0 of 1 0% (0% to 79%)" in told
    sample = there.shown(f"/samples/{there.sample}")
    assert "seed s" in sample
    assert "on leave" in sample
    assert f"codedesk log review --sample {there.sample}" in sample
    assert "has no sample" in there.page("/samples/1", 404)


# What was typed is text


def test_nothing_typed_is_markup(there: Served) -> None:
    for path in ("/questions", f"/questions/{there.typed}", "/changes", "/log/looked"):
        page = there.page(path)
        for tag in ("<script>alert", "<b>U", "<i>C", "<u>V", "<em>x", "<s>1", "<q>"):
            assert tag not in page, (path, tag)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in there.page(f"/questions/{there.typed}")
    echoed = there.page("/questions", words='"><script>alert(2)</script>')
    assert "<script>alert(2)" not in echoed


def test_a_cell_of_the_csv_is_no_formula(there: Served) -> None:
    csv = there.page("/questions.csv", person="U3")
    assert "\"'=HYPERLINK" in csv


def test_an_altered_text_is_named(tmp_path: Path) -> None:
    log = QueryLog(tmp_path / "log.db")
    (question,) = converse(log)
    with attacked(log.path) as db:
        db.execute("update texts set text = 'other' where name = 'text'")
    found = Reader(log).question(question)
    assert found is not None
    page = question_view.page(*found, Reader(log).neighbours(found[0]), [])
    changed = next(rows for _, rows, _, name in page["parts"] if name == "changed")
    assert "is not as it was written" in changed[0]["says"]
    assert page["text"] != "other"
    retention.redact(log, question, "a name", "R. Officer")
    found = Reader(log).question(question)
    assert found is not None
    assert question_view.row(found[0])["question"] == "(destroyed by a redaction)"


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        (None, "ann"),
        ({"uid": 1000, "name": "ann"}, "ann"),
        ({"uid": 1001, "name": "mallory"}, "ann (system user mallory, uid 1001)"),
        (
            {"uid": 0, "name": "root", "sudo_user": "mallory"},
            "ann (system user root, uid 0; sudo by mallory)",
        ),
        ({"uid": 4711}, "ann (uid 4711)"),
    ],
)
def test_the_user_of_the_system_stands_beside_another_name(
    tmp_path: Path, user: dict[str, object] | None, shown: str
) -> None:
    log = QueryLog(tmp_path / "log.db")
    log.append("question", "0a1b2c3d4e5f", {"surface": "cli", "user": "ann", "system_user": user},
               {"text": "gout"})  # fmt: skip
    found = Reader(log).question("0a1b2c3d4e5f")
    assert found is not None
    page = question_view.page(*found, Reader(log).neighbours(found[0]), [])
    assert dict(page["facts"])["by"] == shown


# Who reads with a keyboard, a screen reader or a narrow screen


class Outline(HTMLParser):
    """What assistive software needs of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings, self.labels, self.fields = 0, set[str](), set[str]()
        self.cells, self.addresses, self.links = 0, list[str](), list[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        self.headings += tag == "h1"
        if tag == "label":
            self.labels.add(has.get("for") or "")
        named = has.get("aria-label") or has.get("type") in ("hidden", "submit")
        if tag in ("input", "select", "textarea") and not named:
            self.fields.add(has.get("id") or "no id")
        self.cells += tag == "th" and "scope" not in has
        self.addresses += [v for n, v in attrs if n in ("src", "action") and v]
        self.addresses += [has.get("href") or ""] if tag == "link" else []
        self.links += [has.get("href") or ""] if tag == "a" else []


@pytest.mark.parametrize(
    "path",
    ["/", "/questions", "/questions?words=nothing", "/questions/MARCH", "/changes", "/samples",
     "/samples/SAMPLE", "/log/looked", "/log/questions_and_answers"],
)  # fmt: skip
def test_pages_can_be_read_without_eyes_and_load_nothing(there: Served, path: str) -> None:
    path = path.replace("MARCH", there.march).replace("SAMPLE", str(there.sample))
    page = there.page(path)
    outline = Outline(page)
    assert outline.headings == 1
    assert outline.fields <= outline.labels
    assert not outline.cells, "a heading of a table says what it heads"
    assert outline.links[0] == "#main"
    assert 'id="main"' in page
    assert '<html lang="en">' in page
    assert all(one.startswith("/") for one in outline.addresses)
    shown = words(page)
    assert not re.search(r"\bselect .* from\b", shown), "nobody needs SQL"
    assert re.search(r"Days to search by are UTC|Times are UTC", shown)


# What is installed


def test_the_pages_bring_no_pytorch() -> None:
    """`make audit` installs Code Desk with the extra `audit`: what that needs, and what this needs,
    as far as it is installed here."""
    todo, seen = {("codedesk", "audit")}, set[tuple[str, str]]()
    while todo:
        name, extra = one = todo.pop()
        seen.add(one)
        try:
            needs = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue
        for need in needs:
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                which = {(need.name.lower(), extra) for extra in ("", *need.extras)}
                todo |= which - seen
    names = {name for name, _ in seen}
    assert {"datasette", "uvicorn"} <= names
    assert not names & {"torch", "sentence-transformers", "transformers", "triton"}
