"""Mail about messages in the pick-up portal, to readers and senders (P-19). Each function belongs in an open transaction.

A link sent by mail is a key sent by mail. So content that must never leave by TLS alone needs a passphrase that its sender passes
on by another channel, and the sender is notified immediately when, and from where, a message was opened.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, override

from civicmail.city.guard.epoch import from_ms
from civicmail.city.notices.actions import notify
from civicmail.city.pages.wording import day, minute
from civicmail.desk.holding.models import PickUp

_SUBJECT = "A message from {city} waits for you / Un mensaje de {city} lo espera"
_TEXT = """\
{city} has a confidential message for you. It is not in this mail: you read it on a page of the city's.

{link}

The message waits until {until}. {opens} If you do not expect a message, ask the city by telephone, or look here whether this mail \
is really the city's: {really}

---

{city} tiene un mensaje confidencial para usted. No está en este correo: se lee en una página de la ciudad, con el enlace de \
arriba, hasta el {hasta}. {abre} Si no espera ningún mensaje, pregunte a la ciudad por teléfono o compruebe \
aquí si este correo es realmente suyo: {really}"""
_OPENS = (
    "You open it with a passphrase: the one that whoever wrote to you has told you, else one that you choose when you open it "
    "first.",
    "Se abre con una frase de paso: la que le ha dicho quien le escribe o, si no le ha dicho ninguna, una que usted elige al "
    "abrirlo por primera vez.",
)
_OPENS_BY_SENDER = (
    "You open it with a passphrase that the sender tells you by telephone. It is never sent by mail: call them if you do not "
    "have it.",
    "Se abre con una frase de paso que el remitente le dice por teléfono. Nunca se envía por correo: llámelo si no la tiene.",
)


def notify_reader(row: PickUp, city: str, url: str, token: str, now: int) -> None:
    """Send the reader the link, without content, in both languages. url: of the pages; now: ms."""
    passphrase_en, passphrase_es = _OPENS_BY_SENDER if row.sender_only else _OPENS
    base_url = url.rstrip("/")
    text = _TEXT.format(
        city=city, link=f"{base_url}/pickup/{token}/", until=_day_in("en", row.until), hasta=_day_in("es", row.until),
        opens=passphrase_en, abre=passphrase_es, really=f"{base_url}{reverse('really')}",
    )  # fmt: skip
    notify(f"pickup:{row.box}", row.to, _SUBJECT.format(city=city), text, now=from_ms(now))


def notify_passphrase(row: PickUp, passphrase: str, now: int) -> None:
    """Send the sender the passphrase that the reader needs. It stays in the city, where the message itself is in clear, too."""
    with override(_language(row)):
        text = gettext(
            "Your confidential message to {reader} waits in the pick-up portal until {until}. The reader has the link, and cannot "
            "open it without this passphrase:\n\n{passphrase}\n\nTell it to them by telephone, at a number that you know. Never "
            "send it by mail: whoever can read their mail could then open the message (P-19)."
        ).format(reader=row.to, until=day(row.until), passphrase=passphrase)
        subject = gettext("Pass on by telephone: the passphrase for {reader}").format(reader=row.to)
        notify(f"pickup-passphrase:{row.box}", row.sender, subject, text + _page_line(row), now=from_ms(now))


def notify_opened(row: PickUp, client: str, now: int) -> None:
    """Tell the sender when and from where it was opened, and who had chosen the passphrase."""
    with override(_language(row)):
        if row.by == "sender":
            chosen = gettext("It was opened with the passphrase that you passed on.")
        else:
            chosen = gettext("It was opened with a passphrase that was chosen at the first opening.")
        text = gettext(
            "The confidential message that you sent to {reader} on {day} was opened on {moment} from the network address {client}. "
            "{chosen} Whoever opened it had the link from their mailbox. If you doubt that it was them, call them, and take the "
            "message back: nobody opens it after that."
        ).format(reader=row.to, day=day(row.made), moment=minute(from_ms(now)), client=client or gettext("unknown"), chosen=chosen)
        subject = gettext("Opened: your confidential message to {reader}").format(reader=row.to)
        notify(f"pickup-opened:{row.box}:{row.openings}", row.sender, subject, text + _page_line(row), now=from_ms(now))


def notify_locked(row: PickUp, now: int) -> None:
    """Tell the sender that wrong passphrases have locked it."""
    with override(_language(row)):
        text = gettext(
            "The passphrase of the confidential message that you sent to {reader} on {day} was wrong too often, so it is locked. "
            "Call them. If it was them, set a new passphrase and tell it to them on the telephone; if not, somebody else has the "
            "mail with the link."
        ).format(reader=row.to, day=day(row.made))
        subject = gettext("A confidential message is locked")
        notify(f"pickup-locked:{row.box}:{now}", row.sender, subject, text + _page_line(row), now=from_ms(now))


def notify_unread(row: PickUp, now: int) -> None:
    """Notify the sender that the message was not picked up: the sender believes that it was read, because the copy was
    delivered."""
    with override(_language(row)):
        text = gettext(
            "Nobody has picked up the confidential message that you sent to {reader} on {day}. Its days are over, so it is not "
            "there any more. Call them, and send it again if they still need it."
        ).format(reader=row.to, day=day(row.made))
        notify(f"pickup-unread:{row.box}", row.sender, gettext("A confidential message was not picked up"), text, now=from_ms(now))


def _language(row: PickUp) -> str:
    return row.person.language if row.person is not None else "en"


def _page_line(row: PickUp) -> str:
    """The sender's own page of it, where the sender is a person."""
    return f"\n\n{settings.CITY.web.url}{reverse('secure-one', args=[row.pk])}" if row.person is not None else ""


def _day_in(language: str, at: datetime) -> str:
    """A day as pages in this language write it."""
    with override(language):
        return day(at)
