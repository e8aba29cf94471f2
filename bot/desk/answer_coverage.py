"""What coverage policies list, as a part of an answer (bot/desk/answer.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.desk.reasons import Reason

CoverageStatus = Literal["listed", "not_listed", "listed_as_not_supporting", "no_policy"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one policy of the Medicare Coverage Database lists for a service and a diagnosis. It
    never says that a service is covered.

    - `service`: a code of HCPCS Level II or CPT.
    - `diagnosis`: a code of ICD-10-CM.
    - `state`: the state that the question names, by its code of the Postal Service; "" for none.
    - `status`: listed: the diagnosis is among those that support the service. not_listed: it is
      not. listed_as_not_supporting: it is among those that do not support it, or the service is on
      a list of drugs that are excluded. no_policy: no loaded policy is about the service, there and
      on the date of service.
    - `policy`: number of the policy (A52420); "" for no_policy.
    - `title`: its title; "" for no_policy.
    - `contractor`: the contractors that it binds, as published; "" for no_policy, and for a
      national policy.
    - `states`: where it is in force, by codes of the Postal Service; [] where the export does not
      say.
    - `group`: number of the group that lists the diagnosis; None where none does.
    - `effective_from`: first day of the version that is loaded, YYYY-MM-DD; "" for none.
    - `effective_through`: its last day; "" for none.
    - `conditions`: the paragraph above the group, which says on what conditions it counts; "" for
      none.
    - `related`: the policies that it belongs to (L33394, NCD 150.9); [] for none.
    - `release`: the edition of the database that it was read from; "" for no_policy.
    - `says`: the result, in sentences.
    - `reasons`: what `says` is worded from; not in the JSON.
    """

    service: str
    diagnosis: str
    state: str
    status: CoverageStatus
    policy: str = ""
    title: str = ""
    contractor: str = ""
    states: list[str] = field(default_factory=list)
    group: int | None = None
    effective_from: str = ""
    effective_through: str = ""
    conditions: str = ""
    related: list[str] = field(default_factory=list)
    release: str = ""
    says: str = ""
    reasons: list[Reason] = field(default_factory=list)
