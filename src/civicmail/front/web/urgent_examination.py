"""An urgent examination, before a second person has decided, needs step-up (E4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponseBase

from civicmail.city.guard.epoch import from_ms
from civicmail.city.pages.city_request import acting
from civicmail.desk.workbench.views import request_examination
from civicmail.front.web.signin import step_up


@acting("mandate.ask")
@step_up.required
def urgent(request: Any) -> HttpResponseBase:
    """The request page, with the time of the step-up; a demo requires none."""
    at = request.session.get(step_up.AT)
    proved: datetime = from_ms(at) if isinstance(at, int) else request.now
    return request_examination.urgent_request(request, proved)
