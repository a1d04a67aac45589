"""Messages in the pick-up portal: found, told of, opened by their readers, answered, taken back by their senders, ended (P-19).

Of a reader we know that they have the link, which went to their mailbox, and the secret. Each try is counted before it is looked
at, so that many at once are as few as one after the other. Each opening is an entry.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import DataError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext, override

from civicmail.city.access import guard
from civicmail.city.access.actions import entries
from civicmail.city.access.actors import Actor, machine
from civicmail.city.access.acts import About
from civicmail.city.access.errors import Conflict, Unusable
from civicmail.city.access.moments import moment
from civicmail.city.access.views.saying import day
from civicmail.city.notices.actions import tell
from civicmail.core.config.log import get_logger
from civicmail.core.config.sentence import sentence as _
from civicmail.core.config.settings import Secure
from civicmail.desk.holding import pickupstates, senders
from civicmail.desk.holding.models import PickUp, PickUpReply
from civicmail.mail.courier import boxes

SECRET_LEAST, SECRET_MOST = 10, 128
REPLY_MOST = 20_000
REPLIES_MOST = 20
"""Answers to one message; whoever has more to say writes a mail."""
AT_ONCE = 200
"""Boxes and rows of one round."""
WORKER = machine("worker")
log = get_logger()
_SHORT = _("Choose at least 10 characters: three words that do not belong together are good.")
_SUBJECT = "A message from {city} waits for you / Un mensaje de {city} lo espera"
_TEXT = """\
{city} has a confidential message for you. It is not in this mail: you read it on a page of the city's.

{link}

The message waits until {until}. You open it with a passphrase: the one that whoever wrote to you has told you, else one that you \
choose when you open it first. If you do not expect a message, ask the city by telephone, or look here whether this mail is \
really the city's: {really}

---

{city} tiene un mensaje confidencial para usted. No está en este correo: se lee en una página de la ciudad, con el enlace de \
arriba, hasta el {hasta}. Se abre con una frase de paso: la que le ha dicho quien le escribe o, si no le ha dicho ninguna, una \
que usted elige al abrirlo por primera vez. Si no espera ningún mensaje, pregunte a la ciudad por teléfono o compruebe \
aquí si este correo es realmente suyo: {really}"""


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find(data: Path, city: str, url: str, rules: Secure, *, now: int) -> int:
    """Make a row, and a notice without content, of each box that has none; how many."""
    if not (fresh := _without_a_kept_row(data)):
        return 0
    known = set(PickUp.objects.filter(box__in=fresh).values_list("box", flat=True))
    return sum(_told(data, id_, city, url, rules, now) for id_ in fresh if id_ not in known)


def _told(data: Path, id_: str, city: str, url: str, rules: Secure, now: int) -> int:
    """A box that cannot be read, or be told of, holds up no other."""
    try:
        return _found(data, id_, city, url, rules, now)
    except (DataError, OSError, ValueError, KeyError) as error:
        log.error("nobody can be told of a box of the portal", box=id_, error=type(error).__name__)
        return 0


def _without_a_kept_row(data: Path) -> list[str]:
    """Boxes of which no row says that they are to be kept: new ones, and those whose end was not carried out. Few at a time."""
    if not (there := boxes.waiting(data)):
        return []
    kept = set(PickUp.objects.filter(state__in=pickupstates.KEPT).values_list("box", flat=True))
    return [id_ for id_ in there if id_ not in kept][:AT_ONCE]


def _found(data: Path, id_: str, city: str, url: str, rules: Secure, now: int) -> int:
    about, token = boxes.about(data, id_), secrets.token_urlsafe(24)
    until = moment(about["at"]) + timedelta(days=rules.days)
    person = senders.person_of(str(about["login"]).partition("/")[0] or about["sender"].lower())  # a peer has asserted it
    with transaction.atomic():
        row = PickUp.objects.create(
            box=id_, capture=about["capture"], index=about["index"], to=about["to"], sender=about["sender"].lower(), person=person,
            made=moment(now), until=until, token=digest(token),
        )  # fmt: skip
        link = f"{url.rstrip('/')}/pickup/{token}/"
        text = _TEXT.format(city=city, link=link, until=_day_in("en", until), hasta=_day_in("es", until), really=_really(url))
        tell(f"pickup:{id_}", row.to, _SUBJECT.format(city=city), text, now=moment(now))
        entries.enter("pickup.wait", actor=WORKER, reason="", now=now, object=_name(row), facts={"capture": row.capture})
    return 1


def _really(url: str) -> str:
    return f"{url.rstrip('/')}{reverse('really')}"


def _day_in(language: str, at: datetime) -> str:
    """As pages in this language write it."""
    with override(language):
        return day(at)


def open_(row: PickUp, secret: str, *, rules: Secure, client: Actor, now: int) -> PickUp:
    """Try a secret; the first one that is typed is the reader's own where nobody has set one. Raises Conflict where it is not there
    to be opened, Unusable where the secret is wrong, or too short to be chosen."""
    fresh = _live(row, now)
    if not fresh.secret and not SECRET_LEAST <= len(secret) <= SECRET_MOST:
        raise Unusable(_SHORT, {"secret": _SHORT})
    if not _counted(fresh, rules):
        _lock(fresh, client, now)
        raise Conflict(pickupstates.SAID["locked"])
    chosen = not fresh.secret
    if not chosen and not check_password(secret[:SECRET_MOST], fresh.secret):
        left = rules.tries - fresh.tries - 1
        entries.enter_alone("pickup.wrong", actor=client, reason="", now=now, object=_name(fresh), facts={"left": max(0, left)})
        if left <= 0:
            _lock(fresh, client, now)
            raise Conflict(pickupstates.SAID["locked"])
        said = _("That is not the passphrase. Tries that are left before it is locked: {left}.", left=left)
        raise Unusable(said, {"secret": said})
    with entries.before_showing(now):
        locked = PickUp.objects.select_for_update().get(pk=fresh.pk)
        if chosen and locked.secret and not check_password(secret, locked.secret):
            raise Conflict(_("Somebody has chosen a passphrase in the meantime. If it was not you, ask whoever wrote to you."))
        chosen = chosen and not locked.secret  # a button that was pressed twice chooses once
        locked.state = pickupstates.TABLE.step(locked.state, "open")
        if chosen:
            locked.secret, locked.by = make_password(secret), "reader"
        locked.tries, locked.opened, locked.openings = 0, locked.opened or moment(now), locked.openings + 1
        locked.save()
        entries.enter("pickup.open", actor=client, reason="", now=now, object=_name(locked), facts={"chosen": int(chosen)})
    return locked


def _live(row: PickUp, now: int) -> PickUp:
    """The row as it is now. Raises Conflict where nothing opens it."""
    fresh = PickUp.objects.get(pk=row.pk)
    if fresh.until <= moment(now):
        raise Conflict(pickupstates.SAID["over"])
    pickupstates.TABLE.step(fresh.state, "open")
    return fresh


def _counted(row: PickUp, rules: Secure) -> bool:
    """Count a try before it is made; False where there is none left."""
    open_rows = PickUp.objects.filter(pk=row.pk, state__in=pickupstates.LIVE, tries__lt=rules.tries)
    return bool(open_rows.update(tries=F("tries") + 1))


def _lock(row: PickUp, client: Actor, now: int) -> None:
    with transaction.atomic():
        locked = PickUp.objects.select_for_update().get(pk=row.pk)
        if locked.state not in pickupstates.LIVE:
            return
        locked.state = pickupstates.TABLE.step(locked.state, "lock")
        locked.save(update_fields=["state"])
        entries.enter("pickup.lock", actor=client, reason="", now=now, object=_name(locked))
        _tell_locked(locked, now)


def _tell_locked(row: PickUp, now: int) -> None:
    with override(row.person.language if row.person is not None else "en"):
        text = gettext(
            "The passphrase of the confidential message that you sent to {reader} on {day} was wrong too often, so it is locked. "
            "Call them. If it was them, set a new passphrase and tell it to them on the telephone; if not, somebody else has the "
            "mail with the link."
        ).format(reader=row.to, day=day(row.made))
        page = f"\n\n{settings.CITY.web.url}{reverse('secure-one', args=[row.pk])}" if row.person is not None else ""
        subject = gettext("A confidential message is locked")
        tell(f"pickup-locked:{row.box}:{now}", row.sender, subject, text + page, now=moment(now))


def note_file(row: PickUp, number: int, *, client: Actor, now: int) -> None:
    """A file is about to be given out."""
    facts = {"file": number}
    entries.enter_alone("pickup.file", actor=client, reason="", now=now, object=_name(row), facts=facts)


def reply(row: PickUp, text: str, subject: str, message_id: str, *, before: int, client: Actor, now: int) -> PickUpReply:
    """Give an answer to be sent. before: how many there were when its page was shown, so that a page that is loaded anew, or a
    button that is pressed twice, sends nothing twice. Raises Conflict, Unusable."""
    fresh, text = _live(row, now), text.strip()
    if fresh.state != "opened":
        raise Conflict(_("Open the message first."))
    if not text or len(text) > REPLY_MOST:
        said = _("Write something, at most 20,000 characters.")
        raise Unusable(said, {"text": said})
    with transaction.atomic():
        PickUp.objects.select_for_update().get(pk=fresh.pk)
        if (count := fresh.replies.count()) != before:
            raise Conflict(_("You have answered since this page was opened, and that is on its way. Send this only if it is more."))
        if count >= REPLIES_MOST:
            raise Conflict(_("You have answered this message often enough; please write to the city by mail."))
        entries.enter("pickup.reply", actor=client, reason="", now=now, object=_name(fresh))
        return PickUpReply.objects.create(
            pickup=fresh, text=text, subject=subject.replace("\0", "")[:250], message_id=message_id[:998], made=moment(now)
        )


def set_secret(row: PickUp, secret: str, *, actor: Actor, reason: str, now: int) -> PickUp:
    """Its sender chooses what the reader has to type, and unlocks it. Raises NotPermitted, Conflict, Unusable."""
    if not SECRET_LEAST <= len(secret) <= SECRET_MOST:
        raise Unusable(_SHORT, {"secret": _SHORT})
    with transaction.atomic():
        fresh = _of_sender(row, "secret", actor, now)
        fresh.secret, fresh.by, fresh.tries = make_password(secret), "sender", 0
        fresh.save()
        entries.enter("pickup.secret", actor=actor, reason=reason, now=now, object=_name(fresh))
    return fresh


def revoke(data: Path, row: PickUp, *, actor: Actor, reason: str, now: int) -> PickUp:
    """Its sender takes it back: the key goes, and nobody opens it any more. Raises NotPermitted, Conflict."""
    with transaction.atomic():
        fresh = _of_sender(row, "revoke", actor, now)
        fresh.secret = ""
        fresh.save()
        entries.enter("pickup.revoke", actor=actor, reason=reason, now=now, object=_name(fresh))
    boxes.remove(data, fresh.box)
    return fresh


def _of_sender(row: PickUp, action: str, actor: Actor, now: int) -> PickUp:
    fresh = PickUp.objects.select_for_update(of=("self",)).select_related("person").get(pk=row.pk)
    guard.require(actor, "my.write", About(person=fresh.person.uid if fresh.person else "-"), now=now)
    fresh.state = pickupstates.TABLE.step(fresh.state, action)
    return fresh


def end(data: Path, *, now: int) -> int:
    """End what has waited its days, and remove boxes whose end somebody did not live to carry out; how many rows ended."""
    over = PickUp.objects.filter(until__lte=moment(now), state__in=pickupstates.KEPT)
    ended = 0
    for row in over[:AT_ONCE]:
        with transaction.atomic():
            fresh = PickUp.objects.select_for_update().get(pk=row.pk)
            if fresh.state not in pickupstates.KEPT:
                continue
            fresh.state, fresh.secret = pickupstates.TABLE.step(fresh.state, "expire"), ""
            fresh.save(update_fields=["state", "secret"])
            entries.enter("pickup.over", actor=WORKER, reason="", now=now, object=_name(fresh))
            if fresh.opened is None:
                _tell_unread(fresh, now)
        ended += 1
    if unkept := _without_a_kept_row(data):
        gone = PickUp.objects.filter(box__in=unkept).exclude(state__in=pickupstates.KEPT)
        for id_ in gone.values_list("box", flat=True):
            boxes.remove(data, id_)
    return ended


def _tell_unread(row: PickUp, now: int) -> None:
    """Whoever wrote it believes that it was read: the copy was handed over, and nobody came for it."""
    with override(row.person.language if row.person is not None else "en"):
        text = gettext(
            "Nobody has picked up the confidential message that you sent to {reader} on {day}. Its days are over, so it is not "
            "there any more. Call them, and send it again if they still need it."
        ).format(reader=row.to, day=day(row.made))
        tell(f"pickup-unread:{row.box}", row.sender, gettext("A confidential message was not picked up"), text, now=moment(now))


def replies(limit: int) -> list[PickUpReply]:
    """What waits to be sent."""
    return list(PickUpReply.objects.filter(sent__isnull=True).select_related("pickup").order_by("id")[:limit])


def replied(row: PickUpReply, *, now: int) -> None:
    """It is archived and on its way: the text is in the archive alone from now on."""
    PickUpReply.objects.filter(pk=row.pk).update(sent=moment(now), text="")


def _name(row: PickUp) -> str:
    return f"pickup:{row.pk}"


def reader(client: str) -> Actor:
    """Whoever reads in the portal: nobody of ours, at an address."""
    facts: dict[str, Any] = {"admitted": False, "client": client}
    return Actor("", **facts)
