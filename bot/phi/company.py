"""What stands beside a name, and how far a name goes: what all rules about names ask."""

from __future__ import annotations

import re

from bot.phi import lists
from bot.phi.tokens import Token, Tokens

Run = tuple[int, int]
#: Words for a person, after which a name may come or anything else.
CUES = lists.words("company_cues")
PERSON = CUES - frozenset(
    """for by with from per re to on of hi hello hey thanks and about called see""".split()
)
PARTICLES = lists.words("company_particles")
SUFFIXES = frozenset("jr sr ii iii iv esq".split())
#: What may follow a name of which each word is another word too ("john long dob ...").
AFTER = lists.words("company_after")
#: What only people do.
DOES = lists.words("company_does")
MOST = 5
#: An age, a sex or a word for an identifier, as they stand after a name.
AGED = re.compile(
    r"(?: ?\(\d{1,2}\))|[ \t]*[,;:(/|-]{0,2}[ \t]*"
    r"(?:(?:is|was)? ?(?:an? )?\d{1,2} ?-?(?:y/?o|yrs?|year|[mf]\b(?!/))"
    r"|(?:dob|d\.o\.b|mrn|ssn|mbi|acct|aka|mr#|phone|dod|dos)\b|[mf]\b(?!/))",
    re.I,
)


def perhaps(tokens: Tokens, token: Token) -> bool:
    return tokens.listed(token) or tokens.unknown(token) or initial(token)


def initial(token: Token) -> bool:
    return len(token.text) == 1 and token.text.isupper()


def strange(tokens: Tokens, token: Token) -> bool:
    """A whole word of which no list knows anything, and no slip of the keyboard in one."""
    return (
        tokens.unknown(token)
        and (not token.text.isascii() or not tokens.misspelled(token))
        and not tokens.abbreviation(token)
        and not tokens.words.shorthand(token.key)
        and not any(tokens.words.known(part) for part in tokens.parts(token)[1:])
        and any(letter in "aeiouy" for letter in token.key)
        and len(token.key) > 3
    )


def begins(tokens: Tokens, at: int) -> bool:
    """Whether a token begins the text or a part of it, or comes after a word for a person."""
    if at == 0 or tokens[at].first:
        return True
    cue = tokens[at - 1].key in CUES or tokens.text[: tokens[at - 1].end].lower().endswith("f/u")
    if cue and tokens.adjacent(at, r"[ \t]*[:.]?[ \t]*"):
        return True
    return re.search(r"(?:[|/;:(\n]|[ ]-)[ ]*$", tokens[at].gap) is not None


def ends(tokens: Tokens, at: int) -> bool:
    """Whether nothing of the same part comes after a token."""
    rest = tokens.text[tokens[at].end : tokens[at].end + 3].lstrip(" ")
    return not rest or rest[0] in "|/;:,.?!)\n-"


def acts(tokens: Tokens, at: int) -> bool:
    """Whether what comes after a token is what only people do or have."""
    if AGED.match(tokens.text, tokens[at].end) or _HAD.match(tokens.text, tokens[at].end):
        return True
    if at + 1 >= len(tokens) or not tokens.adjacent(at + 1, r"[ \t]*"):
        return False
    if tokens.text.startswith("w/o", tokens[at + 1].start):
        return False
    return tokens[at + 1].key in ACTS


#: What charts say of people before what they had: "s/p tkr".
_HAD = re.compile(r"[ \t]+(?:s/p|c/o|h/o|p/w|f/u|r/o)(?![\w/])", re.I)
ACTS = DOES | frozenset("pt patient needs here w with f c".split())


def past_particles(tokens: Tokens, at: int) -> int | None:
    """The surname after the particles that begin at a token: "van der Merwe". None without."""
    last = at
    if at > 0 and tokens[at].gap == "/":
        return None  # "w/o"
    while last < len(tokens) and tokens[last].key in PARTICLES and last - at < 3:
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
    if tokens.sure(token) or (tokens.capital(token) and not known) or strange(tokens, token):
        return last
    if last - at > 1 and tokens.unknown(token):
        return last
    return last if tokens.surname(token) and not known else None


def follows(tokens: Tokens, at: int) -> bool:
    """Whether what stands after a token is what stands after names."""
    rest = tokens.text[tokens[at].end :].lstrip(" ")
    if not rest or not rest[0].isalpha():
        return not rest.startswith("-")
    return at + 1 < len(tokens) and tokens[at + 1].key in AFTER


def side(tokens: Tokens, at: int) -> bool:
    """L knee, R shoulder: a side, and no initial."""
    return (
        tokens[at].key in ("l", "r")
        and tokens.text[tokens[at].end : tokens[at].end + 1] != "."
        and at + 1 < len(tokens)
        and tokens[at + 1].text.islower()
        and tokens.medicine(tokens[at + 1])
    )


def is_the_diagnosis(tokens: Tokens, at: int) -> bool:
    """Whether a word of medicine ends the text after a name, as the diagnosis does: "maria lopez
    shingles", "pt alemdar Parkinson's". Not "jane doe": three letters that are a surname, too, are
    one after a given name."""
    token = tokens[at]
    if not tokens.medicine(token) or (at + 1 < len(tokens) and tokens[at + 1].key in AFTER):
        return False
    if len(token.key) == 3 and at > 0 and tokens.given(tokens[at - 1]):
        return False
    return token.text.endswith("'s") if tokens.words.eponym(token.key) else token.text.islower()


def run_on(tokens: Tokens, at: int, *, titled: bool = False) -> int:
    """The last token of the name that a token begins or goes on."""
    last = at
    while last + 1 < len(tokens) and last + 1 - at < MOST:
        following = last + 1
        token = tokens[following]
        suffix = token.key in SUFFIXES and tokens.adjacent(following, r"[ \t]*,?[ \t]*")
        beside = not token.taken and tokens.adjacent(following, r"[ \t]*[.-]?[ \t]*")
        if not suffix and not beside:
            break
        shorthand = tokens.text[token.end : token.end + 1] == "/"  # d/o, s/p
        if token.key in SUFFIXES or (
            initial(token)
            and not shorthand
            and not tokens.gap_has_end(following)
            and not side(tokens, following)
        ):
            last = following
            continue
        past = past_particles(tokens, following)
        if past is not None:
            last = past
            continue
        if tokens.gap_has_end(following) or tokens.is_eponym(following):
            break
        if token.text.endswith("'s") and is_the_diagnosis(tokens, following):
            break
        # John Long, Emma Warmer, Maria Marfan: whatever it is, it ends the name.
        if (
            tokens.capital(token)
            and not token.text.isupper()
            and not token.text.endswith("'s")
            and (
                tokens.sure(tokens[last])
                and follows(tokens, following)
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
            and follows(tokens, following)
            and (not tokens.text[token.end :].lstrip()[:1].isdigit())
        ):
            last = following
        break
    return last
