"""Names by the words around them: a title, a word for a person, another name, an identifier.

In a coder's text a capital alone does not make a name, and a name may be in small letters. So each
rule asks for two things: words that may be a name, and something beside them that shows a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.phi import informal_names, lists
from bot.phi.cue_words import (
    AFTER_DOCTOR,
    CALLS,
    CREDENTIALS,
    DOCTOR_VERBS,
    DOUBTFUL_TITLES,
    SURE_CUES,
)
from bot.phi.name_context import (
    AGE_OR_IDENTIFIER,
    NAME_CUES,
    PERSON_CUES,
    PERSON_VERBS,
    SURNAME_PARTICLES,
    Run,
    begins_part,
    end_of_name,
    ends_part,
    is_initial,
    is_possessive_eponym,
    is_the_diagnosis,
    may_be_in_a_name,
    name_may_end,
    surname_after_particles,
    unfamiliar,
)
from bot.phi.spans import Span
from bot.phi.tokens import EPONYM_NOUNS, Token, Tokens

#: Titles: the next word is a name, whatever else it may mean.
TITLES = lists.words("titles")
#: Credentials and trades that stand after a name as often as before it.
_TRADES = ("md", "do", "np", "rn", "pa-c", "crna", "aprn")
_CUES_BY_WORD: dict[str, list[tuple[str, ...]]] = {}
for _cue in SURE_CUES:
    _CUES_BY_WORD.setdefault(_cue[0], []).append(_cue)


def find(tokens: Tokens) -> list[Span]:
    """Names by the word lists and the words around them, without the entity model. May overlap."""
    last_of: dict[int, int] = {}

    def take(first: int, last: int) -> None:
        last_of[first] = max(last, last_of.get(first, first))

    for at in range(len(tokens)):
        token = tokens[at]
        if token.taken:
            continue
        for rule in (*_RULES, *informal_names.RULES):
            run = rule(tokens, at)
            if run is not None:
                take(*_without_diagnosis(tokens, *run))
    return [_span(tokens, first, last) for first, last in last_of.items()] + list(_initials(tokens))


def _without_diagnosis(tokens: Tokens, first: int, last: int) -> Run:
    """A name without the disease that ends the text after it: "de la Cruz Parkinson's"."""
    if last > first and ends_part(tokens, last) and is_possessive_eponym(tokens, last):
        last -= 1
    return first, last


def _span(tokens: Tokens, first: int, last: int) -> Span:
    start, end = tokens[first].start, tokens[last].end
    if tokens[last].text.lower().endswith("'s"):
        end -= 2  # the possessive is no part of the name
    return Span(start, end, "NAME")


def _titled(tokens: Tokens, at: int) -> Run | None:
    """Dr. Wilson, Mr. and Mrs. Graves."""
    title = tokens[at].key
    if title not in TITLES:
        return None
    first = at + 1
    # "Mr. and Mrs. Smith", "Drs. Wilson and Graves"
    if not tokens.adjacent(first, r"[ \t]*\.?[ \t]*"):
        return None
    past = surname_after_particles(tokens, first)
    if past is not None:
        return first, end_of_name(tokens, past, titled=True)
    token = tokens[first]
    sure = title not in DOUBTFUL_TITLES or tokens[at].text in ("Ms", "Miss") or "." in token.gap
    if token.taken or (tokens.function(token) and not tokens.surname(token)):
        return None
    if tokens.function(token) and not (tokens.capital(token) or title in ("mr", "mrs", "dr")):
        return None
    if not sure and not tokens.sure(token):
        return None
    verb_follows = first + 1 < len(tokens) and tokens[first + 1].key in PERSON_VERBS | DOCTOR_VERBS
    if tokens.surname(token) and (title in ("mr", "mrs") or (title == "dr" and verb_follows)):
        return first, end_of_name(tokens, first, titled=True)
    if not (
        tokens.capital(token) or tokens.listed(token) or tokens.unknown(token) or is_initial(token)
    ):
        return None
    if not tokens.capital(token) and tokens.known(token) and not tokens.surname(token):
        return None
    # "dr order", "dr visit": no names, though some people are called so
    if not tokens.capital(token) and token.key in AFTER_DOCTOR:
        return None
    return first, end_of_name(tokens, first, titled=True)


def _cued(tokens: Tokens, at: int) -> Run | None:
    """ "pt John Smith", "seen by Wilson", "for Maria Parkinson"."""
    for cue in _CUES_BY_WORD.get(tokens[at].key, ()):
        end = at + len(cue)
        if end < len(tokens) and all(tokens[at + n].key == word for n, word in enumerate(cue)):
            first = end
            if not tokens.adjacent(first, r"[ \t]*[:=,.-]{0,2}[ \t]*(?:\n[ \t]*)?(?:is )?"):
                continue
            if tokens[first].key in ("is", "was") and first + 1 < len(tokens):
                first += 1
            token = tokens[first]
            if token.taken or tokens.function(token) or token.key in EPONYM_NOUNS:
                continue
            labelled = ":" in token.gap or "=" in token.gap
            if cue[-1] in _TRADES and not labelled and not tokens.sure(token):
                continue
            strong = tokens.sure(token) or (tokens.capital(token) and tokens.listed(token))
            strong |= tokens.capital(token) and not tokens.known(token)
            strong |= (
                (labelled or cue[-1] in ("is", "named", "name"))
                and not token.first
                and (
                    tokens.unknown(token)
                    or (
                        (tokens.given_word(token) or tokens.surname(token))
                        and name_may_end(tokens, first)
                    )
                )
            )
            if labelled and tokens.listed(token) and name_may_end(tokens, first):
                strong = True
            if labelled and tokens.unknown(token):
                strong = True
            if not tokens.cased and tokens.listed(token) and not tokens.medicine(token):
                strong = True
            if strong and not (tokens.is_eponym(first) and not tokens.sure(token)):
                last = end_of_name(tokens, first, titled=True)
                # "PATIENT: SMITH, JOHN"
                if labelled and tokens.adjacent(last + 1, r" ?, ?"):
                    after = tokens[last + 1]
                    written = tokens.capital(after) or not tokens.cased or _shouted(after)
                    given = tokens.given(after) or tokens.given_word(after) or tokens.unknown(after)
                    if written and given and not tokens.function(after) and not after.taken:
                        last = end_of_name(tokens, last + 1)
                return first, last
    therapy = tokens.cased and tokens[at].text == "PT"
    if (
        tokens[at].key in NAME_CUES
        and not therapy
        and tokens.adjacent(at + 1, r"[ \t]*[:=.-]{0,2}[ \t]*")
    ):
        token = tokens[at + 1]
        if token.taken or tokens.function(token) or tokens.is_eponym(at + 1):
            return None
        person = tokens[at].key in PERSON_CUES
        if tokens[at].key == "of" and at > 0:
            person = tokens[at - 1].key in PERSON_CUES  # "daughter of"
        if tokens.sure(token):
            return at + 1, end_of_name(tokens, at + 1)
        capital = tokens.capital(token) and not token.first
        following = tokens[at + 2].key if at + 2 < len(tokens) else ""
        if person and capital and tokens.surname(token) and following in PERSON_VERBS:
            return at + 1, at + 1
        if (
            person
            and capital
            and not tokens.words.drug(token.key)
            and (
                (tokens.listed(token) and not tokens.words.eponym(token.key))
                or tokens.unknown(token)
            )
        ):
            last = end_of_name(tokens, at + 1)
            alone = not tokens.known(token) or (
                tokens.given_word(token) and name_may_end(tokens, at + 1)
            )
            if last > at + 1 or alone:
                return at + 1, last
        # Two words that are on no list, after a word for a person.
        unknown = tokens.unknown(token) and not tokens.misspelled(token)
        if person and unknown and tokens.adjacent(at + 2):
            after = tokens[at + 2]
            if tokens.unknown(after) or (
                tokens.listed(after) and (not tokens.known(after) or name_may_end(tokens, at + 2))
            ):
                return at + 1, end_of_name(tokens, at + 2)
        # "patient mark brown, 55"
        if person and tokens.given_word(token) and tokens.adjacent(at + 2):
            after = tokens[at + 2]
            if (
                tokens.surname(after)
                and not tokens.function(after)
                and name_may_end(tokens, at + 2)
            ):
                return at + 1, at + 2
    return None


def _between_signs(tokens: Tokens, at: int) -> Run | None:
    """Two or three words that may be names, alone between two signs: "/ ana lopez /"."""
    token = tokens[at]
    before = tokens.text[: token.start].rstrip(" ")
    if before and before[-1] not in "/|;\n":
        return None
    last = at
    while tokens.adjacent(last + 1, r" +") and last - at < 2:
        last += 1
    after = tokens.text[tokens[last].end :].lstrip(" ")
    if last == at or (after and after[0] not in "/|;\n") or (not before and not after):
        return None
    run = [tokens[n] for n in range(at, last + 1)]
    if any(t.taken or tokens.function(t) or tokens.words.drug(t.key) for t in run):
        return None
    given = tokens.given(run[0]) or tokens.given_word(run[0]) or tokens.unknown(run[0])
    named = tokens.surname(run[-1]) or tokens.unknown(run[-1])
    if given and named and not all(map(tokens.medicine, run)):
        return at, last
    return None


def _last_first(tokens: Tokens, at: int) -> Run | None:
    """SMITH, JOHN Q"""
    if not tokens.adjacent(at + 1, r"[ \t]*,[ \t]*|[/^]") or tokens[at + 1].taken:
        return None
    last, first = tokens[at], tokens[at + 1]
    comma = "," in first.gap
    if not comma and not (tokens.sure(first) and tokens.given(first)):
        return None  # a slash may stand between any two words
    if tokens.function(last) or tokens.function(first) or tokens.is_eponym(at + 1):
        return None
    if first.text.endswith("'s"):
        return None  # Neuroma, Morton's
    given = tokens.given(first) or tokens.given_word(first)
    if "-" in first.key and not given and any(map(tokens.words.medicine, tokens.parts(first))):
        return None  # OSTEOPOR,AGE-RLTD
    surname = tokens.surname(last) or tokens.given(last) or tokens.unknown(last)
    if not surname or not (given or tokens.sure(first) or tokens.unknown(first)):
        return None
    capitals = tokens.capital(first) and tokens.capital(last)
    shouted = _shouted(first) and _shouted(last)
    capitals |= shouted and not (tokens.abbreviation(first) and tokens.abbreviation(last))
    after_cue = at > 0 and tokens[at - 1].key in NAME_CUES
    at_start = after_cue or at == 0 or not re.search(r"[\w,]\s*$", tokens.text[: last.start])
    if capitals and (given or tokens.sure(last)):
        # A list of diseases has commas too: "Graves, Addison".
        good = tokens.sure(first) or not tokens.medicine(last) or (at_start and given)
    elif capitals:
        good = at_start and not tokens.medicine(last) and name_may_end(tokens, at + 1)
        good |= at_start and tokens.surname(last) and name_may_end(tokens, at + 1)
        good |= (
            at_start
            and tokens.surname(last)
            and AGE_OR_IDENTIFIER.match(tokens.text, first.end) is not None
        )
        # EDWARDS, SVATOSLAV - migraine
        last_is_name = tokens.surname(last) or unfamiliar(tokens, last)
        good |= at_start and comma and last_is_name and unfamiliar(tokens, first)
    else:
        good = tokens.sure(last) and (given or tokens.sure(first))
        good |= tokens.given(first) and tokens.sure(first) and at_start and not tokens.known(last)
        good |= at_start and not tokens.cased and given and not tokens.medicine(last)
        good |= at_start and tokens.given(first) and tokens.sure(first) and tokens.surname(last)
        # "müller, jürgen", "LEE, KIM"
        no_word = tokens.surname(last) and not tokens.words.english(last.key)
        good |= at_start and comma and tokens.sure(first) and no_word
        # "singh, jagdeep"
        no_medicine = tokens.surname(last) and not tokens.medicine(last)
        good |= at_start and comma and no_medicine and unfamiliar(tokens, first)
        good |= at_start and comma and shouted and given and tokens.surname(last)
        strangers = unfamiliar(tokens, last) and unfamiliar(tokens, first)
        good |= at_start and strangers and first.gap == ", "
        if comma and at_start and last.text.isupper() and first.text.isupper():
            # POKORNA, SUMAYYA - gout
            good |= all(
                len(token.key) > 3
                and not tokens.known(token)
                and not tokens.words.drug(token.key)
                and not tokens.words.misspelled(token.key)
                for token in (last, first)
            )
    if not good:
        return None
    start = at
    while (
        start > 0
        and tokens.adjacent(start, r"[ \t-]*")
        and (
            tokens[start - 1].key in SURNAME_PARTICLES
            or (tokens.sure(tokens[start - 1]) and not tokens[start - 1].taken)
        )
    ):
        start -= 1
    return start, end_of_name(tokens, at + 1)


def _shouted(token: Token) -> bool:
    return token.text.isupper() and len(token.text) > 2


def _paired(tokens: Tokens, at: int) -> Run | None:
    """John Smith, mark rodriguez, J. Smith, Robert Graves."""
    if not tokens.adjacent(at + 1) or tokens[at + 1].taken:
        return None
    one, other = tokens[at], tokens[at + 1]
    if tokens.function(one) or tokens.is_eponym(at) or tokens.is_eponym(at + 1):
        return None
    given, word = tokens.given(one), tokens.given_word(one)
    if len(other.text) == 1 and tokens.adjacent(at + 2) and not tokens[at + 2].taken:
        # a middle initial
        third = tokens[at + 2]
        if tokens.capital(one) and tokens.capital(third) and tokens.sure(third):
            return at, end_of_name(tokens, at + 2)
        if (
            (given or word)
            and tokens.surname(third)
            and not tokens.function(third)
            and (tokens.sure(third) or tokens.capital(third) or name_may_end(tokens, at + 2))
        ):
            return at, end_of_name(tokens, at + 2)
    if (
        is_initial(one)
        and tokens.capital(other)
        and tokens.surname(other)
        and not tokens.function(other)
        and "." in other.gap
    ):
        return at, end_of_name(tokens, at + 1)
    if tokens.function(other):
        return None
    if given or word:
        if tokens.sure(other):
            return at, end_of_name(tokens, at + 1)
        capitals = tokens.capital(one) and tokens.capital(other)
        if given and capitals and (tokens.surname(other) or tokens.unknown(other)):
            return at, end_of_name(tokens, at + 1)
        if (
            given
            and tokens.surname(other)
            and not tokens.capital(other)
            and name_may_end(tokens, at + 1)
            and not is_the_diagnosis(tokens, at + 1)
        ):
            return at, at + 1
        if (
            capitals
            and (tokens.surname(other) or tokens.unknown(other))
            and (name_may_end(tokens, at + 1) or (at > 0 and tokens[at - 1].key in PERSON_CUES))
        ):
            return at, end_of_name(tokens, at + 1)
    # The first word is on no list, the second is on one.
    if (
        tokens.unknown(one)
        and tokens.capital(one)
        and tokens.capital(other)
        and (tokens.listed(other) or (tokens.unknown(other) and not one.first))
    ):
        drugs = tokens.words.drug(one.key) or tokens.words.drug(other.key)
        if not drugs and (tokens.listed(other) or tokens.cased):
            return at, end_of_name(tokens, at + 1)
    return None


def _alone(tokens: Tokens, at: int) -> Run | None:
    """A word that can only be a name: a given name in any case, a surname with a capital."""
    token = tokens[at]
    # "Dale's mother", "Nandini's daughter"
    if (
        token.text.endswith("'s")
        and tokens.capital(token)
        and tokens.adjacent(at + 1)
        and tokens[at + 1].key in PERSON_CUES - CALLS
        and token.key not in PERSON_CUES
        and not tokens.function(token)
        and (tokens.listed(token) or not tokens.known(token))
    ):
        return at, at
    following = tokens[at + 1].key if at + 1 < len(tokens) else ""
    may_be = tokens.surname(token) or tokens.given_word(token) or tokens.unknown(token)
    if token.first and tokens.capital(token) and may_be and not tokens.function(token):
        # "Brandy here, ...", "Bowman pt with ..."
        if following == "here" and not tokens.words.eponym(token.key):
            return at, at
        if following in ("pt", "patient") and not tokens.medicine(token):
            return at, at
    # Thomas is a splint, and "Thomas has gout" a patient.
    if tokens.capital(token) and tokens.given(token) and following in PERSON_VERBS:
        return at, at
    if not tokens.sure(token) or tokens.is_eponym(at):
        return None
    before = tokens[at - 1] if at > 0 else token
    if tokens.capital(token) and tokens.surname(token) and before is not token:
        # Peace Okafor, at the beginning or after a sign
        begins = at == 1 or re.search(r"[|/;:(]\s*$", tokens.text[: before.start])
        named = tokens.listed(before) or tokens.unknown(before)
        if (
            begins
            and named
            and tokens.capital(before)
            and tokens.adjacent(at)
            and not (before.taken or tokens.function(before) or tokens.medicine(before))
        ):
            return at - 1, end_of_name(tokens, at)
    if tokens.given(token) or (tokens.capital(token) and not token.text.isupper()):
        return at, end_of_name(tokens, at)
    # "okafor, chest pain"
    listed = token.first and ends_part(tokens, at) and at + 1 < len(tokens)
    return (at, at) if listed and len(token.key) > 4 else None


def _beside(tokens: Tokens, at: int) -> Run | None:
    """Names before an identifier or an age: "okonkwo chidi 45yo"."""
    token = tokens[at]
    end = token.end
    after = AGE_OR_IDENTIFIER.match(tokens.text, end)
    if after is None and not any(
        0 <= s.start - end <= 2 for s in tokens.found if s.kind in _PERSONAL
    ):
        return None
    first = at
    while first > 0 and at - first < 3 and tokens.adjacent(first, r"[ \t]*[,.]?[ \t]*"):
        before = tokens[first - 1]
        if (
            before.taken
            or tokens.function(before)
            or not may_be_in_a_name(tokens, before)
            or tokens.is_eponym(first - 1)
        ):
            break
        first -= 1
    run = [tokens[n] for n in range(first, at + 1)]
    if tokens.function(token) or not may_be_in_a_name(tokens, token) or tokens.is_eponym(at):
        return None
    if any(tokens.sure(t) for t in run):
        while first < at and not (
            tokens.sure(tokens[first])
            or tokens.given_word(tokens[first])
            or tokens.capital(tokens[first])
            or tokens.unknown(tokens[first])
        ):
            first += 1
        return first, at
    whole = [t for t in run if not is_initial(t)]
    if (
        len(whole) > 1
        and any(tokens.surname(t) for t in (whole[0], whole[-1]))
        and any(
            tokens.given(t) or tokens.given_word(t) or tokens.unknown(t)
            for t in (whole[0], whole[-1])
        )
    ):
        return first, at
    labelled = after is None or after[0][-1] not in "mMfF"
    if len(run) == 1 and labelled and begins_part(tokens, at) and unfamiliar(tokens, token):
        return at, at  # "jsmith mrn 88213", "yahayakevin dob ..."
    in_age = re.match(r" ?\(\d{1,2}\)", tokens.text[end : end + 6])
    if (
        in_age
        and tokens.capital(token)
        and not tokens.words.eponym(token.key)
        and (tokens.given_word(token) or tokens.unknown(token))
    ):
        return first, at
    if (
        len(run) > 1
        and not any(tokens.medicine(t) for t in run)
        and all(tokens.listed(t) or tokens.unknown(t) for t in run)
    ):
        return first, at
    return None


_PERSONAL = ("MRN", "SSN", "DATE", "MEMBER ID", "PHONE", "EMAIL", "AGE", "ACCOUNT", "ADDRESS")


def _credentialed(tokens: Tokens, at: int) -> Run | None:
    """Jane Roe, MD"""
    token = tokens[at]
    if tokens.function(token) or not CREDENTIALS.match(tokens.text, token.end):
        return None
    if not (
        (tokens.capital(token) and (tokens.listed(token) or tokens.unknown(token)))
        or tokens.sure(token)
    ):
        return None
    if tokens.is_eponym(at):
        return None
    first = at
    while (
        first > 0
        and at - first < 3
        and tokens.adjacent(first)
        and (tokens.capital(tokens[first - 1]) or is_initial(tokens[first - 1]))
        and not tokens[first - 1].taken
        and not tokens.function(tokens[first - 1])
    ):
        first -= 1
    return first, at


_INITIALS = re.compile(
    r"\b(?:pt|patient|client|initials?|member)(?: initials?)?[ :]+(?:are |is )?"
    r"((?:[A-Z]\.[ ]?){2,3}|(?<=nitials )[A-Z]{2,3}\b|(?<=nitials: )[A-Z]{2,3}\b)"
)


def _initials(tokens: Tokens) -> Iterator[Span]:
    """pt J.S., initials JS"""
    for match in _INITIALS.finditer(tokens.text):
        yield Span(match.start(1), match.end(1), "NAME")


_RULES = (_titled, _cued, _between_signs, _last_first, _paired, _alone, _beside, _credentialed)
