"""People sign in and send by 587 and 465 (P-06, P-07, P-14; M4, M5, S1, L2)."""

from __future__ import annotations

import json
import smtplib
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from city.identity.people import KEY, LATER, PASSWORD, T0, city
from civicmail.city.snapshot.credentials import jwks_path, mac, pseudonym
from civicmail.city.snapshot.published_snapshot import MAX_OUTBOUND_AGE_MS, mark_database_alive
from civicmail.city.snapshot.snapshot import Device, Grant
from civicmail.core.config.settings import Signin
from mail.gateway.running import kept
from mail.gateway.town import IMPLICIT, RELAY, SUBMISSION, Town, sign_in, town

ANN = "ann@city.example"
LETTER = b"From: =?utf-8?q?Ann_M=C3=BCller?= <ann@city.example>\r\nTo: bob@city.example\r\nSubject: hello\r\n\r\nhello\r\n"


@pytest.fixture
def here(data: Path, tmp_path: Path) -> Iterator[Town]:
    with town(data, tmp_path / "tls") as started:
        yield started


def ended(here: Town, person: str, **changes: Any) -> None:
    here.publish(replace(city().people[person], **changes))


def data_of(client: smtplib.SMTP, letter: bytes, sender: str = ANN, to: str = "bob@out.example") -> tuple[int, str]:
    assert client.mail(sender)[0] == 250
    assert client.rcpt(to)[0] == 250
    code, said = client.data(letter)
    return code, said.decode()


# -- signing in


@pytest.mark.rule("P-07, P-14, M5", "A message is attributed to the person and the device, whatever mailbox it is from.")
@pytest.mark.parametrize("port", [SUBMISSION, IMPLICIT])
def test_a_device_password_signs_in_and_the_envelope_knows_person_and_device(here: Town, port: int) -> None:
    with here.signed_in("Ann@City.Example", port) as client:
        code, said = data_of(client, LETTER)
    assert code == 250, said
    ((capture, body),) = kept(here.data)
    assert capture.envelope.login == "ann/ann-phone" and capture.source.kind == "submission"
    assert body == LETTER and capture.envelope.tls.startswith("TLS") and not capture.findings


def test_login_and_tokens_sign_in_too(here: Town) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    jwks_path(here.data).write_text(json.dumps({"keys": [ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "1"}]}))
    with here.client() as client:
        assert "AUTH" in client.ehlo_resp.decode() and client.esmtp_features["auth"].split() == [
            "PLAIN",
            "LOGIN",
            "OAUTHBEARER",
            "XOAUTH2",
        ]
        assert client.docmd("AUTH", "LOGIN")[0] == 334
        assert client.docmd(b64encode(ANN.encode()).decode())[0] == 334
        assert client.docmd(b64encode(PASSWORD.replace("-", " ").upper().encode()).decode())[0] == 235
    good = jwt.encode({"iss": "https://id", "aud": "mail", "exp": T0 // 1000 + 60, "email": ANN}, key, "ES256", {"kid": "1"})
    here.run.gateway.gate.signins._issuer._settings = Signin(issuer="https://id", audience="mail")
    for name, token, wanted in [(ANN, good, 235), ("bob@city.example", good, 535), (ANN, good[:-6] + "AAAAAA", 535)]:
        with here.client() as client:
            said = client.docmd("AUTH", "XOAUTH2 " + b64encode(f"user={name}\x01auth=Bearer {token}\x01\x01".encode()).decode())
            said = client.docmd("") if said[0] == 334 else said
            assert said[0] == wanted, said


def test_nobody_signs_in_as_a_function_mailbox_or_with_somebody_elses_password(here: Town) -> None:
    """M5: function mailboxes have no sign-in. P-07."""
    bob = city().people["bob"]
    here.publish(replace(bob, devices=(Device("bob-phone", mac(KEY, "bobs own")),)))
    for login, password in [("clerk@city.example", PASSWORD), ("311@city.example", ""), ("bob@city.example", PASSWORD), (ANN, "x")]:
        with here.client() as client:
            assert sign_in(client, login, password) == (535, "5.7.8 Name and password do not fit")
            assert client.mail(ANN)[0] == 530


@pytest.mark.rule("P-07", "Every sign-in and every failure is an entry, without what was typed.")
def test_every_sign_in_and_every_failure_is_an_entry_without_what_was_typed(here: Town) -> None:
    with here.client() as client:
        sign_in(client, ANN, "my-secret-typo")
        sign_in(client, "hunter2-typed-as-a-name", "x")
        sign_in(client, ANN)
    entries = here.entries()
    door = f"submission 127.0.0.1:{0}"
    assert [(e["act"], e["person"], e["device"], e["by"], e["client"], e["door"]) for e in entries] == [
        ("sign-in-failed", "ann", "", "PLAIN", "127.0.0.1", door),
        ("sign-in-failed", "", "", "PLAIN", "127.0.0.1", door),
        ("sign-in", "ann", "ann-phone", "PLAIN", "127.0.0.1", door),
    ]
    assert entries[1]["login"] == pseudonym(KEY, "hunter2-typed-as-a-name") and "login" not in entries[0]
    written = b"".join(p.read_bytes() for p in (here.data / "journal").rglob("*.log"))
    for typed in ("my-secret-typo", "hunter2", PASSWORD, PASSWORD.replace("-", "")):
        assert typed.encode() not in written


@pytest.mark.rule(
    "P-07",
    "Repeated failures at a mail entry point are not recorded for a while, each time longer, by connection, by login and "
    "network, by network; the right password always sends.",
)
def test_three_failures_end_a_connection_and_five_are_not_looked_at_any_more_for_longer_each_time(here: Town) -> None:
    """AC-7; and the right password always sends, from the same address, too."""
    with here.client() as client:
        assert [sign_in(client, ANN, "x")[0] for _ in range(3)] == [535, 535, 421]
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()
    with here.client() as client:
        assert [sign_in(client, ANN, "x")[0] for _ in range(2)] == [535, 535]
    with here.client() as client:
        assert sign_in(client, ANN, "x")[0] == 454
        assert sign_in(client, "bob@city.example", "x")[0] == 535, "of others they are"
    with here.signed_in() as client:
        assert client.mail(ANN)[0] == 250
    assert [e["act"] for e in here.entries()] == ["sign-in-failed"] * 6 + ["sign-in"]


def test_an_address_that_tries_many_names_may_not_try_more(data: Path, tmp_path: Path) -> None:
    with town(data, tmp_path / "tls", signin={"per_address": 4, "per_connection": 10}) as here, here.client() as client:
        assert [sign_in(client, f"nobody{n}@city.example", "x")[0] for n in range(6)] == [535] * 4 + [454] * 2
        assert sign_in(client, ANN, "x")[0] == 454
        assert sign_in(client, ANN)[0] == 235, "nobody's mail is stopped by a neighbour behind the same address"


def test_a_wrong_password_is_answered_later_each_time(data: Path, tmp_path: Path) -> None:
    waited: list[float] = []
    with town(data, tmp_path / "tls", signin={"delay": 500}) as here:

        async def noted(before: int) -> None:
            waited.append(before)

        here.run.gateway.gate.signins._delay = noted  # type: ignore[method-assign]
        with here.client() as client:
            for _ in range(3):
                sign_in(client, ANN, "x")
    assert waited == [0, 1, 2]


# -- whose access ends


@pytest.mark.rule(
    "P-06, promise 5, L2",
    "Ended access is refused at every later command, and an open message before it is archived.",
)
@pytest.mark.parametrize("at", ["mail", "rcpt", "data", "bdat", "dot"])
def test_ended_access_is_refused_at_the_next_command_and_an_open_message_before_it_is_kept(here: Town, at: str) -> None:
    """L2: within a second, at every later command; what was refused stays as evidence."""
    why = "Your access ended on 1 March."
    steps: dict[str, Callable[[smtplib.SMTP], tuple[int, bytes]]] = {
        "mail": lambda c: c.mail(ANN),
        "rcpt": lambda c: c.rcpt("bob@out.example"),
        "data": lambda c: c.docmd("DATA"),
        "bdat": lambda c: (c.send(b"BDAT 3 LAST\r\nx\r\n"), c.getreply())[1],
        "dot": lambda c: (c.send(LETTER + b".\r\n"), c.getreply())[1],
    }
    with here.signed_in() as client:
        for step in ("mail", "rcpt", "data", "dot") if at != "bdat" else ("mail", "rcpt", "bdat"):
            if step == at:
                ended(here, "ann", why=why, epoch=2, devices=())
                code, said = steps[step](client)
                assert code == 550 and said.decode().startswith(f"5.7.1 {why}"), said
                break
            assert steps[step](client)[0] in (250, 354)
        client.rset()
        assert client.mail(ANN)[0] == 550
    captures = [c for c, _ in kept(here.data)]
    assert [[(d.do, d.rules) for d in c.dispositions] for c in captures] == (
        [[("refuse", ("access-ended",))]] if at == "dot" else []
    )


@pytest.mark.rule("P-06, P-14, promise 5, M4", "A person without a live authorization sends nothing, and gets the reason.")
@pytest.mark.rule("P-06, promise 5, L2", "A session with an old epoch must sign in again.")
@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"epoch": 2}, 421, "You were signed out"),
        ({"devices": ()}, 421, "You were signed out"),
        ({"why": "Sign the policy first."}, 550, "Sign the policy first."),
        ({"why": "Müller: gone."}, 550, "Muller: gone."),
        ({"grants": ()}, 550, "You have no mailbox"),
        ({"grants": (Grant(ANN, "holder", T0 + 100),)}, 550, "You have no mailbox"),
        ({"grants": (Grant(ANN, "holder", LATER, send=False),)}, 550, "You have no mailbox"),
    ],
)
def test_what_ended_is_said_in_a_plain_sentence(here: Town, change: dict[str, Any], code: int, said: str) -> None:
    """M4: no live authorization, no mail, and the reason."""
    with here.signed_in() as client:
        ended(here, "ann", **change)
        answer = client.mail(ANN)
        assert answer[0] == code and said in answer[1].decode()


@pytest.mark.parametrize("size", [1, 30_000])
def test_who_may_come_again_has_nothing_kept_before(here: Town, size: int) -> None:
    """Promise 6: 4xx keeps nothing, whether the session is over or nobody knows who may send."""
    letter = LETTER + b"x" * 70 + (b"\r\n" + b"x" * 70) * size + b"\r\n.\r\n"
    for wanted in (421, 451):
        with here.signed_in() as client:
            assert client.mail(ANN)[0] == client.rcpt("bob@out.example")[0] == 250 and client.docmd("DATA")[0] == 354
            if wanted == 421:
                ended(here, "ann", epoch=2)
            else:
                here.clock.now += MAX_OUTBOUND_AGE_MS + 1000
            client.send(letter)
            assert client.getreply()[0] == wanted
        here.publish()
    assert kept(here.data) == []
    here.run.wait_for(lambda: not list((here.data / "journal").glob("*/spool/*")))


def test_who_is_gone_from_the_city_is_told_so_and_who_never_might_send_too(here: Town) -> None:
    with here.signed_in("dora@city.example") as client:
        assert client.mail("dora@city.example") == (550, b"5.7.1 Your access to the city's mail ended on 1 March.")


@pytest.mark.rule("P-07, P-14, S1", "A person or a machine gives a return address that it owns or was granted, until that ends.")
def test_a_machine_sends_from_its_own_mailbox_until_its_end(here: Town) -> None:
    """S1."""
    printer = city().people["printer"]
    with here.signed_in("printer@city.example") as client:
        assert client.mail("ann@city.example")[0] == 550
        code, said = data_of(client, b"From: <printer@city.example>\r\n\r\nscan\r\n", "printer@city.example")
        assert code == 250, said
        here.publish(replace(printer, grants=(Grant("printer@city.example", "service", T0 + 200),)))
        assert client.mail("printer@city.example")[0] == 550


def test_without_a_database_nothing_goes_out_after_a_quarter_of_an_hour_and_the_client_keeps_it(here: Town) -> None:
    """Promise 6: our fault, 4xx."""
    with here.signed_in() as client:
        here.clock.now = T0 + MAX_OUTBOUND_AGE_MS
        assert client.mail(ANN)[0] == 250
        client.rset()
        here.clock.now += 1000
        assert client.mail(ANN)[0] == 451
    with here.client() as client:
        assert sign_in(client, ANN)[0] == 454
        mark_database_alive(here.data, here.clock.now)
        here.clock.now += 250
        assert sign_in(client, ANN)[0] == 235


def test_nobody_signs_in_where_nobody_was_ever_published(data: Path, tmp_path: Path) -> None:
    with town(data, tmp_path / "tls") as here:
        here.run.gateway.gate.people.watch._snapshot = None
        with here.client() as client:
            assert sign_in(client, ANN)[0] == 454 and client.mail(ANN)[0] == 530


# -- honest senders at the doors


@pytest.mark.rule("P-14, P-23", "A rejected message of an employee is archived as evidence and not delivered.")
def test_a_forged_sender_is_refused_kept_as_evidence_and_delivered_to_nobody(here: Town) -> None:
    """P-14, promise 7: the reply says the rule, what to do, and under which id it is kept."""
    with here.signed_in() as client:
        assert client.mail("mayor@city.example")[0] == 550
        code, said = data_of(client, LETTER.replace(b"ann@", b"mayor@"))
        assert code == 550 and "(not-yours, P-14) archived=" in said
        assert data_of(client, LETTER)[0] == 250, "the session goes on"
    refused, passed = (c for c, _ in kept(here.data))
    assert [(d.do, d.rules) for d in refused.dispositions] == [("refuse", ("not-yours",))] and refused.uuid in said
    assert [f.code for f in refused.findings] == ["not-yours"] and passed.dispositions[0].do == "deliver"


@pytest.mark.rule("P-14, promise 7", "Each entry point adds the URL of the clause to its refusals.")
def test_a_refusal_names_its_clause_and_where_the_policy_is_read(here: Town) -> None:
    """Promise 7: at MAIL, and after the content, where the id of what was kept still follows the rule."""
    gate = here.run.gateway.gate
    gate.settings = replace(gate.settings, web=replace(gate.settings.web, url="https://pages.city.example"))
    with here.signed_in() as client:
        code, said = client.mail("mayor@city.example")
        assert code == 550 and said.endswith(b"(envelope-not-yours, P-14) https://pages.city.example/policy/text/#p-14")
        code, late = data_of(client, LETTER.replace(b"ann@", b"mayor@"))
        assert code == 550 and late.endswith(" https://pages.city.example/policy/text/#p-14")
        assert "(not-yours, P-14) archived=" in late and len(late) < 500
        ended(here, "ann", why="Your access to the city's mail ended on 1 March (P-08).")
        assert client.mail(ANN)[1].endswith(b"#p-08")


@pytest.mark.rule(
    "P-14",
    "The null return path is accepted from a person, whose From is checked all the same (RFC 6409, 3.2; RFC 8098, 3).",
)
def test_a_confirmation_with_the_null_return_path_goes_out_and_says_who_signed_in(here: Town) -> None:
    """RFC 8098, 3; RFC 6409, 3.2. The login is the evidence of who sent it; From is hers all the same."""
    with here.signed_in() as client:
        assert data_of(client, LETTER, sender="")[0] == 250
        assert data_of(client, LETTER.replace(b"ann@", b"mayor@"), sender="")[0] == 550
    passed, refused = (c for c, _ in kept(here.data))
    assert (passed.envelope.sender, passed.envelope.login.partition("/")[0]) == ("", "ann")
    assert refused.dispositions[0].do == "refuse"


def test_a_wrong_name_is_kept_as_it_came_with_its_correction(here: Town) -> None:
    letter = LETTER.replace(b"=?utf-8?q?Ann_M=C3=BCller?=", b"Queen Ann")
    with here.signed_in() as client:
        assert data_of(client, letter)[0] == 250
    ((capture, body),) = kept(here.data)
    assert body == letter and [f.code for f in capture.findings] == ["correct:from"]


def test_a_large_message_is_judged_by_its_beginning(here: Town) -> None:
    with here.signed_in() as client:
        assert data_of(client, LETTER + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 20_000)[0] == 250
        assert data_of(client, LETTER.replace(b"ann@", b"mayor@") + (b"y" * 70 + b"\r\n") * 20_000)[0] == 550
        assert data_of(client, b"X-A: b\r\n" * 140_000 + LETTER)[1].startswith("5.7.1 The message has no header")


def test_a_peer_of_a_relay_sends_in_its_scope_and_its_word_is_recorded_as_such(here: Town) -> None:
    with here.client(RELAY, tls=False) as client:
        code, said = data_of(client, b"From: <no-reply@app.city.example>\r\n\r\nx\r\n", "bounce@app.city.example")
        assert code == 250, said
        assert client.mail("ann@city.example")[0] == 550
        code, said = data_of(client, LETTER, "printer@city.example")
        assert code == 550 and "(out-of-scope" in said
    taken, refused = (c for c, _ in kept(here.data))
    assert [f.code for f in taken.findings] == ["asserted"] and refused.dispositions[0].do == "refuse"


def test_the_identification_block_is_asked_for_where_the_city_wants_it(data: Path, tmp_path: Path) -> None:
    wanted = {"identification": "{name}, Department {department}", "without_identification": "refuse"}
    with town(data, tmp_path / "tls", senders=wanted) as here, here.signed_in() as client:
        code, said = data_of(client, LETTER)
        assert code == 550 and "(unidentified" in said
        signed = LETTER.replace(b"\r\n\r\n", b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", 1)
        assert data_of(client, signed + "\r\nAnn Müller,\r\nDepartment clerk\r\n".encode())[0] == 250
    with town(data, tmp_path / "again", senders={"identification": "{name}"}) as here, here.signed_in() as client:
        assert data_of(client, LETTER)[0] == 250
    assert [f.code for f in kept(data)[-1][0].findings] == ["unidentified"]
