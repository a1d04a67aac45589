"""Errors of the directory.

ConfigError
├── BadDirectory          the list of departments, or the record of modes, cannot be used
└── NowhereToGo           a department would leave, and no old system is configured
UsageError
├── UnknownDepartment     the department does not exist
└── Unusable              invalid input; `fields` names the fields
"""

from __future__ import annotations

from collections.abc import Mapping

from civicmail.core.config.errors import ConfigError, UsageError


class BadDirectory(ConfigError):
    """The sentence names the file and the error in it."""


class NowhereToGo(ConfigError):
    """courier.elsewhere is empty, so mail of a department that is not live would have no route."""


class UnknownDepartment(UsageError):
    """The sentence names the departments that there are."""


class Unusable(UsageError):
    """fields: name of the field -> sentence, for the form."""

    http = 422

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


def field_error(field: str, sentence: str) -> Unusable:
    """The error of one field."""
    return Unusable(sentence, {field: sentence})


def require_usable(fields: Mapping[str, str]) -> None:
    """Raise Unusable if there are errors of fields: the first one is the message."""
    if fields:
        raise Unusable(next(iter(fields.values())), fields)


def require_row[Row](row: Row | None, sentence: str) -> Row:
    """The row. Raises Unusable for None."""
    if row is None:
        raise Unusable(sentence)
    return row
