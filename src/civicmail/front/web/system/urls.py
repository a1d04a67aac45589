"""URLs of the pages for operators."""

from __future__ import annotations

from django.urls import path

from civicmail.front.web.system import (
    health,
    queue,
    reveal,
    settings_page,
    spam_model,
    statistics,
    trace,
    trace_message,
    webhooks,
)

urlpatterns = [
    path("system/health/", health.health, name="health"),
    path("system/statistics/", statistics.statistics, name="mail-statistics"),
    path("system/queue/", queue.queue, name="queue"),
    path("system/queue/hop/", queue.hop, name="queue-hop"),
    path("system/queue/try/", queue.try_again, name="queue-try"),
    path("system/trace/", trace.trace, name="trace"),
    path("system/trace/<uuid:capture>/", trace_message.one, name="trace-one"),
    path("system/trace/<uuid:capture>/reveal/", reveal.reveal, name="reveal"),
    path("system/spam/", spam_model.spam, name="spam"),
    path("system/webhooks/", webhooks.hooks, name="webhooks"),
    path("system/settings/", settings_page.settings_, name="settings"),
]
