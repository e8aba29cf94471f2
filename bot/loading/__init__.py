"""Loads code sets beside a desk that answers.

- `child`: reads official files into codes.db, in a process of its own, with limits.
- `loader`: starts such processes, one at a time on this host, and has the index built and the desk
  renewed: for files that administrators send in Slack, and for the drop folder.
- `entries`: what lies in the drop folder, what of it may be taken, and where it goes.
- `taking`: takes what lies there.
- `renewing`: has a serving desk answer from what any process loaded.
- `beside`: both, while a desk serves.
- `record`: what was loaded lately, for whoever reports it.
"""
