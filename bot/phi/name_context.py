"""The words around a name, and where a name ends. All rules for names use these functions."""

from __future__ import annotations

import re

from bot.phi import lists
from bot.phi.tokens import Token, Tokens

Run = tuple[int, int]
#: Words after which a name often comes.
NAME_CUES = lists.words("name_cues")
#: Those of them that are words for a person.
PERSON_CUES = NAME_CUES - frozenset(
    """for by with from per re to on of hi hello hey thanks and about called see""".split()
)
SURNAME_PARTICLES = lists.words("surname_particles")
SUFFIXES = frozenset("jr sr ii iii iv esq".split())
#: What may follow a name whose parts are also ordinary words ("john long dob ...").
AFTER_NAMES = lists.words("after_names")
#: Verbs whose subject is a person.
PERSON_VERBS = lists.words("person_verbs")
#: The most words in a name.
MOST_TOKENS = 5
#: An age, a sex or a word for an identifier, as written after a name.
AGE_OR_IDENTIFIER = re.compile(
    r"(?: ?\(\d{1,2}\))|[ \t]*[,;:(/|-]{0,2}[ \t]*"
    r"(?:(?:is|was)? ?(?:an? )?\d{1,2} ?-?(?:y/?o|yrs?|year|[mf]\b(?!/))"
    r"|(?:dob|d\.o\.b|mrn|ssn|mbi|acct|aka|mr#|phone|dod|dos)\b|[mf]\b(?!/))",
    re.I,
)


def may_be_in_a_name(tokens: Tokens, token: Token) -> bool:
    return tokens.listed(token) or tokens.unknown(token) or is_initial(token)


def is_initial(token: Token) -> bool:
    return len(token.text) == 1 and token.text.isupper()


def unfamiliar(tokens: Tokens, token: Token) -> bool:
    """Whether a word is on no list, is no abbreviation, and is no misspelled word of medicine."""
    return (
        tokens.unknown(token)
        and (not token.text.isascii() or not tokens.misspelled(token))
        and not tokens.abbreviation(token)
        and not tokens.words.shorthand(token.key)
        and not any(tokens.words.known(part) for part in tokens.parts(token)[1:])
        and any(letter in "aeiouy" for letter in token.key)
        and len(token.key) > 3
    )


def begins_part(tokens: Tokens, at: int) -> bool:
    """Whether a token begins the text or a part of it, or follows one of NAME_CUES."""
    if at == 0 or tokens[at].first:
        return True
    cue = tokens[at - 1].key in NAME_CUES or tokens.text[: tokens[at - 1].end].lower().endswith(
        "f/u"
    )
    if cue and tokens.adjacent(at, r"[ \t]*[:.]?[ \t]*"):
        return True
    return re.search(r"(?:[|/;:(\n]|[ ]-)[ ]*$", tokens[at].gap) is not None


def ends_part(tokens: Tokens, at: int) -> bool:
    """Whether a token ends the text or a part of it: a sign or a line break follows."""
    rest = tokens.text[tokens[at].end : tokens[at].end + 3].lstrip(" ")
    return not rest or rest[0] in "|/;:,.?!)\n-"


def person_words_follow(tokens: Tokens, at: int) -> bool:
    """Whether an age, an identifier, or something that only people do or have follows a token."""
    end = tokens[at].end
    if AGE_OR_IDENTIFIER.match(tokens.text, end) or _CHART_SHORTHAND.match(tokens.text, end):
        return True
    if at + 1 >= len(tokens) or not tokens.adjacent(at + 1, r"[ \t]*"):
        return False
    if tokens.text.startswith("w/o", tokens[at + 1].start):
        return False
    return tokens[at + 1].key in PERSON_WORDS


#: Abbreviations between a patient and a condition or procedure: "s/p tkr".
_CHART_SHORTHAND = re.compile(r"[ \t]+(?:s/p|c/o|h/o|p/w|f/u|r/o)(?![\w/])", re.I)
PERSON_WORDS = PERSON_VERBS | frozenset("pt patient needs here w with f c".split())


def surname_after_particles(tokens: Tokens, at: int) -> int | None:
    """The index of the surname whose particles begin at a token: "van der Merwe". None when no
    surname follows."""
    last = at
    if at > 0 and tokens[at].gap == "/":
        return None  # "w/o"
    while last < len(tokens) and tokens[last].key in SURNAME_PARTICLES and last - at < 3:
        if last > at and not tokens.adjacent(last, r"[ \t'-]*"):
            return None
        last += 1
    if last == at or not tokens.adjacent(last, r"[ \t'-]*"):
        return None
    token = tokens[last]
    if token.taken or tokens.function(token) or tokens.words.drug(token.key):
        return None
    named = tokens.words.eponym(token.key) or (
        tokens.surname(token) and not tokens.words.english(token.key)
    )
    known = tokens.medicine(token) and not named
    if tokens.sure(token) or (tokens.capital(token) and not known) or unfamiliar(tokens, token):
        return last
    if last - at > 1 and tokens.unknown(token):
        return last
    return last if tokens.surname(token) and not known else None


def name_may_end(tokens: Tokens, at: int) -> bool:
    """Whether a name may end at a token: one of AFTER_NAMES, a number or a sign follows."""
    rest = tokens.text[tokens[at].end :].lstrip(" ")
    if not rest or not rest[0].isalpha():
        return not rest.startswith("-")
    return at + 1 < len(tokens) and tokens[at + 1].key in AFTER_NAMES


def is_side(tokens: Tokens, at: int) -> bool:
    """Whether a letter is a side and no initial: L knee, R shoulder."""
    return (
        tokens[at].key in ("l", "r")
        and tokens.text[tokens[at].end : tokens[at].end + 1] != "."
        and at + 1 < len(tokens)
        and tokens[at + 1].text.islower()
        and tokens.medicine(tokens[at + 1])
    )


def is_possessive_eponym(tokens: Tokens, at: int) -> bool:
    """Whether a token is a disease in the possessive, and so no part of a name: Parkinson's. Not
    when a word follows that stands after names: "maria parkinson's chart"."""
    token = tokens[at]
    if not (token.text.endswith("'s") and tokens.words.eponym(token.key)):
        return False
    return not (tokens.adjacent(at + 1, r"[ \t]+") and tokens[at + 1].key in AFTER_NAMES)


def is_the_diagnosis(tokens: Tokens, at: int) -> bool:
    """Whether the word after a name is the diagnosis and no part of the name: "maria lopez
    shingles", "pt alemdar Parkinson's". Not in "jane doe": three letters after a given name are a
    surname."""
    token = tokens[at]
    if not tokens.medicine(token) or (at + 1 < len(tokens) and tokens[at + 1].key in AFTER_NAMES):
        return False
    if len(token.key) == 3 and at > 0 and tokens.given(tokens[at - 1]):
        return False
    if tokens.words.eponym(token.key):
        return is_possessive_eponym(tokens, at)
    return token.text.islower()


def end_of_name(tokens: Tokens, at: int, *, titled: bool = False) -> int:
    """The index of the last token of a name, where `at` is one of its tokens. After a title, an
    unknown word is taken for a surname even when capitals have a meaning in the text."""
    last = at
    while last + 1 < len(tokens) and last + 1 - at < MOST_TOKENS:
        following = last + 1
        token = tokens[following]
        suffix = token.key in SUFFIXES and tokens.adjacent(following, r"[ \t]*,?[ \t]*")
        beside = not token.taken and tokens.adjacent(following, r"[ \t]*[.-]?[ \t]*")
        if not suffix and not beside:
            break
        shorthand = tokens.text[token.end : token.end + 1] == "/"  # d/o, s/p
        if token.key in SUFFIXES or (
            is_initial(token)
            and not shorthand
            and not tokens.gap_has_end(following)
            and not is_side(tokens, following)
        ):
            last = following
            continue
        past = surname_after_particles(tokens, following)
        if past is not None:
            last = past
            continue
        if tokens.gap_has_end(following) or tokens.is_eponym(following):
            break
        if is_possessive_eponym(tokens, following):
            break
        # John Long, Emma Warmer, Maria Marfan: a capital after a sure name is its last part.
        if (
            tokens.capital(token)
            and not token.text.isupper()
            and not token.text.endswith("'s")
            and (
                tokens.sure(tokens[last])
                and name_may_end(tokens, following)
                and not tokens.words.drug(token.key)
            )
        ):
            last = following
            continue
        if tokens.function(token):
            break
        if tokens.sure(token):
            last = following
            continue
        if (
            tokens.capital(token)
            and (tokens.listed(token) or tokens.unknown(token))
            and not tokens.words.drug(token.key)
        ):
            last = following
            continue
        if (
            tokens.unknown(token)
            and (titled or not tokens.cased)
            and tokens.sure(tokens[last])
            and following - at == 1
        ):
            last = following
            continue
        lower = not tokens.capital(token) and not tokens.capital(tokens[last])
        if (
            lower
            and tokens.surname(token)
            and not is_the_diagnosis(tokens, following)
            and following - at == 1
            and name_may_end(tokens, following)
            and (not tokens.text[token.end :].lstrip()[:1].isdigit())
        ):
            last = following
        break
    return last
