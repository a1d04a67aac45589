"""Mailboxes of roles and machines, aliases and lists: a department's, or the access office's for it (M1, M5, S1, L3)."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from civicmail.city.directory import local_part
from civicmail.city.directory.actions import addresses, groups
from civicmail.city.directory.actions import mailboxes as rows
from civicmail.city.directory.models import Department, Mailbox, MailGroup
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import locked_row, save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.actions import autoreplies
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization, Device
from civicmail.city.identity.person_kinds import MAX_AUTHORIZATION
from civicmail.city.identity.queries.actors import about_department, about_mailbox


def make(
    kind: str, address: str, name: str, department: Department, purpose: str, expires: int | None, *, actor: Actor, reason: str,
    now: int,
) -> Mailbox:  # fmt: skip
    """A mailbox of a role (function) or of a machine (service), which alone has an end. expires: ms. Raises Unusable."""
    if kind != Mailbox.Type.SERVICE:
        return make_function(address, name, department, purpose, actor=actor, reason=reason, now=now)
    if expires is None:
        raise field_error("expires", "A machine's mailbox has an end.")
    return make_service(address, name, department, purpose, expires, actor=actor, reason=reason, now=now)


def make_function(address: str, name: str, department: Department, purpose: str, *, actor: Actor, reason: str, now: int) -> Mailbox:
    """Make a function mailbox: named people are authorized to use it, and it has no sign-in of its own. Raises Unusable."""
    guard.require(actor, "mailbox.make", about_department(department), now=now)
    reason = checked_reason(reason)
    with transaction.atomic():
        made = rows.open_function(address, name, department, purpose, domains(), now=from_ms(now))
        _entered("mailbox.make", made, actor, reason, now)
    return made


def make_service(
    address: str, name: str, department: Department, purpose: str, expires: int, *, actor: Actor, reason: str, now: int
) -> Mailbox:
    """The address of a machine that sends; expires: ms, at most a year away. Raises Unusable."""
    guard.require(actor, "machine.make", about_department(department), now=now)
    reason = checked_reason(reason)
    _require_year(expires, now)
    with transaction.atomic():
        made = rows.open_service(address, name, department, purpose, from_ms(expires), domains(), now=from_ms(now))
        _entered("machine.make", made, actor, reason, now)
    return made


def renew_service(mailbox: Mailbox, expires: int, *, actor: Actor, reason: str, now: int) -> None:
    """Give a machine more time: at most a year from now."""
    guard.require(actor, "machine.make", about_mailbox(mailbox), now=now)
    reason = checked_reason(reason)
    _require_year(expires, now, "until")
    with locked_row(mailbox, "expires", "closed") as row:
        if row.kind != Mailbox.Type.SERVICE or row.closed is not None:
            raise Conflict(f"{row} is no service mailbox that is open.")
        save_values(row, expires=from_ms(expires))
        _entered("machine.make", row, actor, reason, now)


def invite_files(mailbox: Mailbox, until: int, *, actor: Actor, reason: str, now: int) -> None:
    """Let files of unknown senders reach this mailbox without the recipient's approval. until: ms, at most a year away; 0: they
    wait again. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "mailbox.invite", about_mailbox(mailbox), now=now)
    reason = checked_reason(reason, min_length=10)
    if until and not now < until <= now + MAX_AUTHORIZATION.days * 86_400_000:
        raise Unusable("It ends within a year.", {"until": "Within a year, and not before today."})
    with locked_row(mailbox, "files_until", "closed") as row:
        if row.kind != Mailbox.Type.FUNCTION or row.closed is not None:
            raise Conflict(f"{row} is no mailbox of a role that is open.")
        save_values(row, files_until=from_ms(until) if until else None)
        _entered("mailbox.invite", row, actor, reason, now, until=str(row.files_until or ""))


def close(mailbox: Mailbox, *, actor: Actor, reason: str, now: int) -> None:
    """Close a mailbox: it accepts no mail; its mail and its addresses remain its own. Raises Conflict while a person is
    authorized."""
    guard.require(actor, "mailbox.close", about_mailbox(mailbox), now=now)
    reason = checked_reason(reason)
    with locked_row(mailbox, "closed") as row:
        if row.closed is not None:
            raise Conflict(f"{row} was closed already.")
        if Authorization.objects.filter(mailbox=row, state__in=LIVING).exists():
            raise Conflict(f"Somebody is authorized to use {row}; end that first.")
        rows.close(row, now=from_ms(now))
        autoreplies.end_all(row, actor=actor, reason=reason, now=now)
        Device.objects.filter(machine=row, ended__isnull=True).update(ended=from_ms(now))
        _entered("mailbox.close", row, actor, reason, now)


def add_alias(mailbox: Mailbox, address: str, *, actor: Actor, reason: str, now: int) -> None:
    """Add an address to a mailbox. Raises Unusable for one that was ever another mailbox's."""
    guard.require(actor, "address.change", about_mailbox(mailbox), now=now)
    reason = checked_reason(reason)
    with locked_row(mailbox, "closed") as row:
        if row.closed is not None:
            raise Conflict(f"{row} was closed.")
        plain = local_part.checked(address, domains(), personal=row.holder is not None)
        addresses.give(row, plain, now=from_ms(now))
        _entered("address.change", row, actor, reason, now, added=plain)


def end_alias(mailbox: Mailbox, address: str, *, actor: Actor, reason: str, now: int) -> None:
    """End an alias: it reaches no mailbox, and is never reassigned."""
    guard.require(actor, "address.change", about_mailbox(mailbox), now=now)
    reason = checked_reason(reason)
    with locked_row(mailbox) as row:
        addresses.take(row, address.strip().lower(), now=from_ms(now))
        _entered("address.change", row, actor, reason, now, removed=address.strip().lower())


def make_group(
    address: str, name: str, department: Department, *, everyone: bool = False, actor: Actor, reason: str, now: int
) -> MailGroup:
    """A list; everyone: all personal mailboxes of the department and its divisions. Raises Unusable."""
    guard.require(actor, "group.change", about_department(department), now=now)
    reason = checked_reason(reason)
    with transaction.atomic():
        made = groups.make(address, name, department, domains(), everyone=everyone, now=from_ms(now))
        facts = {"name": name, "department": department.code, "everyone": int(everyone)}
        entries.enter("group.change", actor=actor, reason=reason, now=now, object=f"group:{made.address}", facts=facts)
        publish_on_commit(later=True)
    return made


def change_group(
    group: MailGroup, members: Iterable[Mailbox], subgroups: Iterable[MailGroup] = (), *, actor: Actor, reason: str, now: int
) -> None:
    """Change the members of a list."""
    guard.require(actor, "group.change", about_department(group.department), now=now)
    reason = checked_reason(reason)
    with locked_row(group, "closed") as row:
        if row.closed is not None:
            raise Conflict(f"The list {row} was closed.")
        facts = groups.change(row, members, subgroups)
        entries.enter("group.change", actor=actor, reason=reason, now=now, object=f"group:{row.address}", facts=facts)
        publish_on_commit(later=True)


def change_members(
    group: MailGroup, add: Iterable[str] = (), remove: Iterable[str] = (), *, actor: Actor, reason: str, now: int
) -> MailGroup:
    """Put these addresses of mailboxes and lists on a list, and take those off. Raises Unusable for what is not open, and for what
    is not on the list."""
    guard.require(actor, "group.change", about_department(group.department), now=now)
    with locked_row(group, "closed") as row:
        members = {box.address: box for box in row.members.all()}
        subgroups = {sub.address: sub for sub in row.subgroups.all()}
        for address in (text.strip().lower() for text in remove):
            if members.pop(address, None) is None and subgroups.pop(address, None) is None:
                raise field_error("address", f"{address} is not on the list {row}.")
        for address in (text.strip().lower() for text in add):
            box, sub = _reached(row, address)
            members |= {box.address: box} if box else {}
            subgroups |= {sub.address: sub} if sub else {}
        change_group(row, members.values(), subgroups.values(), actor=actor, reason=reason, now=now)
    return row


def _reached(group: MailGroup, address: str) -> tuple[Mailbox | None, MailGroup | None]:
    """The open mailbox, and the other open list, that has this address. Raises Unusable where there is neither."""
    boxes = Mailbox.objects.filter(Q(address=address) | Q(addresses__address=address, addresses__until=None), closed__isnull=True)
    box = boxes.distinct().first()
    sub = MailGroup.objects.filter(address=address, closed__isnull=True).exclude(pk=group.pk).first()
    if box is None and sub is None:
        raise field_error("address", f"{address} is no mailbox or list of the city that is open.")
    return box, sub


def close_group(group: MailGroup, *, actor: Actor, reason: str, now: int) -> None:
    """Close a list: it accepts no mail, and its address is never reassigned."""
    guard.require(actor, "group.change", about_department(group.department), now=now)
    reason = checked_reason(reason)
    with locked_row(group, "closed") as row:
        if row.closed is not None:
            raise Conflict(f"The list {row} was closed already.")
        groups.close(row, now=from_ms(now))
        entries.enter("group.change", actor=actor, reason=reason, now=now, object=f"group:{row.address}", facts={"closed": 1})
        publish_on_commit(later=True)


def domains() -> tuple[str, ...]:
    """The city's mail domains, as the settings have them."""
    return tuple(settings.CITY.city.domains)


def _require_year(expires: int, now: int, field: str = "expires") -> None:
    if not now < expires <= now + MAX_AUTHORIZATION.days * 86_400_000:
        raise Unusable("A service mailbox ends within a year.", {field: "Within a year."})


def _entered(act: str, mailbox: Mailbox, actor: Actor, reason: str, now: int, **facts: str) -> None:
    plain = {"kind": mailbox.kind, "department": mailbox.department.code, "expires": str(mailbox.expires or ""), **facts}
    entries.enter(act, actor=actor, reason=reason, now=now, object=f"mailbox:{mailbox.address}", facts=plain)
    publish_on_commit((), [mailbox.pk], lists=act == "mailbox.close")
