"""For whoever runs Code Desk: checks (`codedesk doctor`), the program's own log, metrics, whether
it is live and ready, how it stops. docs/OPERATIONS.md is the page for them."""
