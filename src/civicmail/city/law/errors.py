"""Errors of retention schedules.

UsageError
└── BadSchedule      a file of schedules says something that cannot be, or leaves out what it must say
"""

from __future__ import annotations

from civicmail.core.config.errors import UsageError


class BadSchedule(UsageError):
    """The sentence names the schedule and the line that is wrong in it."""
