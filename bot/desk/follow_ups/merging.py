"""Makes one statement of the one before and of what a message says to it."""

from __future__ import annotations

import re

from bot.desk.follow_ups import phrases
from bot.desk.follow_ups.earlier import Earlier, is_of, is_sign, meant, place_of
from bot.desk.follow_ups.kinds import exchanged, mended, side_of
from bot.desk.follow_ups.message import Message
from index.statement.facts import is_detail, read_statement
from index.statement.model import Fact
from index.text.tokens import STOPWORDS, fold, plain_words

_DOUBTS = re.compile(
    r"(?i)(?<![\w/])(?:r/o|rule out|probable|probably|possible|possibly|suspected|suspect|likely"
    r"|presumed|questionable|\?)\s*"
)
_JOINS = re.compile(
    r"(?i)(?:with|w/|due to|d/t|from|caused by|because|secondary to|2/2|after|following|since|in|of"
    r"|on|at|for|by|complicated by|associated with|without|w/o)(?![\w'-])"
)
_NOT = re.compile(r"(?i)(?:not|isnt|isn't|wasnt|wasn't)\b")


def merged(text: str, message: Message) -> str:
    """One statement of the statement `text` and a message that goes on from it."""
    earlier = Earlier.of(text)
    clauses = list(message.clauses)
    if message.confirms:
        earlier = Earlier.of(_DOUBTS.sub("", earlier.text))
    if message.over and clauses:
        return f"{', '.join(clauses)}, sequela of {earlier.text}"
    earlier, clauses, ruled_out = _without_denied(earlier, clauses, message)
    named = [clause for clause in clauses if not is_detail(clause) and not _is_denial(clause)]
    if (ruled_out or message.instead) and named:
        earlier = _replaced(earlier, " ".join(named), ruled_out)
    for clause in clauses:
        earlier = Earlier.of(_added(earlier, clause, message))
    return earlier.text


def _without_denied(
    earlier: Earlier, clauses: list[str], message: Message
) -> tuple[Earlier, list[str], bool]:
    """What is left of the statement and of the clauses once what they deny is taken away, and
    whether a condition was."""
    ruled_out = False
    kept: list[str] = []
    for number, clause in enumerate(clauses):
        denied = _denied(clause)
        facts, words = earlier.denied_by(denied.text) if denied else ([], [])
        if denied and not facts and not words:
            words = _said_too(denied.text, earlier.text)
        if not facts and not words:
            kept.append(clause)
            continue
        other = _other(clauses, number, kept)
        if _NOT.match(denied.said if denied else "") and other is not None:
            gone = [_core(fact.text) for fact in facts] or words
            changed = _put(earlier.text, gone, other)
            if changed is not None:
                if other in kept:
                    kept.remove(other)
                else:
                    clauses[number + 1] = ""
                earlier = Earlier.of(changed)
                continue
        ruled_out = ruled_out or bool(facts)
        left = earlier.without(facts)
        for word in words:
            left = Earlier.of(_without_word(left.text, word))
        earlier = left
        kept.append(clause)
    if message.denies:
        doubted = [fact for fact in earlier.conditions if fact.status == "uncertain"]
        gone_facts = doubted or [fact for fact in earlier.conditions if not is_sign(fact.text)]
        earlier, ruled_out = earlier.without(gone_facts), True
    return earlier, [clause for clause in kept if clause], ruled_out


def _denied(clause: str) -> Fact | None:
    facts = [fact for fact in read_statement(clause).facts if fact.status == "denied"]
    return facts[0] if facts else None


def _is_denial(clause: str) -> bool:
    return all(fact.status in ("denied", "chatter") for fact in read_statement(clause).facts)


def _said_too(denied: str, text: str) -> list[str]:
    """Words of a denial that stand in a text, details too: "not open"."""
    said = set(plain_words(text))
    words = [word for word in plain_words(denied) if word not in STOPWORDS]
    return words if words and said.issuperset(words) else []


def _other(clauses: list[str], number: int, kept: list[str]) -> str | None:
    """The clause beside a denial that stands in the place of what is denied."""
    after = clauses[number + 1] if number + 1 < len(clauses) else ""
    for clause in (after, kept[-1] if kept else ""):
        if clause and len(clause.split()) <= 4 and not _is_denial(clause):
            return clause
    return None


def _core(text: str) -> str:
    return " ".join(word for word in text.split() if not is_detail(word)) or text


def _put(text: str, gone: list[str], new: str) -> str | None:
    """The text with `new` where the first of `gone` stood, and without the others."""
    for n, word in enumerate(gone):
        match = re.search(rf"(?i)(?<!\w){re.escape(word)}(?!\w)", text)
        if match is None:
            return None
        text = text[: match.start()] + ("" if n else new) + text[match.end() :]
    return " ".join(text.split())


def _without_word(text: str, word: str) -> str:
    """The text without a word, the preposition before it and the details after it."""
    pattern = (
        rf"(?i)(?:\b(?:in|of|with|w/|and|during)\s+)?(?<!\w){re.escape(word)}(?!\w)"
        r"(?:\s+(?:[123](?:st|nd|rd)|first|second|third) trimester|\s+\d+\s*w(?:ee)?ks?)?"
    )
    return " ".join(re.sub(pattern, " ", text, count=1).split())


def _replaced(earlier: Earlier, named: str, ruled_out: bool) -> Earlier:
    """What is left of the statement once another condition stands in the place of its own: where it
    is, and details."""
    if ruled_out and is_sign(named):
        kept = [fact for fact in earlier.facts if fact.kind == "detail"]
        return earlier.without([fact for fact in earlier.facts if fact not in kept])
    words = place_of(earlier.text)
    if any(fold(word) in phrases.words("sites") for word in place_of(named)):
        words = [word for word in words if fold(word) not in phrases.words("sites")]
    return Earlier.of(" ".join(words))


def _added(earlier: Earlier, clause: str, message: Message) -> str:
    """The statement with one clause more."""
    text = earlier.text
    if not text:
        return clause
    is_attribute = is_detail(clause) or _is_said(clause, text)
    if message.corrects and (changed := mended(text, clause)):
        return changed
    if is_attribute or message.corrects:
        changed = exchanged(text, clause, both=message.adds)
        if changed is not None:
            return _with_rest(changed, clause)
    if side := side_of(clause):
        return f"{side} {text}"
    if _JOINS.match(clause) and earlier.facts:
        end = earlier.facts[0].span.end
        return f"{text[:end]} {clause}{text[end:]}"
    return f"{text}, {clause}"


def _is_said(clause: str, text: str) -> bool:
    """Whether all that a clause names is named in the text already, but for details."""
    stems = meant(text)
    names = [word for word in re.findall(r"[\w/'-]+", clause) if not is_detail(word)]
    sites = phrases.words("sites")
    return all(is_of(word, stems) or fold(word) in sites or fold(word) in STOPWORDS for word in names)


def _with_rest(text: str, clause: str) -> str:
    """The text with what a clause says besides what has found its place there."""
    said = {*plain_words(text)}
    rest = [word for word in plain_words(clause) if word not in said and not is_detail(word)]
    return f"{text}, {' '.join(rest)}" if rest else text
