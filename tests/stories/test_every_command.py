"""Every command of the table once, while the city is served by all of its processes: what it says is so (issue 17, blocker 1)."""

from __future__ import annotations

import os
import pkgutil
import re
import sqlite3
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module, resources
from pathlib import Path

import pytest

from city.policy.books import text_of
from civicmail.city.identity.database_backup import DATABASE
from civicmail.front import cli
from civicmail.front.cli import verbs
from neighbours import forkserver
from neighbours.civic import Civicmail, civicmail
from stories import townhall

pytestmark = pytest.mark.timeout(1200)

ROLES = {
    "office": "access-officer", "operator": "system-administrator", "retention": "retention-officer", "author": "policy-author",
    "auditor": "auditor", "records": "records-officer", "approver": "examination-approver",
    "attorney": "city-attorney",
}  # fmt: skip
_PEOPLE = """
it = Department.objects.get(code="it")
works = Department.objects.get(code="works")
pat, lee = person("p-pat", "Pat", "Crew", works), person("p-lee", "Lee", "Crew", works)
person("p-gone", "Gil", "Gone", works)
Account.objects.create(person=pat, username="pat", made=now, password=hashed("x" * 20))
authorize(pat, (Person.objects.get(uid="e-2"), Person.objects.get(uid="e-3")))
heads = Person.objects.get(uid="e-2")
Agency.objects.create(code="northline", name="Northline")
for name, role in {roles!r}.items():
    p = person("d-" + name, name.title(), "Role", it)
    authorize(p, (Person.objects.get(uid="e-2"), Person.objects.get(uid="e-3")))
    accept(p)
    Account.objects.get_or_create(person=p, defaults=dict(username="d-" + name, made=now, password=hashed("x" * 20)))
    ends = now + timedelta(days=90)
    grant = RoleAssignment.objects.create(person=p, role=role, starts=now - timedelta(days=1), until=ends, by="e-1", reason="story")
    RoleActivation.objects.create(grant=grant, reason="story", at=now, until=now + timedelta(hours=3))
Account.objects.get_or_create(person=heads, defaults=dict(username="rosa", made=now, password=hashed("x" * 20)))
for uid in ["e-2", *("d-" + name for name in {roles!r})]:
    print(uid, tokens.make(Person.objects.get(uid=uid), days=1, actor=Actor(uid), now=time.time_ns() // 1_000_000))
publish()
from civicmail.desk.records.actions.intake import NewRequest, submit
submit(NewRequest(text="Mail about the harbor.", intake="web"), now=time.time_ns() // 1_000_000)
"""
ANY = -1
ANSWERS = (0, 1, 2, 4)
"""Any answer in words, where what went before may have been decided already; never a bug, and never "later"."""
WHY = ("--reason", "as case 26-14 says, in writing")
NEEDED = (
    "--duties", "Answers the letters of the whole crew.", "--performance", "Knows each morning what is to be done.",
    "--efficiency", "Saves a walk across the city each day.", "--service", "People hear on the same day what becomes of it.",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """who: whose token, "" for the owner of the machine; says: a pattern that stands in what is printed, and of which groups are
    known by name afterwards; never: one that does not."""

    verb: str
    line: str = ""
    who: str = ""
    code: int = 0
    says: str = ""
    never: str = ""
    why: bool = False
    more: tuple[str, ...] = ()


def steps(folder: Path, day: str) -> list[Step]:
    """In the order in which they need each other."""
    f = folder
    office, retention, operator, author = "d-office", "d-retention", "d-operator", "d-author"
    return [
        Step("search", "storm --json", code=4), Step("show", "{capture}", code=4), Step("export", "storm --out {f}/out", code=4),
        Step("prove", "{capture}", code=4), Step("explain", "{capture}", code=4),
        Step("import", f"{f}/mail", operator, says=r"1 stored|\"stored\":1|1 .*(new|kept)", why=True),
        Step("import-mailboxes", f"{f}/source.toml", operator, code=5, says="run the same command again", why=True),
        Step("policy explain", "{capture}", operator, says=".", why=True),
        Step("learn", "{capture} --spam", operator, says="1 message is taught as spam", why=True),
        Step("unlearn", "{capture}", operator, says="taken back", why=True),
        Step("queue list", "", operator, says=r"(?P<waits>[0-9a-f]{{8}}-\S+)", why=True),
        Step("queue show", "{waits}", operator, says="out.example", why=True),
        Step("queue retry", "{waits}", operator, says="tried at once", why=True),
        Step("queue drop", "{waits}", operator, says="not be delivered", why=True),
        Step("queue list", "", operator, never="{waits}", why=True),
        Step("checkpoint publish", f"--out {f}/old.note", says="entries, signed"),
        Step("checkpoint prove", f"{f}/old.note", says="civicmail consistency 1"),
        Step("verify", f"--checkpoint {f}/old.note", says="."), Step("entries", "", office, says="queue.act", why=True),
        Step("evidence pack", "person d-operator --out {f}/evidence.zip", office, says="entries", why=True),
        Step("archive status"), Step("archive reconcile", "2026-01-01", says="0 records"),
        Step("archive adopt", f"{f}/schedules.toml", retention, says="schedules are in force", why=True),
        Step("archive transfer", "executive storm --out {f}/bag", code=4),
        Step("disposal propose", "--class mail", retention, says=r"Disposal (?P<first>\d+) is proposed", why=True),
        Step("disposal list", "", "d-auditor", says=r"(?m)^ *{first} .*d-retention"),
        Step("disposal show", "{first}", "d-auditor", says="id: {first}"),
        Step("disposal approve", "{first} --manifest " + "0" * 64, "d-records", code=4, why=True),
        Step("disposal refuse", "{first}", "d-records", code=4, why=True),
        Step("disposal withdraw", "{first}", retention, code=ANY, why=True),
        Step("disposal list", "", "d-auditor", never="{first} +Waiting"),
        Step("law list", says="wisconsin 2026-12-01  comes with the program"), Step("law check", "wisconsin", says="can be used"),
        Step("law diff", "federal wisconsin", code=1, says="added code 19.36"),
        Step("law explain", "release-lock --pack wisconsin", says="19.356"),
        Step("law adopt", "wisconsin", "d-records", says="wisconsin .* is in force for new requests", why=True),
        Step("law list", says="wisconsin 2026-12-01  active"), Step("law check", says="to confirm with counsel"),
        Step("records list", "", "d-records", says=r"(?P<request>PR-\d{{4}}-\d+)  received"),
        Step("records assign", "{request} d-records reviewer", "d-records", says="agreed scope"),
        Step("records suit", "{request}", "d-attorney", says="frozen", why=True),
        Step("records close", "{request} none", "d-records", code=4, why=True),
        Step("records suit-end", "{request}", "d-attorney", says="may go on", why=True),
        Step("records close", "{request} none", "d-records", says="closed", why=True),
        Step("records reopen", "{request}", "d-records", says="in review", why=True),
        Step("records withdraw", "{request}", "d-records", says="withdrawn", why=True),
        Step("records list", "", "d-records", says="{request}  withdrawn"),
        Step("records reading-room", f"--to {f}/room", "d-records", says="0 releases written"),
        Step("archive promote", "{capture} executive", retention, says="{capture}", why=True),
        Step("hold add", "storm --ground litigation", retention, says=r"Hold (?P<hold>[0-9a-f]{{12}}) is in force", why=True),
        Step("hold list", "", retention, says="{hold}", why=True),
        Step("dispose", "--simulate", retention, says="would go", why=True),
        Step("hold end", "{hold}", retention, says="not in force any more", why=True),
        Step("hold list", "", retention, never="{hold}", why=True),
        Step("archive compact", "", why=True, says="segments became"),
        Step("people sync", f"{f}/people.csv --dry-run", office), Step("people pull", "", office, code=2),
        Step("people provider", "Sign-in", office, why=True), Step("people list", "works", office, says="p-pat"),
        Step("people show", "p-pat", office, says="Crew"),
        Step("people add", "p-new9 --family Adeyemi --department works", office, says="p-new9", why=True),
        Step("people show", "p-new9", office, says="Adeyemi"),
        Step("people change", "p-new9 --phone 555-0100", office, why=True),
        Step("people move", "p-new9 --department it", office, why=True), Step("people list", "it", office, says="p-new9"),
        Step("people rehire", "p-pat --department works", office, code=2, why=True),
        Step("access requests", "works", office),
        Step("access ask", f"p-lee --until {day}", "e-2", says=r"(?P<asked>\d+)", more=NEEDED),
        Step("access withdraw", "{asked}", "e-2", why=True),
        Step("access ask", f"p-lee --until {day}", "e-2", says=r"(?P<wanted>\d+)", more=NEEDED),
        Step("access decide", "{wanted} yes", "e-2", code=4, why=True),
        Step("access revoke", "{wanted}", "e-2", says="withdrawn", why=True),
        Step("access grant", f"pat.crew@city.example p-lee --until {day}", "e-2", says=r"\d", more=NEEDED),
        Step("access stay", "p-pat", office, code=2, why=True),
        Step("access claim", "--uid x --given X --family Y --department it=IT", code=4, why=True),
        Step("access recover", "p-pat", code=2, why=True),
        Step("access invite", "p-lee", office, says="-", why=True), Step("access hand-over", "p-lee", "e-2", says="-", why=True),
        Step("access extend", f"p-pat --until {day}", "e-2", code=4, why=True),
        Step("access suspend", "p-pat", office, why=True), Step("access resume", "p-pat", office, why=True),
        Step("access unlock", "p-pat", office, code=4, why=True), Step("access signs", "", office, why=True),
        Step("access end", "p-pat", office, why=True), Step("access close", "p-pat", "e-2", says="counting", why=True),
        Step("access reconcile", "", office),
        Step("duty grant", f"p-lee policy-approver --until {day}", office, why=True),
        Step("duty list", "", office, says="policy-approver"),
        Step("duty end", "p-lee policy-approver", office, why=True),
        Step("duty list", "", office, never="policy-approver"),
        Step("duty lay-down", "records-officer", "d-records"), Step("duty take", "records-officer", "d-records", why=True),
        Step("duty conflict", f"p-lee examiner auditor --control Two_people_only_the_mayor_reads_all --until {day}", office),
        Step("mandate ask", "request --person p-lee --duty records-officer", "d-records", says=r"(?P<mandate>\d\d-\d+)", why=True),
        Step("mandate list", "", "d-records", says="{mandate}"), Step("mandate show", "{mandate}", "d-records", says="{mandate}"),
        Step("mandate approve", "{mandate}", "d-approver", code=ANY, why=True),
        Step("mandate refuse", "{mandate}", "d-approver", code=ANY, why=True),
        Step("mandate close", "{mandate} --finding Nothing_of_it_was_true", "d-records", code=ANY),
        Step("mandate protect", "union --department works", office, why=True),
        Step("department list"), Step("department lead", "it --head p-lee", office, why=True),
        Step("department open", f"{f}/departments.csv", office, says="new      harbour", why=True),
        Step("department mode", "clerk live", office, code=2, why=True),
        Step("agency list", "", office, says="northline"), Step("agency add", "eastwind Eastwind", office, why=True),
        Step("agency list", "", office, says="eastwind"),
        Step("agency contract", f"northline 27-1 --starts 2026-01-01 --ends {day}", office, why=True),
        Step("agency suspend", "northline", office, why=True), Step("agency resume", "northline", office, why=True),
        Step("violation list", "", office), Step("violation show", "9999", office, code=2),
        Step("violation record", "p-lee P-12 --evidence no-number", office, code=2, why=True),
        Step("review start", "everyone --department it", office, says=r"(?P<review>\d+)", why=True),
        Step("review list", "", office, says="{review}"), Step("review pack", "{review} --out {f}/review.zip", office),
        Step("lists make", "signals@city.example Signals --department works", office, why=True),
        Step("lists list", "works", office, says="signals@city.example"),
        Step("lists change", "signals@city.example --add sam.ferrer@city.example", office, why=True),
        Step("lists show", "signals@city.example", office, says="sam.ferrer"),
        Step("lists close", "signals@city.example", office, why=True),
        Step("lists list", "works", office, never="signals@city.example"),
        Step("policy list", "", office), Step("policy paper", "p-lee --reference Binder_12", office),
        Step("policy publish", f"{f}/policy.md --title E-mail --changed Clearer", office, why=True),
        Step("policy list", "", office, says="E-mail"),
        Step("policy rules"), Step("policy test", f"{f}/rules.toml"), Step("policy diff", f"{f}/rules.toml", code=1),
        Step("policy drill", "clamav"), Step("policy replay", f"{f}/rules.toml", author, says="messages", why=True),
        Step("exact-list add", f"people {f}/values.csv --id number --with family", author, says="1 rows", why=True),
        Step("exact-list list", "", author, says="people", why=True),
        Step("exact-list remove", "people", author, says="is gone", why=True),
        Step("exact-list list", "", author, never=r"people \d", why=True),
        Step("works add", f"publisher {f}/works.txt", author, why=True), Step("works list", "", author, says="publisher", why=True),
        Step("works remove", "publisher", author, why=True), Step("works list", "", author, never="publisher", why=True),
        Step("doctor", code=1), Step("config check"), Step("config show"), Step("config explain", "gateway.processes"),
        Step("secure list", "", operator, why=True), Step("secure add", "pat@agency.example {f}/key", operator, code=2, why=True),
        Step("secure remove", "pat@agency.example", operator, code=2, why=True),
        Step("dkim new", "city.example --selector s1", operator, says="s1._domainkey", why=True),
        Step("dkim activate", "city.example s1 --anyway", operator, says="signs from now on", why=True),
        Step("dkim list", "", operator, says="s1._domainkey", why=True),
        Step("dkim retire", "city.example s1", operator, says="signs no more", why=True),
        Step("dns check", code=1), Step("dns reports", "{f}/empty --keep", operator, code=1, why=True),
        Step("standby status"), Step("migrate", says="The tables are those"), Step("migrate", "--check"), Step("tick", says="."),
        Step("rebuild index", says="new"), Step("rebuild catalogue", says="new"), Step("rebuild outstanding", says="new"),
        Step("repair journal", "", code=5, why=True),
        Step("keys prove-recovery", f"--file {f}/key", code=2), Step("keys recover", f"--file {f}/key", code=2),
        Step("keys rotate-links", "", operator, says="new key", why=True),
        Step("keys rotate-master", "", office, says="under the new master key", why=True),
    ]  # fmt: skip


for module in pkgutil.iter_modules(cli.__path__):  # verbs of acts enter themselves
    import_module(f"{cli.__name__}.{module.name}")
ELSEWHERE = {
    "demo": "makes and serves a folder of its own", "simulate day": "makes and serves a folder of its own",
    "init": "makes a folder that has nobody yet", "run": "is what serves here", "standby serve": "serves until it is stopped",
    "restore": "makes an installation from a copy", "drill failover": "makes a folder that goes again",
    "drill restore": "makes a folder that goes again",
}  # fmt: skip


@pytest.mark.rule(
    "P-23",
    "Every command of the table is called once while the city is served by all of its processes; a new one without its line fails.",
)
def test_every_command_of_the_table_is_called(tmp_path: Path) -> None:
    """A new command has its line here, or a reason: it fails otherwise."""
    assert {step.verb for step in steps(tmp_path, "")} | ELSEWHERE.keys() == verbs.VERBS.keys()


LOOKING = re.compile(r".*\.(see|list|show|export|read)$")
"""Acts by which nothing is changed; some of them leave an entry all the same."""
CHANGES_NOTHING = {"people sync": "is a dry run here", "policy replay": "is asked of the worker by the page alone"}
"""Verbs of acts that change something, which do not in the line that stands here -> why."""


def is_written(step: Step) -> bool:
    """Whether somebody changes something by this step, so that an entry of theirs has to be there afterwards."""
    act = verbs.VERBS[step.verb].act
    return bool(step.who and act) and step.code == 0 and step.verb not in CHANGES_NOTHING and LOOKING.match(act) is None


class Ledger:
    """What the database of the city has of entries."""

    def __init__(self, data: Path) -> None:
        self._file = data / DATABASE

    def newest(self) -> int:
        return int(self._asked("SELECT coalesce(max(id), 0) FROM access_entry")[0][0])

    def since(self, newest: int) -> list[str]:
        """Whose entries there are behind this one."""
        return [str(row[0]) for row in self._asked("SELECT person FROM access_entry WHERE id > ?", newest)]

    def uncarried(self) -> int:
        """Entries that the ledger has not."""
        wanted = "SELECT count(*) FROM access_entry e LEFT JOIN access_carried c ON c.entry_id = e.id WHERE c.entry_id IS NULL"
        return int(self._asked(wanted)[0][0])

    def _asked(self, query: str, *values: int) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._file, timeout=30)) as db:
            return db.execute(query, values).fetchall()


class Teller:
    """Gives each step to the program and keeps what it says under names."""

    def __init__(self, data: Path, folder: Path, tokens: dict[str, Path]) -> None:
        self.ledger = Ledger(data)
        self.data, self.tokens = data, tokens
        self.known = defaultdict(lambda: "none", f=str(folder))
        self.wrong: list[str] = []

    def tell(self, step: Step) -> None:
        words = [
            word.replace("_", " ") if "_" in word and "/" not in word else word for word in step.line.format_map(self.known).split()
        ]
        words += [*step.more, *(WHY if step.why else ()), "--data", str(self.data)]
        env = dict(os.environ)
        if step.who:
            env["CIVICMAIL_TOKEN_FILE"] = str(self.tokens[step.who])
            words += ["--as", step.who]
            if step.verb.split()[0] in WITH_ROLE or step.verb in WITH_ROLE:
                words += ["--duty", ROLES[step.who.removeprefix("d-")]]
        newest = self.ledger.newest()
        done = forkserver.run([*step.verb.split(), *words], env=env, timeout=120)
        said = (done.stdout + done.stderr).decode().replace("\r\n", "\n")
        found = re.search(step.says.format_map(self.known), said)
        untrue = found is None or (step.never and re.search(step.never.format_map(self.known), said))
        if done.returncode not in (ANSWERS if step.code == ANY else (step.code,)) or untrue:
            self.wrong.append(
                f"{step.verb} {step.line} as {step.who or 'owner'}: {done.returncode}, not {step.code}: {said.strip()[-300:]}"
            )
        if is_written(step) and step.who not in self.ledger.since(newest):
            self.wrong.append(f"{step.verb} {step.line} as {step.who}: there is no entry of theirs")
        if found is not None:
            self.known |= found.groupdict()


WITH_ROLE = {
    "import", "import-mailboxes", "learn", "unlearn", "queue", "archive adopt", "archive promote", "law adopt", "hold", "dispose",
    "policy explain", "policy replay",
    "exact-list", "works", "secure", "dkim", "dns reports", "keys rotate-links", "keys rotate-master", "department mode",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What lines name."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "one.eml").write_bytes(b"Subject: old\r\n\r\nan old letter\r\n")
    (tmp_path / "people.csv").write_text("uid,family,kind,department\np-pat,Crew,employee,works\n")
    (tmp_path / "departments.csv").write_text("code;name;head\nharbour;Harbour;p-lee\n")
    (tmp_path / "values.csv").write_text("number,family\n48261937,Crew\n")
    (tmp_path / "works.txt").write_text("0" * 64 + "  a film\n")
    (tmp_path / "policy.md").write_text("# What mail is for\n\n" + "City mail is for the work of the city. " * 4)
    (tmp_path / "schedules.toml").write_text((resources.files("civicmail.city.law") / "schedules.toml").read_text())
    (tmp_path / "rules.toml").write_text(text_of())
    (tmp_path / "key").write_text("no key\n")
    source = f'kind = "imap"\nserver = "imap://127.0.0.1:1"\nmailboxes = ["ann"]\npassword_file = "{tmp_path}/key"\n'
    (tmp_path / "source.toml").write_text(f"{source}patience_hours = 0.0001\n")
    return tmp_path


@pytest.fixture
def teller(tmp_path: Path, folder: Path) -> Iterator[Teller]:
    """A claimed city that is served, with a message to the storm, and one that waits because nobody takes it."""
    data = tmp_path / "data"
    ours = Civicmail(data, web__serve="true")
    claim = ("access", "claim", "--uid", "e-1", "--given", "Olga", "--family", "Officer", "--department", "it=City IT")
    civicmail(*claim, "--reason", "the council decided so", data=data)
    townhall.townhall(data)
    with ours:
        tokens = {}
        for line in townhall.run(data, _PEOPLE.format(roles=ROLES)).splitlines():
            uid, _, token = line.partition(" ")
            tokens[uid] = tmp_path / f"{uid}.token"
            tokens[uid].touch(0o600)
            tokens[uid].write_text(token)
        told = Teller(data, folder, tokens)
        from civicmail.front.sample.mail import Posting
        from civicmail.front.sample.smtp_client import SmtpClient

        text = b"From: <pat.crew@city.example>\r\nTo: <b@out.example>\r\nSubject: storm\r\n\r\nwater\r\n"
        postman = SmtpClient(ours.relay)
        assert postman.send(Posting("pat.crew@city.example", ["b@out.example"], text)).accepted
        postman.close()
        stage = ours.wait(lambda s: bool(s.acts))
        told.known["capture"] = str(uuid.UUID(bytes=next(iter(stage.acts))))
        yield told


def test_every_command_works_while_the_city_is_served(teller: Teller, tmp_path: Path) -> None:
    """Exit code and what is said of it, one after the other, with all workers running. What somebody changed has an entry
    of theirs when the command ends, and the ledger has it soon after."""
    for step in steps(tmp_path, (date.today() + timedelta(days=120)).isoformat()):
        teller.tell(step)
    assert teller.wrong == [], "\n".join(teller.wrong)
    end = time.monotonic() + 60
    while teller.ledger.uncarried():
        assert time.monotonic() < end, "the ledger has every entry"
        time.sleep(0.2)
