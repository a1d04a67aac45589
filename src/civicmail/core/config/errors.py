"""Base classes of every error that is shown to a person, a mail client or a script.

CivicmailError            our own fault unless a subclass says otherwise
├── UsageError            a command or a request is wrong
├── ConfigError           the settings or the data folder are unusable
├── RefusedError          a rule forbids it
└── LaterError            the request is right; try again later

Each class has an exit_code for scripts (1 problem detected, 2 usage, 3 configuration, 4 refused, 5 later, 70 our bug), smtp for
mail clients (RFC 5321, RFC 3463), and http for browsers. The message is one plain sentence for a person.
"""

from __future__ import annotations


class CivicmailError(Exception):
    """Our fault: never permanent for a mail client (promise 6)."""

    exit_code = 70
    smtp = "451 4.3.0 Local error, please try again later"
    http = 500


class UsageError(CivicmailError):
    """The words of a command are wrong, or a path that it names is not there."""

    exit_code = 2
    smtp = "501 5.5.4 Syntax error in parameters"
    http = 400


class ConfigError(CivicmailError):
    """The settings file or the data folder cannot be used as it is."""

    exit_code = 3


class RefusedError(CivicmailError):
    """A rule of the city forbids it."""

    exit_code = 4
    smtp = "550 5.7.1 Refused by policy"
    http = 403


class LaterError(CivicmailError):
    """The request is fine; what it needs is not there at this moment."""

    exit_code = 5
    smtp = "451 4.3.0 Please try again later"
    http = 503
