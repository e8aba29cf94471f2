"""Time stamps by RFC 3161: an authority signs that a checkpoint's note was there at a time.

The note, in UTF-8 with the log's signature, is hashed with SHA-256; the authority gets the hash and
nothing else. The response is kept as it came. `openssl ts -verify` checks it, too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509

from bot.querylog.checkpoints import CheckpointError
from codesets.errors import CodeDeskError

#: RFC 3161, section 3.4.
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_MOST_BYTES = 100_000


class NotStamped(CodeDeskError):
    """No time stamp came, or it is not of this note; the message says why."""


def library() -> Any:
    """Raises CheckpointError when the library is not installed."""
    try:
        import rfc3161_client
    except ModuleNotFoundError as error:
        raise CheckpointError(
            "Time stamps need rfc3161-client: install it with `pip install 'codedesk[timestamps]'`."
        ) from error
    return rfc3161_client


def stamp(url: str, note: str, *, seconds: float = 10) -> bytes:
    """Ask an authority for a time stamp of a note, and return its response (DER). Raises
    NotStamped, and CheckpointError when the library is not installed."""
    import httpx  # a verification needs none

    rfc3161 = library()
    builder = rfc3161.TimestampRequestBuilder().data(note.encode())
    request = builder.hash_algorithm(rfc3161.HashAlgorithm.SHA256).build()
    try:
        reply = httpx.post(
            url,
            content=request.as_bytes(),
            headers={"Content-Type": _QUERY, "Accept": _REPLY},
            timeout=seconds,
        )
        reply.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotStamped(f"no answer: {type(error).__name__}") from error
    if len(reply.content) > _MOST_BYTES:
        raise NotStamped("an answer that is too long")
    response = _decoded(reply.content)
    try:
        told = response.tst_info
        imprint = told.message_imprint.message
        right = response.status in (0, 1) and told.nonce == request.nonce
    except ValueError as error:
        raise NotStamped("it refused") from error
    if not right or imprint != request.message_imprint.message:
        raise NotStamped("it stamped something else")
    return reply.content


def stamping_roots(path: Path) -> list[x509.Certificate]:
    """The certificates of a file (PEM) that time stamps are verified with. Raises
    CheckpointError."""
    library()
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"There are no certificates in {path}. Name the root certificates of the time-stamping "
            "authority, in PEM, with --tsa-roots FILE."
        ) from error


def stamped_at(response: bytes, note: str, roots: Sequence[x509.Certificate]) -> dt.datetime:
    """When an authority stamped a note, by its response. Raises NotStamped, also where the
    signature does not lead to one of the roots."""
    rfc3161 = library()
    decoded = _decoded(response)
    try:
        rfc3161.VerifierBuilder(roots=list(roots)).build().verify_message(decoded, note.encode())
        at: dt.datetime = decoded.tst_info.gen_time
    except (rfc3161.VerificationError, ValueError) as error:
        raise NotStamped(str(error).splitlines()[0] if str(error) else "not signed") from error
    return at.astimezone(dt.UTC) if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _decoded(response: bytes) -> Any:
    try:
        return library().decode_timestamp_response(response)
    except ValueError as error:
        raise NotStamped("an answer of another form") from error
