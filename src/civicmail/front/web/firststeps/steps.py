"""The steps of the setup: state of each, with the link or command that does it.

Each state is computed from facts. Before the claim anybody at this machine may read it; it names nobody.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

from civicmail.city import law
from civicmail.city.directory.models import Department, Episode
from civicmail.city.guard import guard
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Account
from civicmail.city.guard.roles import ROLES, Role
from civicmail.city.identity.models import Authorization, PolicyText, RoleAssignment
from civicmail.city.identity.queries import office_lists, understaffed_roles
from civicmail.city.law.shipped import OFFERED
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.load import FILE
from civicmail.core.config.settings import City, Settings
from civicmail.desk.holding import approval_switches
from civicmail.desk.oversight.recorded_facts import Heads, RecordedFacts
from civicmail.front.checkup.checks import run_check
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.front.checkup.keys import recovery
from civicmail.front.checkup.law_pack import law_pack
from civicmail.front.web.system import installation
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.inventory import inventory

LOOKED_AT = 2000
"""Newest messages among which the first ones in and out are looked for."""
ZONE = "zone"
CLAIM, HEADS, INVITE, GRANT = (
    "Claim the installation",
    "Open departments and name their heads",
    "Decide who gets mail, and invite them",
    "Hand out the roles",
)
"""Titles of steps that others wait for."""
NEEDED: tuple[Role, ...] = (
    "records-officer", "retention-officer", "security-officer", "policy-author", "policy-approver", "auditor",
    "system-administrator",
)  # fmt: skip
"""Roles without which tasks of the policy have no owner."""


class Link(NamedTuple):
    """first: what this person must do before the page opens; url: without one where the person cannot open it at all."""

    label: str
    url: str
    first: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """title: a verb and its object; purpose: what it is for, and what is lost without; fact: how it stands, in a sentence; links:
    the one that does it first; commands: lines to type; after: title of the step that must be done before, or
    empty; minutes: how long it takes a careful person."""

    title: str
    purpose: str
    done: bool
    fact: str
    links: tuple[Link, ...] = ()
    commands: tuple[str, ...] = ()
    after: str = ""
    minutes: int = 5


@dataclass(frozen=True, slots=True)
class Asking:
    """The installation and the time (epoch ms). folder: as shown in commands."""

    data: Path
    city: Settings
    now: int
    folder: str

    def command(self, words: str) -> str:
        return f"civicmail {words} --data {self.folder}"

    def explain(self, key: str) -> tuple[str, ...]:
        return (f"civicmail config explain {key}",)

    @property
    def file(self) -> str:
        return f"{self.folder}/{FILE}"


def steps(*, now: int, local: bool = True) -> list[Step]:
    """All steps in order. local: the person is at this machine. now: epoch ms."""
    data = installation.data()
    of = Asking(data, settings.CITY, now, shlex.quote(str(data)) if local else "DIR")
    return [made(of) for made in STEPS]


def _claim(of: Asking) -> Step:
    done = guard.is_claimed(of.data)
    words = "access claim --uid NUMBER --given NAME --family NAME --department CODE=NAME --reason TEXT"
    return Step(
        CLAIM,
        "Names the first access officer. Until then the owner of the data folder may read all mail, and any address is accepted.",
        done,
        "It is claimed." if done else "Nobody has a role yet.",
        commands=() if done else (of.command(words),),
        minutes=2,
    )


def _recovery(of: Asking) -> Step:
    finding = next(iter(recovery(Installation(of.data, of.city, of.now))))
    return Step(
        "Prove the recovery key",
        "It opens the archive when the master key is lost. Whoever has never typed it does not know whether it was written down.",
        finding.level == "ok",
        finding.text,
        commands=() if finding.level == "ok" else (of.command("keys prove-recovery"),),
    )


def _name(of: Asking) -> Step:
    city, default = of.city.city, City()
    done = city.domains != default.domains and city.name != default.name
    return Step(
        "Name the city and its domains",
        "Mail is taken for these domains alone, and pages and letters bear the name.",
        done,
        f"{city.name}: {', '.join(city.domains)}.",
        commands=() if done else (f"# name and domains in [city] of {of.file}, then start it again", of.command("run")),
        minutes=2,
    )


def _pages(of: Asking) -> Step:
    url = of.city.web.url
    return Step(
        "Give the pages an address",
        "Letters lead to it by links, people outside pick up encrypted mail there, and passkeys belong to it.",
        bool(url),
        f"People reach the pages at {url}." if url else f"Only this machine reaches them, at {of.city.web.pages}.",
        commands=() if url else of.explain("web.url"),
    )


def _departments(_: Asking) -> Step:
    open_ = Department.objects.filter(closed__isnull=True)
    count, bare = open_.count(), open_.filter(head__isnull=True).count()
    return Step(
        HEADS,
        "A head decides who of the department gets mail, answers about files that leave, and signs for its people. Name a deputy, "
        "too: one of them asks for a person's mail, the other approves.",
        count > 0 and not bare,
        f"{_many(count, 'department')}, {bare} without a head." if count else "There is none.",
        (Link("Departments", reverse("departments")), Link("Open a department", reverse("department-new"))),
        after=CLAIM,
    )


def _people(of: Asking) -> Step:
    working = Episode.objects.filter(ended__isnull=True)
    count = working.count()
    codes = Department.objects.filter(closed__isnull=True).order_by("name").values_list("code", "name")[:8]
    adding = tuple(Link(f"Add a person to {name}", reverse("person-new", args=[code])) for code, name in codes)
    return Step(
        "Bring the people",
        "Everybody who works here is known by the number of the personnel system. Read its list, at first and whenever it changes; "
        "whoever is added by hand counts as a second person only after somebody else has seen them.",
        count > 1,
        f"{_many(count, 'person', 'people')} {'works' if count == 1 else 'work'} here.",
        (Link("Read a personnel list", reverse("feed-new")), *adding),
        after=CLAIM,
        minutes=10,
    )


def _access(of: Asking) -> Step:
    count = Authorization.objects.filter(state="active", role="holder", until__gt=from_ms(of.now)).count()
    without = Account.objects.filter(person__isnull=False, password="", last_login__isnull=True).count()
    codes = Department.objects.filter(closed__isnull=True, head__isnull=False).order_by("name").values_list("code", "name")[:8]
    people = (Link(f"People of {name}", reverse("people", args=[code])) for code, name in codes)
    return Step(
        INVITE,
        "First make a sign-in letter for each head and deputy, on the person's page; somebody else hands it over. Then a head or "
        "deputy asks for a person's mail, and the other approves. Nobody approves for themselves.",
        count > 1,
        f"{_many(count, 'person has', 'people have')} mail; {without} of those with a sign-in have not used it.",
        (*people, Link("Sign-in letters", reverse("letters"))),
        after=HEADS,
        minutes=10,
    )


def _policy(_: Asking) -> Step:
    done = PolicyText.objects.exists()
    return Step(
        "Publish the policy text",
        "Everybody accepts it before the first mail; without a text nobody is asked, and nobody has agreed to anything (P-18).",
        done,
        "A text is in force." if done else "There is no text.",
        (Link("Policy versions", reverse("policies")), Link("Publish a text", reverse("policy-new"))),
        after=CLAIM,
    )


def _roles(of: Asking) -> Step:
    held = set(RoleAssignment.objects.in_force(from_ms(of.now)).values_list("role", flat=True))
    missing = [str(ROLES[role].name).lower() for role in NEEDED if role not in held]
    alone = [str(ROLES[role].name).lower() for role in understaffed_roles.understaffed_roles(now=of.now)]
    facts = [f"Nobody is {_list(missing)}."] if missing else []
    if alone:
        facts.append(f"It takes two people, and there is no second one for: {_list(alone)}.")
    return Step(
        GRANT,
        "Who answers requests for records, adopts schedules, looks at reported mail, writes rules and approves them, audits, runs.",
        not facts,
        " ".join(facts) or "Each role has somebody, and a second person where it takes two.",
        (Link("Role assignments", reverse("duty-grants")), Link("Grant a role", reverse("duty-grant"))),
        after=CLAIM,
        minutes=10,
    )


def _mail_in(of: Asking) -> Step:
    doors = [f"{listener.kind} on {listener.address}, port {listener.port}" for listener in of.city.gateway.listener]
    has_arrived = _mail(of).came
    return Step(
        "Let mail in",
        "A listener for the world or for the mail server in front. Done when a first message has come in by one.",
        has_arrived,
        f"Listening: {_list(doors)}. {'A message has come in.' if has_arrived else 'No message has come in yet.'}",
        commands=() if has_arrived else of.explain("gateway"),
    )


def _mail_out(of: Asking) -> Step:
    out, has_left = of.city.courier.outbound, _mail(of).left
    where = f"Mail for others goes to {out}." if out else "No smart host is named, so mail for others waits."
    return Step(
        "Let mail out",
        "The smart host that takes what leaves the city. Done when a first message has been handed to it.",
        bool(has_left),
        f"{where} {'A message has left.' if has_left else 'None has left yet.'}",
        (Link("Write a message", reverse("mail-write")), Link("Queue", reverse("queue"))),
        () if has_left or out else of.explain("courier.outbound"),
        after=INVITE,
    )


def _dns(_: Asking) -> Step:
    findings = [finding for finding in installation.checks().last().findings if finding.check == ZONE]
    bad = [finding for finding in findings if finding.level != "ok"]
    return Step(
        "Publish the records of the domains",
        "SPF, DKIM and DMARC tell others which mail is the city's; without them it lands in their spam.",
        bool(findings) and not bad,
        _zone(findings, bad),
        (Link("Domains", reverse("domains")), Link("Health", reverse("health"))),
        after=CLAIM,
        minutes=15,
    )


def _zone(findings: list[Finding], bad: list[Finding]) -> str:
    if not findings:
        return "Not looked at yet: open Health."
    return bad[0].text if bad else findings[-1].text


def _schedules(of: Asking) -> Step:
    has_schedules = inventory(of.data).schedules is not None
    file = shlex.quote(str(Path(law.__file__).with_name("schedules.toml")))
    return Step(
        "Adopt retention schedules",
        "How long each class of mail is kept. Without any nothing is ever disposed of (P-20). The file is an example: have it "
        "approved by your records board.",
        has_schedules,
        "Schedules are in force." if has_schedules else "None is in force: everything is kept for ever.",
        commands=() if has_schedules else (of.command(f"archive adopt {file} --reason TEXT --as PERSON --duty retention-officer"),),
        after=GRANT,
        minutes=10,
    )


def _law_pack(of: Asking) -> Step:
    finding = next(run_check(law_pack, Installation(of.data, of.city, of.now)))
    return Step(
        "Adopt the public-records law",
        "What may be withheld and charged, and which days count (P-21). Without it the records desk decides nothing.",
        finding.level in ("ok", "warning"),
        finding.text,
        commands=()
        if finding.level == "ok"
        else (of.command(f"law adopt {OFFERED} --reason TEXT --as PERSON --duty city-attorney"),),
        after=GRANT,
        minutes=2,
    )


def _approvals(_: Asking) -> Step:
    all_ = approval_switches.all_switches()
    open_ = [mode for mode in all_.values() if not mode.is_decided]
    waiting = sum(mode.acts for mode in open_)
    text = f"{len(open_)} of {len(all_)} departments are undecided; files of {waiting} of them wait for a manager meanwhile."
    return Step(
        "Decide whose files wait for a manager",
        "Files leave only with the manager's approval (P-22). A policy author says for each department whether it is asked.",
        bool(all_) and not open_,
        text if open_ else "Each department is decided." if all_ else "There is no department yet.",
        (Link("Approval by department", reverse("asked-departments")),),
        after=HEADS,
    )


def _lists(_: Asking) -> Step:
    missing = list(office_lists.missing(tuple(settings.CITY.city.domains)))
    return Step(
        "Have report@ and records@",
        "People report dangerous mail to the one, the public asks for records at the other. What comes to records@ reaches the "
        "records officers, until there is one the access officers.",
        not missing,
        f"Missing: {', '.join(missing)}." if missing else "They are there.",
        (Link("Lists", reverse("lists")),),
        after=CLAIM,
        minutes=1,
    )


def _identification(of: Asking) -> Step:
    done = bool(of.city.senders.identification)
    return Step(
        "Decide how senders say who they are",
        "A block under each message, the name looked for in mail from programs, and a contractor's agency in the name (P-14).",
        done,
        "It is on." if done else "Nothing is looked for.",
        (Link("Identification of senders", reverse("identification")),),
    )


def _second(of: Asking) -> Step:
    target = of.city.archive.standby
    return Step(
        "Name a second place",
        "Every message is kept there too. Without it what is kept is lost with this machine.",
        bool(target),
        f"It is {target}." if target else "There is none.",
        commands=() if target else of.explain("archive.standby"),
    )


STEPS: tuple[Callable[[Asking], Step], ...] = (
    _claim, _recovery, _name, _pages, _people, _departments, _access, _policy, _roles, _identification, _lists, _approvals,
    _schedules, _law_pack, _mail_out, _mail_in, _dns, _second,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mail:
    """Whether a message has arrived by a listener, and whether one has left the city."""

    came: bool
    left: bool


_seen: dict[Path, Mail] = {}
"""A fact that was true once stays true."""
OURS = frozenset({"submission", "own", "import", "notice"})


def _mail(of: Asking) -> Mail:
    known = _seen.get(of.data, Mail(False, False))
    if known.came and known.left:
        return known
    try:
        waiting = {entry.id for entry in outstanding_file.current(of.data).waiting()}
        heads = list(islice(Heads(of.data).newest(0, of.now), LOOKED_AT))
    except (CivicmailError, OSError):
        return known
    has_arrived = known.came or any(head.source in ("mx", "relay", "lmtp", "journal") for head in heads)
    has_left = known.left or any(_left(heads, {id_.hex() for id_ in waiting}))
    _seen[of.data] = Mail(has_arrived, has_left)
    return _seen[of.data]


def _left(heads: list[RecordedFacts], waiting: set[str]) -> Iterator[bool]:
    for head in heads:
        if head.id.replace("-", "") not in waiting:
            yield any(copy.facts.get("outbound") and copy.do in ("deliver", "mark", "encrypt") for copy in head.copies)


def _many(count: int, singular: str, plural: str = "") -> str:
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
