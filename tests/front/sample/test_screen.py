"""What the demo shows, without a running installation: a picture on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from civicmail.front.sample import screen
from civicmail.front.sample.live_demo import LiveDemo
from civicmail.front.sample.mail_tracker import SearchTiming, TrackedMessage


@pytest.fixture
def play(tmp_path: Path) -> Iterator[LiveDemo]:
    with LiveDemo(tmp_path / "data", seed=1, rate=8) as play:
        play.sent.update(accepted=2, copies=3)
        play.took = [3.0, 5.0]
        done = TrackedMessage(
            "01890000-0000-7000-8000-000000000001", "0001", 1, 1000, "clerk@city.example", ("a@home.example",), 700, {0}, 1040, 1900
        )
        open_ = TrackedMessage(
            "01890000-0000-7000-8000-000000000002", "0001", 2, 2000, "", ("law@city.example", "fire@city.example"), 900, {1}
        )
        play.stage.acts = {b"1": done, b"2": open_}
        play.stage._under_way = {b"2": open_}
        play.stage.over, play.stage.copies, play.stage.indexed = [done], 2, 1
        play.answers = [SearchTiming("has:attachment", 1, 2, 3.2)]
        yield play


def test_the_picture_has_people_states_and_answers(play: LiveDemo) -> None:
    out = io.StringIO()
    Console(file=out, width=140).print(screen._picture(play))
    text = out.getvalue()
    for wanted in ("City Clerk", "City Attorney and 1 more", "+40 ms", "+0.9 s", "1/2", "has:attachment", "1 of 2", "Ctrl-C"):
        assert wanted in text, wanted


def test_without_a_terminal_each_message_is_one_line_once_its_way_is_complete(
    play: LiveDemo, capsys: pytest.CaptureFixture[str]
) -> None:
    with screen.screen(play) as show:
        show()
        show()
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("0189")] == [
        "01890000-0000-7000-8000-000000000001  archived, delivered +40 ms, found +0.9 s  City Clerk -> a@home.example"
    ]
    assert lines.count("search has:attachment: 1 of 2 in 3 ms") == 1


def test_of_a_message_that_nobody_gets_now_that_is_said(play: LiveDemo) -> None:
    done = play.stage.over[0]
    assert screen._way(replace(done, delivered=0)) == "archived, kept back, found +0.9 s"


def test_the_summary_says_what_is_missing_and_that_it_did_not_hold(play: LiveDemo) -> None:
    lines = list(play.summary({"messages": 2, "problems": []}))
    assert lines[1].startswith("Archived   2 of 2")
    assert lines[2].startswith("Delivered  2 of 3 copies")
    assert lines[3].startswith("Found      1 of 2")
    assert not play.all_held({"messages": 2, "problems": []})


def test_the_demo_holds_only_when_everything_arrived_and_nothing_is_wrong(play: LiveDemo) -> None:
    act = play.stage.acts[b"2"]
    act.done, act.delivered, act.indexed = {0, 1}, 2050, 2900
    play.stage._under_way.clear()
    assert play.all_held({"messages": 2, "problems": []})
    assert not play.all_held({"messages": 2, "problems": ["record 2 of journal 0001 is damaged"]})
    assert not play.all_held({"messages": 1, "problems": []})
    play.refused = ["451 4.3.0 Local error"]
    assert not play.all_held({"messages": 2, "problems": []})
