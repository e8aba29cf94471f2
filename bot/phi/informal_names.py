"""Names in informal writing: with an initial, surname first, in small letters, without a blank.

Such a name looks like any other word. So each rule asks for a word that is neither medicine nor
plain English, and for a place where names stand: at the beginning, after a word for a person, or
before something that only people do.
"""

from __future__ import annotations

import re

from bot.phi.name_context import (
    NAME_CUES,
    PERSON_CUES,
    Run,
    begins_part,
    end_of_name,
    ends_part,
    is_initial,
    may_be_in_a_name,
    person_words_follow,
    surname_after_particles,
    unfamiliar,
)
from bot.phi.tokens import EPONYM_NOUNS, Token, Tokens

#: Letters that are words, or that charts write for a word: with, without, after, a.
_LETTERS_OF_CHARTS = frozenset("aicspwhxqov")
#: Letters that count the items of a list.
_LETTERS_OF_ITEMS = frozenset("abcdef")


def _initialed(tokens: Tokens, at: int) -> Run | None:
    """j. patel, a.j. smith, k nguyen"""
    if len(tokens[at].key) != 1:
        return None
    last = at + 1
    while tokens.adjacent(last) and len(tokens[last].key) == 1 and last - at < 3:
        last += 1
    if not tokens.adjacent(last):
        return None
    token = tokens[last]
    if token.taken or tokens.function(token) or tokens.words.drug(token.key):
        return None
    if tokens.is_eponym(last) or len(token.key) < 2:
        return None
    pointed = "." in token.gap
    clear = pointed or tokens[at].key not in _LETTERS_OF_CHARTS
    if tokens.sure(token) and clear:
        return at, end_of_name(tokens, last)
    named = tokens.common(token) or (tokens.surname(token) and not tokens.medicine(token))
    named |= unfamiliar(tokens, token)
    if clear and named and begins_part(tokens, at) and person_words_follow(tokens, last):
        return at, last
    if pointed and tokens.common(token) and (begins_part(tokens, at) or ends_part(tokens, last)):
        return at, last
    # A letter with a point counts items, too ("a. long"), or ends a sentence ("vitamin c. young").
    letter = tokens[at].key
    plain = letter not in _LETTERS_OF_ITEMS
    placed = plain and (letter not in _LETTERS_OF_CHARTS or begins_part(tokens, at))
    word = tokens.medicine(token) and (
        tokens.words.english(token.key) or tokens.words.shorthand(token.key)
    )
    if pointed and placed and tokens.surname(token) and not word:
        return at, last
    if pointed and plain and tokens.capital(token) and unfamiliar(tokens, token):
        return at, last
    return None


def _with_initial(tokens: Tokens, at: int) -> Run | None:
    """Singh H., Diaz E. migraine"""
    if (
        not begins_part(tokens, at)
        or not tokens.adjacent(at + 1, " ")
        or not is_initial(tokens[at + 1])
    ):
        return None
    if tokens.text[tokens[at + 1].end : tokens[at + 1].end + 1] != ".":
        return None
    token = tokens[at]
    if token.taken or tokens.function(token) or not tokens.capital(token) or tokens.is_eponym(at):
        return None
    named = tokens.surname(token) and not (
        tokens.medicine(token) and tokens.words.english(token.key)
    )
    return (at, at + 1) if named or unfamiliar(tokens, token) else None


def _surname_then_given(tokens: Tokens, at: int) -> Run | None:
    """JOHNSON JANE, patel priya"""
    if not tokens.adjacent(at + 1, " +") or not begins_part(tokens, at):
        return None
    surname, given = tokens[at], tokens[at + 1]
    if surname.taken or given.taken or not tokens.given(given):
        return None
    # "JOHNSON JANE": four capitals beside such a surname are no shorthand.
    shouted = surname.text.isupper() and given.text.isupper() and len(surname.key) > 4
    if not tokens.sure(given) and not shouted:
        return None
    if tokens.function(surname) or tokens.is_eponym(at) or tokens.is_eponym(at + 1):
        return None
    if surname.key in NAME_CUES or not _name_score(tokens, surname):
        return None
    return at, end_of_name(tokens, at + 1)


#: Words before the mother's surname, by which a newborn is called.
_BABIES = frozenset("baby babygirl babyboy newborn infant neonate twin triplet bb bg nb".split())
#: Words between those and the surname.
_OF_BABIES = frozenset("boy girl male female of a b c".split())


def _newborn(tokens: Tokens, at: int) -> Run | None:
    """baby girl Ramirez, BB Smith, twin A Jackson"""
    baby = tokens[at].key
    if baby not in _BABIES:
        return None
    first = at + 1
    while tokens.adjacent(first, r"[ \t]*") and tokens[first].key in _OF_BABIES and first - at < 3:
        first += 1
    if not tokens.adjacent(first, r"[ \t]*[:\"]?[ \t]*"):
        return None
    past = surname_after_particles(tokens, first)
    if past is not None:
        return first, end_of_name(tokens, past)
    token = tokens[first]
    if token.taken or tokens.function(token) or tokens.words.drug(token.key):
        return None
    if tokens.is_eponym(first) or token.key in EPONYM_NOUNS:
        return None
    # "on BB", "check BG": a beta blocker, a glucose
    if baby in ("bb", "bg", "nb") and not begins_part(tokens, at):
        return None
    capital = tokens.capital(token) and (tokens.listed(token) or tokens.unknown(token))
    capital &= not (tokens.medicine(token) and tokens.words.english(token.key))
    # "Novaes" is no plural of nova after "newborn".
    capital |= tokens.capital(token) and not tokens.exactly_known(token)
    if capital or tokens.common(token) or tokens.sure(token) or _unknown_noun(tokens, token):
        return first, end_of_name(tokens, first)
    return None


#: Particles that stand only before a surname.
_ALONE = frozenset("bin ibn bint abu dell della".split())


def _particled(tokens: Tokens, at: int) -> Run | None:
    """van der Merwe, de la Cruz"""
    past = surname_after_particles(tokens, at)
    if past is None or tokens.is_eponym(at) or tokens.is_eponym(past):
        return None
    token = tokens[past]
    clear = past - at > 1 or tokens[at].key in _ALONE
    if not clear and at == 0 and len(token.key) > 3:
        clear = unfamiliar(tokens, token) or (tokens.sure(token) and tokens.surname(token))
    if not clear and not (
        at > 0 and may_be_in_a_name(tokens, tokens[at - 1]) and tokens.adjacent(at)
    ):
        return None
    slot = begins_part(tokens, at) or (at > 0 and tokens[at - 1].key in PERSON_CUES)
    if tokens.words.eponym(token.key) and not slot:
        return None
    if not clear and not tokens.sure(tokens[at - 1]):
        return None
    if not (tokens.capital(token) or tokens.sure(token) or slot):
        return None
    first = at
    if (
        at > 0
        and tokens.adjacent(at)
        and not tokens[at - 1].taken
        and not tokens.function(tokens[at - 1])
        and tokens[at - 1].key not in NAME_CUES
        and (tokens.listed(tokens[at - 1]) or unfamiliar(tokens, tokens[at - 1]))
        and not tokens.medicine(tokens[at - 1])
    ):
        first -= 1
    return first, end_of_name(tokens, past)


#: Words that a name may follow directly.
_PERSON_WORDS = frozenset(
    "pt patient mr mrs father mother son daughter wife husband brother sister".split()
)


def _after_person_word(tokens: Tokens, at: int) -> Run | None:
    """pt johnson with gout, pt rezende: one word in the place of a name"""
    if at == 0:
        return None
    if tokens[at - 1].key not in _PERSON_WORDS or not tokens.adjacent(at, r"[ \t]*[:=(]?[ \t]*"):
        return None
    if tokens[at - 1].text == "PT" and tokens.cased:
        return None  # physical therapy
    token = tokens[at]
    if tokens.function(token) or tokens.is_eponym(at) or token.key in EPONYM_NOUNS:
        return None
    named = tokens.common(token) or _surname_alone(tokens, token) or _unknown_noun(tokens, token)
    if named or (tokens.given(token) and person_words_follow(tokens, at)):
        return at, end_of_name(tokens, at)
    return None


#: Verbs before a person, and those of them before a name.
_VERBS = frozenset("saw see ask tell call told asked called".split())
_NAMING = frozenset("called named".split())


def _after_verb(tokens: Tokens, at: int) -> Run | None:
    """saw nguyen, told smith"""
    if at == 0 or tokens[at - 1].key not in _VERBS or not tokens.adjacent(at):
        return None
    named = tokens.common(tokens[at]) and not tokens.is_eponym(at)
    return (at, end_of_name(tokens, at)) if named else None


def _after_named(tokens: Tokens, at: int) -> Run | None:
    """a boy named Tavian"""
    if at == 0 or tokens[at - 1].key not in _NAMING or not tokens.adjacent(at):
        return None
    token = tokens[at]
    known = tokens.medicine(token) and tokens.words.english(token.key)
    if not tokens.capital(token) or known or tokens.is_eponym(at):
        return None
    return at, end_of_name(tokens, at)


def _surname_alone(tokens: Tokens, token: Token) -> bool:
    """A surname that is no word of English, no abbreviation and no drug."""
    return (
        tokens.surname(token)
        and not tokens.words.english(token.key)
        and not tokens.words.shorthand(token.key)
        and not tokens.words.drug(token.key)
    )


#: Words after the surname of a family: "the kowalski baby".
_FAMILY = frozenset("baby babies family twin twins boy girl boys girls kid kids child".split())


def _of_family(tokens: Tokens, at: int) -> Run | None:
    """the kowalski baby"""
    if at == 0 or tokens[at - 1].key != "the" or not tokens.adjacent(at) or tokens[at].taken:
        return None
    if not tokens.adjacent(at + 1) or tokens[at + 1].key not in _FAMILY:
        return None
    token = tokens[at]
    named = tokens.sure(token) or tokens.common(token) or _surname_alone(tokens, token)
    return (at, at) if named and not tokens.is_eponym(at) else None


def _surname_first_in_text(tokens: Tokens, at: int) -> Run | None:
    """desrosiers knee scope, osullivan here, thompson has: a surname where a text begins"""
    token = tokens[at]
    if not (at == 0 or tokens[at].gap.rstrip().endswith(":")) or tokens.is_eponym(at):
        return None
    long = tokens.sure(token) and tokens.surname(token) and len(token.key) > 5
    if (long or tokens.common(token)) and person_words_follow(tokens, at):
        return at, at
    before_medicine = tokens.adjacent(at + 1) and tokens.medicine(tokens[at + 1])
    return (at, at) if long and before_medicine else None


#: Endings of verbs and adjectives, also of made-up ones.
_INFLECTED = re.compile(r"(?:ed|ing|s|al|ic|ous|ive|ly|able)$")


def _unknown_noun(tokens: Tokens, token: Token) -> bool:
    """An unknown word that is no verb or adjective: it may be a name in the place of one."""
    return (
        tokens.unknown(token)
        and len(token.key) > 4
        and not tokens.words.misspelled(token.key, 1)
        and not tokens.abbreviation(token)
        and not _INFLECTED.search(token.key)
    )


def _pair(tokens: Tokens, at: int) -> Run | None:
    """patel raj pt with, hilkka shehu needs, "knee pain - kijani torok": two words that are no
    medicine, in the place of a name."""
    if not tokens.adjacent(at + 1, r"[ \t]+"):
        return None
    pair = [tokens[at], tokens[at + 1]]
    if any(t.taken or tokens.function(t) or tokens.words.drug(t.key) for t in pair):
        return None
    if any(len(t.key) < 2 or t.key in NAME_CUES for t in pair):
        return None
    if tokens.is_eponym(at) or tokens.is_eponym(at + 1):
        return None
    score = sum(_name_score(tokens, token) for token in pair)
    if 0 in (_name_score(tokens, token) for token in pair):
        return None
    placed = begins_part(tokens, at) and (at == 0 or tokens[at].gap.endswith((" ", "\n", "(")))
    active = person_words_follow(tokens, at + 1)
    if active and not any(map(tokens.listed, pair)):
        # Both words are on no list. Two abbreviations side by side look the same.
        active = at + 2 == len(tokens) or tokens[at + 2].key not in ("w", "with")
    if score == 4 and (placed or active) and any(map(tokens.sure, pair)):
        return at, end_of_name(tokens, at + 1)
    if score > 2 and placed and (active or (at > 0 and ends_part(tokens, at + 1))):
        return at, at + 1
    return (at, at + 1) if placed and active else None


def _name_score(tokens: Tokens, token: Token) -> int:
    """How likely a word is a name by itself: 2 when it is nothing else, 1 when it is no medicine,
    0 otherwise."""
    if tokens.sure(token) or unfamiliar(tokens, token):
        return 2
    listed = tokens.surname(token) and not tokens.medicine(token)
    return int(listed or tokens.common(token) or tokens.given_word(token))


def _owner(tokens: Tokens, at: int) -> Run | None:
    """olumide's bp, thompson's labs"""
    token = tokens[at]
    if not token.text.endswith("'s") or len(token.key) < 4 or at + 1 == len(tokens):
        return None
    if not begins_part(tokens, at) or tokens[at + 1].key in EPONYM_NOUNS:
        return None
    owned = tokens.common(token) and tokens[at + 1].key in _OWNED
    return (at, at) if owned or unfamiliar(tokens, token) else None


#: What belongs to a patient, and not to the discoverer of a disease.
_OWNED = frozenset("bp chart lab labs meds results visit appt weight wt vitals insurance".split())


def _run_together(tokens: Tokens, at: int) -> Run | None:
    """smithjohn, jsmith"""
    token = tokens[at]
    if not unfamiliar(tokens, token):
        return None
    return (at, at) if tokens.glued(token) or tokens.glued_to_initial(token) else None


RULES = (
    _initialed,
    _with_initial,
    _surname_then_given,
    _newborn,
    _particled,
    _after_person_word,
    _after_verb,
    _after_named,
    _of_family,
    _surname_first_in_text,
    _pair,
    _owner,
    _run_together,
)
