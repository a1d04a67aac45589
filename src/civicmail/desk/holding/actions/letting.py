"""Letting go what rules keep back: with a reason, through the checks once more, with an entry in its record (P-02, P-25)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from civicmail.city.access import guard
from civicmail.city.access.actions import looking
from civicmail.city.access.actions.deeds import entering_of
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict
from civicmail.city.access.reasons import reason as given
from civicmail.city.directory.models import Address
from civicmail.core.config.sentence import sentence
from civicmail.desk.holding import kinds, queries
from civicmail.desk.holding.actions.lettinggo import releasing
from civicmail.desk.holding.keptback import Copy, missing
from civicmail.mail.archive.commit import Entering
from civicmail.mail.pipeline.releasing import Released

OWN = "said by its reader to be no spam"
TOGETHER_MOST = 50
"""Copies that are let go at a time."""
NOTHING: Mapping[str, int | str] = {}
ASKED = "said by its reader to have been asked for"


def release(copy: Copy, *, actor: Actor, reason: str, now: int) -> Released:
    """A security officer says that it is no spam, or has a check asked that did not answer. What is found besides keeps it, and the
    answer names that. Raises NotPermitted, Unusable, NotRecorded, Conflict where it is not kept back any more, LaterError."""
    guard.require(actor, "quarantine.release", now=now)
    reason = given(reason, least=10)
    if (said := elsewhere(copy, actor)) != "":
        raise Conflict(said)
    return _through(copy, "quarantine.release", actor, reason, now, for_all=True)


def release_together(copies: Sequence[Copy], *, actor: Actor, reason: str, now: int) -> tuple[int, int]:
    """As release, of several copies of one spam campaign; how many went, and how many stay. One that was let go meanwhile is
    neither. Raises as release does, and Conflict for copies that have nothing to do with each other."""
    guard.require(actor, "quarantine.release", now=now)
    reason = given(reason, least=10)
    if not 0 < len(copies) <= TOGETHER_MOST:
        raise Conflict(f"Choose from 1 to {TOGETHER_MOST} copies.")
    if len({campaign(copy) for copy in copies}) > 1:
        raise Conflict("These are not of one campaign: they come from different domains, or other rules keep them.")
    if kinds.kind_of(copies[0].rules, queries.book()) != "spam":
        raise Conflict("Only what the spam filter alone keeps is let go together.")
    let = kept = 0
    with releasing() as letting:
        for copy in copies:
            entering = _entering([copy], "quarantine.release", actor, reason, now, together=len(copies))
            found = letting.release(copy.id, (copy.index,), by=actor.uid, reason=reason, for_all=True, entering=entering)
            let, kept = let + len(found.let), kept + len(found.kept)
    return let, kept


def campaign(copy: Copy) -> tuple[str, tuple[str, ...]]:
    """By what copies are of one mailing: the domain they come from, and what keeps them."""
    return copy.sender.rpartition("@")[2].lower(), tuple(sorted(kinds.keeping_rules(copy.rules, queries.book())))


def elsewhere(copy: Copy, actor: Actor) -> str:
    """Why the page of this copy does not let it go at the word of this security officer, in a sentence; "" where it does."""
    kind = kinds.kind_of(copy.rules, queries.book())
    if kind == "other" and not missing(copy.rules):
        return _THEIRS if _is_theirs(copy, actor) else _RULE
    return _RECIPIENT if kind == "asked" else not_alone(copy, actor)


def not_alone(copy: Copy, actor: Actor) -> str:
    """Why this security officer does not let this copy go alone, in a sentence; "" where they may, with an answer to who asks."""
    kind = kinds.kind_of(copy.rules, queries.book())
    if kind == "other" and _is_theirs(copy, actor):
        return _THEIRS
    return _NOT_ALONE.get(kind, "")


def _is_theirs(copy: Copy, actor: Actor) -> bool:
    """Whether it is for them, or they sent it: then nobody else would have looked at it. Of spam everybody says so of their own."""
    sender = copy.sender.lower() if copy.door == "submission" else ""
    own = Address.objects.filter(mailbox__holder__uid=actor.uid, mailbox__kind="personal", until__isnull=True)
    return own.filter(address__in={copy.box.lower(), sender} - {""}).exists()


_THEIRS = sentence("It is mail of your own: ask, and another security officer decides.")
_RULE = sentence("A rule keeps it, and not the spam filter: ask, and another security officer decides.")
_RECIPIENT = sentence("It waits for whoever it is for: they say that they asked for it, in My mail or by the link of their digest.")


_NOT_ALONE = {
    "malware": sentence("The virus scanner knows what is in it: it takes a request and two officers."),
    "confidential": sentence("It was kept back for confidential information: a privacy officer decides, when somebody asks."),
    "elsewhere": sentence(
        "This is decided elsewhere: files by the department's manager, a contained account by whoever looks after it."
    ),
}


def release_whole(copies: Sequence[Copy], *, actor: Actor, reason: str, now: int) -> Released:
    """A security officer says that a message may go: all of its copies that are kept back. What keeps them now is put aside, what
    the checks find besides keeps them. Raises as release does."""
    guard.require(actor, "quarantine.release", now=now)
    reason, book = given(reason, least=10), queries.book()
    if (said := next((words for copy in copies if (words := not_alone(copy, actor))), "")) != "":
        raise Conflict(said)
    rules = {name for copy in copies for name in kinds.keeping_rules(copy.rules, book)}
    entering = _entering(copies, "quarantine.release", actor, reason, now, whole=len(copies))
    with releasing() as letting:
        indices = [copy.index for copy in copies]
        return letting.release(
            copies[0].id, indices, by=actor.uid, reason=reason, rules=rules, for_all=True, entering=entering
        )  # fmt: skip


def release_own(copy: Copy, *, actor: Actor, now: int, facts: Mapping[str, int | str] = NOTHING) -> Released:
    """Whoever may read the mailbox says that a copy in quarantine is no spam, or that they asked for what waits for their word.
    facts: more of how they said so. Raises as release does."""
    _, mine = looking.own(actor, now=now)
    if copy.box.lower() not in mine or not is_own(copy):
        raise Conflict("This copy is not yours to let go, or it is not in quarantine any more.")
    if kinds.kind_of(copy.rules, queries.book()) == "asked":
        return _through(copy, "my.release", actor, ASKED, now, rules=copy.rules, facts=facts)
    return _through(copy, "my.release", actor, OWN, now, facts=facts)


def is_own(copy: Copy) -> bool:
    """Whether whoever reads its mailbox lets it go alone."""
    kind = kinds.kind_of(copy.rules, queries.book())
    return kind == "asked" or (kind == "spam" and copy.do == "quarantine")


def _through(
    copy: Copy,
    act: str,
    actor: Actor,
    reason: str,
    now: int,
    *,
    for_all: bool = False,
    rules: Collection[str] = (),
    facts: Mapping[str, int | str] = NOTHING,
) -> Released:
    """rules: ids of those that are put aside."""
    entering = _entering([copy], act, actor, reason, now, **facts)
    with releasing() as letting:
        done = letting.release(
            copy.id, (copy.index,), by=actor.uid, reason=reason, rules=rules, for_all=for_all, entering=entering
        )  # fmt: skip
    if copy.index not in done.let and copy.index not in done.kept:
        raise Conflict("It is not kept back any more.")
    return done


def _entering(copies: Sequence[Copy], act: str, actor: Actor, reason: str, now: int, **more: int | str) -> Entering:
    """The entry of copies of one message stands in the record of what became of them."""
    rules = list(dict.fromkeys(rule for copy in copies for rule in copy.rules))
    facts: dict[str, Any] = {"copy": copies[0].index, "rules": rules, **more}
    return entering_of(act, actor=actor, reason=reason, now=now, object=f"capture:{copies[0].uuid}", facts=facts)
