"""Errors of retention schedules.

UsageError
└── BadSchedule      a file of schedules is contradictory or incomplete
"""

from __future__ import annotations

from civicmail.core.config.errors import UsageError


class BadSchedule(UsageError):
    """The sentence names the schedule and the line that is wrong in it."""
