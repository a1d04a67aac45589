"""Whether a person may use mail now, and the sentence why not (P-04, P-18, M4, P1, P2). Pure.

The policy is accepted before the first access, each year, and at each material version. Who had access already gets GRACE days;
then sending stops, receiving goes on. Who declines has no access until accepting after all; that is no violation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from civicmail.city.guard.epoch import DAY_MS
from civicmail.core.config.sentence import sentence

GRACE_MS = 14 * DAY_MS
YEAR_MS = 365 * DAY_MS


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the policy text. at: published, ms."""

    number: int
    at: int
    material: bool = True


@dataclass(frozen=True, slots=True)
class PolicyAnswers:
    """What a person has said to the policy. version: the newest that was accepted, 0 for none; accepted: when something was last
    accepted; declined: when something was last declined; ms, 0 for never. began: when the access that the person has began, 0
    for no access."""

    version: int = 0
    accepted: int = 0
    declined: int = 0
    began: int = 0


@dataclass(frozen=True, slots=True)
class PolicyDue:
    """A version waits to be accepted. until: ms from which sending stops; since: when it became due."""

    version: int
    since: int
    until: int
    declined: bool = False

    def is_overdue(self, now: int) -> bool:
        return self.declined or now >= self.until


def policy_due(versions: tuple[Version, ...], answers: PolicyAnswers, now: int) -> PolicyDue | None:
    """What somebody still has to accept; None when nothing. versions: in order of their numbers; now: ms."""
    versions = tuple(v for v in versions if v.at <= now)
    if not versions:
        return None
    newest = versions[-1].number
    if answers.declined > answers.accepted:
        return PolicyDue(newest, answers.declined, answers.declined, declined=True)
    if not answers.accepted:
        first = versions[0].at
        return PolicyDue(newest, first, first + GRACE_MS if 0 < answers.began < first else first)
    material = next((v for v in reversed(versions) if v.material and v.number > answers.version), None)
    yearly = answers.accepted + YEAR_MS
    if material is None:
        return PolicyDue(newest, yearly, yearly + GRACE_MS) if now >= yearly else None
    since = min(material.at, yearly)
    return PolicyDue(newest, since, since + GRACE_MS)


def is_bound(versions: tuple[Version, ...], undertaken: int, now: int) -> bool:
    """Whether an agency's undertaking is good: for the newest material version, or still within GRACE of it where the agency had
    bound itself before, or nobody could have (P-09). undertaken: the newest version of it, 0 for none; versions: in order."""
    material = [v for v in versions if v.material and v.at <= now]
    if not material or undertaken >= material[-1].number:
        return True
    return (undertaken > 0 or len(material) == 1) and now < material[-1].at + GRACE_MS


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What decides whether a person may send. ended: the day on which the last employment ended, None while there is one; agency:
    name of a suspended one; unbound: name of one that owes its undertaking; barred: since when, for good; shut: the day on which a
    suspension after a violation ends; active: a live authorization of the person's own; suspended: since when it is; contained:
    somebody else may use the account; firm: name of the agency whose contract it is, always; over: the day on which that contract
    ended."""

    ended: date | None = None
    employed: bool = True
    agency: str = ""
    locked: bool = False
    active: bool = False
    suspended: date | None = None
    owed: PolicyDue | None = None
    unbound: str = ""
    barred: date | None = None
    shut: date | None = None
    contained: bool = False
    firm: str = ""
    over: date | None = None

    @property
    def is_blocked(self) -> bool:
        """Shut out, whatever authorizations say: the agency is switched off or owes its undertaking, the person is barred, or
        somebody else may use the account."""
        return bool(self.agency or self.unbound or self.barred or self.shut or self.contained)


def why_refused(facts: MailFacts, now: int) -> str:
    """The sentence that somebody hears who may not send, with its clause; empty for who may."""
    if not facts.employed:
        return _ended(facts)
    if facts.agency:
        agency = facts.agency
        return sentence("Mail for the people of {agency} is suspended; ask the sponsor of your contract (P-09).", agency=agency)
    if facts.barred:
        day = facts.barred
        return sentence("You may not use the city's mail any more, by a decision of {day}; ask the access office (P-30).", day=day)
    if facts.shut:
        return sentence("Your access to mail is suspended until {day} after a violation (P-30).", day=facts.shut)
    if facts.contained:
        return sentence("Somebody else may be using your account, so it is locked; call the security office (P-25).")
    if facts.unbound:
        agency = facts.unbound
        return sentence("{agency} has not bound itself to the e-mail policy in force; ask your sponsor (P-09).", agency=agency)
    if facts.locked:
        return sentence("Your sign-in is locked; ask the access office (P-07).")
    if not facts.active:
        if facts.suspended:
            day = facts.suspended
            return sentence("Your access to mail is suspended since {day}; ask your department's head (P-04).", day=day)
        if facts.firm:
            return _not_authorized(facts)
        return sentence("Nobody has authorized you to use the city's mail; ask your supervisor (P-04).")
    if facts.owed is None or not facts.owed.is_overdue(now):
        return ""
    if facts.owed.declined:
        return sentence("You declined the e-mail policy; sign in to the pages to accept it, or ask the access office (P-18).")
    return sentence("Accept the e-mail policy first: sign in to the pages (P-18).")


def _ended(facts: MailFacts) -> str:
    """Of who does not work here any more: since when, and whom to ask."""
    if facts.ended and facts.firm:
        agency, day = facts.firm, facts.ended
        return sentence("Your access for {agency} ended on {day}; ask the sponsor of your contract (P-09).", agency=agency, day=day)
    if facts.ended:
        return sentence("Your access to the city's mail ended on {day}; ask the access office (P-08).", day=facts.ended)
    return sentence("Your access to the city's mail ended; ask the access office (P-08).")


def _not_authorized(facts: MailFacts) -> str:
    """Of an agency's person who has no right that is in force."""
    if facts.over:
        agency, day = facts.firm, facts.over
        return sentence(
            "The contract of {agency} ended on {day}, and your access with it; ask its sponsor (P-09).", agency=agency, day=day
        )
    return sentence("Nobody has authorized you to use the city's mail; ask the sponsor of your contract (P-09).")
