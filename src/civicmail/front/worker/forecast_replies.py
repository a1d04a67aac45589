"""check@: reply to a signed-in sender with the forecast for each recipient, as the compose page shows it; nothing is delivered
(P-19, P-22, promise 7).

The reply is a notice keyed by the message's id, so it is written once, also after a crash. It names only the recipients, which
the sender wrote.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from civicmail.city.policy import rule_keys
from civicmail.core.config.settings import Settings
from civicmail.core.ledger.heads import HeadMatcher, text
from civicmail.core.message import message_parser
from civicmail.core.message.filter_verdicts import header_of
from civicmail.desk.mailbox.forecast import forecast_of
from civicmail.desk.mailbox.submission import PageMessage, Submission
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier.auto_reply_messages import AutoReplyMessages
from civicmail.mail.pipeline.recipient_expansion import CHECK

FORECAST_REQUESTS = HeadMatcher(text(rule_keys.FORECAST_ONLY))
"""Stands in the head of every receipt that is such a question."""
MAX_RECIPIENTS = 1000
"""Recipients listed one by one."""


class ForecastReplies:
    """clock: ms. What slow parts it needs is started with the first question."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._data = data
        self._clock = clock
        self._letters = AutoReplyMessages(data)
        self._submission: Submission | None = None

    def close(self) -> None:
        if self._submission is not None:
            self._submission.close()

    def answer(self, capture: Capture) -> None:
        """Send the forecast for one message. Raises LaterError and DatabaseError if nothing was sent; it is retried."""
        from civicmail.city.directory.models import Person
        from civicmail.city.guard.epoch import from_ms
        from civicmail.city.notices.actions import notify
        from civicmail.desk.holding.senders import address_of

        person = Person.objects.filter(uid=capture.envelope.login.partition("/")[0]).first()
        content = self._letters.body(capture.id)
        if person is None or content is None or not (to := address_of(person)):
            return
        subject, text = self._compose(capture, content, person.uid, person.language)
        notify(f"check:{capture.uuid}", to, subject, text, now=from_ms(self._clock()))

    def _compose(self, capture: Capture, content: bytes, uid: str, language: str) -> tuple[str, str]:
        from civicmail.desk.mailbox.views import forecast_panel

        to = recipients(capture, content, self._settings.city.domains)
        if not to:
            return forecast_panel.forecast_notice(None, language)
        self._submission = self._submission or Submission(self._settings, self._data, self._clock, patient=True)
        parcel = PageMessage(uuid.UUID(capture.uuid), uid, capture.envelope.sender, tuple(to), content)
        forecast = forecast_of(self._submission.forecast(parcel), frozenset(self._settings.city.domains))
        return forecast_panel.forecast_notice(forecast, language)


def recipients(capture: Capture, content: bytes, domains: Sequence[str]) -> list[str]:
    """Those of the envelope and of To and Cc, without check@; each once."""
    message = message_parser.parse(header_of(content) or b"")
    named = [*(r.address for r in capture.envelope.recipients), *(a.addr for a in (*message.to, *message.cc) if a.domain)]
    ours = {f"{CHECK}@{domain}" for domain in domains}
    return list(dict.fromkeys(a for a in named if a.lower() not in ours))[:MAX_RECIPIENTS]
