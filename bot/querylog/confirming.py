"""Has checkpoints confirmed by others: stamped by an authority, cosigned by a witness.

It is done after a checkpoint was kept, and beside it: who does not answer delays and stops nothing.
A failure is told once, until the next success, and is tried again with the newest checkpoint. The
tree of the newest covers all records before it, so nothing is asked for an older one that stayed
without confirmation.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from bot.messages import message
from bot.querylog import trees
from bot.querylog.checkpoints import Checkpoint, CheckpointError
from bot.querylog.confirmations import Confirmations, witness_key
from bot.querylog.hash_chain import LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.merkle import CannotProve, Frontier, leaf_of
from bot.querylog.receipt_check import NoteKey
from bot.querylog.timestamps import NotStamped, library, stamp
from bot.querylog.witnesses import NotCosigned, WitnessSilent, ask, request
from bot.settings import Settings, SettingsError

logger = logging.getLogger("codedesk.log")

#: Seconds that a server may take, and between tries.
_SECONDS = 10.0
_AGAIN = 60.0


class Confirmer:
    """Asks those whom the settings name. Not for several threads at once."""

    def __init__(
        self,
        log: QueryLog,
        checkpoints: Path,
        *,
        timestamp_url: str | None = None,
        witness_url: str | None = None,
        witness: NoteKey | None = None,
        seconds: float = _SECONDS,
    ) -> None:
        self._log, self._kept, self._seconds = log, Confirmations.beside(checkpoints), seconds
        self._timestamp_url, self._witness_url = timestamp_url, witness_url
        self._witness = witness
        #: The tree up to what the witness signed last, so that the log is not read for each proof.
        self._seen: Frontier | None = None

    @classmethod
    def of(cls, settings: Settings, log: QueryLog) -> Confirmer | None:
        """None where nobody is named. Raises SettingsError and CheckpointError."""
        if not settings.timestamp_url and not settings.witness_url:
            return None
        if settings.timestamp_url:
            library()
        if settings.witness_url and settings.witness_key is None:
            raise SettingsError(
                "CODEDESK_WITNESS_URL is set; set CODEDESK_WITNESS_KEY_FILE to the file of its "
                "public key, too."
            )
        witness = witness_key(settings.witness_key) if settings.witness_key else None
        return cls(
            log,
            settings.checkpoints,
            timestamp_url=settings.timestamp_url,
            witness_url=settings.witness_url,
            witness=witness,
        )

    def confirm(self, checkpoint: Checkpoint) -> dict[str, str]:
        """Have a checkpoint confirmed where it is not yet; the failures, in a sentence each, by who
        failed ("stamp", "witness")."""
        failures = {}
        for who, one in (("stamp", self._stamp), ("witness", self._cosign)):
            try:
                one(checkpoint)
            except (
                NotStamped,
                WitnessSilent,
                NotCosigned,
                CheckpointError,
                LogUnavailable,
            ) as error:
                at = self._timestamp_url if who == "stamp" else self._witness_url
                failures[who] = message(f"log.no_{who}", at=at or "", why=str(error))
        return failures

    def _stamp(self, checkpoint: Checkpoint) -> None:
        if self._timestamp_url and self._kept.timestamp(checkpoint.note) is None:
            response = stamp(self._timestamp_url, checkpoint.note, seconds=self._seconds)
            self._kept.keep_timestamp(checkpoint.note, response)

    def _cosign(self, checkpoint: Checkpoint) -> None:
        if not self._witness_url or self._witness is None:
            return
        if self._kept.cosignatures(checkpoint.note):
            return
        try:
            line = self._ask(checkpoint, self._seen or Frontier())
        except NotCosigned as error:
            if error.size is None:
                raise
            # It says which size it saw last.
            head = checkpoint.tree
            if head is None or error.size > head.size:
                raise NotCosigned(
                    409, "it signed a larger tree before: the log was cut back"
                ) from None
            seen = trees.frontier(self._log, head.base + error.size) if error.size else Frontier()
            if seen.size != error.size:
                seen = Frontier(head.base, error.size)  # Retention removed what it is made of.
            line = self._ask(checkpoint, seen)
        self._kept.keep_cosignature(checkpoint.note, line)

    def _ask(self, checkpoint: Checkpoint, seen: Frontier) -> str:
        assert self._witness is not None
        proof = []
        if seen.size:
            try:
                proof = trees.whole(self._log, checkpoint.sequence, seen).consistency(seen.size)
            except CannotProve as error:
                raise WitnessSilent(
                    f"it signed size {seen.size} last, and no proof from there can be made: {error}"
                ) from error
        body = request(seen.size, proof, checkpoint.note)
        line = ask(
            self._witness_url or "", body, checkpoint.note, self._witness, seconds=self._seconds
        )
        self._seen = seen.copy() if seen.size else trees.removed(self._log)
        for hashed in trees.hashes(self._log, self._seen.last, checkpoint.sequence):
            self._seen.append(leaf_of(hashed))
        return line


class Confirming:
    """A thread of its own for a Confirmer, so that nobody waits for a server."""

    def __init__(self, confirmer: Confirmer, *, again: float = _AGAIN) -> None:
        self._confirmer, self._again = confirmer, again
        self._newest: Checkpoint | None = None
        self._told: dict[str, str] = {}
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="confirmations", daemon=True)
        self._thread.start()

    def __call__(self, checkpoint: Checkpoint) -> None:
        """Have this one confirmed, and none before it any more."""
        with self._wake:
            self._newest = checkpoint
            self._wake.notify()

    def close(self, seconds: float = 2.0) -> None:
        """Let what is under way end, for some seconds at most."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            with self._wake:
                waits = self._newest is None and not self._stopping
                if waits:
                    self._wake.wait()
                checkpoint, stopping = self._newest, self._stopping
                self._newest = None
            if checkpoint is not None:
                self._tell(failures := self._confirmer.confirm(checkpoint))
                with self._wake:
                    if failures and not self._stopping and self._newest is None:
                        self._newest = checkpoint
                        self._wake.wait(self._again)
            elif stopping:
                return

    def _tell(self, failures: dict[str, str]) -> None:
        for who, sentence in failures.items():
            if who not in self._told:
                logger.warning("%s", sentence)
        for who in self._told.keys() - failures.keys():
            logger.info("%s", message(f"log.{who}_again"))
        self._told = failures


def confirming(
    settings: Settings, log: QueryLog
) -> tuple[Callable[[Checkpoint], None], Callable[[], None]]:
    """A function to call with each checkpoint, and one to call at the end. Settings that cannot be
    used are told, and stop nothing."""
    try:
        confirmer = Confirmer.of(settings, log)
    except (SettingsError, CheckpointError) as error:
        logger.warning("%s", error)
        confirmer = None
    if confirmer is None:
        return (lambda _: None), (lambda: None)
    thread = Confirming(confirmer)
    return thread, thread.close
