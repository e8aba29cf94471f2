"""Takes identifiers out of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from bot.phi import links, lists, locations, name_rules, patterns
from bot.phi.company import DOES, PERSON, run_on
from bot.phi.ner import EntityModel
from bot.phi.spans import PLACEHOLDER, Kind, Span, apart, cleaned, merged, pieces, replaced, shadow
from bot.phi.tokens import THINGS, Tokens
from bot.phi.word_lists import STATES, Words, key
from index.runtime import loading


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text as it may be stored; `removed` are the kinds taken out of it, each once. `searched` is
    the text with the names still in it that may be drugs: what is searched, in memory only."""

    text: str
    removed: tuple[Kind, ...] = ()
    searched: str = ""


class Scrubber:
    """Safe to use from many threads. `index` is the folder of index bundles, whose vocabulary
    tells medicine from names; without one, the lexicon alone does.

    Patterns and lists always look. The entity model is asked only where a word is left that may
    be a name or a town as far as they know (`_is_open`); and since it is believed of such words
    only, it has nothing to say elsewhere: leaving it out there changes no result.
    """

    def __init__(self, index: Path | None = None, *, always_ask: bool = False) -> None:
        self._index = index
        self._model = EntityModel()
        self._always_ask = always_ask

    @cached_property
    def _words(self) -> Words:
        """Loaded for the first text: many a command that could store one never does."""
        with loading():
            return Words(self._index)

    @property
    def model_is_loaded(self) -> bool:
        return self._model.is_loaded

    def ready(self) -> None:
        """Load the words and the entity model, so that the first question does not wait for it."""
        self.scrub("ready")
        self._model.find("ready")

    def scrub(self, text: str) -> Scrubbed:
        """The text with a placeholder for each identifier. One without any comes back as it is,
        and so does one that was scrubbed before."""
        seen = cleaned(text)
        spans = self.find(seen)
        if not spans:
            return Scrubbed(text, searched=text)
        kinds = tuple(dict.fromkeys(span.kind for span in spans))
        clear = [span for span in spans if not self._may_be_a_drug(seen, span)]
        return Scrubbed(replaced(seen, spans), kinds, replaced(seen, clear))

    def _may_be_a_drug(self, text: str, span: Span) -> bool:
        """Whether a name is one only because nobody knows the word, and nothing beside it says that
        a person is meant: the brands of drugs and of dressings are such words, too."""
        if span.kind != "NAME":
            return False
        if span.start == 0 and span.end == len(text) and " " not in text:
            return True
        before = re.search(r"([^\W\d_]+)[\s.:,(]*$", text[max(0, span.start - 24) : span.start])
        after = re.match(r"\s+([^\W\d_]+)", text[span.end : span.end + 24])
        if before and key(before[1]) in PERSON | name_rules.TITLES:
            return False
        if after and key(after[1]) in DOES | {"pt", "patient", "needs"}:
            return False
        words = [key(word) for word in re.findall(r"[^\W\d_]{2,}", text[span.start : span.end])]
        return not all(
            self._words.given(word) or self._words.given_word(word) or self._words.surname(word)
            for word in words
        )

    def find(self, text: str) -> list[Span]:
        """Identifiers in a text that is `cleaned`."""
        plain = shadow(text)
        found: list[Span] = []
        known = 0
        for piece in pieces(plain):
            if piece.end <= known:
                continue  # all of it is in what was found before
            for span in self._find(plain[piece.left : piece.right]):
                start, end = span.start + piece.left, span.end + piece.left
                if not piece.start <= start < piece.end:
                    continue
                if end == piece.right:
                    end = _WORD_END.search(plain, end).start()  # type: ignore[union-attr]
                known = max(known, end)
                found.append(Span(start, end, span.kind))
        return merged(found)

    def _find(self, plain: str) -> list[Span]:
        """Identifiers in a piece of a text of plain signs."""
        # What is no identifier whatever it holds: what one was replaced by, a link to a page.
        aside = [Span(*m.span(), cast(Kind, m[1])) for m in PLACEHOLDER.finditer(plain)]
        linked, pages = links.find(plain, self._words)
        aside += pages
        found = merged(apart([*linked, *patterns.find(plain)], aside))
        around = [s for s in locations.find(plain, self._words) if not _crosses(s, found)]
        found = merged([*found, *apart(around, aside)])
        tokens = Tokens.of(plain, self._words, merged([*found, *aside]))
        found = merged([*found, *apart(name_rules.find(tokens), aside)])
        tokens = Tokens.of(plain, self._words, merged([*found, *aside]))
        if self._always_ask or _is_open(tokens):
            believed = _believed(tokens, self._model.find(plain))
            found = merged([*found, *apart(believed, aside)])
        return found


#: Where a word ends that is longer than what is looked at together.
_WORD_END = re.compile(r"\s|$")


def _crosses(span: Span, others: list[Span]) -> bool:
    """Whether a span lies over part of another, and not around or within it."""
    return any(
        span.overlaps(other) and not (span.start <= other.start and other.end <= span.end)
        for other in others
    )


def _is_open(tokens: Tokens) -> bool:
    """Whether a word is left of which the entity model would be believed."""
    return any(_may_be_told(tokens, at) for at in range(len(tokens)) if not tokens[at].taken)


def _may_be_told(tokens: Tokens, at: int) -> bool:
    token = tokens[at]
    if token.text.endswith("'s") and tokens.words.eponym(token.key):
        return False  # "alemdar Parkinson's": the disease
    return tokens.may_be_a_name(token) and not tokens.is_eponym(at) and not _is_drug(tokens, at)


def _is_drug(tokens: Tokens, at: int) -> bool:
    """A drug by its name, by its dose, or by what is done with it."""
    token = tokens[at]
    if tokens.words.drug(token.key):
        return True
    rest = tokens.text[token.end : token.end + 12].lstrip()
    if rest[:1].isdigit():
        return True
    before = tokens[at - 1].key if at and tokens.adjacent(at) else ""
    return before in _TAKES or (at + 1 < len(tokens) and tokens[at + 1].key in _FORMS_OF_DRUGS)


_TAKES = lists.words("scrubber_takes")
_FORMS_OF_DRUGS = lists.words("scrubber_forms_of_drugs")


def _believed(tokens: Tokens, entities: list[tuple[int, int, str]]) -> list[Span]:
    """What the entity model says, of words that may be names and where nothing speaks for
    medicine: it was taught on news, in which every Hashimoto is a person."""
    spans: list[Span] = []
    for start, end, entity in entities:
        inside = [
            at for at in range(len(tokens)) if tokens[at].start < end and start < tokens[at].end
        ]
        left = [at for at in inside if _may_be_told(tokens, at)]
        if not left:
            continue
        if any(tokens[at].key in THINGS for at in inside):
            continue
        if entity == "PERSON":
            for at in (at for at in left if _is_person(tokens, at, left)):
                last = run_on(tokens, at)
                spans.append(Span(tokens[at].start, tokens[last].end, "NAME"))
        elif entity == "LOCATION":
            name = " ".join(tokens[at].key for at in inside)
            if name in STATES or name in STATES.values() or name in _COUNTRIES:
                continue
            if tokens.words.town(name) and not any(tokens.medicine(tokens[at]) for at in inside):
                spans.append(Span(tokens[inside[0]].start, tokens[inside[-1]].end, "CITY"))
            elif any(tokens.sure(tokens[at]) for at in left):
                spans += [
                    Span(tokens[at].start, tokens[at].end, "NAME")
                    for at in left
                    if tokens.sure(tokens[at])
                ]
        else:
            sure = [at for at in left if tokens.sure(tokens[at])]
            spans += [Span(tokens[at].start, tokens[at].end, "NAME") for at in sure]
    return spans


def _is_person(tokens: Tokens, at: int, inside: list[int]) -> bool:
    token = tokens[at]
    if tokens.sure(token):
        return True
    if tokens.unknown(token):
        return tokens.capital(token) or len(inside) > 1
    # Medicine, or a word: only in the company of a name.
    return tokens.capital(token) and (
        (tokens.given(token) and not tokens.words.eponym(token.key))
        or any(n != at and (tokens.given(tokens[n]) or tokens.unknown(tokens[n])) for n in inside)
        or any(n != at and tokens.sure(tokens[n]) for n in inside)
    )


_COUNTRIES = frozenset(
    """us usa u.s. u.s.a. united states america mexico canada cuba haiti jamaica guatemala honduras
    nicaragua panama peru chile brazil argentina colombia venezuela ecuador bolivia paraguay
    uruguay england scotland wales ireland britain uk france spain portugal italy germany
    austria switzerland belgium netherlands holland denmark norway sweden finland iceland poland
    czechia hungary romania bulgaria greece turkey russia ukraine belarus serbia croatia bosnia
    albania egypt libya tunisia algeria morocco sudan ethiopia eritrea somalia kenya uganda
    tanzania rwanda congo nigeria ghana liberia senegal mali cameroon angola zambia zimbabwe
    mozambique botswana namibia israel palestine lebanon syria jordan iraq iran kuwait yemen
    oman qatar afghanistan pakistan india bangladesh nepal bhutan china taiwan japan korea
    vietnam laos cambodia thailand myanmar burma malaysia singapore indonesia philippines
    australia africa asia europe guam""".split()
) | frozenset(
    (
        "united states;south korea;north korea;saudi arabia;sri lanka;costa rica;south africa;"
        "new zealand;dominican republic;el salvador;hong kong;sierra leone;ivory coast"
    ).split(";")
)
