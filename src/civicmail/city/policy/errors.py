"""What can be wrong with rules as data.

ValueError
└── BadExpression    an expression is none, or does not fit the table of facts; its reader adds file and line
ConfigError
└── UnusableBook     a book of rules cannot be used; the sentence names file, line and column
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
    """The book that was in force stays in force; without one mail waits as the fail matrix says for `policy`."""
