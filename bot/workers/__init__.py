"""Processes that search, so that a desk uses all the cores that it may.

    front ── socket ──► nursery          one process that opened the desk, and has one thread
      │                   │ fork
      └──── socket ───────┴──► worker    one for each core; answers one question at a time

The front (`codedesk run`) meets Slack, reads questions, writes the log and answers what takes no
search. Questions that take a search go to a worker: see `pool`. A worker is forked from the nursery
(`nursery`), which has read the index and the tables already. So workers share that memory, and one
that ended is replaced in milliseconds. Workers have a lower priority than the front, so that a
verdict and an acknowledgement do not wait for them.

The nursery is a new program and no fork of the front. The front has threads and open connections
(Slack, the log), which a fork would copy in an unknown state.
"""
