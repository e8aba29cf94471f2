"""One app in many workspaces: each installs it by OAuth and has a token of its own.

- `place`: the workspace of a request, and the installation that serves it.
- `token_keys`, `installations`: the tokens, encrypted, beside what else Slack's surfaces keep.
- `oauth_states`, `oauth`: the pages for installing.
- `clients`: a client for each installation.
- `roles`: who is an auditor or an administrator of a workspace.
- `limits`, `rights`: how much may be asked, and by whom.

https://docs.slack.dev/authentication/installing-with-oauth
"""
