"""What codes.db holds of the payment of drugs, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentLimit:
    """A row of CMS's payment limits of Medicare Part B drugs: the dosage that one unit of a code
    stands for ("10 MG"), and what Medicare allows for it at most.

    `dosage` is as published. `limit` is in dollars, `coinsurance` in per cent; both are the
    published text, which may be "N/A" or "". `notes` are the file's own.
    """

    code: str
    description: str
    dosage: str
    limit: str
    coinsurance: str
    notes: str
