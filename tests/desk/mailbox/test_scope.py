"""Whatever somebody asks, they find nothing that is not theirs, and nothing of it depends on another's blind copy (promise 4)."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.query.errors import QueryError
from civicmail.core.query.match import matches
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import And, Digits, Near, Not, Or, Range, Token, Tree, View, Words
from civicmail.desk.mailbox import scope
from civicmail.desk.mailbox.scope import OwnMail, OwnMailbox
from civicmail.desk.viewer.delivered_copy import delivered_bytes
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.search.attachments import attachment_text
from civicmail.mail.search.counts import count
from civicmail.mail.search.fields import address as tokens_of
from civicmail.mail.search.fields import view
from mail.search.generated import NOW, captures, look, queries
from mail.search.test_oracle import build

ANN, BOB = "ann.lee@city.example", "bob@x.example"
MINE = OwnMail((OwnMailbox((ANN, "pat@city.example"), ("Ann Lee", ANN)), OwnMailbox(("zaneta@city.example",))))
APART = " " + "| " * 60  # farther than any AROUND


def trees(seed: int, number: int) -> Iterator[Tree]:
    for text in queries(seed, number):
        try:
            yield parse(text, now=NOW)
        except QueryError:
            continue


def only_mine(text: str, mine: OwnMail) -> str:
    there = set(text.split())
    return APART.join(tokens_of(a) for a in mine.addresses if a in there)


def as_given(v: View, mine: OwnMail) -> View:
    """All that a recipient may ask about a capture, as a view."""
    hidden = {"bcc": "", "rcpt": only_mine(v["rcpt"], mine), "custodian": "", "folder": "", "sha256": "", "size": v["given"]}
    return cast(View, {**v, **hidden})


def as_shut(v: View, mine: OwnMail) -> View:
    """All that the list shows of one that was kept back."""
    unseen = ("body", "attachment", "filename", "filetype", "list", "messageid", "thread")
    return cast(View, {**as_given(v, mine), **dict.fromkeys(unseen, ""), "attachments": 0, "unreadable": 0})


def asks(tree: Tree, field: str) -> bool:
    match tree:
        case And(parts) | Or(parts):
            return any(asks(part, field) for part in parts)
        case Not(part):
            return asks(part, field)
        case Words(name) | Token(name) | Near(Words(name)) | Range(name) | Digits(name):
            return name == field
    return False


@pytest.mark.rule("P-06, promise 4", "A search of one's mail never returns another's, whatever the query.")
def test_what_is_found_is_mine_and_is_seen_with_the_eye_that_is_meant_for_it(tmp_path: Path) -> None:
    """Against core/query/match over views that have nothing else in them, and the index counts the same."""
    made = list(captures(5, 260))
    opened = {c.id.hex() for c, _ in made[::3]}
    reader, views = build(tmp_path, made)
    eyes = {c.id.hex(): scope.view_kind(c, MINE, opened=c.id.hex() in opened) for c, _ in made}
    assert set(eyes.values()) == {"author", "given", "shut", None}
    telling = 0
    for tree in trees(9, 130):
        own = scope.own(tree, MINE, opened)
        found = {v["id"] for v in views if matches(own, v)}
        assert count(reader, own) == sum(matches(own, v) for v in views)
        if asks(tree, "bcc"):
            continue
        expected = {v["id"] for v in views if (eye := eyes[v["id"]]) and matches(tree, seen_by(eye, v))}
        assert found == expected, tree
        telling += 0 < len(found) < sum(eye is not None for eye in eyes.values())
    assert telling > 50


def seen_by(eye: str, v: View) -> View:
    return v if eye == "author" else as_given(v, MINE) if eye == "given" else as_shut(v, MINE)


def with_blind(chance: random.Random, made: Capture, body: bytes) -> tuple[Capture, bytes]:
    """The same message, sent to somebody else as a blind copy too: in header and envelope, with another size and hash."""
    who = chance.choice(["hidden@secret.example", BOB, "lena.vogt@city.example"])
    line = f'{chance.choice(["Bcc", "Resent-Bcc", "bcc", "X-Bcc"])}: "Budget Permit" <{who}>\n'.encode()
    body = line + body
    to = (*made.envelope.recipients, Recipient(who))
    envelope = replace(made.envelope, recipients=to)
    done = (*made.dispositions, Disposition(len(to) - 1, chance.choice(["deliver", "hold", "refuse"]), ("rule",)))
    digest = hashlib.sha256(body).digest()
    return replace(made, sha256=digest, size=len(body), envelope=envelope, dispositions=done), body


def seen(made: Capture, body: bytes) -> View:
    fields = message_parser.fields(body)
    return view(made, fields, attachment_text(fields, look))


@pytest.mark.rule(
    "P-06, promise 4",
    "No search result depends on another's blind copy: neither hits nor counts, sizes, hashes or misses.",
)
def test_no_answer_depends_on_the_blind_copy_of_another() -> None:
    """Two messages that differ in nothing else answer every query alike, for whoever did not send them."""
    chance = random.Random(3)
    asked = list(trees(4, 150))
    compared = 0
    for made, body in captures(6, 150):
        twin, twins_body = with_blind(chance, made, body)
        one, other = seen(made, body), seen(twin, twins_body)
        for opened in ((), (made.id.hex(),)):
            eye = scope.view_kind(made, MINE, opened=bool(opened))
            assert scope.view_kind(twin, MINE, opened=bool(opened)) == eye
            if eye in ("author", None):
                continue
            for tree in (*chance.sample(asked, 25), *guesses(one, other)):
                own = scope.own(tree, MINE, opened)
                assert matches(own, one) == matches(own, other), tree
                compared += 1
    assert compared > 2000


def guesses(one: View, other: View) -> Iterator[Tree]:
    """What somebody would ask who wants to know."""
    words = [
        "bcc:hidden",
        "bcc:hidden@secret.example",
        "rcpt:lena.vogt",
        "rcpt:@secret.example",
        "rcpt:hid*",
        "bcc:budget",
        "budget",
    ]
    words += [
        '"budget permit"',
        "budget AROUND 3 permit",
        "bcc:budget AROUND 3 permit",
        "rcpt:ann AROUND 9 lena",
        "hidden",
        "bcc:*",
    ]
    words += [f"sha256:{one['sha256']}", f"sha256:{other['sha256']}", f"sha256:{other['sha256'][:14]}", f"id:{other['id']}", BOB]
    words += [f"id:{other['sha256'][:20]}"]
    for size in {one["size"], other["size"], one["given"]}:
        words += [f"larger:{size - 1}", f"larger:{size}", f"smaller:{size}", f"smaller:{size + 1}"]
    for text in words:
        try:
            tree = parse(text, now=NOW)
        except QueryError:
            continue
        yield tree
        yield Not(tree)


def test_my_own_address_is_found_in_an_envelope_and_in_a_blind_copy_and_only_whole() -> None:
    made = next(c for c, _ in captures(6, 150) if scope.view_kind(c, MINE, opened=True) == "given")
    to = (Recipient(ANN), Recipient("lena.vogt@city.example"))
    done = tuple(Disposition(n, "deliver", ("rule",)) for n in range(2))
    made = replace(made, envelope=replace(made.envelope, recipients=to), dispositions=done, source=Source("mx"))
    v = seen(made, b"Bcc: Ann Lee <ann.lee@city.example>, lena.vogt@city.example\r\n\r\n")
    for text in ("rcpt:ann", "rcpt:ann.lee@city.example", "bcc:ann.lee", "rcpt:@city.example", "bcc:ann.l*", "-rcpt:lena.vogt"):
        assert matches(scope.own(parse(text, now=NOW), MINE), v), text
    for text in ("rcpt:lena.vogt", "bcc:lena.vogt@city.example", "rcpt:lena*", "-rcpt:ann", "rcpt:pat"):
        assert not matches(scope.own(parse(text, now=NOW), MINE), v), text


@pytest.mark.parametrize("field", ["custodian", "folder"])
def test_how_somebody_elses_mail_was_brought_in_is_not_asked_of_mail_that_came_to_me(field: str) -> None:
    v = next(s for c, b in captures(6, 150) if scope.view_kind(c, MINE, opened=True) == "given" for s in (seen(c, b),))
    told = cast(View, {**v, field: "inbox clerk"})
    assert not matches(scope.own(parse(f"{field}:inbox", now=NOW), MINE), told)


@pytest.mark.rule("P-06, promise 4", "Withheld mail is searched by the fields that the list shows, and never by its text.")
def test_a_copy_that_was_kept_back_shows_what_the_list_shows_and_no_word_of_its_text() -> None:
    made = next(c for c, _ in captures(6, 150) if scope.view_kind(c, MINE, opened=False) == "shut")
    v = seen(made, b"Subject: Harmless\r\nFrom: boss@city.example\r\n\r\nThe secret lies here.\r\n")
    assert matches(scope.own(parse("harmless from:boss", now=NOW), MINE), v)
    for text in ("secret", '"secret lies"', "body:secret", "secr*", "the AROUND 3 lies", "has:attachment"):
        assert not matches(scope.own(parse(text, now=NOW), MINE), v), text
        assert matches(scope.own(parse(f"-({text})", now=NOW), MINE), v), text
    opened = scope.own(parse("secret", now=NOW), MINE, [made.id.hex()])
    assert matches(opened, v)


def test_the_size_that_is_asked_for_is_that_of_what_a_recipient_is_shown() -> None:
    chance = random.Random(8)
    for made, body in captures(7, 60):
        twin, twins_body = with_blind(chance, made, body)
        twin = replace(twin, findings=())
        assert (
            seen(twin, twins_body)["given"]
            == len(delivered_bytes(twins_body, twin))
            == len(delivered_bytes(body, replace(made, findings=())))
        )


@pytest.mark.rule("P-31", "My mail does not show what was taken back, also where it had been released before.")
def test_what_was_taken_back_is_shut_also_where_it_had_been_let_go() -> None:
    """A copy that was delivered, or held at first and let go since; what one has sent oneself stays one's own."""
    envelope = Envelope("eve@out.example", (Recipient(ANN),), 1)
    one = Capture(bytes(15) + b"1", 1, bytes(32), 9, bytes(32), Source("mx"), envelope, (Disposition(0, "deliver"),))
    held = replace(one, dispositions=(Disposition(0, "hold"),))
    sent = replace(one, source=Source("submission"), envelope=replace(envelope, sender=ANN, login="p-ann"))
    shut = replace(MINE, pulled=frozenset({one.id.hex()}))
    assert [scope.view_kind(c, MINE, opened=True) for c in (one, held, sent)] == ["given", "given", "author"]
    assert [scope.view_kind(c, shut, opened=True) for c in (one, held, sent)] == ["shut", "shut", "author"]
    other = replace(MINE, pulled=frozenset({"2" * 32}))
    assert scope.view_kind(one, other, opened=False) == "given"


def test_who_has_no_mailbox_finds_nothing() -> None:
    nobody = scope.own(parse("*", now=NOW), OwnMail(()))
    assert not any(matches(nobody, seen(c, b)) for c, b in captures(6, 30))
