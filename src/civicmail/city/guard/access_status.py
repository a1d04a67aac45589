"""Whether a person may use mail now, and the sentence why not (P-04, P-18, M4, P1, P2). Pure.

The policy must be accepted before the first access, each year, and at each material version. People with access have GRACE days;
then sending stops, and receiving continues. A person who declines has no access until they accept; declining is no violation.
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
    """A person's answers to the policy. version: the newest accepted one, 0 for none; accepted: time of the last acceptance;
    declined: time of the last refusal; ms, 0 for never. began: start of the present access, 0 without access."""

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
    """The version that a person must still accept; None if there is none. versions: in order of their numbers; now: ms."""
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
    """Whether an agency's compliance agreement is sufficient: for the newest material version, or within GRACE of it if there was
    an earlier agreement, or none was possible (P-09). undertaken: its newest version, 0 for none; versions: in order."""
    material = [v for v in versions if v.material and v.at <= now]
    if not material or undertaken >= material[-1].number:
        return True
    return (undertaken > 0 or len(material) == 1) and now < material[-1].at + GRACE_MS


@dataclass(frozen=True, slots=True)
class MailFacts:
    """Facts that decide whether a person may send. ended: the last day of the last employment, None while there is one; agency:
    name of a suspended one; unbound: name of one without a compliance agreement; barred: start of a permanent bar; shut: the last
    day of a suspension after a violation; active: the person has a live authorization of their own; suspended: since when it is;
    contained: the account is compromised; firm: name of the contract's agency, always; over: the last day of that contract."""

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
        """Whether the person has no access, whatever the authorizations: the agency is suspended or lacks its compliance agreement,
        the person is barred, or the account is compromised."""
        return bool(self.agency or self.unbound or self.barred or self.shut or self.contained)


def why_refused(facts: MailFacts, now: int) -> str:
    """The sentence for a person who may not send, with its clause; empty for one who may."""
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
    """The reason for a leaver: since when, and whom to contact."""
    if facts.ended and facts.firm:
        agency, day = facts.firm, facts.ended
        return sentence("Your access for {agency} ended on {day}; ask the sponsor of your contract (P-09).", agency=agency, day=day)
    if facts.ended:
        return sentence("Your access to the city's mail ended on {day}; ask the access office (P-08).", day=facts.ended)
    return sentence("Your access to the city's mail ended; ask the access office (P-08).")


def _not_authorized(facts: MailFacts) -> str:
    """The reason for an agency's person without an authorization in force."""
    if facts.over:
        agency, day = facts.firm, facts.over
        return sentence(
            "The contract of {agency} ended on {day}, and your access with it; ask its sponsor (P-09).", agency=agency, day=day
        )
    return sentence("Nobody has authorized you to use the city's mail; ask the sponsor of your contract (P-09).")
