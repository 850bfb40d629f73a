"""What can keep a cluster from starting; each message says what to do about it."""

from __future__ import annotations


class ClusterError(Exception):
    """A cluster that cannot start, or is not well."""


class Refused(ClusterError):
    """What was asked for cannot be done as asked; nothing was changed."""


class NotReady(ClusterError):
    """Something did not become ready; the message ends with the last lines of its log."""
