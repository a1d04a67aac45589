"""The answer for a field that completes people (static/cm/complete.js): who fits the words so far."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import JsonResponse
from django.utils.translation import gettext, ngettext

MIN_LENGTH = 2
"""Characters; a single letter fits half the city."""
MAX_LENGTH = 254


def words_of(query: str) -> str:
    """The words to look for; empty if they are too short."""
    words = query.strip()[:MAX_LENGTH]
    return words if len(words) >= MIN_LENGTH else ""


def answer(offered: Sequence[tuple[str, str]], exact: str) -> JsonResponse:
    """offered: lines as the field has them, with what tells them apart; exact: the only line that the words name whole, or ""."""
    count = len(offered)
    text = ngettext("{count} fits.", "{count} fit.", count).format(count=count) if count else gettext("Nobody fits.")
    response = JsonResponse({"people": offered, "exact": exact, "say": text})
    response["Cache-Control"] = "private, no-store"
    return response
