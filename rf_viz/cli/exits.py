"""How a run of the command line can end besides well."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""


class UsageError(Exception):
    """Raised for a request that cannot be met; the message says in one sentence why."""
