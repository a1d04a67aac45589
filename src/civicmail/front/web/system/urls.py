"""Addresses of the pages for operators."""

from __future__ import annotations

from django.urls import path

from civicmail.front.web.system import configured, health, hooks, learnt, onetrace, queue, revealing, trace

urlpatterns = [
    path("system/health/", health.health, name="health"),
    path("system/queue/", queue.queue, name="queue"),
    path("system/queue/hop/", queue.hop, name="queue-hop"),
    path("system/queue/try/", queue.try_again, name="queue-try"),
    path("system/trace/", trace.trace, name="trace"),
    path("system/trace/<uuid:capture>/", onetrace.one, name="trace-one"),
    path("system/trace/<uuid:capture>/reveal/", revealing.reveal, name="reveal"),
    path("system/spam/", learnt.spam, name="spam"),
    path("system/webhooks/", hooks.hooks, name="webhooks"),
    path("system/settings/", configured.settings_, name="settings"),
]
