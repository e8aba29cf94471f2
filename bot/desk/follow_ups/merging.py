"""Makes one statement of the one before and of what a message says to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.desk.follow_ups import phrases
from bot.desk.follow_ups.earlier import Earlier, Terms, is_of, is_sign, meant, place_of, spelled
from bot.desk.follow_ups.kinds import exchanged, mended, side_of, values_in
from bot.desk.follow_ups.message import Message
from index.statement.facts import is_detail, read_statement
from index.statement.model import Fact
from index.text.encounter import read_encounter
from index.text.tokens import STOPWORDS, fold, plain_words

#: Words by which a condition is in doubt.
_DOUBTS = re.compile(
    r"(?i)(?<![\w/])(?:r/o|rule out|probable|probably|possible|possibly|suspected|suspect|likely"
    r"|presumed|questionable|\?)\s*"
)
#: Words that join a clause to the condition before it, without a comma.
JOINS = re.compile(
    r"(?i)(?:with|w/|due to|d/t|from|caused by|because|secondary to|2/2|after|following|since|in|of"
    r"|on|at|for|by|complicated by|associated with|without|w/o)(?![\w'-])"
)
_NOT = re.compile(r"(?i)(?:not|isnt|isn't|wasnt|wasn't)\b")
_NOT_BETWEEN = re.compile(r"(?i)^(.{1,40}?),? not (.{1,40})$")
#: What goes with a word that is taken out of a text: the preposition before it, and after it the
#: trimester or the weeks of a pregnancy.
_BEFORE = r"(?:\b(?:in|of|with|w/|and|during)\s+)?"
_AFTER = r"(?:\s+(?:[123](?:st|nd|rd)|first|second|third) trimester|\s+\d+\s*w(?:ee)?ks?)?"
#: The end of a word that tells of an encounter and names none.
_WITHOUT_ENCOUNTER = re.compile(r"(?i)(?<=\binitial)$|(?<=\bsubsequent)$")
_MALIGNANT = re.compile(
    r"(?i)\b(?:malignant (?:neoplasm|tumou?r|mass)|malignancy|cancer|carcinoma|ca|bcc|scc"
    r"|melanoma)\b"
)
#: The weeks of a pregnancy, and units that say nothing without their number.
_WEEKS = re.compile(r"(?i)\b\d{1,2}\s*(?:wks?|weeks?)\b")
_UNIT = re.compile(r"(?i)(?:wk|week|day|mo|month|yr|year)s?|yo")
#: Details that a diagnosis in the place of another keeps, beside where it is.
_OF_VISIT = frozenset("initial subsequent encounter".split())
#: How words end that say of which kind something is.
_ADJECTIVE = re.compile(r"(?i)(?:al|ar|ic|ous|ive|ary|oid|ed|ile|ant|ent|ory|ine|ean|ing)$")
#: Clauses of at most so many words are taken for a word or a name that stands in another's place.
_SHORT = 4


def merged(text: str, message: Message, terms: Terms, *, is_title: bool = False) -> str:
    """One statement of the statement `text` and a message that goes on from it. `is_title`: whether
    the statement is the title of a code, of which another side is one instead."""
    if is_title and message.adds and any(map(side_of, message.clauses)):
        message = replace(message, adds=False, corrects=True)
    if message.confirms:
        text = _DOUBTS.sub("", text)
    if message.over and message.clauses:
        return f"{', '.join(message.clauses)}, sequela of {text}"
    merging = _Merging(Earlier.of(text), list(message.clauses), message, terms)
    merging.take_away()
    merging.replace()
    for clause in merging.clauses:
        merging.add(clause)
    return merging.earlier.text


@dataclass(slots=True)
class _Merging:
    """The statement before, as far as the clauses of a message have changed it."""

    earlier: Earlier
    clauses: list[str]
    message: Message
    terms: Terms
    #: The conditions that were ruled out.
    gone: Sequence[Fact] = ()

    # What is denied

    def take_away(self) -> None:
        """Take out of the statement what the message denies."""
        kept: list[str] = []
        waiting = list(self.clauses)
        while waiting:
            clause = waiting.pop(0)
            if (between := _NOT_BETWEEN.match(clause)) and self._put(between[2], between[1]):
                continue
            denied = _denied(clause)
            if denied is None:
                kept.append(clause)
                continue
            facts, words = self.earlier.denied_by(denied.text)
            words = words if facts or words else _said_too(denied.text, self.earlier.text)
            if self._named([*kept, *waiting]):
                facts = [*facts, *self._emptied(words)]
            elif words:
                facts = [*facts, *(f for f in self._emptied(words) if f.status == "uncertain")]
            if not facts and not words:
                kept.append(clause)
                continue
            if _NOT.match(denied.said) and not facts:
                others = [at for at in (waiting, kept) if at and _may_stand(at[-(at is kept)])]
                if others and self._put(denied.text, others[0][-(others[0] is kept)]):
                    others[0].pop(-(others[0] is kept))
                    continue
            self.gone = [*self.gone, *facts]
            text = self.earlier.without(facts).text
            for word in words:
                text = _without_word(text, word)
            self.earlier = Earlier.of(text)
            kept.append(denied.said)
        self.clauses = kept
        if not self.gone:
            self.gone = self._ruled_out()
            if self.message.benign and self._is_all(self.gone):
                self.gone = ()
                self.earlier = Earlier.of(_MALIGNANT.sub("benign neoplasm", self.earlier.text))
            self.earlier = self.earlier.without(self.gone)

    def _ruled_out(self) -> list[Fact]:
        """The conditions that the message rules out without naming them."""
        said = self.message
        doubted = [f for f in self.earlier.conditions if f.status == "uncertain"]
        firm = [f for f in self.earlier.conditions if not is_sign(f.text)]
        if said.denies:
            return doubted or firm
        if said.adds or not self._named(self.clauses):
            return doubted if said.tested else []
        if said.tested or said.final:
            return doubted or firm
        return doubted if said.finds else []

    def _is_all(self, gone: Sequence[Fact]) -> bool:
        """Whether nothing would be left that is named by the message or before."""
        return not self._named(self.clauses) and len(gone) in (0, len(self.earlier.conditions))

    def _named(self, clauses: Sequence[str]) -> bool:
        """Whether a clause names a condition that may stand in the place of another."""
        return any(
            not is_detail(clause)
            and not JOINS.match(clause)
            and not _is_denial(clause)
            and (
                self.message.finds
                or self.message.final
                or len(clause.split()) > 1
                or self.terms.is_name(spelled(clause))
                or is_sign(clause)
            )
            for clause in clauses
        )

    def _emptied(self, words: Sequence[str]) -> list[Fact]:
        """The conditions of which nothing is left without these words but where they are."""
        left = phrases.words("sites") | phrases.words("hollow")
        return [
            fact
            for fact in self.earlier.conditions
            if not {*plain_words(fact.text)}.isdisjoint(gone := {*plain_words(" ".join(words))})
            and (
                fact.status == "uncertain"
                or all(is_detail(w) or w in left for w in {*plain_words(fact.text)} - gone)
            )
        ]

    def _put(self, old: str, new: str) -> bool:
        """Put `new` where `old` stands in the statement, if it does: the words themselves, or those
        that mean them."""
        text = self.earlier.text
        match = re.search(rf"(?i)(?<!\w){re.escape(old.strip())}(?!\w)", text)
        if match is not None:
            self.earlier = Earlier.of(f"{text[: match.start()]}{new}{text[match.end() :]}")
            return True
        facts, words = self.earlier.denied_by(old)
        words = [_core(fact.text) for fact in facts] or words
        for number, word in enumerate(words):
            match = re.search(rf"(?i)(?<!\w){re.escape(word)}(?!\w)", text)
            if match is None:
                return False
            text = f"{text[: match.start()]}{'' if number else new}{text[match.end() :]}"
        if not words and (changed := mended(text, new)) is not None:
            text, words = changed, [new]
        self.earlier = Earlier.of(" ".join(text.split()))
        return bool(words)

    # What stands in the place of the condition

    def replace(self) -> None:
        """Where the condition before is ruled out, or the message says what stands in its place:
        leave of the statement only where that is, and details."""
        named = [c for c in self.clauses if not is_detail(c) and not _is_denial(c)]
        if not named or not (self.gone or self.message.instead):
            return
        left = [fact for fact in self.earlier.conditions if not is_sign(fact.text)]
        if left and not self.message.instead:
            return
        gone = [*self.gone, *(self.earlier.facts if self.message.instead else ())]
        words = [w for fact in gone for w in place_of(fact.text)]
        words += [w for f in self.earlier.facts if f.kind == "detail" for w in place_of(f.text)]
        sites = phrases.words("sites")
        if any(fold(w) in sites for w in place_of(named[0])):
            words = [word for word in words if fold(word) not in sites]
        if not self.message.instead:
            words = [w for w in words if fold(w) in sites | _OF_VISIT or side_of(w)]
        words = [w for w in words if not _UNIT.fullmatch(w)]
        words += (
            _WEEKS.findall(" ".join(f.text for f in gone)) if not _WEEKS.search(named[0]) else []
        )
        first = " ".join([named[0], *dict.fromkeys(words)])
        self.clauses.remove(named[0])
        self.earlier = Earlier.of(first)

    # What is added

    def add(self, clause: str) -> None:
        """Add one clause to the statement."""
        self.earlier = Earlier.of(self._added(clause))

    def _added(self, clause: str) -> str:
        text, corrects = self.earlier.text, self.message.corrects
        if not text:
            return clause
        if corrects and (changed := mended(text, clause)):
            return changed
        if corrects or is_detail(clause) or _is_said(clause, text):
            changed = exchanged(text, clause, both=self.message.adds)
            if changed is not None:
                return _with_rest(changed, clause)
        if names_cause(clause) and not corrects:
            return f"{text} due to {clause}"
        if side := side_of(clause):
            return exchanged(text, clause, both=self.message.adds) or f"{side} {text}"
        is_named = self.terms.is_name(spelled(clause))
        if corrects and not self.message.adds and not is_detail(clause):
            if is_named and not _ADJECTIVE.search(clause):
                return " ".join([clause, *place_of(text)])
            if (changed := _modifier_put(text, clause)) is not None:
                return changed
        is_kind = is_detail(clause) or (
            len(clause.split()) <= 2 and not is_named and not is_sign(clause)
        )
        if read_encounter(clause).says:
            return f"{text}, {_WITHOUT_ENCOUNTER.sub(' encounter', clause, 1)}"
        conditions = [f for f in self.earlier.conditions if f.status != "denied"]
        if conditions and not _is_denial(clause) and (JOINS.match(clause) or is_kind):
            # A cause is one of what was asked about, a detail one of what was said last.
            end = conditions[-1 if is_kind else 0].span.end
            return f"{text[:end]} {clause}{text[end:]}"
        return f"{text}, {clause}"


def names_cause(clause: str) -> bool:
    """Whether a clause is nothing but what a condition may be due to."""
    return bool(phrases.whole("causes").fullmatch(clause))


def _modifier_put(text: str, word: str) -> str | None:
    """The text with a word in the place of the last that says of which kind the condition is, where
    it has one: "frontal" for "maxillary". None where it has none, or the clause is no word."""
    if " " in word:
        return None
    own = [
        m
        for m in re.finditer(r"[\w'-]+", text)
        if not is_detail(m[0]) and m[0] not in place_of(text)
    ]
    kind = [m for m in own if bool(_ADJECTIVE.search(m[0])) == bool(_ADJECTIVE.search(word))]
    if len(own) < 2 or not kind:
        return None
    match = kind[-1] if _ADJECTIVE.search(word) else kind[0]
    return f"{text[: match.start()]}{word}{text[match.end() :]}"


def _denied(clause: str) -> Fact | None:
    facts = [fact for fact in read_statement(clause).facts if fact.status == "denied"]
    return facts[0] if facts else None


def _is_denial(clause: str) -> bool:
    return all(fact.status in ("denied", "chatter") for fact in read_statement(clause).facts)


def _may_stand(clause: str) -> bool:
    """Whether a clause is short enough to stand in the place of a word."""
    return len(clause.split()) <= _SHORT and not _is_denial(clause)


def _said_too(denied: str, text: str) -> list[str]:
    """Words of a denial that stand in a text, details too: "not open"."""
    said = set(plain_words(text))
    words = [word for word in plain_words(denied) if word not in STOPWORDS]
    return words if words and said.issuperset(words) else []


def _core(text: str) -> str:
    return " ".join(word for word in text.split() if not is_detail(word)) or text


def _without_word(text: str, word: str) -> str:
    pattern = rf"(?i){_BEFORE}(?<!\w){re.escape(word)}(?!\w){_AFTER}"
    return " ".join(re.sub(pattern, " ", text, count=1).split())


def _is_said(clause: str, text: str) -> bool:
    """Whether all that a clause names is named in the text already, but for details."""
    stems = meant(text)
    names = [word for word in re.findall(r"[\w/'-]+", clause) if not is_detail(word)]
    known = phrases.words("sites") | STOPWORDS
    return all(is_of(word, stems) or fold(word) in known for word in names)


def _with_rest(text: str, clause: str) -> str:
    """The text with what a clause says besides what has found its place there."""
    said = {*plain_words(text)}
    for value in reversed(sorted(values_in(clause), key=lambda one: one.start)):
        clause = clause[: value.start] + clause[value.end :]
    rest = [word for word in plain_words(clause) if word not in said and not is_detail(word)]
    return f"{text}, {' '.join(rest)}" if rest else text
