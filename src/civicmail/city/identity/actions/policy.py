"""The policy text and people's answers to it: published by version, accepted before access, on a page or on paper (P-18; P1,
P3)."""

from __future__ import annotations

import hashlib

from django.db import IntegrityError, transaction

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, require_usable
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.models import Acknowledgement, PolicyText
from civicmail.city.identity.queries.actors import about_person
from civicmail.core.config.sentence import sentence


def digest(text: str) -> str:
    """SHA-256 of a policy text, in hexadecimal: what a person who accepts was shown."""
    return hashlib.sha256(text.encode()).hexdigest()


def publish(
    title: str,
    text: str,
    *,
    changed: str = "",
    material: bool = True,
    after: int | None = None,
    actor: Actor,
    reason: str,
    now: int,
) -> PolicyText:
    """Put the next version into force; a material one requires everyone's answer. changed: a summary of changes, from version 2 on;
    after: the version that the author saw, 0 for none. The hash is entered in the ledger. Raises Unusable, Conflict."""
    guard.require(actor, "policy.publish", now=now)
    reason = checked_reason(reason)
    fields = _wrong(title, text)
    with transaction.atomic():
        newest = PolicyText.objects.select_for_update().order_by("-version").first()
        if after is not None and after != (newest.version if newest is not None else 0):
            raise Conflict("Not published: another version was published first. Read that one first.")
        if newest is not None and not changed.strip():
            fields["changed"] = "Describe the change in words."
        require_usable(fields)
        made = PolicyText(
            version=newest.version + 1 if newest is not None else 1,
            title=title.strip(),
            text=text.strip(),
            changed=changed.strip(),
            sha256=digest(text.strip()),
            material=material or newest is None,
            published=from_ms(now),
            by=actor.uid,
        )
        _save(made)
        facts = {"version": made.version, "sha256": made.sha256, "material": int(made.material)}
        entries.enter("policy.publish", actor=actor, reason=reason, now=now, object=f"policy:{made.version}", facts=facts)
        publish_on_commit(later=True)
    return made


def _wrong(title: str, text: str) -> dict[str, str]:
    fields = {"title": "" if title.strip() else "A policy has a title."}
    fields["text"] = "" if len(text.strip()) >= 100 else "A policy text has at least 100 characters."
    return {field: error for field, error in fields.items() if error}


def _save(text: PolicyText) -> None:
    """Save the version. If two publish the first version at once, the number of the second is taken; later ones wait for the
    lock."""
    try:
        with transaction.atomic():
            text.save()
    except IntegrityError:
        raise Conflict(f"Somebody has published version {text.version} first. Read that one first.") from None


def accept(person: Person, text: PolicyText, shown: str, *, actor: Actor, now: int) -> Acknowledgement:
    """The person read and accepts this version. shown: SHA-256 of the text on the page; raises Conflict where it is another one or
    a newer version is there."""
    guard.require(actor, "policy.acknowledge", OfPerson(person.uid), now=now)
    return _answer(person, text, accepted=True, shown=shown, how="page", actor=actor, now=now)


def decline(person: Person, text: PolicyText, shown: str, *, actor: Actor, now: int) -> Acknowledgement:
    """The person does not accept: there is no access until they do, and it is no violation."""
    guard.require(actor, "policy.acknowledge", OfPerson(person.uid), now=now)
    return _answer(person, text, accepted=False, shown=shown, how="page", actor=actor, now=now)


def record_paper(person: Person, text: PolicyText, *, accepted: bool, reference: str, actor: Actor, now: int) -> Acknowledgement:
    """Record a signature on paper, by a clerk. reference: where the paper or its scan is kept (P3)."""
    guard.require(actor, "policy.paper", about_person(person), now=now)
    reference = checked_reason(reference, "reference", max_length=200)
    return _answer(person, text, accepted=accepted, shown=text.sha256, how="paper", reference=reference, actor=actor, now=now)


def _answer(
    person: Person, text: PolicyText, *, accepted: bool, shown: str, how: str, reference: str = "", actor: Actor, now: int
) -> Acknowledgement:
    if shown != text.sha256:
        raise Conflict(sentence("The text that was shown is not this version; read it again."))
    with transaction.atomic():
        newest = PolicyText.objects.order_by("-version").first()
        if newest is not None and newest.version > text.version and how == "page":
            raise Conflict(sentence("There is a newer version; read that one."))
        same = Acknowledgement.objects.filter(person=person, text=text, accepted=accepted, how="paper", reference=reference)
        if how == "paper" and same.exists():
            raise Conflict("This paper is recorded already.")
        made = Acknowledgement.objects.create(
            person=person, text=text, accepted=accepted, shown=shown, at=from_ms(now), how=how, reference=reference
        )
        act = "policy.paper" if how == "paper" else "policy.accept" if accepted else "policy.decline"
        facts = {"version": text.version, "sha256": shown, "accepted": int(accepted)}
        entries.enter(act, actor=actor, reason=reference, now=now, object=f"person:{person.uid}", facts=facts)
        publish_on_commit([person.pk])
    return made
