"""The diagnoses that a question names, and the answers that may be given about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bot.desk.answer import Headline, HeadlineKind, Pair, Severity
from bot.desk.followed_notes import followed
from bot.desk.note_checks import NoteChecks, Reported
from bot.desk.reasons import reason
from bot.desk.together_asked import Asked
from bot.desk.together_conflicts import conflict
from bot.desk.together_model import Conflict, Ground
from bot.desk.together_order import Order
from bot.desk.together_partners import Search
from codesets.model import Code
from index.statement.books import Books

#: Makes a pair of codes and a ground, with the rule quoted.
Quoted = Callable[[Sequence[str], Ground, Severity], Pair]


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer in one line, and the rules that it rests on, quoted."""

    headline: Headline
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """Diagnoses, what is asked of them, and what is needed to decide.

    - `codes`: in the order in which the question names them, each once.
    - `quote`: makes a pair of a ground.
    - `search`: finds codes for the words of a case; None where there is no index.
    """

    books: Books
    codes: tuple[Code, ...]
    asked: Asked
    quote: Quoted
    search: Search | None = None
    order: Order = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", Order(self.books, self.codes, self.asked.rest))

    @property
    def names(self) -> list[str]:
        return [code.code for code in self.codes]

    def ordered(self) -> list[Code]:
        return self.order.ordered(self.codes)

    def conflict(self) -> Conflict | None:
        """The first two of the codes that are not reported together; None where all may be."""
        for one, other in combinations(self.codes, 2):
            if found := conflict(self.books, one, other):
                return found
        for pair in self.noted():
            if pair.rule == "laterality":
                return self._of_sides(pair)
        return None

    def presumed(self) -> Conflict | None:
        """A conflict that leaves no order to ask for: another code says both."""
        found = self.conflict()
        if found is None or found.ground.rule not in ("excludes1", "guideline"):
            return None
        return found if set(found.instead) - {found.one.code, found.other.code} else None

    def noted(self) -> list[Pair]:
        """What notes and sides say of the codes."""
        reported = [Reported(self.books.release, code) for code in self.codes]
        return list(NoteChecks(self.books.store).check(reported))

    def _of_sides(self, pair: Pair) -> Conflict:
        why = pair.reasons[0]
        one, other = (next(c for c in self.codes if c.code == name) for name in pair.codes)
        if both := why.params.get("both"):
            return Conflict(one, other, (str(both),), Ground("guideline", "I.B.13", why))
        open_ = "unspecified" in one.title.lower()
        both_sides = "bilateral" in one.title.lower() or "unspecified" in other.title.lower()
        better = other if open_ or not both_sides else one
        return Conflict(one, other, (better.code,), Ground("guideline", "I.B.13", why))

    # Answers

    def answer(
        self, kind: HeadlineKind, names: Sequence[str], words: str, /, *pairs: Pair, **params: str
    ) -> Decided:
        """An answer that names some codes, in the words of a message."""
        return Decided(Headline(kind, list(names), reasons=[reason(words, **params)]), pairs)

    def no(self, found: Conflict) -> Decided:
        """That two codes are not reported together, and what is reported."""
        pair = (found.one.code, found.other.code)
        instead = list(found.instead)
        if instead:
            key = "no_instead" if set(instead) - set(pair) else "no_alone"
        else:
            key = "no_excludes1" if found.ground.rule == "excludes1" else "no"
        codes = instead or list(pair)
        quoted = self.quote(pair, found.ground, "conflict")
        params = {"one": pair[0], "other": pair[1], "codes": listed(codes)}
        return self.answer("no", codes, f"together.{key}", quoted, **params)

    def yes(self, key: str, *grounds: Ground) -> Decided:
        """That all codes are reported, with the notes that say so."""
        names = [code.code for code in self.ordered()]
        pairs = [self.quote(names, ground, "obligation") for ground in grounds]
        if not pairs:
            pairs = followed(self.books, self.codes)
        return self.answer("yes", names, f"together.{key}", *pairs, codes=listed(names))


def listed(codes: Sequence[str]) -> str:
    """Codes in a row: "A, B + C"."""
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} + {codes[-1]}"
