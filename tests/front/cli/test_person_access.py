"""The command line of a claimed installation: nobody looks without a token, a role and a reason, and what is asked is recorded
first (P-16, promise 4; E6, D4)."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from civicmail.core.config.settings import Web
from neighbours import tables
from neighbours.civic import PROGRAM

FIRST = (
    "--uid",
    "e-1",
    "--given",
    "Olga",
    "--family",
    "Officer",
    "--department",
    "it=City IT",
    "--reason",
    "the council decided so",
)


def _run(data: Path, *arguments: str, token: Path | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    named = {"CIVICMAIL_TOKEN_FILE": str(token)} if token else {}
    environ = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"} | named
    command = [PROGRAM, *arguments, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ, input=stdin, check=False)


def _inside(data: Path, code: str) -> str:
    """Run Python with Django on this folder; what it prints."""
    head = f"from pathlib import Path\nfrom civicmail.front.web.start import start\nstart(Path({str(data)!r}))\n"
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


_TOKEN = """
import time
from civicmail.city.identity.actions import tokens
from civicmail.city.guard.actors import Actor
from civicmail.city.directory.models import Person
who = Person.objects.get(uid={uid!r})
print(tokens.make(who, days=1, actor=Actor(who.uid), now=time.time_ns() // 1_000_000))
"""


@pytest.fixture
def claimed(data: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A claimed installation, and the file with the token of its first officer."""
    tables.lay(data)
    done = _run(data, "access", "claim", *FIRST)
    assert done.returncode == 0, done.stderr
    assert "/accounts/welcome/" in done.stdout and "claimed" in done.stderr
    token = tmp_path / "token"
    token.write_text(_inside(data, _TOKEN.format(uid="e-1")))
    token.chmod(0o600)
    take = _run(data, "duty", "take", "access-officer", "--as", "e-1", "--reason", "the first days of the city", token=token)
    assert take.returncode == 0, take.stderr
    return data, token


@pytest.mark.rule("P-07", "A link that is printed leads to where people reach the pages: `web.url` where it is set.")
def test_a_printed_link_leads_to_where_people_reach_the_pages(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.lay(data)
    monkeypatch.setenv("CIVICMAIL__WEB__URL", "https://mail.city.example")
    done = _run(data, "access", "claim", *FIRST)
    assert done.stdout.startswith("https://mail.city.example/accounts/welcome/"), done.stderr


@pytest.mark.parametrize(
    ("web", "pages"),
    [
        (Web(url="https://mail.city.example", hosts=["a.example"], https=False), "https://mail.city.example"),
        (Web(hosts=["a.example"], https=True), "https://a.example"),
        (Web(hosts=["a.example"]), "http://a.example"),
        (Web(port=8099), "http://localhost:8099"),
    ],
)
def test_the_address_of_the_pages_is_the_one_that_was_set(web: Web, pages: str) -> None:
    assert web.pages == pages


@pytest.mark.rule("P-16, promise 4, E2", "In a claimed installation viewing mail requires a person and an examination.")
def test_a_claimed_installation_refuses_who_does_not_say_who(claimed: tuple[Path, Path]) -> None:
    """And the owner's own user is nobody special any more."""
    data, token = claimed
    for command in (("search", "storm"), ("export", "storm", "--out", str(data / "x"))):
        refused = _run(data, *command)
        assert refused.returncode == 4 and "--as PERSON" in refused.stderr and not refused.stdout
    named = ("search", "storm", "--as", "e-1", "--mandate", "26-001")
    assert _run(data, *named).returncode == 2, "no token"
    refused = _run(data, *named, token=token)
    assert refused.returncode == 4 and "no mandate 26-001" in refused.stderr
    assert _run(data, "access", "claim", *FIRST).returncode == 4, "once is for good"


@pytest.mark.rule("P-16, promise 4, E6", "A person's query on the command line is an entry before anything is shown.")
def test_whoever_holds_and_has_activated_the_role_searches_and_the_entry_is_there_first(claimed: tuple[Path, Path]) -> None:
    """E6, D4."""
    data, token = claimed
    code = """
from datetime import date
from civicmail.city.directory.models import Department, Episode, Person
from civicmail.city.guard.models import Account
from django.utils import timezone
p = Person.objects.create(uid="e-2", given="Rita", family="Records", display="Rita Records")
Episode.objects.create(person=p, kind="employee", department=Department.objects.get(), starts=date(2026, 1, 1))
Account.objects.create(person=p, username="rita", made=timezone.now())
"""
    _inside(data, code)
    granted = _run(
        data,
        "duty",
        "grant",
        "e-2",
        "records-officer",
        "--until",
        _in_half_a_year(),
        "--as",
        "e-1",
        "--reason",
        "new records desk",
        token=token,
    )
    assert granted.returncode == 0, granted.stderr
    own = token.with_name("rita")
    own.write_text(_inside(data, _TOKEN.format(uid="e-2")))
    own.chmod(0o600)
    search = ("search", "storm", "--as", "rita", "--mandate", "26-001", "--count", "--json")
    ask = ("mandate", "ask", "request", "--person", "e-1", "--duty", "records-officer", "--as", "rita")
    ask += ("--reason", "request 26-1 of the paper, about the storm")
    early = _run(data, *ask, token=own)
    assert early.returncode == 4 and "Activate" in early.stderr
    take = ("duty", "take", "records-officer", "--as", "rita", "--reason", "request 26-1 of the paper")
    assert _run(data, *take, token=own).returncode == 0
    assert "26-001" in _run(data, *ask, token=own).stdout
    waits = _run(data, *search, token=own)
    assert waits.returncode == 4 and "not in force" in waits.stderr
    assert _inside(data, _APPROVED) == "approved"
    done = _run(data, *search, token=own)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["count"] == 0
    entry = json.loads(_inside(data, _LOOK))
    assert entry["person"] == "e-2" and entry["duty"] == "records-officer" and entry["facts"].get("query") == "storm"
    seen = _run(data, "entries", "--as", "e-1", "--reason", "weekly look", "--json", token=token)
    assert "duty.take-up" in seen.stdout and "mandate" not in seen.stdout, "the office that grants roles does not watch who looks"
    assert _run(data, *search, token=token).returncode == 4, "somebody else's token is none"
    listed = _run(data, "duty", "list", "--as", "e-1", "--json", token=token)
    assert {json.loads(line)["duty"] for line in listed.stdout.splitlines()} == {"access-officer", "records-officer"}


_APPROVED = """
import time
from civicmail.city.identity.actions import mandates
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.models import Mandate
from civicmail.city.directory.models import Person
p = Person.objects.create(uid="e-9", given="Abe", family="Approver", display="Abe Approver")
now = time.time_ns() // 1_000_000
who = Actor(p.uid, held=(HeldRole("examination-approver", "", now + 1000),))
print(mandates.approve(Mandate.objects.get(), actor=who, now=now).state)
"""


_LOOK = """
import json
from civicmail.city.guard.models import Entry
print(json.dumps(Entry.objects.filter(act="content.list").values("person", "duty", "facts").get()))
"""


def _in_half_a_year() -> str:
    import datetime

    return f"{datetime.date.today() + datetime.timedelta(days=180)}"


def test_a_token_that_others_can_read_is_refused_and_none_is_on_the_command_line(claimed: tuple[Path, Path]) -> None:
    data, token = claimed
    token.chmod(0o644)
    refused = _run(data, "people", "list", "it", "--as", "e-1", token=token)
    assert refused.returncode == 2 and "chmod 600" in refused.stderr
    token.chmod(stat.S_IRUSR)
    listed = _run(data, "people", "list", "it", "--as", "e-1", "--json", token=token)
    assert json.loads(listed.stdout)["name"] == "Olga Officer"
    assert "--token" not in _run(data, "search", "--help").stdout
    shown = _run(data, "people", "show", "e-1", "--as", "e-1", token=token)
    assert "Olga Officer" in shown.stdout and "authorized" in shown.stdout


def test_the_recovery_key_gets_in_where_nobody_else_does(claimed: tuple[Path, Path]) -> None:
    """Design, "claimed": also where the only officer is locked out; a wrong key changes nothing."""
    data, token = claimed
    asked = ("keys", "rotate-master", "--as", "e-1", "--duty", "access-officer", "--reason", "the old key was on a lost paper")
    assert _run(data, *asked).returncode == 2, "whoever has the new key makes access officers, so an officer asks for it"
    shown = [_run(data, *asked, token=token).stderr for _ in range(2)]
    older, key = (next(line.strip() for line in said.splitlines() if line.startswith("    ")) for said in shown)
    _inside(data, "from civicmail.city.guard.models import *\nfrom civicmail.city.identity.models import *\n"
                  "from django.utils import timezone\n"
                  "Account.objects.update(locked=timezone.now()); RoleAssignment.objects.update(ended=timezone.now())")  # fmt: skip
    why = ("access", "recover", "e-1", "--reason", "the only officer is locked out")
    wrong = _run(data, *why, stdin=f"{older}\n")
    assert wrong.returncode == 4 and "not the recovery key" in wrong.stderr
    right = _run(data, *why, stdin=f"{key}\n")
    assert right.returncode == 0 and "/accounts/welcome/" in right.stdout, right.stderr
    assert _inside(data, "from civicmail.city.guard.models import *\nprint(Account.objects.get().locked)") == "None"


def test_endings_and_invitations_are_asked_as_a_person(claimed: tuple[Path, Path]) -> None:
    data, token = claimed
    code = """
from datetime import date
from civicmail.city.directory.models import Department, Episode, Person
p = Person.objects.create(uid="e-3", given="Ines", family="Moravec", display="Ines Moravec")
Episode.objects.create(person=p, kind="employee", department=Department.objects.get(), starts=date(2026, 1, 1))
"""
    _inside(data, code)
    invited = _run(data, "access", "invite", "e-3", "--as", "e-1", "--reason", "new clerk in the office", token=token)
    assert invited.returncode == 0 and "/accounts/welcome/" not in invited.stdout, invited.stderr
    why = ("--reason", "she showed her passport")
    own = _run(data, "access", "hand-over", "e-3", "--as", "e-1", *why, token=token)
    assert own.returncode == 4 and "takes two" in own.stderr, "not who asked"
    second = _run(data, "access", "hand-over", "e-3", *why)
    assert second.returncode == 0 and second.stdout.strip() != invited.stdout.strip(), second.stderr
    assert _run(data, "access", "hand-over", "e-3", *why).returncode != 0, "once"
    ended = _run(data, "access", "end", "e-3", "--as", "e-1", "--reason", "did not begin after all", "--json", token=token)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["done"] is True
    again = _run(data, "access", "invite", "e-3", "--as", "e-1", "--reason", "new clerk in the office", token=token)
    assert again.returncode == 4 and "any more" in again.stderr


def test_the_personnel_list_is_shown_first_and_then_applied(data: Path, tmp_path: Path) -> None:
    """P-08, L7: by the owner while nobody has claimed the folder, by an officer afterwards; never access."""
    plan = tmp_path / "list.csv"
    plan.write_text("uid,family,kind,department\ne-7,Moravec,employee,it\ne-8,Lee,employee,nowhere\n")
    assert _run(data, "access", "claim", *FIRST).returncode == 0
    assert _run(data, "people", "sync", str(plan)).returncode == 4
    token = tmp_path / "token"
    token.write_text(_inside(data, _TOKEN.format(uid="e-1")))
    token.chmod(0o600)
    early = _run(data, "people", "sync", str(plan), "--dry-run", "--as", "e-1", token=token)
    assert early.returncode == 4 and "Activate the role" in early.stderr, "the access office is a privileged role (D4)"
    take = _run(data, "duty", "take", "access-officer", "--as", "e-1", "--reason", "the first days of the city", token=token)
    assert take.returncode == 0, take.stderr
    dry = _run(data, "people", "sync", str(plan), "--dry-run", "--as", "e-1", token=token)
    assert dry.returncode == 1 and re.search(r"^added +line 2 +e-7$", dry.stdout, re.M) and "line 3     e-8" in dry.stdout, (
        dry.stderr
    )
    shown = _run(data, "people", "show", "e-7", "--as", "e-1", token=token)
    assert shown.returncode == 2 and "nobody" in shown.stderr
    brake = _run(data, "people", "sync", str(plan), "--as", "e-1", "--json", token=token)
    assert brake.returncode == 4 and "brake" in brake.stderr, "it would end the only officer"
    plan.write_text("uid,family,given,kind,department\ne-7,Moravec,Ines,employee,it\ne-1,Officer,Olga,employee,it\n")
    done = _run(data, "people", "sync", str(plan), "--as", "e-1", "--json", token=token)
    assert done.returncode == 0 and json.loads(done.stdout)["added"] == 1, done.stderr
    shown = _run(data, "people", "show", "e-7", "--as", "e-1", "--json", token=token)
    assert json.loads(shown.stdout)["access"] == []


@pytest.mark.parametrize("command", [["--help"], ["search", "storm"]])
def test_what_needs_no_people_starts_without_django(data: Path, command: list[str]) -> None:
    """Speed: a cold search of an unclaimed installation, and help, import none of it."""
    line = [*command, "--data", str(data)] if command[0] == "search" else command
    code = f"import sys\nfrom civicmail.front.cli.main import run\nrun({line})\n"
    code += "assert not [m for m in sys.modules if m.partition('.')[0] in ('django', 'allauth')]"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
