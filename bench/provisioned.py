"""An identity provider with 6,200 people over SCIM: lookups by name, reads, changes, leavers (issue 7, "Speed").

Asked through the whole stack of the web process but for the listening socket, in one warm process, with a city worker beside it as
in every installation; the city is that of the part people, so that who is changed has a mailbox and doors have to be told. Entra
sends one request for each thing: a look by name and a read for each change. Of twenty people fourteen get another title, three
another name, one another department; two leave and come back.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import town as made
from bench.people import _database, _fill, _installation, _now, _officer
from bench.report import Report, Row
from bench.scratch import scratch

PART = "scim"
TARGET = 200.0
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_KINDS = ("title", "name", "move", "end", "return")
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def run(report: Report, *, people: int = made.PEOPLE, changes: int = 600) -> None:
    """All rows. people, changes: fewer for a run of a minute."""
    with scratch() as top, _database() as database:
        data = _installation(top / "data")
        say = "PostgreSQL 17" if database else "SQLite"
        _listed(people)
        _fill(report, say)
        users, provider = _users(), _Provider()
        with _worker(data):
            _measured(report, say, provider, users[: min(changes, len(users))])


@contextmanager
def _worker(data: Path) -> Iterator[None]:
    """The city worker, as it runs in every installation: it carries entries, and tells doors what was left to it."""
    from civicmail.city.identity.actions.publishing import publish
    from civicmail.city.snapshot.published_snapshot import alive_path

    publish()
    program = str(Path(sys.executable).parent / "civicmail")
    command = [program, "run", "worker", "--job", "city", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not alive_path(data).exists():
                assert process.poll() is None, "the worker has ended"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def _measured(report: Report, say: str, provider: _Provider, users: list[dict[str, Any]]) -> None:
    report.add(Row(PART, say, "take over, somebody who is here", provider.rate(_take_over(provider, users)), "op/s"))
    report.add(Row(PART, say, "a look by name", provider.rate(_looked(provider, users)), "op/s"))
    begun = time.process_time()
    done = _cycle(provider, users)
    report.add(Row(PART, say, "a cycle: look, read, change", provider.rate(done), "op/s", None, f">= {TARGET:g}"))
    report.add(Row(PART, say, "... CPU of one operation", 1000 * (time.process_time() - begun) / done, "ms"))
    report.note(", ".join(f"{what} {1000 * sum(took) / len(took):.1f} ms" for what, took in provider.took.items()))


def _listed(people: int) -> None:
    """The people of the list in the directory."""
    from civicmail.city.identity.actions import feed

    run = feed.propose(made.personnel_list(people), source="people.csv", actor=_officer(), now=_now())
    feed.apply(run, actor=_officer(), reason="Looked at it.", now=_now())


def _users() -> list[dict[str, Any]]:
    """How a provider says those who have a mailbox."""
    from civicmail.city.directory.models import Episode

    rows = Episode.objects.filter(ended__isnull=True, kind="employee", person__account__isnull=False)
    rows = rows.filter(person__uid__startswith="e-").select_related("person", "department").order_by("id")
    return [
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
            "userName": f"{e.person.uid}@city.example",
            "name": {"givenName": e.person.given, "familyName": e.person.family},
            "active": True,
            ENTERPRISE: {"employeeNumber": e.person.uid, "department": e.department.code},
        }
        for e in rows
    ]


class _Provider:
    """Asks with a token; remembers ids and how long each kind of request took."""

    def __init__(self) -> None:
        from django.test import Client

        from civicmail.city.identity.actions import feedkeys

        token = feedkeys.make("Benchmark", days=1, actor=_officer(), reason="A benchmark is run.", now=_now())
        self._client = Client(headers={"host": "localhost", "authorization": f"Bearer {token}"})
        self.ids: dict[str, str] = {}
        self.took: dict[str, list[float]] = {}

    def ask(self, what: str, method: str, path: str, body: Any = None) -> Any:
        begun = time.perf_counter()
        data = "" if body is None else json.dumps(body)
        response = self._client.generic(method, f"/scim/v2/Users{path}", data, "application/scim+json")
        self.took.setdefault(what, []).append(time.perf_counter() - begun)
        assert response.status_code in (200, 201, 204), response.content[:300]
        return json.loads(response.content) if response.content else None

    def rate(self, done: int) -> float:
        """Operations a second of those that were made last."""
        last = [seconds for took in self.took.values() for seconds in took][-done:] if len(self.took) < 3 else self._of_cycle()
        return len(last) / sum(last)

    def _of_cycle(self) -> list[float]:
        return [seconds for what in ("look", "read", *_KINDS) for seconds in self.took.get(what, ())]


def _take_over(provider: _Provider, users: list[dict[str, Any]]) -> int:
    for user in users:
        provider.ids[user["userName"]] = provider.ask("take over", "POST", "", user)["id"]
    return len(users)


def _looked(provider: _Provider, users: list[dict[str, Any]]) -> int:
    for user in users:
        _look(provider, user, "look by name")
    return len(users)


def _look(provider: _Provider, user: dict[str, Any], what: str) -> None:
    filter_ = quote(f'userName eq "{user["userName"]}"')
    assert provider.ask(what, "GET", f"?filter={filter_}")["totalResults"] == 1


def _cycle(provider: _Provider, users: list[dict[str, Any]]) -> int:
    done = 0
    for n, user in enumerate(users):
        place = f"/{provider.ids[user['userName']]}"
        _look(provider, user, "look")
        provider.ask("read", "GET", place)
        match n % 20:
            case 0 | 10:
                provider.ask("end", "PATCH", place, _operation("active", "False"))
                provider.ask("return", "PATCH", place, _operation("active", "True"))
                done += 1
            case 3 | 9 | 15:
                provider.ask("name", "PATCH", place, _operation("displayName", f"Somebody {n}"))
            case 7:
                code = made.codes()[1 + n % (made.DEPARTMENTS - 1)]
                provider.ask("move", "PATCH", place, _operation(f"{ENTERPRISE}:department", code))
            case _:
                provider.ask("title", "PATCH", place, _operation("title", f"Clerk {n}"))
        done += 3
    return done


def _operation(path: str, value: str) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": path, "value": value}]}
