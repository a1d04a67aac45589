"""The people database with 6,200 people: pages, guard, personnel list, end of access, snapshot (issue 4, "Speed").

SQLite in the data folder, or with CIVICMAIL_TEST_DB=postgresql a scratch cluster of PostgreSQL 17, which keeps what it commits.
Pages are asked through the whole stack of the web process but for the listening socket, in one warm process. None of them looks at
mail, so that 500,000 messages beside them change nothing.
"""

from __future__ import annotations

import gc
import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import town as made
from bench.report import Report, Row
from bench.scratch import scratch

PART = "people"
ROUNDS = 5
ENDED = 200
REQUESTS = 20
"""Requests of each page, after two that are not counted."""
TARGETS = {"page": 150.0, "guard": 0.2, "import": 10.0, "end": 5.0}
LEFT_OUT = {
    "account_logout": "ends the session that asks",
    "metrics": "for a program",
    "readyz": "for a program",
    "healthz": "for a program",
}
BESIDES = (
    ("head", "/dept/public-works/people/?sort=-used&page=9"),
    ("head", "/dept/public-works/people/?q=nov&state=active"),
    ("head", "/dept/public-works/people/?format=csv"),
    ("auditor", "/oversight/audit/?q=e-00017&since=366"),
    ("auditor", "/oversight/audit/?page=700"),
)
"""Further requests for large lists: sorted, late pages, search, export."""


def run(report: Report, *, people: int = made.PEOPLE, requests: int = REQUESTS) -> None:
    """All rows. people, requests: fewer for a run of a minute."""
    with scratch() as top, _database() as database:
        data = _installation(top / "data")
        reset = _frozen(data, database)
        say = "PostgreSQL 17" if database else "SQLite"
        _import(report, say, people, reset)
        t = _fill(report, say)
        _snapshot(report, say, data)
        _guard(report, say)
        _pages(report, say, t, requests)
        _forms(report, say, t, data, requests)
        _ending(report, say, data, min(ENDED, people // 10))


@contextmanager
def _database() -> Iterator[str]:
    """The folder of a cluster's socket, empty for SQLite; the settings of this process name it."""
    if os.environ.get("CIVICMAIL_TEST_DB", "sqlite") != "postgresql":
        yield ""
        return
    from neighbours.postgresql import USER, Cluster

    cluster = Cluster(durable=True)
    os.environ["CIVICMAIL__DATABASE__URL"] = f"postgresql://{USER}@{quote(cluster.host, safe='')}/city"
    try:
        _maintain(cluster.host, "CREATE DATABASE city")
        yield cluster.host
    finally:
        from django.db import connections

        connections.close_all()
        cluster.close()


def _maintain(host: str, *statements: str) -> None:
    import psycopg

    from neighbours.postgresql import USER

    with psycopg.connect(host=host, user=USER, dbname="postgres", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _installation(data: Path) -> Path:
    """A claimed installation with the tables, and its departments; Django works on it from now on."""
    from civicmail.front.web import start
    from neighbours.scratch import installation

    installation(data)
    (data / "claimed").touch()
    start.prepare(data)
    from django.utils import timezone

    from civicmail.front.web.files import collect

    collect()
    made.departments(timezone.now())
    return data


def _frozen(data: Path, host: str) -> Callable[[], None]:
    """Keeps the database as it is now; what is returned brings it back."""
    from django.db import connection

    from civicmail.front.web.database import FILE

    connection.close()
    if host:
        _maintain(host, "CREATE DATABASE kept TEMPLATE city")
    else:
        shutil.copy(data / FILE, data / "kept")

    def back() -> None:
        connection.close()
        if host:
            _maintain(host, "DROP DATABASE city WITH (FORCE)", "CREATE DATABASE city TEMPLATE kept")
        else:
            for beside in data.glob(f"{FILE}-*"):
                beside.unlink()
            shutil.copy(data / "kept", data / FILE)

    return back


def _now() -> int:
    return time.time_ns() // 1_000_000


def _officer() -> Any:
    from civicmail.city.guard.actors import FOREVER, Actor, HeldRole

    return Actor("p-office", "The office", (HeldRole("access-officer", "", FOREVER),))


def _median(report: Report, who: str, what: str, seconds: list[float], target: float | None = None) -> None:
    text = f"<= {target:g}" if target else ""
    report.add(Row(PART, who, what, statistics.median(seconds), "s", None, text))
    report.note("rounds: " + ", ".join(f"{s:.2f}" for s in seconds))


def _import(report: Report, who: str, people: int, reset: Callable[[], None]) -> None:
    """The first list into an empty directory: the proposal, and the act."""
    from civicmail.city.directory.models import Episode

    content = made.personnel_list(people)
    seconds = []
    for _ in range(ROUNDS):
        reset()
        begun = time.perf_counter()
        _feed(content)
        seconds.append(time.perf_counter() - begun)
        assert Episode.objects.filter(ended__isnull=True).count() == people
    _median(report, who, f"a list of {people:,}, read and applied", seconds, TARGETS["import"])


def _feed(content: bytes) -> None:
    from civicmail.city.identity.actions import feed

    run = feed.propose(content, source="people.csv", actor=_officer(), now=_now())
    feed.apply(run, actor=_officer(), reason="Looked at it.", now=_now())


def _fill(report: Report, who: str) -> Any:
    from django.db import connection

    from civicmail.city.directory import models as directory
    from civicmail.city.guard import models as guard_models
    from civicmail.city.identity import models as identity
    from pages.world import more, town

    t = town()
    more(t, 40)
    made.fill(t)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    counted = (directory.Person, directory.Department, identity.Authorization, identity.Usage, guard_models.Entry)
    report.note(who + ": " + ", ".join(f"{m._default_manager.count():,} rows of {m.__name__}" for m in counted))
    return t


def _snapshot(report: Report, who: str, data: Path) -> None:
    """Made, written and durable; read again as each door does."""
    from civicmail.city.identity.actions.publishing import publish
    from civicmail.city.snapshot.published_snapshot import snapshot_path
    from civicmail.city.snapshot.snapshot_file import decode

    _median(report, who, "publish the snapshot", [_timed(publish) for _ in range(ROUNDS)])
    content = snapshot_path(data).read_bytes()
    _median(
        report, who, f"load its {len(content) / 1e6:.1f} MB at a door", [_timed(lambda: decode(content)) for _ in range(ROUNDS)]
    )


def _timed(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _guard(report: Report, who: str) -> None:
    """Ask every act, as the head of the largest department and as officers."""
    from civicmail.city.guard import guard
    from civicmail.city.guard.models import Account
    from civicmail.city.guard.permissions import PERMISSIONS
    from civicmail.city.identity.queries.actors import actor_of

    now = _now()
    accounts = [
        Account.objects.select_related("person").get(person__uid=f"p-{key}") for key in ("head", "office", "auditor", "crew0")
    ]
    actors = [actor_of(account, "192.0.2.1", now) for account in accounts]
    facts: dict[str, Any] = {"department": "public-works", "person": "p-crew1", "first_actors": ("p-super",), "began_ms": 1}
    took = []
    for _ in range(25):
        for actor in actors:
            for act in PERMISSIONS:
                kind = PERMISSIONS[act].resource
                known = {
                    f.name: facts.get(f.name, "") for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING
                }
                resource = kind(**known)
                begun = time.perf_counter()
                guard.may(actor, act, resource, now=now)
                took.append(1e6 * (time.perf_counter() - begun))
    took.sort()
    report.add(
        Row(PART, who, "guard, p99 of every act", took[len(took) * 99 // 100], "us", None, f"<= {1000 * TARGETS['guard']:g}")
    )
    whole = [1000 * _timed(lambda a=account: actor_of(a, "192.0.2.1", now)) for account in accounts for _ in range(ROUNDS)]
    report.add(Row(PART, who, "who is asking, from the database", statistics.median(whole), "ms"))


def _addresses(t: Any) -> dict[str, tuple[str, str]]:
    """Every address that can be shown: name -> (whose session, path). Pages of a factor or a link that the person has not are what
    they say of that."""
    from django.urls import NoReverseMatch, get_resolver, reverse

    from civicmail.city.directory.models import FeedRun
    from pages.test_sweep import PAGES, allowed, names, path_of

    addresses = {}
    for name in names(get_resolver().url_patterns):
        if name in LEFT_OUT:
            continue
        if (page := PAGES.get(name)) is not None:
            may = allowed(page)
            if page.get("get", True):
                addresses[name] = (next((w for w in ("head", "office", "examiner") if w in may), min(may)), path_of(page, t))
            continue
        try:
            addresses[name] = ("" if name == "account_login" else "head", reverse(name))
        except NoReverseMatch:
            continue  # a link of somebody else's making, or a provider's
    first = FeedRun.objects.order_by("at").first()
    assert first is not None
    besides = (*BESIDES, ("office", f"/access/feeds/{first.pk}/?sort=-uid&page=9"))
    return addresses | {path: (who, path) for who, path in besides}


def _pages(report: Report, who: str, t: Any, requests: int) -> None:
    from django.test import Client

    from pages.world import signed_in

    gc.collect()
    gc.freeze()  # what made the city is no part of a web process
    slow: dict[str, float] = {}
    took: list[float] = []
    for name, (whose, path) in _addresses(t).items():
        client = Client(headers={"host": "localhost"}, raise_request_exception=False)
        if whose:
            client.cookies["sessionid"] = signed_in(t.people[whose])
        mine = [_page(client, name, path) for _ in range(requests + 2)][2:]
        took += mine
        slow[name] = sorted(mine)[len(mine) * 95 // 100]
    took.sort()
    worst = sorted(slow, key=slow.__getitem__, reverse=True)
    report.add(Row(PART, who, "page, p95 of the slowest", slow[worst[0]], "ms", None, f"<= {TARGETS['page']:g}"))
    report.add(Row(PART, who, f"page, p95 of all {len(slow)}", took[len(took) * 95 // 100], "ms"))
    report.add(Row(PART, who, "page, median of all", statistics.median(took), "ms"))
    report.note("slowest: " + ", ".join(f"{name} {slow[name]:.0f} ms" for name in worst[:6]))


def _forms(report: Report, who: str, t: Any, data: Path, requests: int) -> None:
    """Answers that change who may: the head suspends somebody and gives it back, over and over; doors know when it is answered.
    A city worker is at work, as far as the files say."""
    from django.test import Client

    from civicmail.city.snapshot.published_snapshot import SnapshotWatcher, mark_database_alive
    from pages.world import signed_in

    client = Client(headers={"host": "localhost"}, raise_request_exception=False)
    client.cookies["sessionid"] = signed_in(t.people["head"])
    watch = SnapshotWatcher(data, _now)
    took = []
    for n in range(2 * requests + 2):
        mark_database_alive(data)
        way, state, after = ("suspend", "active", True) if n % 2 == 0 else ("resume", "suspended", False)
        path = f"/access/authorisations/{t.authorizations['crew0'].pk}/{way}/"
        begun = time.perf_counter()
        response = client.post(path, {"reason": "A form of the benchmark, again.", "state": state})
        took.append(1000 * (time.perf_counter() - begun))
        assert response.status_code == 302, response.content[:300]
        time.sleep(0.26)
        snapshot = watch.current
        assert snapshot is not None and bool(snapshot.people["p-crew0"].why) == after
    took = sorted(took[2:])
    report.add(Row(PART, who, "form that changes who may, p95", took[len(took) * 95 // 100], "ms", None, f"<= {TARGETS['page']:g}"))
    report.add(Row(PART, who, "... median, doors told", statistics.median(took), "ms"))


def _page(client: Any, name: str, path: str) -> float:
    begun = time.perf_counter()
    response = client.get(path)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    took = 1000 * (time.perf_counter() - begun)
    assert response.status_code < 500, f"{name}: {response.status_code} {content[:300]!r}"
    return took


def _ending(report: Report, who: str, data: Path, count: int) -> None:
    """From the officer's click until the snapshot is out, and until a gateway that held the old one refuses the last of them."""
    from civicmail.city.directory.models import Person
    from civicmail.city.identity.actions.access_end import end_many
    from civicmail.city.snapshot.published_snapshot import SnapshotWatcher

    watch = SnapshotWatcher(data, _now)
    everybody = Person.objects.filter(uid__startswith="e-", account__isnull=False).order_by("id")
    out, refused = [], []
    for n in range(ROUNDS):
        leavers = list(everybody[n * count : (n + 1) * count])
        names = [f"{p.uid}@city.example" for p in leavers]
        begun = time.perf_counter()
        end_many(leavers, reason="The contract is over.", when=_now(), actor=_officer(), now=_now())
        out.append(time.perf_counter() - begun)
        while not all(_is_out(watch, name) for name in names):
            time.sleep(0.01)
        refused.append(time.perf_counter() - begun)
    _median(report, who, f"end {count} people, snapshot out", out)
    _median(report, who, "... and a gateway refuses them", refused, TARGETS["end"])


def _is_out(watch: Any, login: str) -> bool:
    snapshot = watch.current
    person = snapshot.person_of(login) if snapshot is not None else None
    return person is None or bool(person.why)
