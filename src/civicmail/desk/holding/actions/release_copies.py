"""Release held and quarantined copies: with a reason, after the checks ran once more, with an entry in the record (P-02, P-25)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from civicmail.city.directory.models import Address
from civicmail.city.guard import guard
from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.identity.actions import content_views
from civicmail.core.config.sentence import sentence
from civicmail.desk.holding import queries, release_kinds
from civicmail.desk.holding.actions.releaser_pool import releasing
from civicmail.desk.holding.held_copies import HeldCopy, unavailable_checks
from civicmail.mail.archive.commit import Entering
from civicmail.mail.pipeline.release_copies import Released

NO_SPAM_REASON = "said by its reader to be no spam"
MAX_TOGETHER = 50
"""Copies released at a time."""
NO_FACTS: Mapping[str, int | str] = {}
EXPECTED_REASON = "said by its reader to have been asked for"


def release(copy: HeldCopy, *, actor: Actor, reason: str, now: int) -> Released:
    """Release a copy as spam by mistake, or as unchecked, on a security officer's word. Other findings still hold it, and the
    result names them. Raises NotPermitted, Unusable, NotRecorded, LaterError, and Conflict if it is not held any more."""
    guard.require(actor, "quarantine.release", now=now)
    reason = require_reason(reason, min_length=10)
    if (refusal := why_not_on_page(copy, actor)) != "":
        raise Conflict(refusal)
    return _release(copy, "quarantine.release", actor, reason, now, for_all=True)


def release_campaign(copies: Sequence[HeldCopy], *, actor: Actor, reason: str, now: int) -> tuple[int, int]:
    """Release several copies of one spam campaign like release(); return how many left and how many are still held. A copy that
    was released meanwhile counts as neither. Raises like release(), and Conflict for unrelated copies."""
    guard.require(actor, "quarantine.release", now=now)
    reason = require_reason(reason, min_length=10)
    if not 0 < len(copies) <= MAX_TOGETHER:
        raise Conflict(f"Choose from 1 to {MAX_TOGETHER} copies.")
    if len({campaign(copy) for copy in copies}) > 1:
        raise Conflict("These are not of one campaign: they come from different domains, or other rules keep them.")
    if release_kinds.kind_of(copies[0].rules, queries.rule_set()) != "spam":
        raise Conflict("Only copies that the spam filter alone holds can be released together.")
    released_count = held_count = 0
    with releasing() as releaser:
        for copy in copies:
            entering = _release_entry([copy], "quarantine.release", actor, reason, now, together=len(copies))
            released = releaser.release(copy.id, (copy.index,), by=actor.uid, reason=reason, for_all=True, entering=entering)
            released_count, held_count = released_count + len(released.released), held_count + len(released.kept)
    return released_count, held_count


def campaign(copy: HeldCopy) -> tuple[str, tuple[str, ...]]:
    """Key of a mailing: the sender's domain and the rules that hold the copy."""
    return copy.sender.rpartition("@")[2].lower(), tuple(sorted(release_kinds.holding_rules(copy.rules, queries.rule_set())))


def why_not_on_page(copy: HeldCopy, actor: Actor) -> str:
    """Why this security officer cannot release the copy on its page, in a sentence; "" if they can."""
    kind = release_kinds.kind_of(copy.rules, queries.rule_set())
    if kind == "other" and not unavailable_checks(copy.rules):
        return _OWN_MAIL if _is_own_mail(copy, actor) else _HELD_BY_RULE
    return _RECIPIENT_DECIDES if kind == "asked" else why_not_alone(copy, actor)


def why_not_alone(copy: HeldCopy, actor: Actor) -> str:
    """Why this security officer cannot release the copy alone when answering a request, in a sentence; "" if they can."""
    kind = release_kinds.kind_of(copy.rules, queries.rule_set())
    if kind == "other" and _is_own_mail(copy, actor):
        return _OWN_MAIL
    return _NOT_ALONE.get(kind, "")


def _is_own_mail(copy: HeldCopy, actor: Actor) -> bool:
    """Whether the officer sent or received it, so that no other person would have decided. Spam is the exception: everyone decides
    on their own."""
    sender = copy.sender.lower() if copy.door == "submission" else ""
    own_addresses = Address.objects.filter(mailbox__holder__uid=actor.uid, mailbox__kind="personal", until__isnull=True)
    return own_addresses.filter(address__in={copy.box.lower(), sender} - {""}).exists()


_OWN_MAIL = sentence("It is mail of your own: ask, and another security officer decides.")
_HELD_BY_RULE = sentence("A rule keeps it, and not the spam filter: ask, and another security officer decides.")
_RECIPIENT_DECIDES = sentence(
    "It waits for whoever it is for: they say that they asked for it, in My mail or by the link of their digest."
)


_NOT_ALONE = {
    "malware": sentence("The virus scanner knows what is in it: it takes a request and two officers."),
    "confidential": sentence("It is held because of confidential information. A privacy officer decides after a release request."),
    "elsewhere": sentence(
        "You cannot request this release: the department's manager decides about files, "
        "and the security office about a compromised account."
    ),
}


def release_message(copies: Sequence[HeldCopy], *, actor: Actor, reason: str, now: int) -> Released:
    """Release all held copies of a message on a security officer's word. The rules that hold them now are overridden; other
    findings still hold them. Raises like release()."""
    guard.require(actor, "quarantine.release", now=now)
    reason, book = require_reason(reason, min_length=10), queries.rule_set()
    if (refusal := next((why_not for copy in copies if (why_not := why_not_alone(copy, actor))), "")) != "":
        raise Conflict(refusal)
    rules = {name for copy in copies for name in release_kinds.holding_rules(copy.rules, book)}
    entering = _release_entry(copies, "quarantine.release", actor, reason, now, whole=len(copies))
    with releasing() as releaser:
        indices = [copy.index for copy in copies]
        return releaser.release(
            copies[0].id, indices, by=actor.uid, reason=reason, rules=rules, for_all=True, entering=entering
        )  # fmt: skip


def release_own(copy: HeldCopy, *, actor: Actor, now: int, facts: Mapping[str, int | str] = NO_FACTS) -> Released:
    """Release one's own copy: quarantined spam, or a file that one expected. facts: more about how they decided. Raises like
    release()."""
    _, own_addresses = content_views.own(actor, now=now)
    if copy.box.lower() not in own_addresses or not recipient_decides(copy):
        raise Conflict("Not released: you may not release this copy, or it is no longer in quarantine.")
    if release_kinds.kind_of(copy.rules, queries.rule_set()) == "asked":
        return _release(copy, "my.release", actor, EXPECTED_REASON, now, rules=copy.rules, facts=facts)
    return _release(copy, "my.release", actor, NO_SPAM_REASON, now, facts=facts)


def recipient_decides(copy: HeldCopy) -> bool:
    """Whether the reader of the mailbox may release it alone."""
    kind = release_kinds.kind_of(copy.rules, queries.rule_set())
    return kind == "asked" or (kind == "spam" and copy.do == "quarantine")


def _release(
    copy: HeldCopy,
    act: str,
    actor: Actor,
    reason: str,
    now: int,
    *,
    for_all: bool = False,
    rules: Collection[str] = (),
    facts: Mapping[str, int | str] = NO_FACTS,
) -> Released:
    """rules: ids of those that are overridden."""
    entering = _release_entry([copy], act, actor, reason, now, **facts)
    with releasing() as releaser:
        released = releaser.release(
            copy.id, (copy.index,), by=actor.uid, reason=reason, rules=rules, for_all=for_all, entering=entering
        )  # fmt: skip
    if copy.index not in released.released and copy.index not in released.kept:
        raise Conflict("It is not kept back any more.")
    return released


def _release_entry(copies: Sequence[HeldCopy], act: str, actor: Actor, reason: str, now: int, **extra_facts: int | str) -> Entering:
    """The audit entry, written in the record of the release."""
    rules = list(dict.fromkeys(rule for copy in copies for rule in copy.rules))
    facts: dict[str, Any] = {"copy": copies[0].index, "rules": rules, **extra_facts}
    return entering_of(act, actor=actor, reason=reason, now=now, object=f"capture:{copies[0].uuid}", facts=facts)
