"""Django application configuration of the front."""

from __future__ import annotations

import logging

from allauth.usersessions.apps import UserSessionsConfig
from django.apps import AppConfig


class WebConfig(AppConfig):
    """Label "web"."""

    name = "civicmail.front.web"
    label = "web"
    default = True

    def ready(self) -> None:
        """Django's own lines name paths, which may be links that open something, and repeat what exceptions say; ours do not (I4).
        A level counts for those below, too, as django.security.csrf; a logger that is disabled lets them speak."""
        for name in ("django.request", "django.security", "django.server"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        from allauth.account.signals import authentication_step_completed

        from civicmail.front.web.signin import factor_notices
        from civicmail.front.web.signin.step_up import on_step

        factor_notices.connect()
        authentication_step_completed.connect(on_step, dispatch_uid="step-up")


class SignedInConfig(UserSessionsConfig):  # type: ignore[misc]  # allauth has no types
    """The table of allauth without its own notes: those have what a browser shows (signin/session_list.py)."""

    def ready(self) -> None:
        """Connect no receivers."""
