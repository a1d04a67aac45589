"""Mailboxes of Microsoft 365 and Google Workspace, with pages, throttling, tokens that end and answers that are cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from civicmail.core.config.errors import ConfigError
from civicmail.mail.importers.errors import SourceAway
from civicmail.mail.importers.remote.api import Api
from civicmail.mail.importers.remote.gmail import Gmail
from civicmail.mail.importers.remote.graph import Graph
from civicmail.mail.importers.remote.mailbox import Mailbox
from civicmail.mail.importers.remote.source import Patience
from civicmail.mail.importers.remote.source_file import load
from civicmail.mail.importers.remote.tokens import Grant, Tokens
from mail.importers.apiserver import ApiServer, FakeGmail, FakeGraph, Said, plain
from mail.importers.moves import captures, data, moved, totals, waits
from neighbours.civic import PROGRAM
from neighbours.scratch import installation
from neighbours.tokens import TokenServer

__all__ = ["data", "waits"]

ANN = Mailbox("ann@old.example", "ann@city.example")
COUNT = 34
THROTTLED = plain(
    429,
    {"error": {"code": "ApplicationThrottled", "message": "Application is over its MailboxConcurrency limit."}},
    **{"Retry-After": "17"},
)
RATED = plain(
    403, {"error": {"code": 403, "message": "User-rate limit exceeded.", "errors": [{"reason": "userRateLimitExceeded"}]}}
)
BUSY = plain(503, {"error": {"code": "serviceNotAvailable", "message": "later"}})
BROKEN = plain(500, {"error": {"code": "internalServerError", "message": "oops"}})
CUT: Said = (200, {"Content-Type": "application/json", "Content-Length": "90000"}, b'{"value": [{"id": "AA')
NO_JSON: Said = (200, {"Content-Type": "text/html"}, b"<html>Service unavailable</html>")


def _mail(n: int, size: int = 1) -> bytes:
    head = f"From: bo@out.example\r\nSubject: pump {n}\r\nMessage-ID: <{n}@out.example>\r\n\r\n"
    return (head + f"level of pump {n}\r\n" * size).encode()


def graph_of(tokens: TokenServer, size: int = 1) -> FakeGraph:
    inbox = [(f"in/{n}=", _mail(n, size), {"flag": {"flagStatus": "flagged"}} if n == 3 else {}) for n in range(COUNT - 4)]
    inner = [(f"b{n}", _mail(100 + n), {"isRead": False, "categories": ["Red category"]}) for n in range(4)]
    folders = {
        "A=": ("Inbox", "", inbox),
        "B=": ("2019/20", "A=", inner),
        "C=": ("Deleted Items", "", [("c", _mail(900), {})]),
    }
    return FakeGraph(tokens.is_good, folders=folders)


def gmail_of(tokens: TokenServer, size: int = 1) -> FakeGmail:
    labels = {"INBOX": "INBOX", "UNREAD": "UNREAD", "STARRED": "STARRED", "TRASH": "TRASH", "Label_7": "Budget 2020"}
    letters = {f"18{n:03}": (_mail(n, size), ["INBOX", "Label_7"] if n else ["UNREAD", "STARRED"]) for n in range(COUNT)}
    letters["18999"] = (_mail(900), ["TRASH"])
    return FakeGmail(tokens.is_good, letters=letters, labels=labels)


def _source(fake: ApiServer, tokens: TokenServer, folder: Path, waits: list[float], seconds: float = 3600) -> Graph | Gmail:
    (folder / "secret").write_text("client-secret\n")
    kept = Tokens(Grant(url=f"{tokens.url}/token", client_id="mover", secret_file=str(folder / "secret"), scope="all"))
    patience = Patience(seconds, sleep=waits.append)
    if isinstance(fake, FakeGraph):
        return Graph(Api(f"{fake.url}/v1.0", kept, patience), ["Deleted Items"])
    return Gmail(Api(f"{fake.url}/gmail/v1", kept, patience), ["Trash"])


KINDS = pytest.mark.parametrize("of", [graph_of, gmail_of], ids=["graph", "gmail"])


@pytest.mark.rule(
    "P-23, P-24",
    "Mailboxes of Microsoft 365 and Google Workspace are in the archive once, with folders, labels and flags, over all "
    "pages of their lists.",
)
@KINDS
def test_every_message_is_brought_over_once_with_its_labels_and_flags(
    of: Any, tmp_path: Path, data: Path, waits: list[float]
) -> None:
    """Pages are followed, what is left out is left out, and the second run fetches nothing."""
    with TokenServer() as tokens, of(tokens) as fake:
        (counts,) = moved(data, _source(fake, tokens, tmp_path, waits), ANN)
        assert totals(counts) == {"listed": COUNT, "stored": COUNT} and counts.is_whole and not waits
        assert fake.at_once <= 4
        before = sum("$value" in a or "format=raw" in a for a in fake.asked)
        (counts,) = moved(data, _source(fake, tokens, tmp_path, waits), ANN)
        assert totals(counts) == {"listed": COUNT, "known": COUNT} and counts.is_whole
        assert sum("$value" in a or "format=raw" in a for a in fake.asked) == before == COUNT
    kept = {body: capture for capture, body in captures(data)}
    assert len(kept) == COUNT and {capture.received for capture in kept.values()} == {1_612_170_000_000}
    if of is graph_of:
        assert kept[_mail(3)].labels == ("Inbox",) and kept[_mail(3)].flags == ("\\Seen", "\\Flagged")
        assert kept[_mail(101)].labels == ("Inbox/2019_20", "Red category") and kept[_mail(101)].flags == ()
    else:
        assert kept[_mail(3)].labels == ("All Mail", "INBOX", "Budget 2020") and kept[_mail(3)].flags == ("\\Seen",)
        assert kept[_mail(0)].labels == ("All Mail",) and kept[_mail(0)].flags == ("\\Flagged",)


@pytest.mark.rule(
    "P-23",
    "A response of an API that is throttled, cut off or unexpected is requested again, at the stated time, and nothing of "
    "it is archived.",
)
@KINDS
@pytest.mark.parametrize("said", [THROTTLED, RATED, BUSY, BROKEN, CUT, NO_JSON], ids=["429", "403", "503", "500", "cut", "html"])
def test_throttling_and_half_answers_lose_nothing(of: Any, said: Said, tmp_path: Path, data: Path, waits: list[float]) -> None:
    """While pages are listed and while messages are fetched."""
    with TokenServer() as tokens, of(tokens) as fake:
        for pattern in ("skiptoken=10|pageToken=10", r"messages/(in/7=/\$value|18007)"):
            fake.once(pattern, said)
        (counts,) = moved(data, _source(fake, tokens, tmp_path, waits), ANN)
    assert totals(counts) == {"listed": COUNT, "stored": COUNT} and counts.is_whole, counts.failures
    assert max(waits) == (17.0 if said is THROTTLED else 2.0)
    assert {body for _, body in captures(data)} >= {_mail(7), _mail(12)}


@KINDS
def test_a_token_that_ends_in_the_middle_is_got_anew(of: Any, tmp_path: Path, data: Path, waits: list[float]) -> None:
    with TokenServer() as tokens, of(tokens) as fake:
        usual = fake.usual

        def ends(*words: Any) -> Said:
            if len(fake.asked) == 15:
                tokens.end_all()
            said: Said = usual(*words)
            return said

        fake.usual = ends
        (counts,) = moved(data, _source(fake, tokens, tmp_path, waits), ANN)
    assert counts.is_whole and 2 <= len(tokens.asked) <= 6 and not waits


@KINDS
def test_a_message_that_cannot_be_given_is_a_failure_and_one_that_went_is_gone(
    of: Any, tmp_path: Path, data: Path, waits: list[float]
) -> None:
    with TokenServer() as tokens, of(tokens) as fake:
        fake.once(r"messages/(in/7=/\$value|18007)", BROKEN, times=99)
        fake.once(r"messages/(in/8=/\$value|18008)", plain(404, {"error": {"code": "ErrorItemNotFound", "message": "gone"}}))
        (counts,) = moved(data, _source(fake, tokens, tmp_path, waits), ANN)
    assert totals(counts) == {"listed": COUNT, "stored": COUNT - 2, "gone": 1, "failed": 1, "missing": 1}
    assert "500" in counts.failures[0]["reason"]


@KINDS
def test_a_mailbox_that_may_not_be_read_is_named_and_a_source_that_stays_away_ends_the_run(
    of: Any, tmp_path: Path, data: Path, waits: list[float]
) -> None:
    with TokenServer() as tokens, of(tokens) as fake:
        fake.once("users/bo", plain(403, {"error": {"code": "ErrorAccessDenied", "message": "Access is denied."}}), times=9)
        first, second = moved(data, _source(fake, tokens, tmp_path, waits), Mailbox("bo", "bo"), ANN)
        assert "Access is denied" in first.refused and second.is_whole
        fake.once("users/ann", BUSY, times=9999)
        with pytest.raises(SourceAway, match="run the same command again"):
            moved(data, _source(fake, tokens, tmp_path, waits), ANN)


@pytest.mark.rule("P-07", "A token of a mailbox is sent to no other server, whatever an answer contains.")
def test_a_token_goes_to_no_server_that_an_answer_names(tmp_path: Path, data: Path, waits: list[float]) -> None:
    """And pages that lead in a circle end."""
    with TokenServer() as tokens, graph_of(tokens) as fake, ApiServer(lambda token: True) as other:
        for link, why in ((f"{other.url}/v1.0/next", "another server"), (None, "was read already")):
            link = link or f"{fake.url}/v1.0/users/{ANN.name}/mailFolders/A=/messages/delta?$skiptoken=10"
            fake.once("delta", plain(200, {"value": [], "@odata.nextLink": link}), times=3)
            (counts,) = moved(data, _source(fake, tokens, tmp_path, waits), ANN)
            fake.faults.clear()
            assert why in counts.refused
        assert other.asked == []


def test_a_service_account_asks_for_each_mailbox_in_its_name(tmp_path: Path) -> None:
    """RFC 7523: the assertion names the mailbox, the scope and the token endpoint, and is signed by the key of the account."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    with TokenServer() as tokens:
        account = {
            "client_email": "mover@project.example",
            "private_key": pem,
            "private_key_id": "k1",
            "token_uri": f"{tokens.url}/token",
        }
        (tmp_path / "key.json").write_text(json.dumps(account))
        kept = Tokens(Grant(key_file=str(tmp_path / "key.json"), scope="read"))
        assert kept.token("ann@old.example") == kept.token("ann@old.example") != kept.token("bo@old.example")
        said = [jwt.decode(f["assertion"], key.public_key(), ["RS256"], audience=f"{tokens.url}/token") for f in tokens.asked]
    assert [one["sub"] for one in said] == ["ann@old.example", "bo@old.example"]
    assert {(one["iss"], one["scope"]) for one in said} == {("mover@project.example", "read")}


def test_a_token_endpoint_that_throttles_is_waited_for_and_one_that_refuses_is_named(
    tmp_path: Path, data: Path, waits: list[float]
) -> None:
    with TokenServer() as tokens, gmail_of(tokens) as fake:
        tokens.refusals = [(503, {}), (429, {})]
        assert moved(data, _source(fake, tokens, tmp_path, waits), ANN)[0].is_whole and waits == [2.0, 4.0]
        tokens.secret = "another"
        tokens.end_all()
        (counts,) = moved(data, _source(fake, tokens, tmp_path, waits), ANN)
        assert "invalid_client" in counts.refused and "client-secret" not in counts.refused


def test_a_description_is_refused_with_what_is_wrong_in_it(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("x\n")
    path = tmp_path / "old.toml"
    token = f'[token]\nurl = "https://id.example/t"\nclient_id = "m"\nclient_secret_file = "{tmp_path}/s"\n'
    for text, why in (
        ('kind = "pop"\n', "kind is 'pop'"),
        ('kind = "graph"\nmailboxes = ["a"]\n', r"needs \[token\]"),
        ('kind = "graph"\nserver = "http://graph.example"\nmailboxes = ["a"]\n' + token, "must begin with https://"),
        ('kind = "graph"\nlogin = "plain"\nmailboxes = ["a"]\n' + token, "login is no setting"),
        ('kind = "gmail"\n' + token, "names a mailbox"),
        ('kind = "gmail"\nmailboxes = ["a"]\n[token]\nurl = "http://id.example/t"\nclient_id = "m"\n', "must begin with https://"),
        ('kind = "imap"\nserver = "imap.example"\nmailboxes = ["a"]\n', "password_file"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match=why):
            load(path, Patience())
    path.write_text('kind = "graph"\nmailboxes = ["ann@old.example"]\n' + token)
    found = load(path, Patience())
    assert (found.source.kind, found.source.place) == ("graph", "graph.microsoft.com")


@KINDS
def test_the_command_that_was_killed_goes_on(of: Any, tmp_path: Path) -> None:
    """As with IMAP, through the real command."""
    folder = installation(tmp_path / "data")
    (tmp_path / "secret").write_text("client-secret\n")
    with TokenServer() as tokens, of(tokens, size=30_000) as fake:
        path, report = "v1.0" if of is graph_of else "gmail/v1", tmp_path / "report.json"
        (tmp_path / "old.toml").write_text(
            f'kind = "{"graph" if of is graph_of else "gmail"}"\nserver = "{fake.url}/{path}"\nmailboxes = ["{ANN.name}"]\n'
            f'[token]\nurl = "{tokens.url}/token"\nclient_id = "m"\nclient_secret_file = "{tmp_path}/secret"\n'
        )
        line = [PROGRAM, "import-mailboxes", str(tmp_path / "old.toml"), "--data", str(folder), "--report", str(report)]
        process = subprocess.Popen(line, start_new_session=True, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 120
        while sum(p.read_bytes().count(b"\n") - 1 for p in (folder / "mailboxes").glob("*.lines")) < 8:
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        subprocess.run(line, check=True, timeout=120, stdout=subprocess.DEVNULL)
    said = json.loads(report.read_text())
    assert said["whole"] and said["totals"]["listed"] == said["totals"]["archived"] == COUNT + 1
    assert 8 <= said["totals"]["known"] < COUNT
    bodies = [body for _, body in captures(folder)]
    assert len(bodies) == len(set(bodies)) == COUNT + 1
