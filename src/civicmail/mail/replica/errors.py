"""Errors between an installation and its standby.

LaterError
└── StandbyGone     the standby cannot be reached, or did not answer in time
ConfigError
├── Fenced          another installation has taken over: this one must not take in or deliver mail any more
├── NotACopy        the folder is no copy, or one of another installation
└── Diverged        the copy holds what this installation does not: nothing is written over it
"""

from __future__ import annotations

from civicmail.core.config.errors import ConfigError, LaterError


class StandbyGone(LaterError):
    """The standby is not there at this moment; with `acknowledge = "standby"` nothing is acknowledged meanwhile."""

    smtp = "451 4.3.0 The message could not be kept twice, please try again later"


class Fenced(ConfigError):
    """A higher epoch was signed: two primaries cannot be."""


class NotACopy(ConfigError):
    """The folder is not a copy of this installation, or not a copy at all."""


class Diverged(ConfigError):
    """The copy has bytes that this installation never had, or lost; a person must decide which of the two is right."""
