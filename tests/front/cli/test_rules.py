"""`civicmail policy rules|test|diff|drill|replay|explain`: rules as files have them, and why mail was treated as it was (P-29)."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from city.policy.books import NOW, book, starter, text_of
from civicmail.city.policy import active_rules
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.config.clock import now_ms
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.oversight.recorded_facts import RecordedFacts
from civicmail.front.cli.explain_policy import explanation, visible_facts
from civicmail.front.cli.main import run
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import capture_of, scan


def said(capsys: Any) -> tuple[list[dict[str, Any]], str]:
    out, err = capsys.readouterr()
    return [json.loads(line) for line in out.splitlines()], err


def test_the_rules_in_force_are_listed_and_shown(data: Path, capsys: Any) -> None:
    active_rules.publish(data, text_of("one") + text_of("gone", expires="2020-01-01"))
    assert run(["policy", "rules", "--data", str(data), "--json"]) == 0
    listed, _ = said(capsys)
    assert [(rule["id"], rule["acts"]) for rule in listed] == [("gone", False), ("one", True)]
    assert run(["policy", "rules", "one", "--data", str(data)]) == 0
    assert "fits: inbound = True" in capsys.readouterr().out
    assert run(["policy", "rules", "onne", "--data", str(data)]) == 2
    assert "the nearest is one" in capsys.readouterr().err


def test_rules_that_are_wrong_are_a_problem_with_a_place(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text_of(when="inbound && spam.bnad == 'x'"))
    assert run(["policy", "test", str(file)]) == 1
    assert (
        "rules.toml, line 12, column 22: in when, there is no fact spam.bnad; the nearest is spam.band." in capsys.readouterr().err
    )


def test_a_part_that_no_example_needs_is_told(tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text_of(when="inbound && files.count < 9"))
    assert run(["policy", "test", str(file), "--json"]) == 0
    told, _ = said(capsys)
    assert told[0] == {"rule": "a-rule", "warning": "no example of a-rule needs `files.count < 9`"}
    assert told[-1]["rules"] == 1


def test_what_differs_between_two_books(tmp_path: Path, capsys: Any) -> None:
    for name, text in (("old", text_of() + text_of("two")), ("new", text_of(mode="shadow") + text_of("three"))):
        (tmp_path / name).write_text(text)
    assert run(["policy", "diff", str(tmp_path / "old"), str(tmp_path / "new"), "--json"]) == 1
    found = [(change["name"], change["field"], change["old"], change["new"]) for change in said(capsys)[0]]
    whole = "enforce refuse (P-02): inbound"
    assert found == [("a-rule", "mode", "enforce", "shadow"), ("three", "", "", whole), ("two", "", whole, "")]
    assert run(["policy", "diff", str(tmp_path / "old"), str(tmp_path / "old")]) == 0
    (tmp_path / "cells").write_text(
        text_of() + text_of("two") + "[matrix]\nspam = { inbound='hold', internal='hold', outbound='pending' }"
    )
    assert run(["policy", "diff", str(tmp_path / "old"), str(tmp_path / "cells"), "--json"]) == 1
    assert {c["name"] for c in said(capsys)[0]} == {"spam, inbound", "spam, internal"}


def test_a_drill_says_what_would_happen_in_each_direction(data: Path, capsys: Any) -> None:
    """P-02, promise 6, promise 7."""
    for spoken in ("clamav", "scanner-down"):
        assert run(["policy", "drill", spoken, "--data", str(data), "--json"]) == 0
        told, _ = said(capsys)
    assert [(step["direction"], step["do"], step["wanted"], step["again"]) for step in told] == [
        ("inbound", "pending", True, True), ("internal", "mark", True, True), ("outbound", "pending", True, True)
    ]  # fmt: skip
    assert run(["policy", "drill", "dmarc", "--data", str(data), "--json"]) == 0
    assert [(step["do"], step["reply"][:3]) for step in said(capsys)[0]] == [("later", "451"), ("deliver", ""), ("deliver", "")]
    assert run(["policy", "drill", "clamd", "--data", str(data)]) == 2
    assert "the nearest is clamav" in capsys.readouterr().err


def test_a_book_that_cannot_be_used_is_told_by_every_verb(data: Path, capsys: Any) -> None:
    active_rules.active_path(data).parent.mkdir(exist_ok=True)
    active_rules.active_path(data).write_text("no book")
    for verb, code in (("rules", 3), ("test", 1), ("drill clamav", 3)):
        assert run(["policy", *verb.split(), "--data", str(data)]) == code
        assert "active.toml is no TOML" in capsys.readouterr().err


FACTS = {
    "inbound": True,
    "auth.dmarc": "fail",
    "auth.dmarc_policy": "quarantine",
    "message.subject": "A secret",
    "from.name": "Somebody",
    "links.hosts": ("a.example",),
    "use.categories": ("campaign",),
}


def told(**more: Any) -> RecordedFacts:
    copies = (Disposition(0, "deliver", ("deliver", "notify:use-political"), {"recipient.inside": True}),)
    return RecordedFacts(**{"id": "019c", "received": NOW, "source": "mx", "facts": FACTS, "copies": copies} | more)


def test_an_operator_is_told_why_and_never_what_stands_in_mail() -> None:
    """P-17: neither subject nor names nor links, nor that somebody's mail was about politics."""
    political = text_of(
        "use-political", "'campaign' in use.categories", "use.categories = ['campaign']", do="deliver", review="use"
    )
    of = book(political, text_of("quarantined", "auth.dmarc == 'fail'", "auth.dmarc = 'fail'", do="quarantine"))
    found = explanation(told(), of)
    assert found["facts"] == {"inbound": True, "auth.dmarc": "fail", "auth.dmarc_policy": "quarantine"}
    assert found["copies"][0]["rules"] == ["deliver"]
    assert found["copies"][0]["today"] == {"do": "quarantine", "rules": ["quarantined"]}
    assert set(visible_facts(dict.fromkeys(("from.address", "spam.score", "files.sha256"), 1))) == {"spam.score"}


def test_what_was_not_recorded_is_not_guessed() -> None:
    found = explanation(told(facts={}), starter())
    assert (found["facts"], found["copies"][0]["today"]) == ({}, {})


def keep(data: Path, **facts: Any) -> str:
    """A message of now with these facts; its id."""
    body = b"Subject: storm\r\n\r\nx\r\n"
    now = now_ms() - 1000
    envelope = Envelope("a@out.example", (Recipient("b@city.example"),), now)
    kept = replace(capture_of(capture_id(now), scan(body), envelope, Source("mx")), facts={"inbound": True} | facts)
    with closing(Writer(data, lambda: now)) as writer:
        writer.receipt(kept, body)
        writer.flush()
    return kept.uuid


def test_a_kept_message_is_explained(data: Path, capsys: Any) -> None:
    """Promise 7."""
    id_ = keep(data, **FACTS)
    assert run(["policy", "explain", id_, "--data", str(data)]) == 0
    out = capsys.readouterr().out
    assert "auth.dmarc             fail" in out
    assert "The book in force would do quarantine (dmarc-quarantine)." in out
    assert "secret" not in out and "Somebody" not in out
    assert run(["policy", "explain", "0" * 32, "--data", str(data)]) == 1


def test_a_rule_is_tried_on_mail_of_the_past(data: Path, tmp_path: Path, capsys: Any) -> None:
    """P-29: counts and ids, and nothing of the messages."""
    with_macros = [keep(data, **{"files.macros": True, "sender.first": n == 0}) for n in range(2)]
    keep(data)
    file = tmp_path / "rule.toml"
    file.write_text(text_of("macros-first", "files.macros", "files.macros = true", do="quarantine", mode="shadow"))
    assert run(["policy", "replay", str(file), "--data", str(data), "--json"]) == 0
    (tally,), _ = said(capsys)
    assert [tally[name] for name in ("messages", "before", "after", "new", "gone")] == [3, 1, 2, 1, 0]
    assert tally["outcomes"] == {"mark>quarantine": 1}
    assert [row[0] for row in tally["sample"]] == [with_macros[1]]
    assert run(["policy", "replay", str(file), "--data", str(data)]) == 0
    assert "macros-first would have fitted 2 of 3 messages; the one in force fits 1." in capsys.readouterr().out
    file.write_text(text_of("one") + text_of("two"))
    assert run(["policy", "replay", str(file), "--data", str(data)]) == 3
