"""A city as rows, for tests of pages: three departments, people of every kind, access in every state, and one person for each role.

The rows are made directly: what verbs do is tested with the verbs. `Town` is the same for every page, so that expected answers can
be written down (tests/pages/matrix.toml).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import transaction
from django.utils import timezone

from civicmail.city.conduct import models as conduct
from civicmail.city.directory import models as directory
from civicmail.city.guard import models as guard
from civicmail.city.guard.actions.entries import enter, mark_carried
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity import models as identity_models
from civicmail.city.identity.queries.signin import login_digest
from civicmail.desk.holding.models import UnaskedDepartment
from civicmail.front.web.models import SavedView
from civicmail.front.web.sessions import SessionStore
from civicmail.front.web.signin.adapters import EPOCH
from civicmail.front.web.signin.session_lifetime import BEGAN, SEEN
from civicmail.front.web.signin.step_up import AT
from pages import record_rows

TEXT = """# What mail is for

City mail is for the work of the city. What is written in it is a record of the city, and anybody may ask for it.

# What it is not for

No campaigning, no business of one's own, nothing that one would not say at the counter.
Some personal use is allowed where the department says so.

# Who may look

The city keeps every message and may look at any of them, at any time, without telling the sender. Whoever looks leaves an entry."""
REASONS = {
    "duties": "Answers residents about street works and keeps the calendar of closures.",
    "performance": "Questions are answered the same day instead of after a round of paper.",
    "efficiency": "Saves about two hours a week of telephone calls between crews and office.",
    "service": "Residents hear in writing when their street is closed and whom to ask.",
}
NAMES = [
    ("Dana", "Ortiz"), ("Lena", "Vogt"), ("Pat", "Nguyen"), ("Jo", "Ray"), ("Miguel", "Santos"), ("Ngozi", "Okafor"),
    ("Kai", "Lindqvist"), ("Amal", "Haddad"), ("Wen", "Zhao"), ("Bea", "O'Neil"), ("Tom", "Kowalczyk"), ("Ruth", "Meyer"),
]  # fmt: skip


NEW = {
    "family": "Adeyemi", "given": "Bola", "display": "Bola Adeyemi", "department": "fire", "kind": "employee",
    "position": "Dispatcher", "starts": "2026-03-02",
}  # fmt: skip
"""Somebody of whom the personnel list says that they come."""


@dataclass
class Town:
    """people: by a short name; departments: by code; authorizations: by the short name of the holder; objects: ids of others."""

    now: datetime
    people: dict[str, Any] = field(default_factory=dict)
    departments: dict[str, Any] = field(default_factory=dict)
    authorizations: dict[str, Any] = field(default_factory=dict)
    policy: Any = None
    objects: dict[str, Any] = field(default_factory=dict)

    def person(self, key: str, given: str, family: str, department: str, position: str, **work: Any) -> Any:
        """Somebody who works there, with a sign-in."""
        p = directory.Person.objects.create(uid=f"p-{key}", given=given, family=family, display=f"{given} {family}")
        work = {"kind": "employee", "supervisor": None, **work}
        start = self.now.date() - timedelta(days=400)
        directory.Episode.objects.create(person=p, department=self.departments[department], position=position, starts=start, **work)
        guard.Account.objects.create(person=p, username=f"{key}@city.example", made=self.now)
        self.people[key] = p
        return p

    def authorize(self, key: str, state: str = "active", days: int = 200, role: str = "holder") -> Any:
        """A personal mailbox, and the right to it in some state."""
        p = self.people[key]
        episode = p.episodes.get(ended__isnull=True)
        address = f"{p.given}.{p.family}@city.example".lower().replace("'", "")
        box = directory.Mailbox.objects.create(
            address=address, name=p.display, kind="personal", department=episode.department, holder=p, made=self.now
        )
        directory.Address.objects.create(address=address, mailbox=box, person=p, since=self.now)
        started = state in ("active", "suspended", "expired", "revoked")
        a = identity_models.Authorization.objects.create(
            mailbox=box, person=p, episode=episode, department=episode.department, role=role, **REASONS,
            requester=self.people["super" if key != "super" else "office"], asked=self.now - timedelta(days=160),
            approver=self.people["head" if key != "head" else "deputy"] if started else None,
            decided=self.now - timedelta(days=159) if started else None,
            starts=self.now - timedelta(days=159) if started else None, until=self.now + timedelta(days=days), state=state,
            since=self.now - timedelta(days=3 if state in ("asked", "suspended") else 159), cost=21_250,
            why="Long leave until spring." if state == "suspended" else "",
        )  # fmt: skip
        self.authorizations[key] = a
        return a

    def accept(self, key: str) -> None:
        identity_models.Acknowledgement.objects.create(
            person=self.people[key], text=self.policy, accepted=True, shown=self.policy.sha256, at=self.now - timedelta(days=90)
        )

    def grant(self, key: str, role: str, department: str = "", taken: bool = False) -> None:
        """A role from yesterday for half a year; taken: activated until in two hours."""
        g = identity_models.RoleAssignment.objects.create(
            person=self.people[key], role=role, department=self.departments.get(department), reason="The council's decision 26-14.",
            starts=self.now - timedelta(days=1), until=self.now + timedelta(days=180), by="p-office",
        )  # fmt: skip
        if taken:
            identity_models.RoleActivation.objects.create(
                grant=g, reason="Case 26-014.", at=self.now - timedelta(minutes=1), until=self.now + timedelta(hours=2)
            )


def town(now: datetime | None = None) -> Town:
    t = Town(now or timezone.now())
    for code, name in (("public-works", "Public Works"), ("fire", "Fire Department"), ("clerk", "City Clerk")):
        t.departments[code] = directory.Department.objects.create(code=code, name=name, mailbox_cost=21_250)
        UnaskedDepartment.objects.create(department=t.departments[code], at=t.now)  # as a city that was here before has them
    t.policy = identity_models.PolicyText.objects.create(
        version=7, title="E-mail use policy", text=TEXT, changed="Personal use is now decided by each department.",
        sha256=sha256(TEXT.encode()).hexdigest(), published=t.now - timedelta(days=100), by="p-office",
    )  # fmt: skip
    _staff(t)
    _crew(t)
    _extras(t)
    t.objects |= {f"records {state}": number for state, number in record_rows.make(t).items()}
    carry(t.now)
    return t


def carry(now: datetime) -> None:
    """The ledger has every entry so far, as it has within a second; else no page would show mail (E6)."""
    mark_carried([(e, "journal", n) for n, e in enumerate(guard.Entry.objects.filter(carried__isnull=True))], now=epoch_ms(now))


def _staff(t: Town) -> None:
    """One person for each office and role."""
    t.person("super", "Sam", "Ferrer", "public-works", "Supervisor")
    for key, given, family, department, position in (
        ("head", "Rosa", "Hale", "public-works", "Director"),
        ("deputy", "Kim", "Boyd", "public-works", "Deputy Director"),
        ("chief", "Ed", "Marsh", "fire", "Chief"),
        ("office", "Maya", "Lund", "clerk", "Access Officer"),
        ("auditor", "Ivo", "Brandt", "clerk", "Auditor"),
        ("admin", "Noor", "Aziz", "clerk", "Systems Engineer"),
        ("examiner", "Lou", "Pereira", "clerk", "Examiner"),
        ("records", "Gail", "Stone", "clerk", "Records Officer"),
        ("retention", "Olaf", "Berg", "clerk", "Archivist"),
        ("author", "Cleo", "Hart", "clerk", "Policy Analyst"),
        ("authoriser", "Nils", "Roth", "fire", "Captain"),
        ("operator", "Tess", "Morgan", "clerk", "Systems Engineer"),
        ("recorder", "Ada", "Quist", "clerk", "Records Officer"),
        ("approver", "Hugo", "Varga", "clerk", "Counsel"),
        ("second", "Ines", "Falk", "clerk", "Policy Counsel"),
        ("security", "Bram", "Otis", "clerk", "Security Engineer"),
        ("reviewer", "Tova", "Lind", "clerk", "Ethics Analyst"),
        ("director", "Faye", "Nolan", "clerk", "Administration Director"),
        ("attorney", "Vera", "Holm", "clerk", "City Attorney"),
    ):
        t.person(key, given, family, department, position)
    for key in list(t.people):
        t.authorize(key)
        t.accept(key)
    t.departments["public-works"].head = t.people["head"]
    t.departments["public-works"].deputies.set([t.people["deputy"]])
    t.departments["fire"].head = t.people["chief"]
    for d in t.departments.values():
        d.save()
    for key, role in (
        ("auditor", "auditor"), ("admin", "system-administrator"), ("examiner", "examiner"),
        ("records", "records-officer"), ("retention", "retention-officer"), ("author", "policy-author"),
        ("second", "policy-approver"), ("reviewer", "use-reviewer"),
        ("director", "administration-director"),
    ):  # fmt: skip
        t.grant(key, role)
    t.grant("authoriser", "authoriser", "fire")
    t.grant("office", "access-officer", taken=True)
    t.grant("operator", "system-administrator", taken=True)
    t.grant("recorder", "records-officer", taken=True)
    t.grant("approver", "examination-approver", taken=True)
    t.grant("security", "security-officer", taken=True)
    t.grant("attorney", "city-attorney", taken=True)


def _crew(t: Town) -> None:
    """Those who are decided about: in every state of access."""
    agency = directory.Agency.objects.create(code="northline", name="Northline")
    contract = directory.Contract.objects.create(
        agency=agency, number="26-114", sponsor=t.people["head"], starts=t.now.date() - timedelta(days=400),
        ends=t.now.date() + timedelta(days=60),
    )  # fmt: skip
    identity_models.Undertaking.objects.create(
        agency=agency, text=t.policy, how="paper", reference="A-1", by=t.people["office"], at=t.now
    )
    for n, (given, family) in enumerate(NAMES):
        work: dict[str, Any] = {"kind": "contractor", "contract": contract} if n == 2 else {}
        position = "Street Inspector" if n % 2 else "Crew Clerk"
        t.person(f"crew{n}", given, family, "public-works", position, supervisor=t.people["super"], **work)
    states = ["active", "active", "active", "asked", "suspended", "active"]
    for n, state in enumerate(states):
        t.authorize(f"crew{n}", state, days=20 if n == 1 else 200)
    for n in (0, 1, 2, 4):
        t.accept(f"crew{n}")


def _extras(t: Town) -> None:
    rule = identity_models.PersonalUse.objects.create(
        department=t.departments["public-works"], position="Crew Clerk", limits="Short notes to family, outside of work hours.",
        starts=date(2026, 1, 1), until=t.now.date() + timedelta(days=300), by=t.people["head"],
    )  # fmt: skip
    for n in (0, 1, 2):
        box = t.authorizations[f"crew{n}"].mailbox
        for back in (3, 40, 75) if n < 2 else (120,):
            identity_models.Usage.objects.create(
                person=t.people[f"crew{n}"],
                mailbox=box,
                day=t.now.date() - timedelta(days=back),
                sent=12 + back,
                received=30 + back,
            )
    episode = t.people["crew11"].episodes.get()
    ending = identity_models.Ending.objects.create(
        person=t.people["crew11"], episode=episode, reason="Retired after 31 years with the city.", when=t.now - timedelta(hours=2),
        by="p-head", asked=t.now - timedelta(hours=3), done=t.now - timedelta(hours=2),
    )  # fmt: skip
    for n, (step, count) in enumerate((("sessions", 2), ("devices", 1), ("authorisations", 1), ("snapshot", 1))):
        at = t.now - timedelta(hours=2) + timedelta(milliseconds=40 * n)
        identity_models.EndingStep.objects.create(ending=ending, step=step, count=count, at=at)
    episode.ended = t.now.date()
    episode.save()
    use = identity_models.RoleActivation.objects.create(
        grant=t.people["retention"].roles.get(), reason="Disposal run of November.", at=t.now, until=t.now + timedelta(hours=1)
    )
    with transaction.atomic():
        entry = enter(
            "sign-in", actor=Actor("p-crew0"), reason="", now=epoch_ms(t.now), object="person:p-crew0", facts={"how": ["passkey"]}
        )
    device = identity_models.Device.objects.create(
        person=t.people["crew0"], key="k7qm2xvd", name="Pixel phone", mac="0" * 64, made=t.now
    )
    token = identity_models.Token.objects.create(
        person=t.people["crew0"], mac="1" * 64, made=t.now, until=t.now + timedelta(days=7)
    )
    directory.Mailbox.objects.create(
        address="printer@city.example",
        name="Third floor printer",
        kind="service",
        department=t.departments["public-works"],
        made=t.now,
    )
    conduct.Statement.objects.create(
        department=t.departments["public-works"], half="2025-2", made=t.now, due=t.now.date() + timedelta(days=20)
    )
    _addresses(t, contract=directory.Contract.objects.get(agency__code="northline"))
    run = directory.FeedRun.objects.create(
        at=t.now - timedelta(minutes=40),
        source="personnel-2026-11-25.csv",
        sha256="a" * 64,
        rows=27,
        state="stopped",
        by="p-office",
    )
    for n, (uid, did, changes, why) in enumerate((
        ("p-crew9", "ended", {}, "Not in the list any more."),
        ("p-crew10", "changed", {"position": ["Crew Clerk", "Dispatcher"]}, ""),
        ("p-new1", "added", {name: ["", value] for name, value in NEW.items()}, ""),
        ("", "refused", {}, "Line 9 has no number."),
    )):  # fmt: skip
        directory.FeedLine.objects.create(run=run, line=n + 2, uid=uid, did=did, changes=changes, reason=why)
    week_ago = t.now - timedelta(days=7)
    with transaction.atomic():
        reveal = enter(
            "content.reveal", actor=Actor("p-operator"), reason="Two scanners gave different answers.", now=epoch_ms(week_ago),
            object="capture:019ab0c4-7d2e-7a41-9c55-1f6a0e4b7d21", role="system-administrator", facts={"code": "attack"},
        )  # fmt: skip
    guard.Carried.objects.create(entry=reveal, journal="0001", number=1, at=epoch_ms(week_ago))  # else the ledger lags
    t.objects |= {"reveal": reveal.pk}
    t.objects |= {"feed": run.pk} | _feeds(t)
    t.objects |= {"device": device.key, "token": token.pk}
    t.objects |= {"rule": rule.pk, "ending": ending.pk, "use": use.pk, "entry": entry.pk}
    guard.Account.objects.filter(person=t.people["crew5"]).update(locked=t.now - timedelta(minutes=20))
    guessed = guard.Account.objects.get(person=t.people["crew4"])
    for kind, network in (("password", "198.51.100.23"), ("password", "2001:db8:1:2::/64"), ("login", "")):
        guard.Throttle.objects.create(
            kind=kind, login=login_digest(guessed.username), network=network, account=guessed, failures=6, streak=12, last=t.now,
            until=t.now + timedelta(minutes=30),
        )  # fmt: skip


def _addresses(t: Town, contract: Any) -> None:
    """A mailbox of a role with a delegate and an alias, and a list."""
    works, crew = t.departments["public-works"], t.people["crew0"]
    box = directory.Mailbox.objects.create(
        address="streets@city.example", name="Streets and Closures", kind="function", department=works, made=t.now,
        purpose="Questions of residents about closed streets.",
    )  # fmt: skip
    for address in (box.address, "closures@city.example"):
        directory.Address.objects.create(address=address, mailbox=box, since=t.now - timedelta(days=90))
    grant = identity_models.Authorization.objects.create(
        mailbox=box, person=crew, episode=crew.episodes.get(), department=works, role="delegate", **REASONS,
        requester=t.people["super"], asked=t.now - timedelta(days=90), approver=t.people["head"],
        decided=t.now - timedelta(days=89),
        starts=t.now - timedelta(days=89), until=t.now + timedelta(days=150), state="active", since=t.now - timedelta(days=89),
    )  # fmt: skip
    mail_list = directory.MailGroup.objects.create(address="crews@city.example", name="Street crews", department=works, made=t.now)
    mail_list.members.set([box, t.authorizations["crew0"].mailbox, t.authorizations["crew1"].mailbox])
    view = SavedView.objects.create(
        person=t.people["head"],
        page="/dept/public-works/people/",
        query="state=suspended",
        name="On leave",
        pinned=True,
        made=t.now,
    )
    union = guard.Protection.objects.create(kind="union", department=t.departments["fire"], by="p-office", at=t.now)
    guard.Protection.objects.create(kind="union", person=t.people["deputy"], approves=True, by="p-office", at=t.now)
    t.objects |= {"protection": union.pk}
    t.objects |= {"streets": box.pk, "grant": grant.pk, "contract": contract.pk, "view": view.pk}


def more(t: Town, count: int) -> None:
    """So many more people of Public Works: in every state of access, with what hangs on them, and other rows that lists show."""
    for n in range(count):
        key = f"more{n}"
        t.person(
            key, f"Given{n:03}", f"Family{n:03}", "public-works", "Crew Clerk" if n % 2 else "Laborer", supervisor=t.people["super"]
        )
        if n % 3:
            t.authorize(key, ("asked", "active", "suspended")[n % 3])
            t.accept(key)
        if n % 10 == 0:
            t.grant(key, "policy-author")
            guard.Account.objects.filter(person=t.people[key]).update(locked=t.now)
        run = directory.FeedRun.objects.create(at=t.now, source=f"list-{n}.csv", sha256="b" * 64, state="rejected", by="p-office")
        directory.FeedLine.objects.create(
            run_id=t.objects["feed"], line=n + 10, uid=key, did="added", changes={"given": ["", run.source]}
        )
        directory.Department.objects.create(code=f"division-{n}", name=f"Division {n}", parent=t.departments["public-works"])
        _more_directory(t, n)
        with transaction.atomic():
            enter("sign-in", actor=Actor("p-crew0"), reason="", now=epoch_ms(t.now), object="person:p-crew0", facts={"n": n})


def _more_directory(t: Town, n: int) -> None:
    """Rows that lists of the directory show."""
    works = t.departments["public-works"]
    directory.Agency.objects.create(code=f"agency-{n}", name=f"Agency {n}")
    directory.Contract.objects.create(
        agency=directory.Agency.objects.get(code="northline"), number=f"C-{n}", starts=t.now.date(), ends=t.now.date()
    )
    box = directory.Mailbox.objects.create(
        address=f"desk{n}@city.example", name="A desk", kind="function", department=works, made=t.now
    )
    mail_list = directory.MailGroup.objects.create(address=f"list{n}@city.example", name="A list", department=works, made=t.now)
    directory.MailGroup.objects.get(address="crews@city.example").members.add(box)
    directory.MailGroup.objects.get(address="crews@city.example").subgroups.add(mail_list)
    identity_models.PolicyText.objects.create(
        version=100 + n, title="E-mail use policy", text=TEXT, changed="A word.", sha256="c" * 64, material=False,
        published=t.now - timedelta(days=99), by="p-office",
    )  # fmt: skip


def _feeds(t: Town) -> dict[str, int]:
    """A file that waits for its columns, a mapping, and the token of an identity provider."""
    waits = directory.FeedUpload.objects.create(
        name="hr-export.csv", content=b"EMPLID;Name;Dept\n1;Adeyemi, Bola;Fire\n", at=t.now, by="p-office"
    )
    directory.FeedMapping.objects.create(
        name="payroll",
        header=["no", "last name"],
        columns={"no": "uid", "last name": "family"},
        kind="employee",
        made=t.now,
        by="p-office",
    )
    key = directory.FeedKey.objects.create(
        name="City sign-in",
        mac="0" * 64,
        made=t.now,
        until=t.now + timedelta(days=90),
        by="p-office",
        used=t.now,
        used_from="192.0.2.7",
    )
    return {"feed-upload": waits.pk, "feed-key": key.pk}


def signed_in(person: Any) -> str:
    """The key of a session in which this person is signed in, freshly proved."""
    account = guard.Account.objects.get(person=person)
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session[EPOCH] = account.epoch
    session[AT] = session[BEGAN] = session[SEEN] = int(datetime.now(UTC).timestamp() * 1000)
    session.save()
    return str(session.session_key)
