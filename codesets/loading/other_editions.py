"""Finds a list that has the name of one edition and the codes of another."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from codesets.model import Code, Release, ReleaseData
from codesets.store.code_store import CodeStore


def same_as_another_edition(
    store: CodeStore, data: ReleaseData, coming: Sequence[ReleaseData]
) -> str | None:
    """The label of another edition with exactly the codes and titles of `data`; None where there is
    none. It may be loaded, or be imported together with `data` (`coming`).

    An edition and the update of its own year are not compared: an update may add nothing.
    """
    release = data.release
    others = {
        other.release.key: other for other in coming if other.release.system == release.system
    }
    own: bytes | None = None
    for other in [*store.releases(release.system), *(item.release for item in others.values())]:
        if other.key == release.key or _year(other) == _year(release):
            continue
        if other.key in others:
            codes: Sequence[Code] = others[other.key].codes
            count = len(codes)
        else:
            count = store.counts(other)["codes"]
            codes = list(store.codes(other)) if count == len(data.codes) else []
        if count != len(data.codes):
            continue
        own = own or _digest(data.codes)
        if _digest(codes) == own:
            return other.label
    return None


def _year(release: Release) -> str:
    """The year in a label: FY2026 of FY2026 and of FY2026-April."""
    return release.label.split("-")[0]


def _digest(codes: Sequence[Code]) -> bytes:
    digest = sha256()
    for code in codes:
        digest.update(f"{code.code}\t{code.title}\n".encode())
    return digest.digest()
