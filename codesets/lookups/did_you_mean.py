"""Codes that a person may have meant who typed one that does not exist."""

from __future__ import annotations

import re
import string
from typing import Literal

from codesets.code_format import dot, undot
from codesets.model import Code, Release
from codesets.store.code_store import CodeStore

#: The characters that codes are made of.
_CHARACTERS = string.digits + string.ascii_uppercase


#: What is wrong with the X's of a code, or with its seventh character. needless: it takes neither
#: of them. missing: an X must stand in each empty place before the seventh character. too_many.
Placeholder = Literal["needless", "missing", "too_many"]


def placeholder_slip(
    store: CodeStore, release: Release, code: str
) -> tuple[Placeholder, Code] | None:
    """What is wrong with the placeholder X of an ICD-10-CM code that does not exist (Official
    Guidelines, I.A.4 and I.A.5), and the billable code that is right; None where that is not the
    fault."""
    name = undot(code)
    guesses: list[tuple[Placeholder, str]] = []
    if len(name) < 7 and name[-1:].isalpha() and name[-1:] != "X":
        guesses.append(("missing", name[:-1].ljust(6, "X") + name[-1]))
    ends = re.fullmatch(r"(.{3,}?)X+([A-Z]?)", name)
    if ends:
        guesses.append(("needless", ends[1]))
        guesses += [("too_many", name[:at] + name[at + 1 :]) for at in _places(name, "X")]
    for fault, guess in guesses:
        meant = store.get(release, dot(guess))
        if meant is not None and meant.billable:
            return fault, meant
    return None


def _places(text: str, character: str) -> list[int]:
    return [at for at, one in enumerate(text) if one == character]


def did_you_mean(store: CodeStore, release: Release, code: str, limit: int = 5) -> list[Code]:
    """At most `limit` codes of the release that a person who typed `code` may have meant.

    ICD-10-CM, in this order: letters typed for digits (I1O), the placeholder X left out, needless
    or one too many (S13.4A), then the nearest code above with what completes it, codes with the
    typed seventh character first. The other systems have nothing above a code: there, the codes
    that are one typing slip away.
    """
    if release.system != "icd10cm":
        return _one_slip_away(store, release, code)[:limit]
    name = undot(code)
    read = name[:1] + name[1:].replace("O", "0").replace("I", "1").replace("L", "1")
    candidates = [store.get(release, dot(read))] if read != name else []
    if slip := placeholder_slip(store, release, code):
        candidates.append(slip[1])
    for length in range(len(name) - 1, 2, -1):
        above = store.get(release, dot(name[:length]))
        if above is not None:
            same: list[Code] = []
            others: list[Code] = []
            for one in () if above.billable else store.completions(release, above.code):
                seventh = len(undot(one.code)) == 7 and one.code[-1] == name[-1]
                (same if seventh else others).append(one)
            candidates += [*same, above, *others]
            break
    unique = {candidate.code: candidate for candidate in candidates if candidate is not None}
    return list(unique.values())[:limit]


def _one_slip_away(store: CodeStore, release: Release, code: str) -> list[Code]:
    """Codes that differ from `code` by one slip, likeliest first: two characters swapped, one too
    many, one wrong, one left out. Changes near the end come first, because the first characters
    say what kind of thing a code is."""
    ends = [(code[:n], code[n:]) for n in range(len(code), -1, -1)]
    guesses = [a + b[1] + b[0] + b[2:] for a, b in ends if len(b) > 1]
    guesses += [a + b[1:] for a, b in ends if b]
    guesses += [a + c + b[1:] for a, b in ends if b for c in _CHARACTERS]
    guesses += [a + c + b for a, b in ends for c in _CHARACTERS]
    unique = [guess for guess in dict.fromkeys(guesses) if guess != code]
    known = store.get_many(release, unique)
    return [known[guess] for guess in unique if guess in known]
