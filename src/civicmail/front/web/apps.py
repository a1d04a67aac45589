"""The front as Django knows it."""

from __future__ import annotations

import logging

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Label "web"."""

    name = "civicmail.front.web"
    label = "web"

    def ready(self) -> None:
        """Django's own lines name paths and repeat what exceptions say, which may be anything; ours do not (I4)."""
        for name in ("django.request", "django.security", "django.server"):
            logging.getLogger(name).disabled = True
        from allauth.account.signals import authentication_step_completed

        from civicmail.front.web.signin import news
        from civicmail.front.web.signin.stepup import on_step

        news.connect()
        authentication_step_completed.connect(on_step, dispatch_uid="step-up")
