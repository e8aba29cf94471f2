"""Replay: asks a question of the log again, on the index bundle that answered it or on today's.

The question is asked as it was stored, without identifiers. If its date of service is not stored,
it is asked for a date that leads to the same editions. Nothing is written to the log here.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

from bot.desk.answer import Answer
from bot.desk.desk import Desk
from bot.desk.edition_dates import day_for
from bot.desk.follow_ups import Turn
from bot.desk.question import Question
from bot.desk.taken_apart import Phrase, taken_apart
from bot.messages import message
from bot.querylog import hash_chain
from bot.querylog.records import Record
from bot.querylog.turns import turn_of
from codesets.errors import CodeDeskError
from codesets.model import ReleaseUnavailable
from index.errors import SearchError


class NotReplayable(CodeDeskError):
    """There is nothing to ask again, or nothing to compare with; the message says why."""


Kind = Literal["outcome", "line", "code", "verdict", "guideline", "rule", "notice", "other"]
Change = Literal["new", "gone", "moved", "differs"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of the answer that changed: its kind, its name, and in words how it changed."""

    kind: Kind
    name: str
    change: Change
    how: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that the answer depends on and that changed. None: it was not there."""

    name: str
    then: Any
    now: Any


@dataclass(slots=True)
class Replay:
    """The result of a replay. `impossible` says why the question could not be asked again as it
    was; `notes` are remarks for the reader."""

    id: str
    bundle: str | None
    today: bool
    impossible: str = ""
    differences: list[Difference] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def status(self) -> Literal["same", "differs", "impossible"]:
        if self.impossible:
            return "impossible"
        return "differs" if self.differences else "same"

    def as_dict(self) -> dict[str, Any]:
        return {"verdict": self.status} | asdict(self)


def replay(
    record: Record, desk: Desk, *, before: Record | None = None, today: bool = False
) -> Replay:
    """Ask again. `desk` must have opened the bundle to ask on. `before`: the question that this one
    follows (`record.after`), if the log still has it. Raises NotReplayable."""
    text = _question(record)
    turn = _before(record, before)
    then = Answer.from_dict(record.answer or {})
    replayed = Replay(record.id, record.index_build, today)
    if gone := sorted(set(record.removed) - {"DATE"}):
        replayed.notes.append(message("replay.removed", kinds=", ".join(gone)))
    try:
        now, dated = _asked_again(record, text, turn, desk, today, replayed.notes)
    except (SearchError, ReleaseUnavailable) as error:
        replayed.impossible = str(error)
        replayed.conditions = _conditions(record.made_with, desk.made_with(then))
        return replayed
    made_with = desk.made_with(now)
    if today:
        replayed.bundle = (made_with.get("index") or {}).get("build")
    replayed.conditions = _conditions(record.made_with, made_with)
    if not record.made_with:
        replayed.notes.append(message("replay.not_kept"))
    replayed.differences = compare(then, now, dated=dated)
    return replayed


def _question(record: Record) -> str:
    if record.redactions and not record.text:
        raise NotReplayable(message("replay.redacted", question=record.id))
    if record.answered_at is None:
        raise NotReplayable(message("replay.unanswered", question=record.id))
    if record.answer is None:
        raise NotReplayable(message("replay.no_answer", question=record.id))
    return record.text


def _before(record: Record, before: Record | None) -> Turn | None:
    """The question that this one follows. Raises NotReplayable where it refined that question, and
    nothing is left of it."""
    turn = turn_of(before, record.asked_at) if before else None
    if turn is None and (record.answer or {}).get("refines"):
        raise NotReplayable(message("replay.before_gone", before=record.after))
    return turn


def _asked_again(
    record: Record, text: str, before: Turn | None, desk: Desk, today: bool, notes: list[str]
) -> tuple[Answer, bool]:
    """The answer now, and whether it is for the same date of service as then."""
    ask = _as_then(record, text, before, desk)
    if record.as_of:
        return ask(day=dt.date.fromisoformat(record.as_of)), True
    notes.append(message("replay.undated", editions=", ".join(sorted(record.releases)) or "-"))
    if not record.releases:
        return ask(), False
    try:
        return ask(editions=record.releases), False
    except ReleaseUnavailable as error:
        if not today:
            raise
        notes.append(message("replay.other_editions", why=error))
        return ask(), False


def _as_then(record: Record, text: str, before: Turn | None, desk: Desk) -> Callable[..., Answer]:
    """A function that asks (or checks codes) with the options of then."""
    options = record.options
    if options.get("refused"):
        raise NotReplayable(message("replay.refused", question=record.id))
    if options.get("operation"):
        return lambda **when: _of_a_program(desk, text, options, **when)
    if count := options.get("checked"):
        codes = text.split() if count > 1 else [text]
        if len(codes) != count:
            raise NotReplayable(message("replay.blank_in_code", question=record.id))
        chosen = {name: options[name] for name in ("setting", "systems") if options.get(name)}
        return lambda **when: desk.check(codes, **chosen, **when)
    how: dict[str, Any] = {"after": before} if before else {}
    limit = int(options.get("limit") or 10)
    if systems := options.get("systems"):
        # An older log has the list as text.
        how["systems"] = re.findall(r"\w+", systems) if isinstance(systems, str) else systems
    how |= {name: options[name] for name in ("usual", "setting") if options.get(name)}

    def ask(**when: Any) -> Answer:
        # The date of then counts, also for a question in which a date is read only now.
        question = desk.take(text, fixed="day" in when, **how, **when)
        if record.picked:
            question = _as_picked(record, question)
        return desk.ask(question, limit=limit)

    return ask


def _of_a_program(
    desk: Desk,
    text: str,
    options: Mapping[str, Any],
    day: dt.date | None = None,
    editions: Mapping[str, str] | None = None,
) -> Answer:
    """The answer to an operation of FHIR that is no search. Maps have no date of service."""
    if editions and options["operation"] != "translate":
        day = day_for(desk.terminology.store, editions)
    return desk.terminology.again(text, options, day)


def _as_picked(record: Record, question: Question) -> Question:
    """The question read by the phrases that a language model picked then. No model is asked
    again."""
    phrases = [Phrase(**phrase) for phrase in record.picked]
    return taken_apart(question, phrases, record.picked_by) or question


# What changed


def _conditions(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Condition]:
    if not then:
        return []
    if not now.get("index"):
        # This answer needs no index; then, another question had already opened it.
        then = {n: value for n, value in then.items() if n not in ("index", "encoder")}
    before, after = dict(_leaves(then)), dict(_leaves(now))
    return [
        Condition(name, before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def _leaves(value: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for name, one in value.items():
        if isinstance(one, Mapping):
            yield from _leaves(one, f"{above}{name} ")
        else:
            yield f"{above}{name}", one


def compare(then: Answer, now: Answer, *, dated: bool) -> list[Difference]:
    """The differences between two answers, in what the log keeps of them. If not `dated`, the date
    of service of then is not known, and dates are not compared."""
    old, new = _kept(then, dated), _kept(now, dated)
    if not any(verdict["typed"] for verdict in old["verdicts"]):
        # An older log does not have how a code was typed.
        new["verdicts"] = [verdict | {"typed": ""} for verdict in new["verdicts"]]
    if not old["headline"]:
        # An older log has neither headlines nor reports.
        new |= {name: old[name] for name in _SINCE_REPORTS}
    if old == new:
        return []
    differences: list[Difference] = []
    if old["outcome"] != new["outcome"]:
        how = _was(old["outcome"], new["outcome"])
        differences.append(Difference("outcome", "", "differs", how))
    for kind, part, names in _LISTS:
        differences += _in_list(kind, old[part], new[part], names)
    differences += [
        Difference("other", name, "differs", _was(old.get(name), new.get(name)))
        for name in sorted(old.keys() | new.keys())
        if name != "outcome" and name not in {part for _, part, _ in _LISTS}
        if old.get(name) != new.get(name)
    ]
    return differences


#: What answers did not have before they had reports.
_SINCE_REPORTS = ("headline", "report", "asks", "facts", "statements")
#: The lists of an answer, and the fields by which an item of each is identified.
_LISTS: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
    ("line", "report", ("code", "system")),
    ("code", "candidates", ("code", "system")),
    ("verdict", "verdicts", ("code", "system")),
    ("guideline", "guidelines", ("section",)),
    ("rule", "pairs", ("rule", "codes", "inherited_from")),
    ("notice", "notices", ("text",)),
)


def _kept(answer: Answer, dated: bool) -> dict[str, Any]:
    """The part of an answer that can be compared."""
    left_out = ("id", "question", "elapsed_ms", "explanation")
    kept = {n: v for n, v in answer.as_logged().items() if n not in left_out}
    kept["headline"] = kept["headline"]["text"]
    kept["notices"] = [{"text": notice} for notice in kept["notices"]]
    text = hash_chain.canonical(kept)
    if not dated:
        # The log has words in place of the date, and it was asked again for another day.
        no_date = re.escape(message("desk.date_of_service"))
        kept = json.loads(re.sub(rf"\d{{4}}-\d\d-\d\d|{no_date}", "…", text))
        about_a_day = [notice for notice in kept["notices"] if "…" in notice["text"]]
        kept["notices"] = [notice for notice in kept["notices"] if notice not in about_a_day]
        return kept | {"as_of": ""}
    return cast(dict[str, Any], json.loads(text))


def _in_list(
    kind: Kind, old: list[dict[str, Any]], new: list[dict[str, Any]], names: tuple[str, ...]
) -> Iterable[Difference]:
    """Differences between two ranked lists, whose items are identified by the fields `names`."""
    before, after = _by_name(old, names), _by_name(new, names)
    for name, (place, thing) in after.items():
        if name not in before:
            yield Difference(kind, name, "new", f"in place {place}")
            continue
        was, other = before[name]
        how = [
            f"{field} {_was(other.get(field), thing.get(field))}"
            for field in thing
            if field not in ("rank", "line", *names) and other.get(field) != thing.get(field)
        ]
        if was != place:
            yield Difference(kind, name, "moved", "; ".join([f"from place {was} to {place}", *how]))
        elif how:
            yield Difference(kind, name, "differs", "; ".join(how))
    for name, (place, _) in before.items():
        if name not in after:
            yield Difference(kind, name, "gone", f"it was in place {place}")


def _by_name(
    things: list[dict[str, Any]], names: tuple[str, ...]
) -> dict[str, tuple[int, dict[str, Any]]]:
    """Name -> place and item. A name that comes again gets "(again)"."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for place, thing in enumerate(things, 1):
        parts = [thing[name] for name in names if thing[name]]
        name = " ".join(" + ".join(p) if isinstance(p, list) else str(p) for p in parts)
        while name in found:
            name += " (again)"
        found[name] = place, thing
    return found


def _was(then: Any, now: Any) -> str:
    """How a value changed: short values in full, lists by how many items are new and gone."""
    if all(one is None or isinstance(one, bool | int | float) for one in (then, now)):
        return f"{_short(now)}, was {_short(then)}"
    if all(one is None or (isinstance(one, str) and len(one) <= 80) for one in (then, now)):
        return f"{_short(now)}, was {_short(then)}"
    if isinstance(then, list) and isinstance(now, list):
        more = [one for one in now if one not in then]
        less = [one for one in then if one not in now]
        return f"differ: {len(more)} new, {len(less)} gone" if more or less else "in another order"
    return "differs"


def _short(value: Any) -> str:
    return "none" if value is None or value == "" else str(value)
