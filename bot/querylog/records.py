"""The records of the log, as they are written and as they are read back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.desk.answer import Answer
from bot.querylog import hash_chain, said_words
from bot.views.wording import undated

#: slash: a slash command. shortcut: a modal of a shortcut. button: a press under an answer. api,
#: fhir, mcp: a program, by its client's name.
Surface = Literal[
    "cli", "terminal", "mention", "dm", "slash", "shortcut", "button", "api", "fhir", "mcp"
]
#: delivered: accepted by Slack, or printed. failed: refused, with the reason. unknown: it may or
#: may not have arrived, and is not sent again. abandoned: it came too late to be of use, or the
#: question was edited, deleted or stopped before. waiting: certainly not sent when the desk
#: stopped; the next start sends it.
Outcome = Literal["delivered", "failed", "unknown", "abandoned", "waiting"]
#: What an auditor or a program did with the log; who installed the app in a workspace, or changed
#: who may do what there; and which programs may ask ("client").
Access = Literal[
    "view", "search", "export", "report", "replay", "vouch", "sign-in", "sign-out", "refusal",
    "install", "uninstall", "people", "client", "backup",
]  # fmt: skip
#: "used": the person used another code than those shown; it is in `code`.
Rating = Literal["right", "wrong", "used"]

#: What is said of a question without an answer, in place of the outcome of its answer.
UNANSWERED = "unanswered"

#: An option: the words of the question, or of one that it refines, name its date of service.
DATE_SAID = "date_said"


@dataclass(frozen=True, slots=True)
class QuestionRecord:
    """A question as it arrived. `event_id` is the id of the event that brought it, `message_key`
    that of the message (team/channel/ts): one message that arrives as two events is one question.
    `thread` is where the answer belongs. `after` is the id of the question that it follows: the one
    that it may refine, or that a press belongs to.

    `text` is scrubbed, and `removed` has the kinds of identifiers that were in it. `releases` are
    the editions (key -> label) that its date of service led to. The date itself is not stored, and
    a `day` among the options is left out. `team` is the workspace of whoever asks, `workspace` the
    one in which they do (see `bot.querylog.workspaces`) and `enterprise` its organisation. Of
    someone's defaults, `usual` are the systems that count where the question does not say, and
    `private` says that the answer is for them alone.
    """

    text: str
    surface: Surface
    user: str | None = None
    team: str | None = None
    channel: str | None = None
    thread: str | None = None
    event_id: str | None = None
    message_key: str | None = None
    options: dict[str, Any] | None = None
    removed: tuple[str, ...] = ()
    releases: dict[str, str] | None = None
    after: str | None = None
    workspace: str | None = None
    enterprise: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that still needs its answer, or its delivery, after a crash."""

    id: str
    asked_at: dt.datetime
    asked: QuestionRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the chain with its texts (None: destroyed). `altered` are the names of the
    texts that are not as they were written; a sentence stands in their place."""

    seq: int
    at: str
    kind: str
    subject: str | None
    body: dict[str, Any]
    texts: dict[str, str | None]
    hash: str
    altered: tuple[str, ...] = ()

    def parsed(self, name: str) -> Any:
        """A text that is JSON; None when it was destroyed or altered."""
        return None if name in self.altered else json.loads(self.texts.get(name) or "null")

    def as_dict(self) -> dict[str, Any]:
        """Number, time, body and texts in one, without the commitments."""
        body = {name: value for name, value in self.body.items() if name != "texts"}
        return {"seq": self.seq, "at": self.at, **body, **self.texts}


@dataclass(frozen=True, slots=True)
class Record:
    """Everything stored of one question. `text` is empty once it is redacted. `codes` are those of
    the answer, each with its confidence or verdict. `made_with` is all else that the answer depends
    on. `feedback`, `corrections`, `withdrawals` and `redactions` are `Entry.as_dict` of each, in
    order. `altered` are the numbers of records with a text that is not as it was written."""

    id: str
    asked_at: str
    surface: str
    team: str | None
    user: str | None
    channel: str | None
    thread: str | None
    text: str
    answered_at: str | None
    outcome: str | None
    as_of: str | None
    codes: list[dict[str, Any]]
    releases: dict[str, str]
    index_build: str | None
    latency_ms: float | None
    answer: dict[str, Any] | None
    deliveries: list[dict[str, Any]]
    seq: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    made_with: dict[str, Any] = field(default_factory=dict)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    corrections: list[dict[str, Any]] = field(default_factory=list)
    withdrawals: list[dict[str, Any]] = field(default_factory=list)
    redactions: list[dict[str, Any]] = field(default_factory=list)
    #: Who looked at it: `Entry.as_dict` of each look, in order.
    looks: list[dict[str, Any]] = field(default_factory=list)
    #: What a language model was asked and what it said: `Entry.as_dict` of each, in order.
    language_model: list[dict[str, Any]] = field(default_factory=list)
    #: The phrases (`said`, `status`) of its note that a language model picked, and its name, where
    #: the answer was made by them; [] and "" where not, and once they are redacted.
    picked: list[dict[str, Any]] = field(default_factory=list)
    picked_by: str = ""
    altered: list[int] = field(default_factory=list)
    #: What reviewers said of its lines: `Entry.as_dict` of each, in order (see `reviews`).
    reviews: list[dict[str, Any]] = field(default_factory=list)
    #: The id of the question that it follows; None for none.
    after: str | None = None
    #: Where it was asked, if that is not `team`; and the organisation. See `QuestionRecord`.
    workspace: str | None = None
    enterprise: str | None = None
    #: Who asked, as the system of a terminal knows them: see `bot.system_user`.
    system_user: dict[str, Any] | None = None

    @property
    def ended(self) -> str:
        """The outcome of its answer; `unanswered` while it has none. People are told this word."""
        return self.outcome or UNANSWERED

    @property
    def delivery(self) -> str:
        """How far the answer got, in a word. Later posts (`more`, `share`) do not count."""
        outcomes = [d["outcome"] for d in self.deliveries if d["kind"] == "answer"]
        if outcomes:
            return outcomes[-1]
        return UNANSWERED if self.answered_at is None else "undelivered"


# What a record of each kind holds

VERSION_1_QUESTION_FIELDS = (
    "text", "surface", "user", "team", "channel", "thread", "event_id", "message_key", "options",
)  # fmt: skip
QUESTION_FIELDS = (*VERSION_1_QUESTION_FIELDS[1:], "releases")


def question_body(question: QuestionRecord) -> tuple[dict[str, Any], dict[str, str]]:
    body = {name: getattr(question, name) for name in QUESTION_FIELDS}
    body["removed"] = list(question.removed)
    # The date of service is stored only as the editions that it led to.
    body["options"] = {n: v for n, v in (question.options or {}).items() if n != "day"}
    if question.after is not None:
        body["after"] = question.after
    if question.workspace and question.workspace != question.team:
        body["workspace"] = question.workspace
    if question.enterprise:
        body["enterprise"] = question.enterprise
    return body, {"text": question.text}


def answer_body(
    answer: Answer, codes: list[dict[str, Any]], releases: dict[str, str], today: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """`today` is the day on which the question was asked. Only this day may be stored, since the
    time of the record shows it anyway; any other day is a date of service."""
    answer = answer if answer.as_of == today else undated(answer)
    stored = answer.as_logged()
    del stored["question"], stored["id"]  # it has a record of its own
    said = said_words.take_out(stored)
    sure = [one.confidence for one in answer.report[:1] if answer.outcome != "verdict"]
    sure += [one.confidence for one in answer.candidates[:1]]
    body = {
        "outcome": answer.outcome,
        "as_of": answer.as_of or None,
        "confidence": sure[0] if sure else None,
        "releases": releases,
    }
    # A code that is in no edition is whatever was typed, so codes are texts that can be destroyed.
    texts = {"answer": hash_chain.canonical(stored), "codes": hash_chain.canonical(codes)}
    return body, texts | ({"said": hash_chain.canonical(said)} if said else {})


def codes_of(answer: Answer) -> list[dict[str, Any]]:
    """The codes of an answer, to search the log by: the lines of its report, or of the report of
    each statement, with their roles; the other candidates; and its verdicts. Each has its
    confidence or verdict."""
    reports = [one.report for one in answer.statements] or [answer.report]
    scores = {(c.code, c.system): {"score": c.score} for c in answer.candidates}
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for line in (line for report in reports for line in report):
        name = (line.code, line.system)
        told = {"code": line.code, "system": line.system, "line": line.line, "role": line.role}
        lines.setdefault(name, told | scores.get(name, {}) | {"confidence": line.confidence})
    codes = list(lines.values())
    codes += [
        {"code": c.code, "system": c.system, "score": c.score, "confidence": c.confidence}
        for c in answer.candidates
        if (c.code, c.system) not in lines
    ]
    verdicts = [{"code": v.code, "system": v.system, "status": v.status} for v in answer.verdicts]
    return [*verdicts, *codes] if answer.outcome == "verdict" else [*codes, *verdicts]


def delivery_body(kind: str, outcome: str, detail: str) -> tuple[dict[str, Any], dict[str, str]]:
    # The message of an error may repeat the question.
    return {"kind": kind, "outcome": outcome}, {"detail": detail} if detail else {}


# Read back


def record_of(question_id: str, of: dict[str, list[Entry]]) -> Record:
    (question,) = of["question"]
    text = question.texts["text"] or ""
    answers = of.get("answer")
    body = answers[0].body if answers else {}
    answer = answers[0].parsed("answer") if answers else None
    said = answers[0].parsed("said") if answers else None
    asked = of.get("language_model", [])
    picked = [e for e in asked if e.body["task"] == "facts" and e.body["use"] == "used"]
    entries_of = {kind: [entry.as_dict() for entry in entries] for kind, entries in of.items()}
    return Record(
        id=question_id,
        asked_at=question.at,
        surface=question.body["surface"],
        team=question.body.get("team"),
        user=question.body.get("user"),
        channel=question.body.get("channel"),
        thread=question.body.get("thread"),
        text=text,
        answered_at=answers[0].at if answers else None,
        outcome=body.get("outcome"),
        as_of=body.get("as_of"),
        codes=(answers[0].parsed("codes") if answers else None) or [],
        releases=body.get("releases") or question.body.get("releases") or {},
        index_build=body.get("index_build"),
        latency_ms=body.get("latency_ms"),
        answer=said_words.put_back(answer, said)
        | {"id": question_id, "question": text}
        | _explained(asked)
        if answer
        else None,
        deliveries=[
            {
                "at": entry.at,
                "kind": entry.body["kind"],
                "outcome": entry.body["outcome"],
                "detail": entry.texts.get("detail") or "",
            }
            for entry in of.get("delivery", ())
        ],
        seq=question.seq,
        options=question.body.get("options") or {},
        after=question.body.get("after"),
        workspace=question.body.get("workspace"),
        enterprise=question.body.get("enterprise"),
        system_user=question.body.get("system_user"),
        removed=question.body.get("removed") or [],
        made_with=body.get("made_with") or {},
        feedback=entries_of.get("feedback", []),
        corrections=entries_of.get("correction", []),
        withdrawals=entries_of.get("withdrawal", []),
        redactions=entries_of.get("redaction", []),
        looks=entries_of.get("access", []),
        reviews=entries_of.get("review", []),
        language_model=entries_of.get("language_model", []),
        picked=[phrase for one in picked for phrase in one.parsed("phrases") or []],
        picked_by=picked[0].body["model"] if picked else "",
        altered=sorted(e.seq for entries in of.values() for e in entries if e.altered),
    )


def _explained(asked: Sequence[Entry]) -> dict[str, Any]:
    """The explanation that was shown under an answer, as a part of it; {} where there was none."""
    for one in asked:
        if one.body["task"] == "explain" and (text := one.texts.get("explanation")):
            return {
                "explanation": {
                    "text": text,
                    "model": one.body["model"],
                    "prompt": one.body["prompt"],
                }
            }
    return {}


def summary(record: Record) -> dict[str, Any]:
    """All of a question's record except the answer itself."""
    return {
        "id": record.id,
        "asked_at": record.asked_at,
        "surface": record.surface,
        "team": record.team,
        **({"workspace": record.workspace} if record.workspace else {}),
        **({"enterprise": record.enterprise} if record.enterprise else {}),
        "user": record.user,
        **({"system_user": record.system_user} if record.system_user else {}),
        "channel": record.channel,
        "thread": record.thread,
        "question": record.text,
        "removed": record.removed,
        "options": record.options,
        "after": record.after,
        "answered_at": record.answered_at,
        "outcome": record.outcome,
        "as_of": record.as_of,
        "codes": record.codes,
        "releases": record.releases,
        "index_build": record.index_build,
        "made_with": record.made_with,
        "latency_ms": record.latency_ms,
        "delivery": record.delivery,
        "deliveries": record.deliveries,
        "feedback": record.feedback,
        "corrections": record.corrections,
        "withdrawals": record.withdrawals,
        "redactions": record.redactions,
        "looks": record.looks,
        "reviews": record.reviews,
        "language_model": record.language_model,
        "altered": record.altered,
    }
