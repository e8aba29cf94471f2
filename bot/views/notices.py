"""Which notices of an answer are said. What is loaded, and what is not, is said once in a
conversation; the footer of each answer still names its edition. What is true of the question itself
is said with every answer.

The answer keeps all its notices: a surface leaves out what it said before, and JSON and the log
leave out nothing. A surface remembers the keys of what it `told`. Notices are recognised by their
words, as an answer out of the log has no reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.desk.answer import Answer
from bot.messages import message, values_of
from bot.views.report_words import shown_lines
from codesets.model import SYSTEM_NAMES

#: Said once as they are. Each date of service has its own sentence.
OF_EDITIONS = (
    "desk.not_covered",
    "desk.served",
    "desk.edits_not_covered",
    "desk.load_the_edition",
)
_ONCE = (
    *OF_EDITIONS,
    "desk.inpatient_only",
    "coverage.how_to_load",
    "drg.no_second",
    "drg.other_version",
)
#: Advice that is said with all that governs an answer.
_ADVICE = ("load_the_edition",)
#: They say what the question asks for, and how it is loaded. Only `{how}` is left out later.
_HOW = ("desk.needs_system", "desk.not_loaded", "verdict.not_loaded")


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A sentence about what is loaded: the `message` that it is, the `key` by which it is
    remembered, and what is said of it `later`; "" for nothing."""

    message: str
    key: str
    later: str


def notices_to_say(answer: Answer, told: Container[str] = ()) -> list[str]:
    """The notices that the headline does not tell already, without what was `told` before. An
    answer that found nothing is from no edition, so it has no notices of editions."""
    said = []
    for notice in answer.notices:
        loaded = _loaded(notice)
        if notice == answer.headline.text:
            continue
        if loaded and loaded.message in OF_EDITIONS and answer.outcome == "abstained":
            continue
        if loaded and loaded.key in told:
            said += [loaded.later] if loaded.later else []
        else:
            said.append(notice)
    return said


def shortened(answer: Answer, told: Container[str]) -> Answer:
    """The answer to be drawn, without how a system is loaded where that was `told` before."""

    def short(sentence: str) -> str:
        loaded = _loaded(sentence)
        return loaded.later if loaded and loaded.later and loaded.key in told else sentence

    return replace(
        answer,
        headline=replace(answer.headline, text=short(answer.headline.text)),
        notices=[short(notice) for notice in answer.notices],
        verdicts=[replace(verdict, why=short(verdict.why)) for verdict in answer.verdicts],
    )


def told_by(answer: Answer, notices: Iterable[str] | None = None) -> list[str]:
    """The keys of what an answer says of what is loaded, to be remembered as told. `notices`: those
    that were drawn, where a surface draws fewer than `notices_to_say`."""
    said = notices_to_say(answer) if notices is None else notices
    sentences = [answer.headline.text, *said, *(verdict.why for verdict in answer.verdicts)]
    return list(dict.fromkeys(one.key for one in map(_loaded, sentences) if one))


@dataclass(frozen=True, slots=True)
class Notice:
    """`notice`: as the answer has it. `words`: the same, in fewer words where it is
    `of_editions`."""

    notice: str
    words: str
    of_editions: bool


def notices_in_short(answer: Answer, told: Container[str], most: int) -> list[Notice]:
    """At most `most` of `notices_to_say`, without advice, without those of a system that has no
    code in the answer, and without a conflict, which is no small matter (`conflict_in`)."""
    found = [*_in_short(answer, told)]
    # What is said of the question comes before what is said of editions, where there is no room.
    kept = sorted(found, key=lambda one: one.of_editions)[:most]
    return [one for one in found if one in kept][:most]


def _in_short(answer: Answer, told: Container[str]) -> Iterator[Notice]:
    for notice in notices_to_say(answer, told):
        name, values = edition_of(notice)
        if name in _ADVICE or notice == conflict_in(answer):
            continue
        if name and _is_of_another(answer, values):
            continue
        yield Notice(notice, message(f"short.{name}", **values) if name else notice, bool(name))


def conflict_in(answer: Answer) -> str | None:
    """The first notice that two codes of a report exclude each other."""
    return next((one for one in answer.notices if values_of("report.conflict", one)), None)


def _is_of_another(answer: Answer, values: Mapping[str, str]) -> bool:
    """Whether a notice is about a system that no code of the answer is from: one that only has
    rivals, or that was searched in vain."""
    shown = {line.system for line in shown_lines(answer)}
    shown |= {verdict.system for verdict in answer.verdicts}
    if not shown and answer.outcome == "answered":
        shown = {candidate.system for candidate in answer.candidates}
    named = {SYSTEM_NAMES.get(system, "") for system in shown}
    return "system" in values and values["system"] not in named


def edition_of(notice: str) -> tuple[str, dict[str, str]]:
    """Which notice about an edition it is, and what fills it; "" for another one."""
    for name in OF_EDITIONS:
        values = values_of(name, notice)
        if values is not None:
            return name.removeprefix("desk."), values
    return "", {}


def not_in_force(answer: Answer) -> set[tuple[str, str]]:
    """The name of the system and the label of each edition that is not in force on the date of
    service, and was used because none is."""
    found = (values_of("desk.not_covered", notice) for notice in answer.notices)
    return {(values["system"], values["label"]) for values in found if values}


def edition(system: str, label: str, answer: Answer) -> str:
    """An edition that an answer is from, by the name of its system; and that it is not in force on
    the date of service, where it is not."""
    if (system, label) not in not_in_force(answer):
        return message("notes.edition", system=system, label=label)
    day = answer.as_of or message("desk.date_of_service")
    return message("notes.edition_not_in_force", system=system, label=label, day=day)


def _loaded(sentence: str) -> _Loaded | None:
    """What a sentence about what is loaded is; None for one about anything else."""
    for name in _ONCE:
        if values_of(name, sentence) is not None:
            return _Loaded(name, _key(sentence), "")
    for name in _HOW:
        values = values_of(name, sentence)
        if values is not None:
            return _Loaded(name, _key(values["how"]), message(name, **values | {"how": ""}).strip())
    return None


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
