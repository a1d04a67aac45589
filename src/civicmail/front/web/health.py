"""Endpoints for monitoring: /healthz (alive), /readyz (ready), /metrics (this machine only)."""

from __future__ import annotations

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from civicmail.city.guard import guard
from civicmail.city.guard.actions.entries import lag_ms
from civicmail.city.identity.actions.publishing import publication_lag_ms
from civicmail.core.config.clock import now_ms
from civicmail.front.web import request_metrics, start
from civicmail.front.web.local_requests import is_local


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """200 if the process answers."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when pages can be shown: database there, tables of this version. 503 says which is not."""
    checks = {"database": _database(), "tables": start.is_prepared()}
    return JsonResponse({"ready": all(checks.values()), **checks}, status=200 if all(checks.values()) else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Numbers for Prometheus; from elsewhere than this machine it is 404, also through a server in front."""
    if not is_local(request):
        raise Http404
    gauges = {
        "civicmail_web_ready": ("Whether pages can be shown.", float(start.is_prepared() and _database())),
        "civicmail_claimed": (
            "Whether a role was ever granted.",
            float(settings.DATA is not None and guard.is_claimed(settings.DATA)),
        ),
    }
    try:
        now = now_ms()
        gauges["civicmail_entries_lag_seconds"] = ("How long the oldest entry waits for the ledger.", lag_ms(now) / 1000)
        gauges["civicmail_untold_seconds"] = (
            "How long the oldest change of who may what waits for doors.",
            publication_lag_ms(now) / 1000,
        )
    except DatabaseFault:
        pass  # civicmail_web_ready says it
    return HttpResponse(request_metrics.text(gauges), content_type="text/plain; version=0.0.4")


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseFault:
        return False
    return True
