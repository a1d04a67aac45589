"""A rule of a mailbox would have sent mail out of the city, and was stopped: its owner hears of it, and the security officers,
because whoever takes an account makes such a rule first (P-11, P-25). Once a day for one mailbox, however much came."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from civicmail.city.access.moments import moment
from civicmail.city.access.views.saying import day
from civicmail.city.conduct.queries.deciders import holders
from civicmail.city.notices import actions
from civicmail.desk.holding import senders
from civicmail.desk.holding.actions.telling import LATE
from civicmail.desk.holding.asked import Said, Sent

STOPPED = frozenset({"hold", "quarantine", "refuse"})


def tell(sent: Sent, said: list[Said], now: int) -> None:
    """Nothing of the message, nor from whom it came, nor where it would have gone. Belongs into a transaction."""
    if now - sent.at > LATE or not any(one.do in STOPPED for one in said):
        return
    when, person = timezone.localtime(moment(sent.at)), senders.person_of(sent.forwarder)
    key = f"forwarded:{when:%Y-%m-%d}:{hashlib.sha256(sent.forwarder.encode()).hexdigest()[:32]}"
    if person is not None and (to := senders.address_of(person)):
        with override(person.language):
            text = gettext(
                "A rule of your mailbox would have forwarded a message out of the city on {day} at {time}, and it was kept back: "
                "mail is not forwarded automatically to accounts outside (P-11). Nothing is lost.\n\n"
                "Take the rule out of your mail program. If you have not made it, somebody else has your password: call the "
                "security office now, not by mail."
            ).format(day=day(when), time=f"{when:%H:%M}")
            subject = gettext("A rule of your mailbox would have forwarded mail out of the city")
            actions.tell(key, to, subject, text, now=moment(now))
    where = f"{settings.CITY.web.url}{reverse('quarantine')}?rule=forwarded-out"
    for officer in holders("security-officer", now):
        if to := senders.address_of(officer):
            with override(officer.language):
                subject = gettext("A mailbox would have forwarded mail out of the city")
                text = gettext(
                    "A rule of the mailbox {mailbox} would have forwarded mail out of the city; it was kept back. Whoever takes an "
                    "account often makes such a rule: ask its owner, by telephone, whether it is theirs.\n\n"
                    "What is kept back: {page}"
                ).format(mailbox=sent.forwarder, page=where)
            actions.tell(f"{key}:{officer.pk}", to, subject, text, now=moment(now))
