"""Errors in rules as data.

ValueError
└── BadExpression    an expression is invalid, or does not fit the table of facts; its reader adds file and line
ConfigError
└── UnusableBook     a rule set is invalid; the message names file, line and column
"""

from __future__ import annotations

from civicmail.core.config.errors import ConfigError


class BadExpression(ValueError):
    """words: what is wrong, as half a sentence; at: offset in the expression."""

    def __init__(self, words: str, at: int) -> None:
        super().__init__(f"{words} (character {at + 1})")
        self.words = words
        self.at = at


class UnusableBook(ConfigError):
    """The rule set in force stays in force; without one mail waits according to the failure policy for `policy`."""
