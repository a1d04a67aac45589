"""Notify people of changes to their sign-in (P-07).

A recovery is notified immediately, at each of its steps. Other news (a device password, a token, a passkey, a place) are rows until
the sweep sends all of them in one message.
"""

from __future__ import annotations

import ipaddress

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext

from civicmail.city.directory.models import FormerName, Mailbox, Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Account, AccountNews, Invitation, Place
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.notices.actions import notify

BATCH_DELAY_MS = 120_000
"""ms for which news waits for more of its kind: who sets up a telephone makes three things at once, and reads of them once."""
PREFIX_BITS = {4: 24, 6: 64}
"""Version of IP -> bits of an address by which one place is told from another."""


def addresses_of(person: Person) -> list[str]:
    """The mailbox of their own, and every address elsewhere that the directory has or ever had of them."""
    own = Mailbox.objects.filter(holder=person, kind="personal", closed__isnull=True).order_by("-made")
    elsewhere = [person.outside, *FormerName.objects.filter(person=person).values_list("outside", flat=True)]
    addresses = [
        *own.values_list("address", flat=True),
        *(word for text in elsewhere for word in text.lower().split() if "@" in word),
    ]
    return list(dict.fromkeys(addresses))


def numbers_of(person: Person) -> list[str]:
    """Telephone numbers, the present one first: a person has to call, this program does not."""
    before = FormerName.objects.filter(person=person).order_by("-id").values_list("phone", flat=True)
    return list(dict.fromkeys(number for number in (person.phone, *before) if number))


def notify_of_recovery(row: Invitation, step: str, *, now: int) -> None:
    """Notify a person that a recovery of their account was requested, released or used. step: asked, handed, used."""
    person = row.account.person
    with translation.override(person.language):
        subject, text = _recovery(row, step, now)
    for n, address in enumerate(addresses_of(person)):
        notify(f"recovery:{row.pk}:{step}:{n}", address, subject, text, now=from_ms(now))


def notify_of_recovery_key(row: Invitation, *, now: int) -> None:
    """Notify access officers that a recovery key was used in place of their decision."""
    grants = RoleAssignment.objects.in_force(from_ms(now)).filter(role="access-officer").exclude(person=row.account.person)
    for officer in Person.objects.filter(pk__in=grants.values("person")).order_by("pk"):
        with translation.override(officer.language):
            subject = gettext("The recovery key was used")
            text = gettext("With it the operator of the system made {person} access officer. If you do not know why, ask at once.")
        for n, address in enumerate(addresses_of(officer)):
            notify(
                f"recovery-key:{row.pk}:{officer.pk}:{n}",
                address,
                subject,
                text.format(person=row.account.person),
                now=from_ms(now),
            )


def notify_of_guesses(account: Account, networks: list[str], *, now: int) -> None:
    """Notify a person of wrong passwords for their sign-in, at most once a day."""
    person, when = account.person, timezone.localtime(from_ms(now))
    with translation.override(person.language):
        subject = gettext("Wrong passwords for your account")
        text = gettext(
            "Wrong passwords or codes were typed for your sign-in, the last of them before {day}, {time}. Whoever types them has "
            "to wait longer each time. Nothing of yours is locked: passkeys, the city's sign-in, mail programs and pages that are "
            "open go on."
        )
        ending = gettext("If you use this password anywhere else, choose a new one on the page My sign-in.")
    lines = [text.format(day=f"{when:%Y-%m-%d}", time=f"{when:%H:%M}"), ", ".join(networks[:5]), ending]
    for address in addresses_of(person)[:1]:
        notify(f"guesses:{account.pk}:{when:%Y-%m-%d}", address, subject, "\n\n".join(filter(None, lines)), now=from_ms(now))


def _recovery(row: Invitation, step: str, now: int) -> tuple[str, str]:
    when = timezone.localtime(from_ms(now))
    texts = {
        "asked": gettext("{by} asked for a letter that opens your account of the city's mail, on {day} at {time}."),
        "handed": gettext("{second} handed over the letter that opens your account of the city's mail, on {day} at {time}."),
        "used": gettext("A letter opened your account of the city's mail, on {day} at {time}. What you had before has ended."),
    }[step]
    first = texts.format(by=name_of(row.by), second=name_of(row.handed_by), day=f"{when:%Y-%m-%d}", time=f"{when:%H:%M}")
    second = gettext("If you lost nothing, call the security office at once: another person may be using your name.")
    return gettext("A new sign-in for your account"), f"{first}\n\n{second}"


def name_of(uid: str) -> str:
    """The name of the actor, as the person knows it."""
    display = Person.objects.filter(uid=uid).values_list("display", flat=True).first()
    return display or gettext("the operator of the system")


def add(person: Person, kind: str, what: str = "", *, now: int) -> None:
    """Note a new way to sign in as this person, for the next message. kind: a key of WORDS."""
    AccountNews.objects.create(person=person, kind=kind, what=what[:120], at=from_ms(now))


def add_place(account: Account, client: str, *, now: int) -> None:
    """A sign-in from this address succeeded. New is a network that this account never came from; the first one of an
    account never is."""
    if not (network := network_of(client)):
        return
    known = Place.objects.filter(account=account)
    row = known.filter(network=network).first()
    if row is None and known.exists():
        add(account.person, "place", client, now=now)
    Place.objects.update_or_create(account=account, network=network, defaults={"last": from_ms(now)})


def network_of(client: str) -> str:
    """The network that an address is of: /24, or /64 of IPv6; "" for what is no address."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, PREFIX_BITS[address.version]), strict=False))


def send_due(*, now: int) -> int:
    """Tell everybody what is new about their sign-in, once it has waited for more; how many people."""
    waiting = AccountNews.objects.filter(told__isnull=True)
    due = list(waiting.filter(at__lte=from_ms(now - BATCH_DELAY_MS)).values_list("person", flat=True).distinct()[:200])
    for person in Person.objects.filter(pk__in=due).order_by("pk"):
        with transaction.atomic():
            _send(person, waiting.filter(person=person).order_by("id"), now)
    return len(due)


def _send(person: Person, rows: QuerySet[AccountNews], now: int) -> None:
    news = list(rows.select_for_update())
    if not news:
        return
    with translation.override(person.language):
        lines = [_line(row) for row in news]
        subject = gettext("New in your sign-in")
        ending = gettext("If it was not you, end it on the page My sign-in or My devices, and call the security office.")
    for n, address in enumerate(addresses_of(person)):
        notify(f"account:{news[0].pk}:{n}", address, subject, "\n\n".join([*lines, ending]), now=from_ms(now))
    AccountNews.objects.filter(pk__in=[row.pk for row in news]).update(told=from_ms(now))


def _line(row: AccountNews) -> str:
    when = timezone.localtime(row.at)
    return _words(row.kind).format(what=row.what, day=f"{when:%Y-%m-%d}", time=f"{when:%H:%M}")


def _words(kind: str) -> str:
    return {
        "device": gettext("{day}, {time}: a new device password, “{what}”."),
        "token": gettext("{day}, {time}: a new token for the command line."),
        "program": gettext("{day}, {time}: a new token for a program, “{what}”."),
        "passkey": gettext("{day}, {time}: a new passkey."),
        "code": gettext("{day}, {time}: an authenticator app."),
        "codes": gettext("{day}, {time}: new recovery codes."),
        "password": gettext("{day}, {time}: a new password."),
        "removed": gettext("{day}, {time}: {what} was removed."),
        "identity": gettext("{day}, {time}: another identity of {what} wanted to sign in as you, and was refused."),
        "place": gettext("{day}, {time}: a sign-in from a new place, address {what}."),
    }[kind]
