"""Removes identifiers from a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

from bot.phi import links, lists, locations, name_rules, patterns
from bot.phi.name_context import PERSON_CUES, PERSON_VERBS, end_of_name, is_possessive_eponym
from bot.phi.ner import EntityModel
from bot.phi.public_names import is_public
from bot.phi.spans import PLACEHOLDER, Kind, Span, apart, cleaned, merged, pieces, replaced, shadow
from bot.phi.tokens import EPONYM_NOUNS, Tokens
from bot.phi.word_lists import STATES, Words, key
from index.runtime import loading


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text as it may be stored. `removed` are the kinds of identifiers in it, each once.
    `searched` still has the names that may be drugs; it is for the search, and is never stored."""

    text: str
    removed: tuple[Kind, ...] = ()
    searched: str = ""


class Scrubber:
    """Safe to use from many threads. `index` is the folder of index bundles, whose vocabulary
    tells medicine from names; without one, only the lexicon does.

    Patterns and word lists are always used. The entity model is asked only when a word is left that
    may still be a name or a town (`_needs_model`). Its word counts for such words only, so leaving
    it out otherwise changes no result. `always_ask` asks it every time.
    """

    def __init__(self, index: Path | None = None, *, always_ask: bool = False) -> None:
        self._index = index
        self._model = EntityModel()
        self._always_ask = always_ask

    @cached_property
    def _words(self) -> Words:
        """Loaded for the first text: many commands never scrub one."""
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
        """The text with a placeholder for each identifier. A text without identifiers comes back
        unchanged, and so does one that was scrubbed before."""
        seen = cleaned(text)
        spans = self.find(seen)
        if not spans:
            return Scrubbed(text, searched=text)
        kinds = tuple(dict.fromkeys(span.kind for span in spans))
        clear = [span for span in spans if not self._may_be_a_drug(seen, span)]
        return Scrubbed(replaced(seen, spans), kinds, replaced(seen, clear))

    def _may_be_a_drug(self, text: str, span: Span) -> bool:
        """Whether a name was taken for one only because its words are on no list, and nothing
        beside it shows a person. New brands of drugs and dressings are such words, too."""
        if span.kind != "NAME":
            return False
        if span.start == 0 and span.end == len(text) and " " not in text:
            return True
        before = re.search(r"([^\W\d_]+)[\s.:,(]*$", text[max(0, span.start - 24) : span.start])
        after = re.match(r"\s+([^\W\d_]+)", text[span.end : span.end + 24])
        if before and key(before[1]) in PERSON_CUES | name_rules.TITLES:
            return False
        if after and key(after[1]) in PERSON_VERBS | {"pt", "patient", "needs"}:
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
                continue  # the piece lies within an identifier that was found before
            for span in self._find(plain[piece.left : piece.right]):
                start, end = span.start + piece.left, span.end + piece.left
                if not piece.start <= start < piece.end:
                    continue
                if end == piece.right:
                    end = _WORD_END.search(plain, end).start()  # type: ignore[union-attr]
                known = max(known, end)
                found.append(Span(start, end, span.kind))
        return [span for span in merged(found) if not is_public(text, span)]

    def _find(self, plain: str) -> list[Span]:
        """Identifiers in a piece of a text from `shadow`."""
        # Never identifiers, whatever they hold: placeholders, and links to public pages.
        aside = [Span(*m.span(), cast(Kind, m[1])) for m in PLACEHOLDER.finditer(plain)]
        linked, pages = links.find(plain, self._words)
        aside += pages
        found = merged(apart([*linked, *patterns.find(plain)], aside))
        around = [s for s in locations.find(plain, self._words) if not _crosses(s, found)]
        found = merged([*found, *apart(around, aside)])
        tokens = Tokens.of(plain, self._words, merged([*found, *aside]))
        found = merged([*found, *apart(name_rules.find(tokens), aside)])
        tokens = Tokens.of(plain, self._words, merged([*found, *aside]))
        if self._always_ask or _needs_model(tokens):
            believed = _believed(tokens, self._model.find(plain))
            found = merged([*found, *apart(believed, aside)])
        return found


#: The end of a word that is longer than a piece.
_WORD_END = re.compile(r"\s|$")


def _crosses(span: Span, others: list[Span]) -> bool:
    """Whether a span partly overlaps another: neither contains the other."""
    return any(
        span.overlaps(other) and not (span.start <= other.start and other.end <= span.end)
        for other in others
    )


def _needs_model(tokens: Tokens) -> bool:
    """Whether a word is left that the entity model may decide on."""
    return any(_may_be_name(tokens, at) for at in range(len(tokens)) if not tokens[at].taken)


def _may_be_name(tokens: Tokens, at: int) -> bool:
    """Whether a word may be a name, and is no disease and no drug."""
    return (
        tokens.may_be_a_name(tokens[at])
        and not is_possessive_eponym(tokens, at)
        and not tokens.is_eponym(at)
        and not _is_drug(tokens, at)
    )


def _is_drug(tokens: Tokens, at: int) -> bool:
    """Whether a word is a drug: by its name, its dose, or the words beside it."""
    token = tokens[at]
    if tokens.words.drug(token.key):
        return True
    rest = tokens.text[token.end : token.end + 12].lstrip()
    if rest[:1].isdigit():
        return True
    before = tokens[at - 1].key if at and tokens.adjacent(at) else ""
    return before in _DRUG_CUES or (at + 1 < len(tokens) and tokens[at + 1].key in _DRUG_FORMS)


_DRUG_CUES = lists.words("drug_cues")
_DRUG_FORMS = lists.words("drug_forms")


def _believed(tokens: Tokens, entities: list[tuple[int, int, str]]) -> list[Span]:
    """Names and towns out of what the entity model found. It counts only for words that may be
    names, and not beside an eponym noun: it was trained on news, in which Hashimoto is a person."""
    spans: list[Span] = []
    for start, end, entity in entities:
        inside = [
            at for at in range(len(tokens)) if tokens[at].start < end and start < tokens[at].end
        ]
        left = [at for at in inside if _may_be_name(tokens, at)]
        if not left:
            continue
        if any(tokens[at].key in EPONYM_NOUNS for at in inside):
            continue
        if entity == "PERSON":
            for at in (at for at in left if _is_person(tokens, at, left)):
                last = end_of_name(tokens, at)
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
    # A word of medicine or English: only beside a name.
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
