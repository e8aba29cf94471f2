"""Reads the tree of a log: of all its records, or up to one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bot.querylog import hash_chain
from bot.querylog.hash_chain import NOT_OF_THE_FORM, LogUnavailable
from bot.querylog.log import QueryLog
from bot.querylog.merkle import CannotProve, Frontier, Tree, leaf_of

#: Records that are read at a time; others may use the log in between.
_BATCH = 20_000


class Gap(LogUnavailable):
    """A record is missing, so that there is no tree; the message says which."""


def removed(log: QueryLog) -> Frontier:
    """The tree of what retention removed from a log; empty when nothing was. Raises Gap and
    LogUnavailable."""
    with log.reading() as db:
        rows = list(db.query("select seq, previous from records order by seq limit 1"))
        if not rows or rows[0]["seq"] == 1:
            return Frontier()
        stones = db.query(
            "select seq, body from records where kind = 'retention' order by seq desc limit 1"
        )
        bodies = [(row["seq"], row["body"]) for row in stones]
    try:
        body = json.loads(bodies[0][1])
        frontier = Frontier.of_removed(body.get("tree"), body["last"])
        if frontier.last != rows[0]["seq"] - 1:
            raise ValueError
    except NOT_OF_THE_FORM as error:
        raise Gap(
            f"The beginning of the query log is missing up to record {rows[0]['seq'] - 1}, and no "
            "tombstone accounts for it. `codedesk log verify` says more."
        ) from error
    return frontier


def hashes(log: QueryLog, after: int, last: int | None = None) -> Iterator[str]:
    """The hashes of the records after one, in order. Raises Gap and LogUnavailable."""
    while True:
        with log.reading() as db:
            rows = db.execute(
                "select seq, hash from records where seq > ? order by seq limit ?", [after, _BATCH]
            ).fetchall()
        for seq, hashed in rows:
            if last is not None and seq > last:
                return
            if seq != after + 1:
                raise Gap(
                    f"Record {after + 1} of the query log is missing. `codedesk log verify` says "
                    "more."
                )
            after = seq
            yield hashed
        if len(rows) < _BATCH:
            return


def frontier(log: QueryLog, last: int) -> Frontier:
    """The tree up to record `last`, from the hashes as the log has them. Raises LogUnavailable."""
    tree = removed(log)
    for hashed in hashes(log, tree.last, last):
        tree.append(leaf_of(hashed))
    return tree


def frontier_derived(log: QueryLog, last: int, head: str) -> Frontier | None:
    """The tree up to record `last`, with each hash derived again; None when a record does not give
    its hash, or the last one not `head`. For a checkpoint that had no tree. Raises
    LogUnavailable."""
    tree = removed(log)
    previous = None
    while tree.last < last:
        with log.reading() as db:
            rows = list(
                db.query(
                    "select seq, at, kind, subject, body, previous, hash from records "
                    "where seq > ? and seq <= ? order by seq limit ?",
                    [tree.last, last, _BATCH],
                )
            )
        for row in rows:
            *held, hashed = row.values()
            follows = previous is None or row["previous"] == previous
            if row["seq"] != tree.last + 1 or not follows:
                return None
            if hash_chain.record_hash(*held) != hashed:
                return None
            previous = hashed
            tree.append(leaf_of(hashed))
        if not rows:
            return None
    return tree if previous in (None, head) else None


def whole(log: QueryLog, last: int | None = None, start: Frontier | None = None) -> Tree:
    """The tree with all its nodes, up to record `last`, for proofs: of what is there, or of what
    comes after `start`. Raises LogUnavailable, and CannotProve when records after `start` were
    removed."""
    gone = removed(log)
    start = start or gone
    if start.last < gone.last:
        raise CannotProve("retention removed records that it needs")
    tree = Tree(start)
    for hashed in hashes(log, start.last, last):
        tree.append(leaf_of(hashed))
    return tree
