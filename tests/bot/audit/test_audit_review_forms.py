"""Reviewing on the auditors' pages: what is sent goes on record in the name of who is signed in,
and nothing else can be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from audit_support import AUDITOR, Pages, served
from log_support import check, converse

from bot.querylog import sampling, sign_offs

#: The pages are served by a process of their own.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def there(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    home = tmp_path_factory.mktemp("reviews") / "home"
    home.mkdir(mode=0o700)
    (home / "codes.db").symlink_to(loaded / "codes.db")
    with served(home) as pages:
        yield pages


@pytest.fixture(scope="module")
def auditor(there: Pages) -> Iterator[httpx.Client]:
    client = there.signed_in()
    yield client
    client.close()


def send(client: httpx.Client, path: str, **fields: Any) -> httpx.Response:
    token = client.get("/samples").text.split('name="csrftoken" value="')[1].split('"')[0]
    return client.post(path, data={"csrftoken": token, **{n: str(v) for n, v in fields.items()}})


def last(pages: Pages, kind: str) -> dict[str, Any]:
    *_, entry = pages.log.records(0, [kind])
    return entry.as_dict()


def asked(pages: Pages) -> str:
    (question,) = converse(pages.log, 1, "t2dm with ckd")
    return question


def test_from_a_draw_to_a_sign_off(there: Pages, auditor: httpx.Client) -> None:
    drawn = send(auditor, "/samples/draw", size=2, purpose="monthly", strata="surface")
    assert drawn.status_code == 303, drawn.text
    where = drawn.headers["location"]
    number = int(where.removeprefix("/samples/"))
    sample = sampling.of_number(there.log, number)
    assert (len(sample.ids), sample.by, sample.purpose) == (2, AUDITOR, "monthly")
    assert ("search", AUDITOR, "sample: everything") in there.accesses()

    refused = send(auditor, f"{where}/sign-off")
    assert (refused.status_code, "are due" in refused.text) == (400, True)

    going = re.search(r'href="(/questions/[0-9a-f]+\?sample=\d+)#review"', auditor.get(where).text)
    assert going
    address = going[1]
    for _ in range(20):
        page = auditor.get(address).text
        question = address.removeprefix("/questions/").split("?")[0]
        assert there.accesses()[-1][2].startswith(f"/questions/{question}?sample=")
        forms = re.findall(r'name="line" value="(\d+)"', page)
        due = sign_offs.drawn(question, there.log.get(question), number).due
        assert {str(line.number) for line in due} <= set(forms)
        marked = send(
            auditor, f"/questions/{question}/review",
            line=due[0].number, mark="agree", sample=number,
        )  # fmt: skip
        assert marked.status_code == 303, marked.text
        address = marked.headers["location"].split("#")[0]
        if address == where:
            break
    assert address == where
    assert sign_offs.progress(there.log, sample).lines_due == 0
    signed = send(auditor, f"{where}/sign-off", note="as every month")
    assert signed.headers["location"] == where
    assert (last(there, "sign_off")["by"], last(there, "sign_off")["note"]) == (
        AUDITOR, "as every month",
    )  # fmt: skip
    assert "as every month" in auditor.get(where).text


def test_another_code_is_looked_up_and_the_note_scrubbed(
    there: Pages, auditor: httpx.Client
) -> None:
    path = f"/questions/{asked(there)}/review"
    taken = send(
        auditor, path, line=1, mark="code", code="e11.21", note="pt Jane Smith, MRN 4471290"
    )
    assert taken.status_code == 303, taken.text
    review = last(there, "review")
    assert (review["mark"], review["should_be"], review["by"]) == ("code", "E11.21", AUDITOR)
    assert not {"Smith", "4471290"} & {word.strip(",") for word in review["note"].split()}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"line": 1}, "right, wrong"),
        ({"line": 1, "mark": "maybe"}, "right, wrong"),
        ({"line": 99, "mark": "agree"}, "no line 99"),
        ({"line": "one", "mark": "agree"}, "no whole number"),
        ({"line": 1, "mark": "code"}, "code"),
        ({"line": 1, "mark": "code", "code": "E99.999"}, "E99.999"),
        ({"line": 1, "mark": "agree", "code": "E11.21"}, "E11.21 was typed"),
        ({"line": 1, "mark": "agree", "sample": 1}, "no sample 1"),
        ({"line": 1, "mark": "code", "code": "<script>"}, "&lt;"),
    ],
)
def test_what_cannot_be_taken_is_a_sentence(
    there: Pages, auditor: httpx.Client, fields: dict[str, Any], why: str
) -> None:
    question = asked(there)
    answer = send(auditor, f"/questions/{question}/review", **fields)
    assert answer.status_code == 400
    assert why.lower() in answer.text.lower()
    assert "<script>" not in answer.text.split("<main")[1].split("</main>")[0]
    record = there.log.get(question)
    assert record is not None
    assert record.reviews == []


@pytest.mark.parametrize(
    "fields", [{}, {"size": 0}, {"size": 5000}, {"size": 3, "strata": "colour"},
               {"size": 3, "since": "tomorrow"}, {"size": 3, "person": "nobody"}],
)  # fmt: skip
def test_a_draw_that_cannot_be_made_is_a_sentence(
    there: Pages, auditor: httpx.Client, fields: dict[str, Any]
) -> None:
    before = len(sampling.samples(there.log))
    assert send(auditor, "/samples/draw", **fields).status_code == 400
    assert len(sampling.samples(there.log)) == before


@pytest.mark.parametrize("path", ["/samples/draw", "/samples/1/sign-off", "/questions/ID/review"])
def test_nobody_else_can_send(there: Pages, auditor: httpx.Client, path: str) -> None:
    """Without signing in, without the token of the form, and from another site."""
    path = path.replace("ID", asked(there))
    form = {"size": "1", "line": "1", "mark": "agree"}
    before = there.log.last_sequence()
    assert there.client().post(path, data=form).status_code == 403
    assert auditor.post(path, data=form).status_code == 403
    token = auditor.get("/samples").text.split('name="csrftoken" value="')[1].split('"')[0]
    elsewhere = auditor.post(
        path, data=form | {"csrftoken": token}, headers={"origin": "https://x.example"}
    )
    assert elsewhere.status_code == 403
    kinds = {entry.kind for entry in there.log.records(before, ["review", "sample", "sign_off"])}
    assert kinds == set()
    assert auditor.get(path).status_code == 404


def test_the_log_still_verifies(there: Pages) -> None:
    assert check(there.log.path, key=there.log.key).bad is None
