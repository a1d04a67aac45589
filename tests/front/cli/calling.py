"""Calling the program as one of the people of a town, in this process: for the sweep and for what verbs of people's side do."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import typer
from django.db import transaction

from city.policy.books import text_of
from civicmail.city.directory import models as directory
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import tokens
from civicmail.city.identity.models import RoleAssignment
from civicmail.core.config.clock import now_ms
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.records.models import Request
from civicmail.front.cli.main import COMMANDS, Lazy, run
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import capture_of, scan
from pages.conftest import city
from pages.world import Town, carry

__all__ = ["call", "capture", "city", "folder"]

PEOPLE: dict[str, str] = tomllib.loads((Path(__file__).parents[2] / "pages" / "matrix.toml").read_text())["people"]
NOT_AS_ONE = {"duty grant", "duty take", "duty lay-down", "duty end", "access grant", "records assign"}
"""Verbs whose own argument is called role, or whose option --role is that on a mailbox."""


REQUESTS = {"request": "review", "closed": "done", "frozen": "scoping"}
"""Requests for records, by their states; a suit about the last one is pending."""


def walked() -> Iterator[tuple[str, set[str]]]:
    """Every verb that the program has, with the names of its options and arguments."""
    program = Lazy(name="civicmail")
    for name in COMMANDS:
        command = program.get_command(None, name)
        context = typer.Context(command, info_name=name)
        inside = getattr(command, "commands", None)
        for verb, leaf in {name: command}.items() if inside is None else inside.items():
            words = name if inside is None else f"{name} {verb}"
            yield words, {p.name for p in leaf.get_params(context)}


PARAMETERS = dict(walked())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What lines of the list name."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "people.csv").write_text("uid,family,kind,department\np-crew0,Ortiz,employee,public-works\n")
    (tmp_path / "departments.csv").write_text("code,name\nharbour,Harbour\n")
    (tmp_path / "policy.md").write_text("# What mail is for\n\n" + "City mail is for the work of the city. " * 4)
    (tmp_path / "schedules.toml").write_text((resources.files("civicmail.city.law") / "schedules.toml").read_text())
    (tmp_path / "rules.toml").write_text(text_of())
    (tmp_path / "key").write_text("no key\n")
    source = f'kind = "imap"\nserver = "imap://127.0.0.1:1"\nmailboxes = ["ann"]\npassword_file = "{tmp_path}/key"\n'
    (tmp_path / "source.toml").write_text(f"{source}patience_hours = 0.0001\n")
    return tmp_path


@pytest.fixture
def capture(installed: Path) -> str:
    """The id of a message that is kept."""
    body = b"Subject: storm\r\n\r\nthe bridge\r\n"
    envelope = Envelope("ana@out.example", (Recipient("dana.ortiz@city.example"),), now_ms())
    kept = capture_of(capture_id(now_ms()), scan(body), envelope, Source("mx"))
    writer = Writer(installed, now_ms)
    writer.receipt(kept, body)
    writer.flush()
    writer.close()
    assert run(["tick", "--data", str(installed)]) == 0
    return kept.uuid


class Caller:
    """Calls verbs as somebody, with the role that they have and a reason. said: what was printed last; day: in some months."""

    def __init__(self, city: Town, data: Path, folder: Path, capture: str, monkeypatch: Any, output: Any) -> None:
        self._data, self._folder, self._capture = data, folder, capture
        self._monkeypatch, self._output = monkeypatch, output
        self._tokens = {key: _token(folder, key, p) for key, p in city.people.items() if key in PEOPLE}
        Account.objects.filter(person=city.people["head"]).update(last_login=city.now)  # so the owner hands no letter over
        carry(city.now)  # however long a sweep takes, the ledger does not lag
        grants = RoleAssignment.objects.filter(ended__isnull=True).values_list("person__uid", "role")
        self._roles = {uid.removeprefix("p-"): role for uid, role in grants}
        self._requests = {name: city.objects[f"records {state}"] for name, state in REQUESTS.items()}
        self._right = str(city.authorizations["crew3"].pk)
        self.day = (city.now + timedelta(days=150)).date().isoformat()
        self.said: Any = None

    def __call__(self, verb: str, *line: str, who: str = "") -> int:
        """The exit code. who: nobody when empty."""
        fill = {
            "folder": self._folder,
            "capture": self._capture,
            "day": self.day,
            "who": who or "nobody",
            "right": self._right,
            **self._requests,
        }
        words = [w.format(**fill) for w in line] + ["--data", str(self._data)]
        if who:
            self._monkeypatch.setenv("CIVICMAIL_TOKEN_FILE", str(self._tokens[who]))
            words += ["--as", f"p-{who}"]
        if who and "role" in PARAMETERS[verb] and verb not in NOT_AS_ONE:
            words += ["--duty", self._roles.get(who, "records-officer")]
        if "reason" in PARAMETERS[verb] and "--reason" not in words:
            words += ["--reason", "as case 26-14 says, in writing"]
        code = run([*verb.split(), *words])
        self.said = self._output.readouterr()
        return code

    def and_undo(self, verb: str, *line: str, who: str = "") -> int:
        """The same, and the database is as before afterwards."""
        before = transaction.savepoint_create()
        try:
            return self(verb, *line, who=who)
        finally:
            transaction.savepoint_rollback(before)


@pytest.fixture
def call(city: Town, installed: Path, folder: Path, capture: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: Any) -> Caller:
    """The town's people at the command line of a claimed installation."""
    _extras(city)
    (installed / "directory.toml").write_text('[department.clerk]\naddresses = ["ann@city.example"]\n')
    monkeypatch.setenv("CIVICMAIL_DATA", str(installed))
    monkeypatch.setenv("CIVICMAIL__COURIER__ELSEWHERE", "smtp://old.city.example:25")
    monkeypatch.setattr("civicmail.front.web.start.prepare", lambda *_: None)  # the tables are there, and it closes the connection
    monkeypatch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))  # a thousand calls make it once
    return Caller(city, installed, folder, capture, monkeypatch, capsysbinary)


def _extras(city: Town) -> None:
    Request.objects.filter(number=city.objects["records scoping"]).update(suit=city.now)
    directory.Agency.objects.create(code="southline", name="Southline", suspended=city.now)
    directory.MailGroup.objects.create(
        address="pool@city.example", name="Pool", department=city.departments["public-works"], made=city.now
    )


def _token(folder: Path, key: str, person: Any) -> Path:
    path = folder / f"token-{key}"
    path.touch(0o600)
    path.write_text(tokens.make(person, days=1, actor=Actor(person.uid), now=now_ms()))
    return path
