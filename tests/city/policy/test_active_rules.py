"""The book in force is one file: whole or not there, seen within a quarter of a second, and never replaced by one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from city.policy.books import NOW, text_of
from civicmail.city.policy import active_rules
from civicmail.city.policy.engine import decide
from civicmail.city.policy.errors import UnusableBook
from civicmail.core.disk.files import Files
from civicmail.core.disk.published import POLL_MS


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_a_published_book_the_starter_pack_is_in_force(tmp_path: Path, clock: Clock) -> None:
    assert active_rules.RuleSetWatcher(tmp_path, clock).rule_set is active_rules.starter_pack()
    assert active_rules.active(tmp_path) is active_rules.starter_pack()
    assert active_rules.read(tmp_path) is None


def test_a_published_book_is_in_force_within_a_quarter_of_a_second(tmp_path: Path, clock: Clock) -> None:
    """P-29, promise 6."""
    watch = active_rules.RuleSetWatcher(tmp_path, clock)
    made = active_rules.publish(tmp_path, text_of("one"))
    assert watch.rule_set is active_rules.starter_pack()
    clock.now += POLL_MS
    assert watch.rule_set == made
    active_rules.publish(tmp_path, text_of("two"))
    clock.now += POLL_MS
    assert [rule.id for rule in watch.rule_set.rules] == ["two"]


@pytest.mark.rule(
    "P-22, promise 5",
    "A book of rules is read once for each text, and a text that was published is in force at once.",
)
def test_another_text_is_another_book_and_the_same_text_is_the_same(tmp_path: Path) -> None:
    """A page asks with each look, and what was published a moment ago holds."""
    active_rules.publish(tmp_path, text_of("one"))
    book = active_rules.active(tmp_path)
    assert active_rules.active(tmp_path) is book
    active_rules.publish(tmp_path, text_of("two"))
    assert [rule.id for rule in active_rules.active(tmp_path).rules] == ["two"]


def test_a_book_that_is_wrong_is_not_published(tmp_path: Path) -> None:
    """P-29, promise 6."""
    active_rules.publish(tmp_path, text_of("one"))
    with pytest.raises(UnusableBook):
        active_rules.publish(tmp_path, text_of("two", when="nonsense"))
    assert [rule.id for rule in active_rules.active(tmp_path).rules] == ["one"]


@pytest.mark.rule(
    "P-29, promise 6",
    "A book is in force within a quarter of a second, whole, and one that cannot be used replaces none.",
)
@pytest.mark.parametrize("spoilt", [b"no book", b"\xff\xfe", b""])
def test_a_file_that_was_spoilt_leaves_the_last_book_in_force(tmp_path: Path, clock: Clock, spoilt: bytes) -> None:
    """An empty file is a book without rules only where somebody published it so: what nobody published is told."""
    watch = active_rules.RuleSetWatcher(tmp_path, clock)
    made = active_rules.publish(tmp_path, text_of("one"))
    clock.now += 1000
    assert watch.rule_set == made
    active_rules.active_path(tmp_path).write_bytes(spoilt)
    clock.now += 1000
    assert watch.rule_set == made
    active_rules.active_path(tmp_path).unlink()
    clock.now += 1000
    assert watch.rule_set == made


def test_a_spoilt_file_at_the_start_lets_the_matrix_speak_until_it_is_mended(tmp_path: Path, clock: Clock) -> None:
    """Nothing passes by rules that are not the city's."""
    active_rules.publish(tmp_path, text_of("one", "sender.first", "sender.first = true", do="mark"))
    active_rules.active_path(tmp_path).write_text("no book")
    watch = active_rules.RuleSetWatcher(tmp_path, clock)
    assert "no TOML" in watch.rule_set.error
    assert [d.do for d in decide(watch.rule_set, {"inbound": True}, [{}], NOW)] == ["pending"]
    active_rules.publish(tmp_path, text_of("one", "sender.first", "sender.first = true", do="mark"))
    clock.now += 1000
    assert (watch.rule_set.error, [rule.id for rule in watch.rule_set.rules]) == ("", ["one"])


class Cut(Files):
    """The power goes before the new file has its name."""

    def rename(self, old: Path, new: Path) -> None:
        raise OSError("cut")


def test_a_power_cut_leaves_the_old_book(tmp_path: Path) -> None:
    """P-29, promise 6."""
    active_rules.publish(tmp_path, text_of("one"))
    with pytest.raises(OSError, match="cut"):
        active_rules.publish(tmp_path, text_of("two"), Cut())
    assert [rule.id for rule in active_rules.active(tmp_path).rules] == ["one"]
