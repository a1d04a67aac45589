"""check@: whoever signed in and writes there hears what would happen to the message, recipient by recipient, as the write page says
it before sending, and nobody gets it (P-19, P-22, promise 7).

The answer is a notice with the message's id as its key, so it is written once whoever dies. What is in the message stands in no
notice: only its recipients, who are the asker's own words.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from civicmail.core.config.settings import Settings
from civicmail.core.message import letter
from civicmail.core.message.verdicts import header_of
from civicmail.desk.mailbox.forecast import Foreseen, foreseen
from civicmail.desk.mailbox.submission import Parcel, Submission
from civicmail.mail.archive.records import Capture
from civicmail.mail.courier.answerable import Letters
from civicmail.mail.pipeline.addressed import BEFORE, CHECK

if TYPE_CHECKING:  # Django is started later
    from civicmail.desk.mailbox.views.foretelling import Panel

SIGN = f'"{BEFORE}"'.encode()
"""Stands in the head of every receipt that is such a question."""
MOST = 1000
"""Recipients that are told one by one."""


class Checking:
    """clock: ms. What slow parts it needs is started with the first question."""

    def __init__(self, settings: Settings, data: Path, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._data = data
        self._clock = clock
        self._letters = Letters(data)
        self._submission: Submission | None = None

    def close(self) -> None:
        if self._submission is not None:
            self._submission.close()

    def answer(self, asked: Capture) -> None:
        """Raises LaterError and DatabaseError: then nobody was answered, and it is asked again."""
        from civicmail.city.access.moments import moment
        from civicmail.city.directory.models import Person
        from civicmail.city.notices.actions import tell
        from civicmail.desk.holding.senders import address_of

        person = Person.objects.filter(uid=asked.envelope.login.partition("/")[0]).first()
        content = self._letters.body(asked.id)
        if person is None or content is None or not (to := address_of(person)):
            return
        subject, text = self._said(asked, content, person.uid, person.language)
        tell(f"check:{asked.uuid}", to, subject, text, now=moment(self._clock()))

    def _said(self, asked: Capture, content: bytes, uid: str, language: str) -> tuple[str, str]:
        from django.utils.translation import gettext, override

        from civicmail.desk.mailbox.views import foretelling

        to = recipients(asked, content, self._settings.city.domains)
        self._submission = self._submission or Submission(self._settings, self._data, self._clock, patient=True)
        found = Foreseen(())
        if to:
            parcel = Parcel(uuid.UUID(asked.uuid), uid, asked.envelope.sender, tuple(to), content)
            found = foreseen(self._submission.forecast(parcel), frozenset(self._settings.city.domains))
        with override(language):
            subject = gettext("What would happen to your message")
            if not to:
                return subject, gettext("Nobody is named in it but check@. Write the recipients into To, and check@ into Cc.")
            return subject, "\n\n".join(lines(foretelling.panel(found, 0)))


def lines(panel: Panel) -> list[str]:
    """The panel of the write page as paragraphs of a mail. In the language that is active."""
    from django.utils.translation import gettext

    if panel.stop:
        return [gettext("It cannot be sent like this."), panel.stop]
    if panel.wait:
        return [gettext("What will happen cannot be told at this moment."), panel.wait]
    begin = gettext("Nobody got it. If you send it without this address, this will happen:")
    each = []
    for line in panel.lines:
        left = gettext("This copy leaves the city.") if line.outside else ""
        each.append(" ".join(part for part in (f"{line.address}: {line.word}.", left, *line.why) if part))
    warned = [gettext("Look at this once more") + ":", *panel.warns] if panel.warns else []
    return [begin, *warned, *each, *([panel.more] if panel.more else [])]


def recipients(asked: Capture, content: bytes, domains: Sequence[str]) -> list[str]:
    """Those of the envelope and of To and Cc, without check@; each once."""
    read = letter.read(header_of(content) or b"")
    named = [*(r.address for r in asked.envelope.recipients), *(a.addr for a in (*read.to, *read.cc) if a.domain)]
    ours = {f"{CHECK}@{domain}" for domain in domains}
    return list(dict.fromkeys(a for a in named if a.lower() not in ours))[:MOST]
