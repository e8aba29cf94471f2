"""Says what is wrong with rows of a table that the customer wrote. The other rows are loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from codesets.code_format import CPT, HCPCS, ICD10CM_EITHER, ICD10PCS
from codesets.loading.recognition import Recognised
from codesets.store.code_store import CodeStore

#: Rows of a table of which each gets its sentence.
_MOST_PROBLEMS = 10
#: What the codes of a system look like that may not be loaded.
_FORMS = {
    "cpt": re.compile(CPT).fullmatch,
    "hcpcs": re.compile(HCPCS).fullmatch,
    "icd10cm": re.compile(ICD10CM_EITHER).fullmatch,
    "icd10pcs": re.compile(ICD10PCS).fullmatch,
}


def say_problems(store: CodeStore, files: Iterable[Recognised], say: Callable[[str], None]) -> None:
    """Say what is wrong with rows of the files, the first of them each by itself."""

    def exists(code: str) -> bool:
        missing = [s for s, form in _FORMS.items() if s not in store.systems and form(code)]
        return bool(missing) or any(store.releases_with(s, code) for s in store.systems)

    for file in files:
        if file.layout.problems is None:
            continue
        told = [*file.layout.problems(file.path, exists)]
        for sentence in told[:_MOST_PROBLEMS]:
            say(f"{file.name}, {sentence}")
        if (left := len(told) - _MOST_PROBLEMS) > 0:
            say(f"{file.name}: {left:,} more rows are left out or to be looked at")
