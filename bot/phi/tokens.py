"""The words of a text, and what each may be: a name, medicine, an abbreviation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import TypeVar, cast

from bot.phi import lists
from bot.phi.spans import Span
from bot.phi.word_lists import Words, key
from codesets import months

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*(?:-[^\W\d_]+(?:'[^\W\d_]+)*)*'?")

#: Months that are also given names.
_MONTHS_OR_NAMES = frozenset("march april may june august jan".split())
#: Words that are no name in a question, even if a list of names has them.
FUNCTION_WORDS = frozenset(
    """a about above after again against all also am an and any are as ask at be because been
    before being below between billed bill both but by can code codes coding could cpt day days
    denied did do does doing done dos dob down due during each exam few find for from further
    get give given go had has have having he help her here hers hi hello him his home how i icd
    if in into is it its just know let like look lot made make me mg ml might more most mr
    mrn mrs ms must my name need needs new no nor not now of off ok on once one only or other
    our out over own per please pls pt pts patient patients plan post presents presented put pre
    question ref said same saw say says see seen she should so some still such take taking tell
    than thank thanks that the their them then there these they this those through to today told
    too type under until up us use used using very via visit want was we week weeks well went
    were what when where which while who whom why will with without would year years yes you
    your yo old male female man woman boy girl age aged hx h o s p c w dx rx tx fx sx px hpi er
    ed icu or vs am pm wt ht bp ssn npi dea acct account claim member id number phone fax email
    call address zip policy group medicare medicaid left right both bilateral acute chronic new
    old doctor dr nurse note notes report office clinic hospital team monday tuesday wednesday
    thursday friday saturday sunday mon tue wed thu fri sat sun code coder none nil nka nkda wnl
    ros pe cc soap admit admitted admission
    discharge discharged follow followup history date first last next initial subsequent
    encounter sequela status unspecified test procedure surgery back pain long short high low
    good bad best better gross sharp strong early late day night head hand hands foot arm leg
    neck colon bowel heart lung liver chest face ear eye nose mouth skin bone joint cord disc
    wall mass lump cyst mev kev
    photons""".split()
) | months.WORDS - _MONTHS_OR_NAMES  # fmt: skip


#: I'm, don't, what's: no names, though a list has "don".
_CONTRACTED = re.compile(
    r"(?:[a-z]+n't|(?:i|you|we|they|he|she|it|who|what|that|this|there|here|where|how|when|why|let)"
    r"'(?:m|re|ve|ll|d|s))"
)
#: Beginnings that only surnames have.
_PREFIXED = re.compile(
    r"(?P<prefix>o'|d'|dell'|l'|mc|mac|al-|el-|abu-|ben-|ibn-|bin-)(?P<rest>.{3,})"
)
#: The commonest surnames of the US Census of 1990 that are not also words.
_COMMON_SURNAMES = lists.words("common_surnames")
_FRACTURES = frozenset("fx fxs fracture fractures".split())


@dataclass(slots=True)
class Token:
    start: int
    end: int
    text: str
    #: The form for look-ups: lower case, no accents, no possessive.
    key: str
    #: Begins a sentence or a line.
    first: bool
    #: The text between the token before and this one.
    gap: str
    #: Part of a word with digits, or of an identifier that was found before.
    taken: bool


_T = TypeVar("_T", bool, list[str])


def _once_a_text(method: Callable[[Tokens, Token], _T]) -> Callable[[Tokens, Token], _T]:
    """Keep results of a method with the text: many rules ask about the same word. They are not kept
    longer than the text, since the word may be a name."""

    @wraps(method)
    def cached(tokens: Tokens, token: Token) -> _T:
        call = method.__name__, token.text, token.taken
        if call not in tokens.results:
            tokens.results[call] = method(tokens, token)
        return cast(_T, tokens.results[call])

    return cached


@dataclass(slots=True)
class Tokens:
    """The words of a text. `found` are identifiers found before. `cased`: capitals have a meaning
    in the text, since it is neither all capitals nor without any."""

    text: str
    words: Words
    found: list[Span]
    items: list[Token] = field(default_factory=list)
    cased: bool = True
    results: dict[tuple[str, str, bool], object] = field(default_factory=dict)
    eponyms: dict[int, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, words: Words, found: list[Span]) -> Tokens:
        tokens = cls(text, words, found)
        end = 0
        for match in _WORD.finditer(text):
            start, stop = match.span()
            gap = text[end:start]
            before = text[:start].rstrip()
            first = not before or before[-1] in ".!?:\n" or "\n" in gap
            # A capital begins a new word after a digit: "E11.9John".
            word = len(match[0]) > 2 and match[0][0].isupper() and match[0][1:].islower()
            glued = (
                start > 0 and not word and (text[start - 1].isdigit() or text[start - 1] == "_")
            ) or (stop < len(text) and (text[stop].isdigit() or text[stop] == "_"))
            taken = glued or any(s.start < stop and start < s.end for s in found)
            tokens.items.append(Token(start, stop, match[0], key(match[0]), first, gap, taken))
            end = stop
        letters = [char for char in text if char.isalpha()]
        upper = sum(char.isupper() for char in letters)
        titled = [token for token in tokens.items if token.text[0].isupper()]
        every_word = len(tokens.items) > 3 and len(titled) > 0.8 * len(tokens.items)
        tokens.cased = 0 < upper < 0.7 * max(1, len(letters)) and not every_word
        return tokens

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, at: int) -> Token:
        return self.items[at]

    # What a token may be

    @_once_a_text
    def capital(self, token: Token) -> bool:
        """Written as names are, in a text where capitals have a meaning: Smith; SMITH only when it
        is on a list, since abbreviations are written so, too."""
        if not self.cased or not token.text[0].isupper():
            return False
        if token.text.isupper() and len(token.text) > 1:
            return self.listed(token) and not self.known(token)
        return True

    @_once_a_text
    def parts(self, token: Token) -> list[str]:
        return [part for part in re.split(r"[-]", token.key) if part]

    @_once_a_text
    def given(self, token: Token) -> bool:
        first, *more = self.parts(token) or [token.key]
        return self.words.given(first) and all(
            self.words.given(part) or self.words.surname(part) for part in more
        )

    @_once_a_text
    def given_word(self, token: Token) -> bool:
        return self.words.given_word(token.key)

    @_once_a_text
    def surname(self, token: Token) -> bool:
        plain = token.key.replace("'", "")
        return (
            self.words.surname(token.key)
            or self.words.surname(plain)
            or ("-" in token.key and all(map(self.words.surname, self.parts(token))))
        )

    def abbreviation(self, token: Token) -> bool:
        """A few capitals among small letters: ASA, LIMA."""
        return self.cased and token.text.isupper() and len(token.text) <= 4

    @_once_a_text
    def listed(self, token: Token) -> bool:
        if self.abbreviation(token):
            return False
        return self.given(token) or self.given_word(token) or self.surname(token)

    @_once_a_text
    def known(self, token: Token) -> bool:
        """Medicine or English, whole or in each of its parts."""
        return self.words.known(token.key) or (
            "-" in token.key and all(map(self.words.known, self.parts(token)))
        )

    def exactly_known(self, token: Token) -> bool:
        """Medicine or English in exactly this form, not as a plural or another form."""
        return self.words.medicine(token.key) or self.words.english(token.key)

    @_once_a_text
    def medicine(self, token: Token) -> bool:
        return self.words.medicine(token.key) or self.words.drug(token.key)

    def function(self, token: Token) -> bool:
        return token.key in FUNCTION_WORDS or _CONTRACTED.fullmatch(token.key) is not None

    def common(self, token: Token) -> bool:
        """One of the commonest surnames, medicine or not: Johnson."""
        return token.key in _COMMON_SURNAMES

    @_once_a_text
    def prefixed(self, token: Token) -> bool:
        """A surname by how it begins: O'Sullivan, al-Farsi, McAllister."""
        match = _PREFIXED.match(token.key)
        if (
            match is None
            or "'" in match["rest"]
            or self.words.known(token.key)
            or self.words.eponym(match["rest"])
        ):
            return False
        inner = token.text[match.end("prefix") : match.end("prefix") + 1].isupper()
        if match["prefix"] in ("o'", "al-", "el-", "abu-", "ibn-", "mc"):
            return inner or self.words.surname(match["rest"]) or not self.words.known(match["rest"])
        return inner

    @_once_a_text
    def glued(self, token: Token) -> bool:
        """A given name and a surname without a blank between: smithjohn."""
        word = token.key
        return any(
            (self.words.given(one) and self.words.surname(other))
            or (self.words.surname(one) and self.words.given(other))
            for at in range(4, len(word) - 3)
            for one, other in [(word[:at], word[at:])]
        )

    def glued_to_initial(self, token: Token) -> bool:
        """An initial and one of the commonest surnames without a blank between: jsmith."""
        return token.key[1:] in _COMMON_SURNAMES

    @_once_a_text
    def sure(self, token: Token) -> bool:
        """A name wherever it stands: on a list of names, and nothing else."""
        if token.taken or self.function(token) or len(token.key) < 3:
            return False
        if token.key in _MONTHS_OR_NAMES:
            return False
        if self.abbreviation(token) or self.words.shorthand(token.key):
            return False
        if self.prefixed(token):
            return True
        if "-" in token.key and (
            all(map(self.words.medicine, self.parts(token)))
            or any(map(self.words.eponym, self.parts(token)))
        ):
            return False
        if (
            self.given(token)
            and not self.words.eponym(token.key)
            and not (self.words.english(token.key) and self.words.medicine(token.key))
        ):
            return True
        return self.surname(token) and not self.known(token) and not self.words.drug(token.key)

    @_once_a_text
    def unknown(self, token: Token) -> bool:
        """Neither medicine nor English nor on a list."""
        return (
            not token.taken
            and len(token.key) > 2
            and not self.known(token)
            and not self.listed(token)
            and not self.words.drug(token.key)
        )

    @_once_a_text
    def misspelled(self, token: Token) -> bool:
        """In small letters, and nearly a word of medicine."""
        return not self.capital(token) and self.words.misspelled(token.key)

    @_once_a_text
    def may_be_a_name(self, token: Token) -> bool:
        """Whether a word can be a name at all; the entity model decides on no other word."""
        if token.taken or self.function(token) or len(token.key) < 2:
            return False
        if self.sure(token):
            return True
        if self.unknown(token):
            return not self.misspelled(token)
        return self.capital(token) and (self.listed(token) or not self.known(token))

    # Words around

    def adjacent(self, at: int, signs: str = r"[ \t]*\.?[ \t]*") -> bool:
        """Whether a token follows the one before it with nothing but `signs` between."""
        return 0 < at < len(self) and re.fullmatch(signs, self[at].gap) is not None

    def gap_has_end(self, at: int) -> bool:
        """Whether a sentence ends before a token. The point of an initial or a title ends none."""
        if "." not in self[at].gap:
            return False
        return len(self[at - 1].text) > 3

    def is_eponym(self, at: int) -> bool:
        """Whether a token stands where it names something of medicine: "Wilson disease",
        "Parkinson's", "Lou Gehrig", "Crohn-type"."""
        if at not in self.eponyms:
            self.eponyms[at] = self._is_eponym(at)
        return self.eponyms[at]

    def _has_given_name(self, at: int) -> bool:
        """Whether a surname stands after a given name or an initial."""
        before = self[at - 1] if at and self.adjacent(at) else None
        if before is None or not (self.given(before) or len(before.key) == 1):
            return False
        return self.common(self[at]) or self.sure(self[at])

    def _is_eponym(self, at: int) -> bool:
        token = self[at]
        for first in range(max(0, at - 2), at + 1):
            for length in (2, 3):
                if first + length > at and first + length <= len(self):
                    keys = tuple(self[n].key for n in range(first, first + length))
                    joined = tuple(" ".join(keys).replace("-", " ").split())
                    if self.words.is_phrase(joined):
                        return True
        if "-" in token.key and self.words.is_phrase(tuple(self.parts(token))):
            return True
        following = at + 1
        while following < len(self) and self.adjacent(following, r"[ \t]*-?[ \t]*"):
            thing = self[following]
            if self.given(token) and self.capital(thing) and self.surname(thing):
                break  # Thomas Walker
            if thing.key in EPONYM_NOUNS:
                if thing.key in _FRACTURES and self._has_given_name(at):
                    return False  # John Smith fx
                if self.medicine(token) and not (self.given(token) and self.sure(token)):
                    return True
                near = following == at + 1 or thing.key in ("syndrome", "syndromes")
                return near and thing.key not in _WEAK_EPONYM_NOUNS
            if self.function(self[following]):
                break
            # "Wolff Parkinson White syndrome", "Graves eye disease"
            if following - at >= 3 or not self.medicine(self[following]):
                break
            following += 1
        return False


#: Eponym nouns that stand after many other words, too.
_WEAK_EPONYM_NOUNS = frozenset(
    """stage type class grade pump block body cells scan position response test tests fever virus
    infection""".split()
)
#: Nouns of medicine that are named after people: the "disease" of Wilson disease.
EPONYM_NOUNS = lists.words("eponym_nouns")
