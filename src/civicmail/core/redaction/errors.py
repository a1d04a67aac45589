"""What goes wrong when released files are derived and checked.

CivicmailError
├── NotConverted    a file, or the words of one, cannot be shown as a Document or set as a released file
└── RefusedError
    └── NotReleasable    the gate refuses the whole production
"""

from __future__ import annotations

from collections.abc import Iterable

from civicmail.core.config.errors import CivicmailError, RefusedError


class NotConverted(CivicmailError):
    """One sentence: why, and what the reviewer can do."""

    exit_code = 1
    http = 422


class NotReleasable(RefusedError):
    """problems: one sentence each, which names the file, the check and the place, and never what must not be released."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))

    def __reduce__(self) -> tuple[type[NotReleasable], tuple[tuple[str, ...]]]:
        """From one process to another."""
        return type(self), (self.problems,)
