"""The forecast number of approvals for each department, from the mail of the last weeks (P-22)."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from civicmail.city.pages.days import holidays
from civicmail.core.config.errors import LaterError
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.oversight.approval_forecast import DAY_MS, DAYS, Forecast, forecast
from civicmail.desk.oversight.recorded_facts import Heads

KEPT_SECONDS = 600
"""A forecast reads thousands of heads: it is the same for some minutes."""


def forecast_for(now: int) -> Forecast:
    """The forecast from the last weeks. Raises LaterError if the archive is unavailable."""
    key = f"approval-forecast:{settings.DATA}"
    kept: Forecast | None = cache.get(key)
    if kept is not None:
        return kept
    assert settings.DATA is not None, "pages have an installation"
    days = holidays()
    try:
        department_forecast = forecast(Heads(Path(settings.DATA)).newest(now - DAYS * DAY_MS, now), now, days)
    except DamagedFile as error:
        raise LaterError("Sent mail cannot be read now. Try again in a minute.") from error
    cache.set(key, department_forecast, KEPT_SECONDS)
    return department_forecast
