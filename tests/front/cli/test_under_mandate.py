"""The command line under a mandate: nothing outside of its scope is found, shown, exported or proved, whatever is asked (P-16; E2,
E5, E6)."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from city.identity import cases
from city.identity.cases import EXA, approved
from city.identity.staff import MS, NOW
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.identity.actions import mandates, tokens
from civicmail.city.identity.models import RoleActivation
from civicmail.city.identity.queries import mandates as found
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.errors import QueryError
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.desk.workbench.export import Message
from civicmail.desk.workbench.scope import Gate
from civicmail.front.cli import person_access
from civicmail.front.cli.index_query import IndexQuery, hits
from civicmail.front.cli.main import run
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.places import Place
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.search.fields import view
from civicmail.mail.search.reader import Reader

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

WENDY, CARL, HANK, OUT = "wendy@city.example", "carl@city.example", "hank@city.example", "eve@out.example"
MAIL = {
    "to wendy": (OUT, WENDY, 1, "storm bid", ""),
    "wendy to carl": (WENDY, CARL, 1, "storm plan", ""),
    "carl to hank": (CARL, HANK, 1, "storm bid about wendy@city.example", ""),
    "to wendy, too late": (OUT, WENDY, -1, "storm bid", ""),
    "to wendy, without the word": (OUT, WENDY, 1, "rain", ""),
    "import of wendy": (OUT, OUT, 1, "storm of old", "wendy"),
    "import of another wendy": (OUT, OUT, 1, "storm of old", "wendy lee"),
    "import of mary": (OUT, OUT, 1, "storm of old", "mary.wendy@city.example"),
}
"""name: envelope sender and recipient, days before MS, subject, custodian."""

IN_SCOPE = {"to wendy", "wendy to carl", "import of wendy"}


class Desk:
    """Calls the program as exa, under a mandate about wendy: up to MS, with the word storm."""

    def __init__(self, data: Path, token: Path, ids: dict[str, str], capsys: Any) -> None:
        self.data, self.token, self.ids, self._capsys = data, token, ids, capsys
        self.err = b""
        self.number = "26-001"

    def run(self, *words: object, code: int = 0, mandate: str = "") -> bytes:
        line = [*map(str, words), "--data", str(self.data), "--as", "exa", "--mandate", mandate or self.number]
        assert run(line) == code, self._capsys.readouterr()
        out, self.err = self._capsys.readouterr()
        return out

    def names(self, *words: object) -> set[str]:
        by_id = {id_: name for name, id_ in self.ids.items()}
        lines = self.run("search", *words, "--json", "--limit", "0").splitlines()
        return {by_id[json.loads(line)["id"]] for line in lines}


def _kept(data: Path) -> dict[str, tuple[Capture, bytes]]:
    """Everything in MAIL, in the archive and its index."""
    made = {}
    writer = Writer(data, lambda: MS)
    for name, (sender, recipient, days, subject, custodian) in MAIL.items():
        body = f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\nMessage-ID: <{len(made)}@x>\r\n\r\ntext\r\n".encode()
        at = MS - days * DAY_MS
        envelope = Envelope(sender, (Recipient(recipient),), at)
        source = Source("import" if custodian else "mx")
        capture = replace(capture_of(capture_id(at), scan(body), envelope, source), custodian=custodian)
        writer.receipt(capture, body)
        made[name] = (capture, body)
    writer.flush()
    writer.close()
    assert run(["rebuild", "index", "--data", str(data)]) == 0
    return made


@pytest.fixture
def kept(installed: Path) -> dict[str, tuple[Capture, bytes]]:
    return _kept(installed)


@pytest.fixture
def desk(installed: Path, kept: dict[str, tuple[Capture, bytes]], tmp_path: Path, monkeypatch: Any, capsysbinary: Any) -> Desk:
    cases.town()
    (installed / "claimed").touch()
    RoleActivation.objects.create(grant=cases.hold("exa", "records-officer"), reason="x", at=NOW, until=cases.day(1))
    RoleActivation.objects.create(
        grant=Person.objects.get(uid="exa").roles.get(role="examiner"), reason="x", at=NOW, until=cases.day(1)
    )
    approved("wendy", at=MS, last=MS, words="storm")
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(tokens.make(Person.objects.get(uid="exa"), days=1, actor=EXA, now=MS))
    monkeypatch.setenv("CIVICMAIL_TOKEN_FILE", str(token))
    monkeypatch.setattr("civicmail.front.web.start.prepare", lambda *_: None)
    capsysbinary.readouterr()
    return Desk(installed, token, {name: str(uuid.UUID(bytes=c.id)) for name, (c, _) in kept.items()}, capsysbinary)


def test_without_a_mandate_nothing_is_found_shown_exported_or_proved(desk: Desk, capsysbinary: Any) -> None:
    """E2: a role that is held and activated opens nothing by itself, nor does somebody else's mandate, or one that is
    over."""
    id_ = desk.ids["to wendy"]
    verbs = (["search", "storm"], ["show", id_], ["prove", id_], ["export", "storm", "--out", str(desk.data / "x")])
    other = cases.asked("carl")
    for words in verbs:
        assert run([*words, "--data", str(desk.data)]) == 4
        assert run([*words, "--data", str(desk.data), "--as", "exa", "--duty", "examiner", "--reason", "a case"]) == 4
        assert b"--mandate NUMBER" in capsysbinary.readouterr().err
        for number in ("26-999", other.number):
            assert desk.run(*words, code=4, mandate=number) == b""
        assert desk.run(*words, "--duty", "records-officer", code=4) == b"", "the mandate says as what"
    assert not found.looks(desk.number).exists()
    mandates.close(found.requested_by(EXA).get(number=desk.number), "Nothing of it was true.", actor=EXA, now=MS)
    for words in verbs:
        assert desk.run(*words, code=4) == b"" and b"not in force" in desk.err


def test_what_is_found_is_in_the_scope_and_the_entry_was_there_first(desk: Desk) -> None:
    """E5, E6."""
    assert desk.names("storm") == IN_SCOPE
    assert desk.names("*") == IN_SCOPE
    assert desk.names("rcpt:hank@city.example", "OR", "NOT", "storm") == set()
    assert desk.names(f"thread:{desk.ids['carl to hank']}") == set()
    assert desk.names(f"thread:{desk.ids['to wendy']}") == {"to wendy"}
    counted = json.loads(desk.run("search", "*", "--count", "--json"))
    assert counted["count"] == len(IN_SCOPE)
    acts = list(found.looks(desk.number).values_list("act", "person", "duty"))
    assert acts == [("content.list", "exa", "examiner")] * 6
    assert Entry.objects.filter(act="content.list").last().facts["query"] == "storm"  # type: ignore[union-attr]


def test_what_is_outside_is_not_shown_or_proved_and_not_written_by_an_export(desk: Desk, tmp_path: Path) -> None:
    """E5: asked by its id, too."""
    for name, id_ in desk.ids.items():
        inside = name in IN_SCOPE
        for verb in (["show", "--raw"], ["show", "--json"], ["show", "--trace"], ["show"]):
            shown = desk.run(*verb, id_, code=0 if inside else 1)
            assert bool(shown) == inside, (name, verb)
        if not inside:
            assert desk.run("prove", id_, code=1) == b"" and b"within this mandate" in desk.err
    assert b"3 exported" in desk.run("export", "*", "--out", tmp_path / "out")
    assert {p.stem for p in (tmp_path / "out").iterdir()} == {desk.ids[name] for name in IN_SCOPE}
    assert found.looks(desk.number).filter(act="content.export").count() == 1


@pytest.mark.parametrize(
    "how", [["--out", "mail"], ["--proof", "--out", "proved"], ["--proof", "--format", "zip", "--out", "p.zip"]]
)
@pytest.mark.parametrize(("what", "said"), [("closed", b"not in force"), ("words", b"mandate has changed"), ("duty", b"Activate")])
def test_an_export_ends_with_its_mandate(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: list[str], what: str, said: bytes
) -> None:
    """E3, E5: in the middle, too, and what is written is nothing but the messages before."""
    monkeypatch.setattr(person_access, "RECHECK_SECONDS", 0)
    monkeypatch.chdir(tmp_path)
    read, reads = Gate.read, []

    def and_then_it_changes(self: Gate, place: Place) -> Message:
        reads.append(place)
        rows = Mandate.objects.filter(number=desk.number)
        if what == "closed":
            rows.update(state="closed")
        elif what == "words":
            rows.update(words="storm plan")
        else:
            RoleActivation.objects.update(laid_down=NOW)
        return read(self, place)

    monkeypatch.setattr(Gate, "read", and_then_it_changes)
    desk.run("export", "*", *how, code=4)
    assert said in desk.err
    assert len(reads) == 1
    assert not [p for p in tmp_path.rglob("*") if p.name in ("manifest.json", "p.zip")]


_WORDS = st.sampled_from(
    [
        "storm", "rain", "*", "bid", '"storm bid"', "st*", "from:eve@out.example", "rcpt:hank@city.example", "rcpt:city.example",
        "to:carl@city.example", "custodian:wendy", "custodian:lee", "larger:1", "smaller:10M", "after:2020", "before:2090",
        "newer_than:9y", "messageid:2@x", "thread:2@x", "is:unreadable", "has:attachment",
        "subject:(storm OR rain)", "wendy@city.example",
    ]
)  # fmt: skip
_QUERY = st.recursive(
    _WORDS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" ", " OR ", " AND "]), inner).map("".join),
        inner.map(lambda q: f"NOT ({q})"),
        inner.map(lambda q: f"-({q})"),
        inner.map(lambda q: f"({q})"),
        inner.map(lambda q: f"{q})"),
        inner.map(lambda q: f"({q}"),
    ),
    max_leaves=6,
)


@pytest.mark.rule("P-16, promise 4, E5", "Search results are within an examination's scope, whatever the query.")
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=_QUERY)
def test_whatever_the_query_the_index_answers_with_the_scope_and_nothing_else(
    installed: Path, kept: dict[str, tuple[Capture, bytes]], query: str
) -> None:
    """What is found is in the scope, and exactly what core/query/match says of the kept bytes."""
    if not Person.objects.exists():
        cases.town()
        approved("wendy", at=MS, last=MS, words="storm")
    scope = found.live(EXA, "26-001", MS).scope
    try:
        asked = parse(query, now=NOW)
    except QueryError:
        return
    reader = Reader(installed)
    answer = {hit.id.replace("-", "") for hit in hits(reader, IndexQuery(scope.restrict(asked, MS), 0))}
    names = {name for name, (capture, _) in kept.items() if capture.id.hex() in answer}
    assert names <= IN_SCOPE and len(names) == len(answer)
    wanted = {
        name for name, (capture, body) in kept.items()
        if matches(scope.tree(MS), seen := view(capture, message_parser.fields(body))) and matches(asked, seen)
    }  # fmt: skip
    assert names == wanted
