"""Links: the address of a page that everybody may read stays, that of a person's page is removed.

Slack and coders paste links of cms.gov and of books. An address is a web address of a patient (45
CFR 164.514(b)(2)(i)(N)) when something in it tells one patient from another: a number, a name, a
query, the page of a user, a host without a public name.
"""

from __future__ import annotations

import re

from bot.phi import lists
from bot.phi.spans import Span
from bot.phi.word_lists import Words, key

_i = re.I
_LINKS = [
    re.compile(r"\bhttps?\s?:/{0,2}[^\s<>|]+", _i),
    re.compile(r"\bwww\.[^\s<>|]+", _i),
    re.compile(
        r"(?<![\w@./-])[a-z0-9][a-z0-9-]{0,62}+(?:\.[a-z0-9][a-z0-9-]{0,62}+){0,8}?"
        r"\.(?:com|org|net|edu|gov|mil|io|us|info|health|co|biz|app|dev|me|care|uk|ca)"
        r"(?:[/?:#][^\s<>|]*)?(?![\w-])",
        _i,
    ),
]
#: Addresses of something other than a web page.
_OTHER = re.compile(r"\b(?:ftps?|file|mailto|tel|sftp)\s?:/{0,2}[^\s<>]+", _i)

_PARTS = re.compile(
    r"(?:https?\s?:/{0,2})?(?P<host>[^/?#]*)(?P<path>[^?#]*)(?P<query>.*)", _i | re.S
)
_PUBLIC_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", _i)
#: Parts of an address after which the next part belongs to a person: /patients/123.
_PERSONAL = lists.words("personal_url_parts")
_PORTALS = re.compile(r"portal|mychart|patient|emr|ehr|epic|login|intranet", _i)
_YEAR = re.compile(r"(?:19|20)\d\d")


def find(text: str, words: Words) -> tuple[list[Span], list[Span]]:
    """Links that are identifiers, and links that are none, in a text from `spans.shadow`."""
    found = [Span(*match.span(), "URL") for match in _OTHER.finditer(text)]
    pages: list[Span] = []
    end = 0
    matches = (match.span() for pattern in _LINKS for match in pattern.finditer(text))
    for start, stop in sorted(matches, key=lambda span: (span[0], -span[1])):
        if start < end:
            continue  # a part of the link before
        end = stop
        link = text[start:stop].rstrip(".,;:!?)'\"")
        if _is_somebodys(link, words):
            found.append(Span(start, stop, "URL"))
        else:
            pages.append(Span(start, start + len(link), "URL"))
    return found, pages


def _is_somebodys(link: str, words: Words) -> bool:
    parts = _PARTS.fullmatch(link)
    if parts is None or not _PUBLIC_HOST.fullmatch(parts["host"]):
        return True  # a host without a public name, a port, an IP address, a password
    if _PORTALS.search(parts["host"]) or "~" in parts["path"]:
        return True
    # Pages of .gov have their number in the query: a coverage determination, an article.
    if parts["query"] and not parts["host"].lower().endswith(".gov"):
        return True
    steps = [step for step in parts["path"].lower().split("/") if step]
    parameters = re.findall(r"[?&;]([^=&;]*)", parts["query"].lower())
    if _PERSONAL.intersection([*steps[:-1], *parameters]):
        return True
    if any(step.isdigit() and len(step) > 2 and not _YEAR.fullmatch(step) for step in steps):
        return True
    rest = parts["path"] + parts["query"]
    if re.search(r"\d{7}|@|%40", rest):
        return True
    return any(_is_name(word, words) for word in re.findall(r"[^\W\d_]{3,}", rest))


def _is_name(word: str, words: Words) -> bool:
    word = key(word)
    known = words.known(word)
    return not known and (words.given(word) or words.surname(word))
