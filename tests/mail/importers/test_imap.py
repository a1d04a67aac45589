"""Mailboxes of an IMAP server that throttles, hangs up, numbers anew and lies: 0 lost, 0 twice, and a sentence where it ends."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from civicmail.core.config.errors import ConfigError
from civicmail.core.query.parse import parse
from civicmail.mail.importers.errors import SourceAway
from civicmail.mail.importers.remote import imap_wire, migration
from civicmail.mail.importers.remote.imap import Imap, utf7
from civicmail.mail.importers.remote.imap_wire import Login, Server, backoff_of
from civicmail.mail.importers.remote.mailbox import Mailbox
from civicmail.mail.importers.remote.positions import Positions, Row
from civicmail.mail.importers.remote.source import Patience
from civicmail.mail.importers.remote.tokens import Grant, Tokens
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader
from mail.importers.imapserver import HANGS_UP, FakeImap, Folder, Letter
from mail.importers.moves import captures, data, moved, totals, waits
from neighbours.authority import Authority
from neighbours.tokens import TokenServer

__all__ = ["data", "waits"]
ANN = Mailbox("ann", "ann@city.example")


def _mail(n: int, text: str = "") -> bytes:
    return f"From: bo@out.example\r\nSubject: pump {n}\r\nMessage-ID: <{n}@out.example>\r\n\r\n{text}\r\n".encode()


def _letters(*numbers: int) -> list[Letter]:
    return [Letter(n, _mail(n), "\\Seen" if n % 2 else "") for n in numbers]


def _login(tmp_path: Path) -> Login:
    (tmp_path / "password").write_text("secret\n")
    return Login("login", "{mailbox}*mover", str(tmp_path / "password"))


def _patience(waits: list[float], seconds: float = 3600) -> Patience:
    return Patience(seconds, sleep=waits.append)


def _source(fake: FakeImap, login: Login, waits: list[float], ca: str = "", scheme: str = "imap") -> Imap:
    return Imap(Server(f"{scheme}://localhost:{fake.port}", ca), login, _patience(waits))


@pytest.mark.rule(
    "P-23, P-24",
    "A mailbox of another system is archived once, with folders and flags, even if the migration is killed.",
)
def test_a_message_is_archived_once_with_its_folders_and_flags(tmp_path: Path, data: Path, waits: list[float]) -> None:
    """A copy in a second folder is a label; equal messages in one folder are as many messages."""
    twice = [Letter(8, _mail(4), "\\Flagged"), Letter(9, _mail(4))]
    with FakeImap({"INBOX": Folder(_letters(1, 2, 3)), "Sent/&ANY-l": Folder([*_letters(3, 4), *twice])}) as fake:
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
        assert totals(counts) == {"listed": 7, "stored": 6, "copies": 1} and counts.is_whole
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
        assert totals(counts) == {"listed": 7, "known": 7} and len(fake.fetches()) == 4
    kept: dict[bytes, list[tuple[Any, ...]]] = {body: [] for _, body in captures(data)}
    for capture, body in captures(data):
        kept[body].append((capture.labels, capture.flags, capture.received, capture.basis))
    assert [labels for labels, *_ in kept[_mail(3)]] == [("INBOX", "Sent/Öl")]
    assert kept[_mail(1)] == [(("INBOX",), ("\\Seen",), 1_612_170_000_000, "mailbox")]
    assert sorted(flags for _, flags, *_ in kept[_mail(4)]) == [(), (), ("\\Flagged",)]
    assert count(Reader(data), parse('folder:"inbox sent"', now=None)) == 0, "no phrase goes over two folders"
    assert count(Reader(data), parse("folder:öl custodian:ann@city.example", now=None)) == 4


def test_what_was_moved_or_numbered_anew_between_two_runs_is_known(tmp_path: Path, data: Path, waits: list[float]) -> None:
    with FakeImap({"INBOX": Folder(_letters(1, 2, 3))}) as fake:
        moved(data, _source(fake, _login(tmp_path), waits), ANN)
        fake.folders = {"INBOX": Folder(_letters(1), validity=2), "Done": Folder([Letter(7, _mail(2)), Letter(8, _mail(9))])}
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
    assert totals(counts) == {"listed": 3, "stored": 1, "known": 2}


@pytest.mark.rule(
    "P-23",
    "A source that throttles, is unavailable or disconnects is waited for, for as long as it states, and nothing is left out.",
)
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("^LOGIN", b"{tag} NO [UNAVAILABLE] Temporary authentication failure\r\n"),
        ("^EXAMINE", b"{tag} NO [THROTTLED] later\r\n"),
        ("^FETCH", b"* BYE Connection is closed. 14\r\n" + HANGS_UP),
        ("^UID FETCH", b"{tag} NO [OVERQUOTA] Account exceeded command or bandwidth limits\r\n"),
        ("^UID FETCH", b"{tag} BAD Request is throttled. Suggested Backoff Time: 90000 milliseconds\r\n"),
        ("^UID FETCH", HANGS_UP),
        ("^UID FETCH", b"* 1 FETCH (UID 1 BODY[] {30}\r\nhalf of it" + HANGS_UP),
    ],
)
def test_what_is_only_for_now_is_waited_out(tmp_path: Path, data: Path, waits: list[float], command: str, said: bytes) -> None:
    with FakeImap({"INBOX": Folder(_letters(*range(1, 30)))}) as fake:
        fake.once(command, said)
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
    assert totals(counts) == {"listed": 29, "stored": 29} and counts.is_whole
    assert waits == [90.0 if b"Backoff" in said else 2.0]


def test_a_source_that_stays_away_ends_the_run_and_keeps_what_was_fetched(
    tmp_path: Path, data: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("civicmail.mail.importers.remote.mailbox.BATCH_SIZE", 10)
    with FakeImap({"INBOX": Folder(_letters(*range(1, 30)))}) as fake:
        fake.faults.append(lambda command: b"{tag} NO [THROTTLED] later\r\n" if command.startswith("UID FETCH 21") else None)
        with pytest.raises(SourceAway, match=r"run the same command again"):
            moved(data, _source(fake, _login(tmp_path), waits), ANN)
        assert max(waits) == 300.0 and sum(waits) <= 3600
        assert len(list(captures(data))) == 20
        fake.faults.clear()
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
    assert totals(counts) == {"listed": 29, "stored": 9, "known": 20}


@pytest.mark.parametrize(
    ("command", "said", "why"),
    [
        ("^EXAMINE", b"* 3 EXISTS\r\n{tag} OK done\r\n", "without UIDVALIDITY"),
        ("^FETCH", b"\x00\xff garbage\r\n", "does not speak IMAP"),
        ("^LIST", b"{tag} BAD what\r\n", "does not speak IMAP"),
        ("^LOGIN", b"{tag} NO [AUTHENTICATIONFAILED] no\r\n", "AUTHENTICATIONFAILED"),
    ],
)
def test_a_server_that_lies_is_named_and_the_other_mailboxes_are_brought_over(
    tmp_path: Path, data: Path, waits: list[float], command: str, said: bytes, why: str
) -> None:
    """P-23."""
    with FakeImap({"INBOX": Folder(_letters(1, 2, 3))}, users=("ann", "bo")) as fake:
        fake.once(command, said)
        first, second = moved(data, _source(fake, _login(tmp_path), waits), ANN, Mailbox("bo", "bo@city.example"))
    assert why in first.refused and not first.is_whole
    assert totals(second) == {"listed": 3, "stored": 3} and second.is_whole and not waits


@pytest.mark.rule(
    "P-23",
    "A source that announces more than it sends, or violates its protocol, loses the message or the mailbox concerned, "
    "with a sentence, and no other.",
)
@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"* 1 FETCH (UID 1 BODY[] {900000000}\r\n" + HANGS_UP, "announces more bytes"),
        (HANGS_UP, "closed the connection"),
        (b"{tag} NO [EXPUNGEISSUED] Some of the requested messages no longer exist\r\n", "EXPUNGEISSUED"),
    ],
)
def test_a_message_that_cannot_be_fetched_is_a_failure_and_the_others_are_brought_over(
    tmp_path: Path, data: Path, waits: list[float], said: bytes, why: str
) -> None:
    """17 alone is to blame, whatever is asked together with it."""
    with FakeImap({"INBOX": Folder(_letters(*range(1, 30)))}) as fake:

        def fault(command: str) -> bytes | None:
            run = [int(n) for n in command.split(" ")[2].split(":")] if command.startswith("UID FETCH") else [0]
            return said if run[0] <= 17 <= run[-1] else None

        fake.faults.append(fault)
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
    assert totals(counts) == {"listed": 29, "stored": 28, "failed": 1, "missing": 1}
    assert [(f["id"], why in f["reason"]) for f in counts.failures] == [("17", True)]
    assert max(waits, default=0) <= 4.0


def test_a_folder_that_cannot_be_opened_and_a_message_without_bytes_are_failures(
    tmp_path: Path, data: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "MAX_MESSAGE", 1000)
    letters = [*_letters(1, 2), Letter(3, _mail(3, "x" * 2000)), Letter(4, b"")]
    with FakeImap({"INBOX": Folder(letters), "Closed": Folder([])}) as fake:
        fake.once("^EXAMINE .Closed", b"{tag} NO [NOPERM] no\r\n")
        fake.once("^UID FETCH", b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n{tag} OK done\r\n" % (len(_mail(1)), _mail(1)))
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
    assert totals(counts) == {"listed": 4, "stored": 1, "gone": 2, "failed": 1, "missing": 1} and not counts.is_whole
    assert {(f["folder"], f["id"]) for f in counts.failures} == {("Closed", ""), ("INBOX", "3")}


def test_a_folder_that_is_numbered_anew_meanwhile_is_listed_again(tmp_path: Path, data: Path, waits: list[float]) -> None:
    with FakeImap({"INBOX": Folder(_letters(1, 2, 3))}) as fake:

        def anew() -> None:
            fake.folders["INBOX"] = Folder(_letters(11, 12, 13), validity=2)

        fake.once("^UID FETCH", b"{tag} NO [THROTTLED] later\r\n", anew)
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
    assert totals(counts) == {"listed": 3, "stored": 3} and counts.is_whole


@pytest.mark.rule(
    "P-07",
    "No password or token is sent to a source whose certificate does not verify, or over a connection without TLS.",
)
def test_nothing_is_said_to_a_server_whose_certificate_does_not_verify(tmp_path: Path, data: Path, waits: list[float]) -> None:
    """With TLS at once and with STARTTLS; with the authority that signed it both work."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost"))
    for at_once in (True, False):
        tls: dict[str, Any] = {"context": context} if at_once else {"starttls": context}
        with FakeImap({"INBOX": Folder(_letters(1))}, **tls) as fake:
            scheme = "imaps" if at_once else "imap"
            with pytest.raises(ConfigError, match="does not verify"):
                moved(data, _source(fake, _login(tmp_path), waits, scheme=scheme), ANN)
            assert not [command for command in fake.asked if "LOGIN" in command]
            (counts,) = moved(data, _source(fake, _login(tmp_path), waits, str(authority.certificate), scheme), ANN)
            assert counts.is_whole


def test_a_password_goes_over_no_line_without_tls(tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """P-07."""
    monkeypatch.setattr(imap_wire, "is_this_machine", lambda host: False)
    with FakeImap({"INBOX": Folder(_letters(1))}) as fake:
        with pytest.raises(ConfigError, match="offers no STARTTLS"), _source(fake, _login(tmp_path), waits).open("ann"):
            pass
        assert not [command for command in fake.asked if "LOGIN" in command]


@pytest.mark.parametrize("way", ["xoauth2", "oauthbearer"])
def test_a_token_that_is_refused_is_got_anew_once(tmp_path: Path, data: Path, waits: list[float], way: str) -> None:
    (tmp_path / "refresh").write_text("refresh-1\n")
    with TokenServer() as tokens, FakeImap({"INBOX": Folder(_letters(1))}) as fake:
        fake.once("^AUTHENTICATE", b"{tag} NO [AUTHENTICATIONFAILED] expired\r\n")
        grant = Grant(url=f"{tokens.url}/token", client_id="mover", refresh_file=str(tmp_path / "refresh"))
        kept = Tokens(grant)
        fake.is_good = tokens.is_good
        (counts,) = moved(data, _source(fake, Login(way, tokens=kept), waits), ANN)
        assert counts.is_whole and len(tokens.asked) == 2
        assert (tmp_path / "refresh").read_text().strip() == tokens.refresh != "refresh-1"
        fake.is_good = lambda token: False
        (counts,) = moved(data, _source(fake, Login(way, tokens=kept), waits), ANN)
        assert "AUTHENTICATIONFAILED" in counts.refused


def test_plain_names_the_mailbox_and_who_opens_it(tmp_path: Path, data: Path, waits: list[float]) -> None:
    (tmp_path / "password").write_text("secret\n")
    login = Login("plain", "mover", str(tmp_path / "password"))
    with FakeImap({"INBOX": Folder(_letters(1))}) as fake:
        assert moved(data, _source(fake, login, waits), ANN)[0].is_whole


def test_gmails_labels_come_with_the_message_of_all_mail(tmp_path: Path, data: Path, waits: list[float]) -> None:
    letter = Letter(1, _mail(1), more='X-GM-MSGID 17 X-GM-LABELS ("\\\\Inbox" "Budget 2020" "B&APw-ro")')
    folders = {
        "INBOX": Folder([letter]),
        "[Gmail]/All Mail": Folder([letter], uses="\\All"),
        "[Gmail]/Trash": Folder([], uses="\\Trash"),
    }
    with FakeImap(folders, capabilities="X-GM-EXT-1") as fake:
        (counts,) = moved(data, _source(fake, _login(tmp_path), waits), ANN)
    assert totals(counts) == {"listed": 1, "stored": 1}
    assert [capture.labels for capture, _ in captures(data)] == [("[Gmail]/All Mail", "Inbox", "Budget 2020", "Büro")]


def test_positions_that_a_kill_cut_go_on_at_the_last_whole_line(data: Path) -> None:
    """P-23, P-24."""
    rows = [Row("INBOX", "1", str(n), bytes(32), n) for n in range(3)]
    positions = Positions(data, "imap x", "ann")
    positions.add(rows)
    positions.close()
    (path,) = (data / "mailboxes").iterdir()
    path.write_bytes(path.read_bytes()[:-5])
    positions = Positions(data, "imap x", "ann")
    assert list(positions) == rows[:2]
    assert positions.rank([("INBOX", "1")], bytes(32)) == 2, "the rank that is free"
    positions.add(rows[2:])
    positions.close()
    positions = Positions(data, "imap x", "ann")
    assert list(positions) == rows
    positions.close()


def test_names_of_folders_and_waiting_times_are_read() -> None:
    assert utf7("&ANY-ffentlich &- more") == "Öffentlich & more" and utf7("&ABC&zz") == "&ABC&zz"
    assert backoff_of("Suggested Backoff Time: 299961 milliseconds") == pytest.approx(299.961)
    assert backoff_of("retry after 7 s") == 7.0 and backoff_of("no") == 0.0
