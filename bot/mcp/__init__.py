"""Serves the desk to assistants with tools, by the Model Context Protocol: on standard input and
output, or over HTTP. https://modelcontextprotocol.io

- `inputs`, `outputs`: what tools take and give; their JSON schemas describe the tools.
- `shaping`: makes an output of an answer. `wording`: its text.
- `tools`: the tools. `resources`: loaded code sets, and codes.
- `server`: the handlers of the protocol. `stdio`, `http`: the two ways in.

Only `server`, `stdio` and `http` import the SDK.
"""
