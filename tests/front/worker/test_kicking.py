"""Open IMAP connections end with the right that they stand on (L2, P-07)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from city.access.people import T0, city, own, person
from civicmail.city.access.published import Watch, publish
from civicmail.city.access.snapshot import Snapshot
from civicmail.core.config.errors import ConfigError
from civicmail.front.worker.kicking import AGAIN, LOOK_EVERY, Kicking, doveadm


class World:
    """Dovecot as a list of what it was told, and a clock."""

    def __init__(self, data: Path) -> None:
        self.data, self.now, self.version = data, T0, 0
        self.told: list[list[str]] = []
        self.is_away = False

    def kick(self, mailboxes: list[str]) -> None:
        if self.is_away:
            raise OSError("refused")
        self.told.append(mailboxes)

    def publish(self, snapshot: Snapshot) -> None:
        self.version += 1
        self.now += 300
        publish(self.data, replace(snapshot, version=self.version, at=self.now))


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path)
    found.publish(city())
    return found


@pytest.fixture
def kicking(world: World) -> Kicking:
    made = Kicking(Watch(world.data, lambda: world.now), world.kick, lambda: world.now)
    made.step()
    world.now += AGAIN
    made.step()
    world.told.clear()
    return made


def test_a_start_ends_what_may_not_be_open(world: World) -> None:
    """Nobody knows what happened while no worker ran."""
    Kicking(Watch(world.data, lambda: world.now), world.kick, lambda: world.now).step()
    assert world.told == [["eve@city.example", "frank@city.example"]]


@pytest.mark.parametrize("how", ["access", "epoch", "device"])
def test_who_lost_access_sessions_or_a_device_is_kicked_twice(world: World, kicking: Kicking, how: str) -> None:
    """R-169: the second time for a sign-in that was under way at the first."""
    ann = city().people["ann"]
    changed = {"access": replace(ann, grants=()), "epoch": replace(ann, epoch=2), "device": replace(ann, devices=())}[how]
    world.publish(city(people=[changed]))
    assert kicking.step() == 1 and kicking.step() == 0
    world.now += AGAIN
    assert kicking.step() == 1 and world.told == [["ann@city.example"]] * 2
    world.now += AGAIN
    assert kicking.step() == 0


def test_others_are_left_alone(world: World, kicking: Kicking) -> None:
    world.publish(city(people=[replace(city().people["ann"], name="Ann Other"), person("zoe", "Zoe", own("zoe"))]))
    kicking.step()
    assert world.told == []


def test_a_right_that_ends_by_its_date_ends_without_anybody_publishing(world: World, kicking: Kicking) -> None:
    world.publish(city(people=[person("ann", "Ann Müller", own("ann", world.now + 5_000))]))
    kicking.step()
    assert world.told == []
    world.now += 5_000 + LOOK_EVERY
    kicking.step()
    assert world.told == [["ann@city.example"]]


def test_dovecot_that_is_away_is_told_when_it_is_back(world: World, kicking: Kicking) -> None:
    world.is_away = True
    world.publish(city(people=[replace(city().people["ann"], devices=())]))
    assert kicking.step() == 0
    world.is_away = False
    world.now += AGAIN
    assert kicking.step() == 1 and world.told == [["ann@city.example"]]


def test_a_key_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="kick_key_file"):
        doveadm("http://127.0.0.1:1", str(tmp_path / "none"))
    (tmp_path / "key").write_text("k")
    with pytest.raises(OSError, match="refused"):
        doveadm("http://127.0.0.1:1", str(tmp_path / "key"))(["ann@city.example"])
