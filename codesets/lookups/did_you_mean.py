"""Codes that a person may have meant who typed one that does not exist."""

from __future__ import annotations

import string

from codesets.code_format import dot, undot
from codesets.model import Code, Release
from codesets.store.code_store import CodeStore

#: The characters that codes are made of.
_CHARACTERS = string.digits + string.ascii_uppercase


def did_you_mean(store: CodeStore, release: Release, code: str, limit: int = 5) -> list[Code]:
    """At most `limit` codes of the release that a person who typed `code` may have meant.

    ICD-10-CM, in this order: letters typed for digits (I1O), the placeholder X left out (S13.4A),
    then the nearest code above with what completes it. The other systems have nothing above a
    code: there, the codes that are one typing slip away.
    """
    if release.system != "icd10cm":
        return _one_slip_away(store, release, code)[:limit]
    name = undot(code)
    guesses = [
        name[:1] + name[1:].replace("O", "0").replace("I", "1").replace("L", "1"),
        name[:-1].ljust(6, "X") + name[-1:],
    ]
    candidates = [store.get(release, dot(guess)) for guess in guesses if guess != name]
    for length in range(len(name) - 1, 2, -1):
        above = store.get(release, dot(name[:length]))
        if above is not None:
            candidates.append(above)
            if not above.billable:
                candidates.extend(store.completions(release, above.code, limit))
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
