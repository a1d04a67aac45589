"""The text dialogues of this folder, each in one piece, byte by byte and cut at random (README.md there says how to read them)."""

from __future__ import annotations

import dataclasses
import random
import re
from pathlib import Path

import pytest

from core.wire.talk import PROFILE, Talk

DIALOGUES = sorted((Path(__file__).parent / "dialogues").glob("*.txt"))


@dataclasses.dataclass
class Turn:
    """What the client sends at once, and what must come of it."""

    sent: bytes = b""
    verdicts: list[str] = dataclasses.field(default_factory=list)
    replies: list[str] = dataclasses.field(default_factory=list)
    events: list[str] = dataclasses.field(default_factory=list)


def unescape(text: str) -> bytes:
    raw = text.encode()
    return re.sub(
        rb"\\(?:([rn0])|x([0-9a-f]{2}))",
        lambda m: {b"r": b"\r", b"n": b"\n", b"0": b"\0"}[m[1]] if m[1] else bytes.fromhex(m[2].decode()),
        raw,
    )


def read(path: Path) -> tuple[dict[str, object], bool, list[Turn]]:
    settings: dict[str, object] = {}
    whole, turns = False, [Turn()]
    for line in path.read_text().splitlines():
        mark, _, text = line.partition(" ")
        turn = turns[-1]
        if mark in ("<", "<-", "=") and (turn.replies or turn.events):
            turns.append(turn := Turn())
        if mark in ("<", "<-"):
            turn.sent += unescape(text) + (b"\r\n" if mark == "<" else b"")
        elif mark == "=":
            turn.verdicts.append(text)
        elif mark == ">":
            turn.replies.append(text)
        elif mark == "*":
            kind, _, rest = text.partition(" ")
            turn.events.append(f"message {unescape(rest)!r}" if kind == "message" else text)
        elif mark == "@" and text == "whole":
            whole = True
        elif mark == "@":
            name, _, value = text.partition("=")
            settings[name] = {"true": True}.get(value, int(value) if value.isdigit() else value)
        else:
            assert mark in ("#", ""), line
    return settings, whole, turns


def cut(data: bytes, how: str) -> list[bytes]:
    if how == "whole":
        return [data]
    if how == "bytes":
        return [data[i : i + 1] for i in range(len(data))]
    choose, chunks = random.Random(len(data)), []
    while data:
        n = choose.randint(1, 9)
        chunks.append(data[:n])
        data = data[n:]
    return chunks


@pytest.mark.rule("P-23", "Nothing may follow EHLO or DATA before the answer: early pipelining ends the session.")
@pytest.mark.rule("P-06, promise 1", "LMTP answers each accepted recipient by itself, in order.")
@pytest.mark.parametrize("how", ["whole", "bytes", "random"])
@pytest.mark.parametrize("path", DIALOGUES, ids=lambda p: p.stem)
def test_dialogue_is_answered_word_for_word(path: Path, how: str) -> None:
    """P-06, P-23: early pipelining, STARTTLS injection and LMTP are among them."""
    settings, whole, turns = read(path)
    if whole:
        how = "whole"
    talk = Talk(dataclasses.replace(PROFILE, **settings))
    for turn in turns:
        talk.verdicts, talk.seen = list(turn.verdicts), []
        talk.send(*cut(turn.sent, how))
        assert talk.output.decode().split("\r\n")[:-1] == turn.replies, turn
        assert talk.seen == turn.events, turn
        assert not talk.verdicts
        talk.output = b""
