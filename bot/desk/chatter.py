"""Leaves out of a question what is said around its subject: doubts, courtesies, and the words that
ask. "Not sure which code for asthma, thanks" is searched as asthma."""

from __future__ import annotations

import re
from functools import cache

from index.text.resources import read_words

_WORD = re.compile(r"[\w'-]+")
#: What may stand between the words of a run.
_BETWEEN = re.compile(r"[\s/]*")
_ENDS_A_CLAUSE = re.compile(r"\s*(?:[,;.?!)-]|$)")
#: The right code, which is no side.
_RIGHT_CODE = re.compile(r"\bright\s+(?=(?:icd\S*\s+)?(?:codes?|dx|diagnosis|modifier)\b)", re.I)
#: What is left of punctuation: blanks before it, marks after another mark, and marks at both ends.
_LOOSE = (
    re.compile(r"\s+(?=[,;.?!])"),
    re.compile(r"(?<=[,;:])\s*[,;:.?!-]+(?=\s|$)"),
    re.compile(r"^[\s,;:.?!-]+|[\s,;:?!-]+$"),
)


def subject(text: str) -> str:
    """What a question is about; the whole text where nothing else is in it.

    >>> subject("not sure which code for asthma, thanks!")
    'asthma'
    >>> subject("what do we bill for a knee scooter?")
    'a knee scooter'
    """
    rest = _phrases().sub(" ", _without_asking(_RIGHT_CODE.sub("", text)))
    if rest == text:
        return text
    rest = " ".join(rest.split())
    for loose in _LOOSE:
        rest = loose.sub("", rest)
    return rest if re.search(r"\w", rest) else text


def _without_asking(text: str) -> str:
    """A text without the runs of words that ask for a code."""
    asking, openers, cores, ends = map(_words, ("asking", "openers", "cores", "ends"))
    kept: list[str] = []
    run: list[re.Match[str]] = []
    end = 0

    def close() -> None:
        words = [match[0].lower() for match in run]
        asks = not openers.isdisjoint(words) and not cores.isdisjoint(words)
        if asks and (words[-1] in ends or _ENDS_A_CLAUSE.match(text, run[-1].end())):
            kept.append(" ")
        elif run:
            kept.append(text[run[0].start() : run[-1].end()])
        run.clear()

    for match in _WORD.finditer(text):
        gap = text[end : match.start()]
        if run and not _BETWEEN.fullmatch(gap):
            close()
        if match[0].lower() in asking:
            if not run:
                kept.append(gap)
            run.append(match)
        else:
            close()
            kept += [gap, match[0]]
        end = match.end()
    close()
    return "".join(kept) + text[end:]


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(read_words("chatter")[name].split())


@cache
def _phrases() -> re.Pattern[str]:
    """The doubts, courtesies and frames, the longest first."""
    lists = ",".join(read_words("chatter")[name] for name in ("doubts", "courtesies", "frames"))
    phrases = {" ".join(phrase.split()) for phrase in lists.split(",")} - {""}
    each = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.compile(rf"(?<![\w/'-])(?:{each})(?![\w/'-])", re.I)
