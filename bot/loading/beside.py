"""What a process does beside answering, so that it answers from what is loaded: it takes what is
put into the drop folder, and takes up what was loaded by whichever process. For each surface:

    with kept_current(settings, Renewing(settings, desk, logged.between_answers), say): …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.loading.renewing import Renewing
from bot.loading.taking import taking
from bot.settings import Settings


@contextmanager
def kept_current(
    settings: Settings, renewing: Renewing | None, say: Callable[[str], None]
) -> Iterator[None]:
    """While a desk serves. `say` gets lines for the operator. Without `renewing`, or with that of a
    desk that cannot be renewed, files are taken, and are in use after the next start."""
    if renewing is None or not renewing.can:
        with taking(settings, None, say):
            yield
        return
    with renewing.looking(), taking(settings, renewing.renew, say):
        yield
