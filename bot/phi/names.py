"""Names by the company they keep: a title, a word for a person, another name, an identifier.

A capital alone is no sign of a name in a coder's text, and its absence no sign that there is none,
so each rule asks for two things: words that may be a name, and something that speaks for a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.phi.spans import Span
from bot.phi.tokens import THINGS, Token, Tokens

#: Titles: what follows is a person, whatever else its name may be.
_TITLES = frozenset(
    """mr mrs ms miss mx mister missus dr drs doctor prof professor rev reverend pastor rabbi imam
    sgt cpl capt maj col judge atty attorney señor señora senor senora mme herr frau""".split()
)
#: Titles that are something else more often: multiple sclerosis, left, column.
_DOUBTFUL_TITLES = frozenset("ms miss col capt maj mx doctor".split())
#: What only a person can come after.
_SURE_CUES = [
    tuple(cue.split())
    for cue in """md; do; np; rn; pa-c; crna; aprn; seen by; evaluated by; examined by; referred by; ordered by;
    signed by; dictated by; treated by; accompanied by; brought by; assisted by;
    read by; reviewed by; prescribed by; cosigned by; followed by; performed by;
    documented by; called by; name is; names is; named; aka; attn; sincerely;
    regards; pcp; surgeon; attending; physician; provider; spoke with; spoke to;
    talked to; signed; emergency contact; next of kin; surname; lastname; firstname;
    last name; first name; full name; maiden name; patient name; pt name; name;
    guarantor; subscriber; insured; policyholder; beneficiary; caregiver; guardian;
    poa; this is; dear; cc; anesthesiologist; radiologist; pathologist; resident;
    nurse; midwife; dentist; pharmacist; therapist; scribe; coder; goes by; known
    as; formerly; nee; née; per dr; cardiologist; oncologist; neurologist;
    hospitalist; intensivist; pediatrician; psychiatrist; gastroenterologist;
    orthopedist; urologist; nephrologist; dermatologist; endocrinologist;
    rheumatologist""".split(";")
]
#: What stands after a name as often as before it.
_TRADES = ("md", "do", "np", "rn", "pa-c", "crna", "aprn")
_CUES_BY_WORD: dict[str, list[tuple[str, ...]]] = {}
for _cue in _SURE_CUES:
    _CUES_BY_WORD.setdefault(_cue[0], []).append(_cue)
#: Words for a person, after which a name may come or anything else.
_CUES = frozenset(
    """pt pts patient patients pat client member for by with from per re to mother father mom
    dad son daughter wife husband spouse brother sister aunt uncle grandmother grandfather
    grandson granddaughter niece nephew cousin partner fiance fiancee friend neighbor baby
    twin infant child boy girl male female man woman lady gentleman mr mrs on of hi hello
    hey thanks and name guy kid newborn veteran resident decedent donor recipient about
    called saw see ask tell inmate student employee coworker colleague boss manager
    supervisor assistant biller tech auditor call contact text phone notify reach""".split()
)
_PERSON = _CUES - frozenset(
    """for by with from per re to on of hi hello hey thanks and about called see""".split()
)
_CALLS = frozenset("call contact text phone notify reach ask tell saw".split())
_PARTICLES = frozenset(
    """de la del della di da dos das do du van von der den ter ten el al bin ibn bint ben bar st
    san le mc mac o d abu y e""".split()
)
_SUFFIXES = frozenset("jr sr ii iii iv esq".split())
_CREDENTIALS = re.compile(
    r",?\s*(?:M\.?D|D\.?O|R\.?N|N\.?P|PA-?C|PA|Ph\.?D|DPM|DDS|DMD|LCSW|LMFT|CRNA|APRN|ARNP|FNP(?:-?B?C)?|DNP|MBBS|RNFA|CNM|CPC|RHIA|RHIT|CCS|BSN|MSN|FACS|FACP|PharmD|OD|DC|PsyD|LPC|CNS|AuD)\b\.?"
)
#: What may follow a name of which each word is another word too ("john long dob ...").
_AFTER = frozenset(
    """dob mrn ssn has is was with who here seen presents presented needs had came complains
    denies admitted underwent fell diagnosed reports taking yo age aged phone acct member and
    in on for at from's called states says wants asked id dos account claim whose she he dx s
    c h w m f y male female date sex gender diagnosis lives lived""".split()
)
#: What doctors do.
_ORDERS = frozenset(
    "ordered saw recommends performed wrote documented billed dictated prescribed did".split()
)
#: What only people do.
_DOES = frozenset(
    """has had is was who seen denies presents presented complains needs wants called came fell
    reports says states underwent lives takes asked went refused agreed tolerated
    requests""".split()
)
_MOST = 5


def find(tokens: Tokens) -> list[Span]:
    """Names that the lists and the words around them tell; a model is not asked."""
    found: dict[int, int] = {}

    def take(first: int, last: int) -> None:
        found[first] = max(last, found.get(first, first))

    for at in range(len(tokens)):
        token = tokens[at]
        if token.taken:
            continue
        for rule in (
            _titled,
            _cued,
            _between_signs,
            _last_first,
            _paired,
            _alone,
            _beside,
            _credentialed,
            _initialed,
            _with_initial,
            _before_given,
            _born,
            _particled,
            _slotted,
            _pair_in_slot,
            _owner,
            _glued,
        ):
            run = rule(tokens, at)
            if run is not None:
                take(*run)
    return [_span(tokens, first, last) for first, last in found.items()] + list(_initials(tokens))


def _span(tokens: Tokens, first: int, last: int) -> Span:
    start, end = tokens[first].start, tokens[last].end
    if tokens[last].text.lower().endswith("'s"):
        end -= 2  # the possessive is no part of the name
    return Span(start, end, "NAME")


Run = tuple[int, int]
_NAME_GAP = r"[ \t]*\.?[ \t]*"


def _titled(tokens: Tokens, at: int) -> Run | None:
    """Dr. Wilson, Mr. and Mrs. Graves."""
    title = tokens[at].key
    if title not in _TITLES:
        return None
    first = at + 1
    # "Mr. and Mrs. Smith", "Drs. Wilson and Graves"
    if not tokens.adjacent(first, r"[ \t]*\.?[ \t]*"):
        return None
    past = _past_particles(tokens, first)
    if past is not None:
        return first, _run_on(tokens, past, titled=True)
    token = tokens[first]
    sure = title not in _DOUBTFUL_TITLES or tokens[at].text in ("Ms", "Miss") or "." in token.gap
    if token.taken or (tokens.function(token) and not tokens.surname(token)):
        return None
    if tokens.function(token) and not (tokens.capital(token) or title in ("mr", "mrs", "dr")):
        return None
    if not sure and not tokens.sure(token):
        return None
    acts = first + 1 < len(tokens) and tokens[first + 1].key in _DOES | _ORDERS
    if tokens.surname(token) and (title in ("mr", "mrs") or (title == "dr" and acts)):
        return first, _run_on(tokens, first, titled=True)
    if not (
        tokens.capital(token) or tokens.listed(token) or tokens.unknown(token) or _initial(token)
    ):
        return None
    if not tokens.capital(token) and tokens.known(token) and not tokens.surname(token):
        return None
    # "dr order", "dr visit": not names, whoever is called so
    if not tokens.capital(token) and token.key in _ABOUT_DOCTORS:
        return None
    return first, _run_on(tokens, first, titled=True)


_ABOUT_DOCTORS = frozenset(
    """order orders ordered note notes visit visits office said says wants wrote states stated
    appointment appt consult charge charges bill fee recommends recommended referral documentation
    documented query""".split()
)


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
            if token.taken or tokens.function(token) or token.key in THINGS:
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
                        and _follows(tokens, first)
                    )
                )
            )
            if labelled and tokens.listed(token) and _follows(tokens, first):
                strong = True
            if labelled and tokens.unknown(token):
                strong = True
            if not tokens.cased and tokens.listed(token) and not tokens.medicine(token):
                strong = True
            if strong and not (tokens.is_eponym(first) and not tokens.sure(token)):
                last = _run_on(tokens, first, titled=True)
                # "PATIENT: SMITH, JOHN"
                if labelled and tokens.adjacent(last + 1, r" ?, ?"):
                    after = tokens[last + 1]
                    written = tokens.capital(after) or not tokens.cased or _shouted(after)
                    given = tokens.given(after) or tokens.given_word(after) or tokens.unknown(after)
                    if written and given and not tokens.function(after) and not after.taken:
                        last = _run_on(tokens, last + 1)
                return first, last
    therapy = tokens.cased and tokens[at].text == "PT"
    if (
        tokens[at].key in _CUES
        and not therapy
        and tokens.adjacent(at + 1, r"[ \t]*[:=.-]{0,2}[ \t]*")
    ):
        token = tokens[at + 1]
        if token.taken or tokens.function(token) or tokens.is_eponym(at + 1):
            return None
        person = tokens[at].key in _PERSON
        if tokens[at].key == "of" and at > 0:
            person = tokens[at - 1].key in _PERSON  # "daughter of"
        if tokens.sure(token):
            return at + 1, _run_on(tokens, at + 1)
        capital = tokens.capital(token) and not token.first
        following = tokens[at + 2].key if at + 2 < len(tokens) else ""
        if person and capital and tokens.surname(token) and following in _DOES:
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
            last = _run_on(tokens, at + 1)
            alone = not tokens.known(token) or (
                tokens.given_word(token) and _follows(tokens, at + 1)
            )
            if last > at + 1 or alone:
                return at + 1, last
        # Two words that nobody knows, after a word for a person.
        unknown = tokens.unknown(token) and not tokens.misspelled(token)
        if person and unknown and tokens.adjacent(at + 2):
            after = tokens[at + 2]
            if tokens.unknown(after) or (
                tokens.listed(after) and (not tokens.known(after) or _follows(tokens, at + 2))
            ):
                return at + 1, _run_on(tokens, at + 2)
        # "patient mark brown, 55"
        if person and tokens.given_word(token) and tokens.adjacent(at + 2):
            after = tokens[at + 2]
            if tokens.surname(after) and not tokens.function(after) and _follows(tokens, at + 2):
                return at + 1, at + 2
    return None


def _between_signs(tokens: Tokens, at: int) -> Run | None:
    """Two or three words that may be names and have a field to themselves: "/ ana lopez /"."""
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
        return None  # a slash stands between anything
    if tokens.function(last) or tokens.function(first) or tokens.is_eponym(at + 1):
        return None
    if first.text.endswith("'s"):
        return None  # Neuroma, Morton's
    given = tokens.given(first) or tokens.given_word(first)
    surname = tokens.surname(last) or tokens.given(last) or tokens.unknown(last)
    if not surname or not (given or tokens.sure(first) or tokens.unknown(first)):
        return None
    capitals = tokens.capital(first) and tokens.capital(last)
    shouted = _shouted(first) and _shouted(last)
    capitals |= shouted and not (tokens.abbreviation(first) and tokens.abbreviation(last))
    begins_with_cue = at > 0 and tokens[at - 1].key in _CUES
    begins = begins_with_cue or at == 0 or not re.search(r"[\w,]\s*$", tokens.text[: last.start])
    if capitals and (given or tokens.sure(last)):
        # A list of diseases has commas too: "Graves, Addison".
        good = tokens.sure(first) or not tokens.medicine(last) or (begins and given)
    elif capitals:
        good = begins and not tokens.medicine(last) and _follows(tokens, at + 1)
        good |= begins and tokens.surname(last) and _follows(tokens, at + 1)
        good |= begins and tokens.surname(last) and _AGED.match(tokens.text, first.end) is not None
    elif comma and begins and last.text.isupper() and first.text.isupper():
        # POKORNA, SUMAYYA - gout
        words = (last, first)
        good = all(len(t.key) > 3 and not tokens.known(t) for t in words) and not any(
            tokens.words.drug(t.key) or tokens.words.misspelled(t.key) for t in words
        )
    else:
        good = tokens.sure(last) and (given or tokens.sure(first))
        good |= tokens.given(first) and tokens.sure(first) and begins and not tokens.known(last)
        good |= begins and not tokens.cased and given and not tokens.medicine(last)
        good |= begins and tokens.given(first) and tokens.sure(first) and tokens.surname(last)
        strangers = _strange(tokens, last) and _strange(tokens, first)
        good |= begins and strangers and first.gap == ", "
    if not good:
        return None
    start = at
    while (
        start > 0
        and tokens.adjacent(start, r"[ \t-]*")
        and (
            tokens[start - 1].key in _PARTICLES
            or (tokens.sure(tokens[start - 1]) and not tokens[start - 1].taken)
        )
    ):
        start -= 1
    return start, _run_on(tokens, at + 1)


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
            return at, _run_on(tokens, at + 2)
        if (
            (given or word)
            and tokens.surname(third)
            and not tokens.function(third)
            and (tokens.sure(third) or tokens.capital(third) or _follows(tokens, at + 2))
        ):
            return at, _run_on(tokens, at + 2)
    if (
        _initial(one)
        and tokens.capital(other)
        and tokens.surname(other)
        and not tokens.function(other)
        and "." in other.gap
    ):
        return at, _run_on(tokens, at + 1)
    if tokens.function(other):
        return None
    if given or word:
        if tokens.sure(other):
            return at, _run_on(tokens, at + 1)
        capitals = tokens.capital(one) and tokens.capital(other)
        if given and capitals and (tokens.surname(other) or tokens.unknown(other)):
            return at, _run_on(tokens, at + 1)
        if (
            given
            and tokens.surname(other)
            and not tokens.capital(other)
            and _follows(tokens, at + 1)
            and not _is_the_diagnosis(tokens, at + 1)
        ):
            return at, at + 1
        if (
            capitals
            and (tokens.surname(other) or tokens.unknown(other))
            and (_follows(tokens, at + 1) or (at > 0 and tokens[at - 1].key in _PERSON))
        ):
            return at, _run_on(tokens, at + 1)
    # Nobody knows the first, and the other is on a list.
    if (
        tokens.unknown(one)
        and tokens.capital(one)
        and tokens.capital(other)
        and (tokens.listed(other) or (tokens.unknown(other) and not one.first))
    ):
        drugs = tokens.words.drug(one.key) or tokens.words.drug(other.key)
        if not drugs and (tokens.listed(other) or tokens.cased):
            return at, _run_on(tokens, at + 1)
    return None


def _alone(tokens: Tokens, at: int) -> Run | None:
    """A name that is nothing else: a given name however written, a surname with its capital."""
    token = tokens[at]
    # "Dale's mother", "Nandini's daughter"
    if (
        token.text.endswith("'s")
        and tokens.capital(token)
        and tokens.adjacent(at + 1)
        and tokens[at + 1].key in _PERSON - _CALLS
        and token.key not in _PERSON
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
    if tokens.capital(token) and tokens.given(token) and following in _DOES:
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
            return at - 1, _run_on(tokens, at)
    if tokens.given(token) or (tokens.capital(token) and not token.text.isupper()):
        return at, _run_on(tokens, at)
    return None


#: An age, a sex or a word for an identifier, as they stand after a name.
_AGED = re.compile(
    r"(?: ?\(\d{1,2}\))|[ \t]*[,;:(/|-]{0,2}[ \t]*"
    r"(?:(?:is|was)? ?(?:an? )?\d{1,2} ?-?(?:y/?o|yrs?|year|[mf]\b)"
    r"|(?:dob|d\.o\.b|mrn|ssn|mbi|acct|aka|mr#|phone|dod|dos)\b|[mf]\b)",
    re.I,
)


def _beside(tokens: Tokens, at: int) -> Run | None:
    """Names that stand before an identifier or an age: "okonkwo chidi 45yo"."""
    token = tokens[at]
    end = token.end
    after = _AGED.match(tokens.text, end)
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
            or not _perhaps(tokens, before)
            or tokens.is_eponym(first - 1)
        ):
            break
        first -= 1
    run = [tokens[n] for n in range(first, at + 1)]
    if tokens.function(token) or not _perhaps(tokens, token) or tokens.is_eponym(at):
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
    whole = [t for t in run if not _initial(t)]
    if (
        len(whole) > 1
        and any(tokens.surname(t) for t in (whole[0], whole[-1]))
        and any(
            tokens.given(t) or tokens.given_word(t) or tokens.unknown(t)
            for t in (whole[0], whole[-1])
        )
    ):
        return first, at
    if len(run) == 1 and _begins(tokens, at) and _strange(tokens, token):
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
    if tokens.function(token) or not _CREDENTIALS.match(tokens.text, token.end):
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
        and (tokens.capital(tokens[first - 1]) or _initial(tokens[first - 1]))
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


#: Letters that are words, or that charts use for them: with, without, after, a.
_LETTERS_OF_CHARTS = frozenset("aicspwhxqov")


def _initialed(tokens: Tokens, at: int) -> Run | None:
    """j. patel, a.j. smith, k nguyen"""
    if len(tokens[at].key) != 1 or (
        at > 0 and tokens[at - 1].text.isalpha() and _glued_to(tokens, at)
    ):
        return None
    last = at + 1
    while (
        last < len(tokens)
        and len(tokens[last].key) == 1
        and tokens.adjacent(last)
        and last - at < 3
    ):
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
        return at, _run_on(tokens, last)
    named = tokens.common(token) or (tokens.surname(token) and not tokens.medicine(token))
    named |= _strange(tokens, token)
    if clear and named and _begins(tokens, at) and _acts(tokens, last):
        return at, last
    if pointed and tokens.common(token) and (_begins(tokens, at) or _ends(tokens, last)):
        return at, last
    return None


def _with_initial(tokens: Tokens, at: int) -> Run | None:
    """Singh H., Diaz E. migraine"""
    if not _begins(tokens, at) or not tokens.adjacent(at + 1, " ") or not _initial(tokens[at + 1]):
        return None
    if tokens.text[tokens[at + 1].end : tokens[at + 1].end + 1] != ".":
        return None
    token = tokens[at]
    if token.taken or tokens.function(token) or not tokens.capital(token) or tokens.is_eponym(at):
        return None
    named = tokens.surname(token) and not (
        tokens.medicine(token) and tokens.words.english(token.key)
    )
    return (at, at + 1) if named or _strange(tokens, token) else None


def _before_given(tokens: Tokens, at: int) -> Run | None:
    """JOHNSON JANE, patel priya"""
    if not tokens.adjacent(at + 1, " +") or not _begins(tokens, at):
        return None
    surname, given = tokens[at], tokens[at + 1]
    if surname.taken or given.taken or not tokens.given(given) or not tokens.sure(given):
        return None
    if tokens.function(surname) or tokens.is_eponym(at) or tokens.is_eponym(at + 1):
        return None
    return (
        (at, _run_on(tokens, at + 1))
        if _speaks(tokens, surname) and surname.key not in _CUES
        else None
    )


def _glued_to(tokens: Tokens, at: int) -> bool:
    return tokens[at].gap == ""


#: Who is called by a mother's surname.
_BABIES = frozenset("baby newborn infant neonate twin triplet bb bg nb".split())
_OF_BABIES = frozenset("boy girl male female of a b c".split())


def _born(tokens: Tokens, at: int) -> Run | None:
    """baby girl Ramirez, BB Smith, twin A Jackson"""
    baby = tokens[at].key
    if baby not in _BABIES:
        return None
    first = at + 1
    while tokens.adjacent(first, r"[ \t]*") and tokens[first].key in _OF_BABIES and first - at < 3:
        first += 1
    if not tokens.adjacent(first, r"[ \t]*[:\"]?[ \t]*"):
        return None
    past = _past_particles(tokens, first)
    if past is not None:
        return first, _run_on(tokens, past)
    token = tokens[first]
    if token.taken or tokens.function(token) or tokens.words.drug(token.key):
        return None
    if tokens.is_eponym(first) or token.key in THINGS:
        return None
    # "on BB", "check BG": a beta blocker, a glucose
    if baby in ("bb", "bg", "nb") and not _begins(tokens, at):
        return None
    capital = tokens.capital(token) and (tokens.listed(token) or tokens.unknown(token))
    capital &= not (tokens.medicine(token) and tokens.words.english(token.key))
    # "Novaes" is no plural of nova after "newborn".
    capital |= tokens.capital(token) and not tokens.exactly_known(token)
    if capital or tokens.common(token) or tokens.sure(token) or _unheard_of(tokens, token):
        return first, _run_on(tokens, first)
    return None


def _particled(tokens: Tokens, at: int) -> Run | None:
    """van der Merwe, de la Cruz"""
    past = _past_particles(tokens, at)
    if past is None or tokens.is_eponym(at) or tokens.is_eponym(past):
        return None
    two = past - at > 1 or tokens[at].key in _ALONE
    if not two and not (at > 0 and _perhaps(tokens, tokens[at - 1]) and tokens.adjacent(at)):
        return None
    token = tokens[past]
    slot = _begins(tokens, at) or (at > 0 and tokens[at - 1].key in _PERSON)
    if tokens.words.eponym(token.key) and not slot:
        return None
    if not two and not tokens.sure(tokens[at - 1]):
        return None
    if not (tokens.capital(token) or tokens.sure(token) or slot):
        return None
    first = at
    if (
        at > 0
        and tokens.adjacent(at)
        and not tokens[at - 1].taken
        and not tokens.function(tokens[at - 1])
        and tokens[at - 1].key not in _CUES
        and (tokens.listed(tokens[at - 1]) or _strange(tokens, tokens[at - 1]))
        and not tokens.medicine(tokens[at - 1])
    ):
        first -= 1
    return first, _run_on(tokens, past)


def _slotted(tokens: Tokens, at: int) -> Run | None:
    """pt johnson with gout, pt rezende: one word where a name belongs"""
    if at == 0 or tokens[at - 1].key not in _NAMED or not tokens.adjacent(at, r"[ \t]*[:(]?[ \t]*"):
        return None
    if tokens[at - 1].text == "PT" and tokens.cased:
        return None  # physical therapy
    token = tokens[at]
    if tokens.function(token) or tokens.is_eponym(at) or token.key in THINGS:
        return None
    if tokens.common(token):
        return at, _run_on(tokens, at)
    return (at, _run_on(tokens, at)) if _unheard_of(tokens, token) else None


def _unheard_of(tokens: Tokens, token: Token) -> bool:
    """A word that may be a name where one belongs: unknown, and no verb or adjective."""
    return (
        tokens.unknown(token)
        and len(token.key) > 4
        and not tokens.words.misspelled(token.key, 1)
        and not tokens.abbreviation(token)
        and not _INFLECTED.search(token.key)
    )


#: Words that a name may follow directly.
_NAMED = frozenset(
    "pt patient mr mrs father mother son daughter wife husband brother sister".split()
)
#: What a verb or an adjective ends with, also one of a coder's making.
_INFLECTED = re.compile(r"(?:ed|ing|s|al|ic|ous|ive|ly|able)$")


def _pair_in_slot(tokens: Tokens, at: int) -> Run | None:
    """patel raj pt with, hilkka shehu needs, "knee pain - kijani torok": two words of which medicine
    knows nothing, where a name belongs."""
    if not tokens.adjacent(at + 1, r"[ \t]+"):
        return None
    pair = [tokens[at], tokens[at + 1]]
    if any(t.taken or tokens.function(t) or tokens.words.drug(t.key) for t in pair):
        return None
    if any(len(t.key) < 2 or t.key in _CUES for t in pair):
        return None
    if tokens.is_eponym(at) or tokens.is_eponym(at + 1):
        return None
    speaks = sum(_speaks(tokens, token) for token in pair)
    if 0 in (_speaks(tokens, token) for token in pair):
        return None
    begins = _begins(tokens, at) and (at == 0 or tokens[at].gap.endswith((" ", "\n", "(")))
    acts = _acts(tokens, at + 1)
    if not any(map(tokens.listed, pair)):
        # Nobody knows either: shorthand has two such words together, too.
        acts = acts and tokens[at + 2 if at + 2 < len(tokens) else at].key not in ("w", "with")
    if speaks == 4 and (begins or acts) and any(map(tokens.sure, pair)):
        return at, _run_on(tokens, at + 1)
    if speaks > 2 and begins and (acts or (at > 0 and _ends(tokens, at + 1))):
        return at, at + 1
    return (at, at + 1) if begins and acts else None


def _speaks(tokens: Tokens, token: Token) -> int:
    """How much a word speaks for a name by itself: 2 when it is nothing else, 1 when medicine has
    no use for it."""
    if tokens.sure(token) or _strange(tokens, token):
        return 2
    listed = tokens.surname(token) and not tokens.medicine(token)
    return int(listed or tokens.common(token) or tokens.given_word(token))


def _owner(tokens: Tokens, at: int) -> Run | None:
    """olumide's bp"""
    token = tokens[at]
    if not token.text.endswith("'s") or not _strange(tokens, token) or len(token.key) < 4:
        return None
    if at + 1 == len(tokens) or tokens[at + 1].key in THINGS or not _begins(tokens, at):
        return None
    return at, at


def _glued(tokens: Tokens, at: int) -> Run | None:
    """smithjohn"""
    token = tokens[at]
    if not _strange(tokens, token) or not tokens.glued(token):
        return None
    return at, at


def _strange(tokens: Tokens, token: Token) -> bool:
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


def _begins(tokens: Tokens, at: int) -> bool:
    """Whether a token begins the text or a part of it, or comes after a word for a person."""
    if at == 0 or tokens[at].first:
        return True
    cue = tokens[at - 1].key in _CUES or tokens.text[: tokens[at - 1].end].lower().endswith("f/u")
    if cue and tokens.adjacent(at, r"[ \t]*[:.]?[ \t]*"):
        return True
    return re.search(r"(?:[|/;:(\n]|[ ]-)[ ]*$", tokens[at].gap) is not None


def _ends(tokens: Tokens, at: int) -> bool:
    """Whether nothing of the same part comes after a token."""
    rest = tokens.text[tokens[at].end : tokens[at].end + 3].lstrip(" ")
    return not rest or rest[0] in "|/;:,.?!)\n-"


def _acts(tokens: Tokens, at: int) -> bool:
    """Whether what comes after a token is what only people do or have."""
    if _AGED.match(tokens.text, tokens[at].end):
        return True
    if at + 1 >= len(tokens) or not tokens.adjacent(at + 1, r"[ \t]*"):
        return False
    if tokens.text.startswith("w/o", tokens[at + 1].start):
        return False
    return tokens[at + 1].key in _ACTS


_ACTS = _DOES | frozenset("pt patient needs here w with f c".split())
#: Particles that stand before a surname alone.
_ALONE = frozenset("bin ibn bint abu dell della".split())


def _past_particles(tokens: Tokens, at: int) -> int | None:
    """The surname after the particles that begin at a token: "van der Merwe". None without."""
    last = at
    if at > 0 and tokens[at].gap == "/":
        return None  # "w/o"
    while last < len(tokens) and tokens[last].key in _PARTICLES and last - at < 3:
        if last > at and not tokens.adjacent(last, r"[ \t'-]*"):
            return None
        last += 1
    if last == at or not tokens.adjacent(last, r"[ \t'-]*"):
        return None
    token = tokens[last]
    if token.taken or tokens.function(token) or tokens.words.drug(token.key):
        return None
    known = tokens.medicine(token) and not tokens.words.eponym(token.key)
    if tokens.sure(token) or (tokens.capital(token) and not known) or _strange(tokens, token):
        return last
    return last if tokens.surname(token) and not known else None


def _side(tokens: Tokens, at: int) -> bool:
    """L knee, R shoulder: a side, and no initial."""
    return (
        tokens[at].key in ("l", "r")
        and tokens.text[tokens[at].end : tokens[at].end + 1] != "."
        and at + 1 < len(tokens)
        and tokens[at + 1].text.islower()
        and tokens.medicine(tokens[at + 1])
    )


def _is_the_diagnosis(tokens: Tokens, at: int) -> bool:
    """Whether a word of medicine ends the text after a name, as the diagnosis does: "maria lopez
    shingles", "pt alemdar Parkinson's"."""
    token = tokens[at]
    if not tokens.medicine(token) or (at + 1 < len(tokens) and tokens[at + 1].key in _AFTER):
        return False
    return token.text.endswith("'s") if tokens.words.eponym(token.key) else token.text.islower()


def _perhaps(tokens: Tokens, token: Token) -> bool:
    return tokens.listed(token) or tokens.unknown(token) or _initial(token)


def _initial(token: Token) -> bool:
    return len(token.text) == 1 and token.text.isupper()


def _follows(tokens: Tokens, at: int) -> bool:
    """Whether what stands after a token is what stands after names."""
    rest = tokens.text[tokens[at].end :].lstrip(" ")
    if not rest or not rest[0].isalpha():
        return not rest.startswith("-")
    return at + 1 < len(tokens) and tokens[at + 1].key in _AFTER


def _run_on(tokens: Tokens, at: int, *, titled: bool = False) -> int:
    """The last token of the name that a token begins or goes on."""
    last = at
    while last + 1 < len(tokens) and last + 1 - at < _MOST:
        following = last + 1
        token = tokens[following]
        suffix = token.key in _SUFFIXES and tokens.adjacent(following, r"[ \t]*,?[ \t]*")
        beside = not token.taken and tokens.adjacent(following, r"[ \t]*[.-]?[ \t]*")
        if not suffix and not beside:
            break
        if token.key in _SUFFIXES or (
            _initial(token) and not tokens.gap_has_end(following) and not _side(tokens, following)
        ):
            last = following
            continue
        past = _past_particles(tokens, following)
        if past is not None:
            last = past
            continue
        if tokens.gap_has_end(following) or tokens.is_eponym(following):
            break
        if token.text.endswith("'s") and _is_the_diagnosis(tokens, following):
            break
        # John Long, Emma Warmer, Maria Marfan: whatever it is, it ends the name.
        if (
            tokens.capital(token)
            and not token.text.isupper()
            and not token.text.endswith("'s")
            and (
                tokens.sure(tokens[last])
                and _follows(tokens, following)
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
            and not _is_the_diagnosis(tokens, following)
            and following - at == 1
            and _follows(tokens, following)
            and (not tokens.text[token.end :].lstrip()[:1].isdigit())
        ):
            last = following
        break
    return last


run_on = _run_on
