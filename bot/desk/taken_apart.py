"""A note that the desk is unsure of, read by phrases that somebody else picked out of it.

What the desk is sure of it reads as before. Of the rest, the phrases decide what is searched
together. Whether something is so is decided by the desk's own reading and by them: a phrase may
withhold what the note says, and cannot affirm what it denies. The codes come from search and rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.desk.answer import Answer
from bot.desk.chatter import subject
from bot.desk.question import Question, without_places
from index.statement.facts import is_detail, read_statement
from index.statement.model import Fact, Span, Statement, Status
from index.text.lexicon import Lexicon
from index.text.tokens import STOPWORDS, plain_words

#: Notes from so many words on may ramble; shorter ones are what the desk is made for.
_LONG = 20
#: The share of the telling words that the lines of a report cover, below which it may miss some.
_COVERED = 0.6
#: Of the words of a note that was not answered, so many must be medical shorthand.
_SHORTHAND = 2
#: Of several readings of one fact, the first of these counts.
_STRONGEST: tuple[Status, ...] = ("denied", "uncertain", "past", "chatter", "affirmed")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand in a scrubbed note, and whether they are so."""

    said: str
    status: Status


def is_in_doubt(question: Question, answer: Answer) -> bool:
    """Whether a note is long and the desk unsure of its reading: it found nothing though the note
    has medical shorthand, or its first line is of low confidence, or most of what the note tells is
    in no line."""
    if question.intent != "search" or question.picked is not None or answer.statements:
        return False
    if question.limited_to and "icd10cm" not in question.limited_to:
        return False
    words = plain_words(question.text)
    if len(words) < _LONG:
        return False
    if answer.outcome == "abstained":
        return _shorthand(question.text) >= _SHORTHAND
    if answer.outcome != "answered" or not answer.report or answer.report[0].system != "icd10cm":
        return False
    return answer.report[0].confidence == "low" or _covered(answer) < _COVERED


def _shorthand(text: str) -> int:
    """How many expressions of a text are medical shorthand."""
    lexicon = Lexicon.shipped()
    parts = lexicon.parts(lexicon.typed(text))
    return sum(bool(part.typed) and part.means != " ".join(part.typed) for part in parts)


def _covered(answer: Answer) -> float:
    """The share of the telling words of what is said to be so that the lines report."""
    told = _telling(" ".join(f.said for f in answer.facts if f.status == "affirmed"))
    reported = _telling(" ".join(line.said for line in answer.report))
    return len(told & reported) / len(told) if told else 1.0


def _telling(text: str) -> frozenset[str]:
    return frozenset(w for w in plain_words(text) if w not in STOPWORDS and not is_detail(w))


def placed(phrases: Iterable[Phrase], note: str) -> list[tuple[Span, Phrase]]:
    """Phrases that stand in a note word for word, with their places, in the order of the note. Each
    is placed apart from those before it; one that does not stand there, or only within other words
    ("typical" in "atypical", "diabetic" in "non-diabetic"), is left out."""
    found: list[tuple[Span, Phrase]] = []
    for phrase in phrases:
        for match in re.finditer(
            rf"(?<![\w'\u2019-])(?<!w/){re.escape(phrase.said)}(?![\w'\u2019-])", note
        ):
            place = Span(*match.span())
            if phrase.said and not any(place.overlaps(other) for other, _ in found):
                found.append((place, phrase))
                break
    return sorted(found, key=lambda one: one[0])


def with_sure(phrases: Sequence[Phrase], question: Question, answer: Answer) -> list[Phrase]:
    """The facts of the lines that the desk was sure of, as it read them, and of the phrases those
    that say something besides: what the desk knows by itself is not lost, nor read anew."""
    note = read_statement(question.statement).text
    return [phrase for _, phrase in placed([*_sure(answer), *phrases], note)]


def _sure(answer: Answer) -> Iterator[Phrase]:
    """The facts with words of a line that the desk is sure of."""
    pieces = [
        piece
        for line in answer.report
        if line.confidence == "high"
        for piece in line.said.split(" … ")
    ]
    for fact in answer.facts:
        if any(piece and (piece in fact.said or fact.said in piece) for piece in pieces):
            # A fact of the visit ("pt here for") is chatter, and a line may rest on it.
            yield Phrase(fact.said, "affirmed" if fact.status == "chatter" else fact.status)


def taken_apart(question: Question, phrases: Sequence[Phrase], by: str) -> Question | None:
    """The question, to be read by phrases of its scrubbed text that `by` picked; None where nothing
    is in them."""
    note = read_statement(question.statement)
    texts: list[str] = []
    folded: list[str] = []
    facts: list[Fact] = []
    start = 0
    for place, phrase in placed(phrases, note.text):
        read = read_statement(subject(without_places(phrase.said)))
        if phrase.status == "chatter" or not read.facts:
            continue
        facts += _facts(read, phrase, note, place, start)
        texts.append(read.text)
        folded.append(read.folded)
        start += len(read.text) + len("; ")
    if not facts:
        return None
    text = "; ".join(texts)
    statement = Statement(text, "; ".join(folded), tuple(facts), note.inpatient)
    return replace(question, subject=text, picked=statement, picked_by=by)


def _facts(
    read: Statement, phrase: Phrase, note: Statement, place: Span, start: int
) -> Iterator[Fact]:
    """The facts of a phrase that stands at `place` in the note and at `start` in the new
    statement."""
    for fact in read.facts:
        at = note.text.find(fact.text, place.start, place.end) if fact.text else -1
        there = Span(at, at + len(fact.text)) if at >= 0 else place
        in_note = note.status_of(there)
        statuses = [fact.status, phrase.status]
        # What the note as a whole makes chatter may be what the phrase is picked for.
        statuses += [in_note] if in_note != "chatter" else []
        yield replace(
            fact,
            span=Span(fact.span.start + start, fact.span.end + start),
            status=min(statuses, key=_STRONGEST.index),
        )


def is_better(before: Answer, again: Answer) -> bool:
    """Whether the answer by phrases stands: it says something else, of at least as many lines it is
    not unsure, and nothing was left out. That is, every line of high confidence is there, and of
    each of medium confidence the line itself, or another line that reports words of it."""
    kept = {line.code for line in again.report}
    if kept == {line.code for line in before.report}:
        return False
    for line in before.report:
        if line.code in kept or line.confidence == "low":
            continue
        words = _telling(line.said)
        if line.confidence == "high" or not any(words & _telling(a.said) for a in again.report):
            return False
    return _count_sure(again) >= max(_count_sure(before), 1)


def _count_sure(answer: Answer) -> int:
    return sum(line.confidence != "low" for line in answer.report)
