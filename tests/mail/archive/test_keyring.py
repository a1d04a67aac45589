"""The keyring: wrapped keys, a recovery key that is shown once, and shredding that is final."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.config.errors import ConfigError, UsageError
from civicmail.core.ledger import keys as signing
from civicmail.mail.archive import keyring
from civicmail.mail.archive.errors import KeyMissing
from civicmail.mail.archive.keyring import Keyring, new_key

SEGMENT, OTHER = "01" * 16, "02" * 16


def test_the_recovery_key_is_proved_by_typing_it_as_people_do(tmp_path: Path) -> None:
    text = keyring.create(tmp_path)
    assert [len(group) for group in text.split("-")] == [5] * 8
    assert not keyring.is_proved(tmp_path)
    typed = " " + text.upper().replace("-", " ").replace("0", "o").replace("1", "L") + "\n"
    assert keyring.prove_recovery(tmp_path, typed, now=7)
    assert keyring.is_proved(tmp_path)


def test_another_recovery_key_proves_nothing_and_a_mistyped_one_is_told(tmp_path: Path) -> None:
    text = keyring.create(tmp_path / "a")
    other = keyring.create(tmp_path / "b")
    assert not keyring.prove_recovery(tmp_path / "a", other, now=7)
    assert not keyring.is_proved(tmp_path / "a")
    wrong = ("2" if text[0] != "2" else "3") + text[1:]
    with pytest.raises(UsageError, match="letter or digit"):
        keyring.prove_recovery(tmp_path / "a", wrong, now=7)
    for words in ("", "too-short", text + "x", text.replace(text[0], "u")):
        with pytest.raises(UsageError):
            keyring.prove_recovery(tmp_path / "a", words, now=7)


@given(st.integers(0, 39), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
def test_one_wrong_digit_is_always_noticed(tmp_path_factory: pytest.TempPathFactory, at: int, digit: str) -> None:
    digits = keyring._as_text(bytes(range(20))).replace("-", "")
    changed = digits[:at] + digit + digits[at + 1 :]
    if changed == digits:
        assert keyring._from_text(changed) == bytes(range(20))
        return
    with pytest.raises(UsageError):
        keyring._from_text(changed)


def test_the_recovery_key_brings_back_the_master_key_and_the_ledgers_key(tmp_path: Path) -> None:
    text = keyring.create(tmp_path)
    key = new_key()
    Keyring(tmp_path).keep({SEGMENT: key})
    public = signing.public(tmp_path / "keys")
    for name in ("master.key", "ledger.key", "ledger.pub"):
        (tmp_path / "keys" / name).unlink()
    with pytest.raises(KeyMissing):
        Keyring(tmp_path)
    keyring.recover(tmp_path, text)
    assert Keyring(tmp_path).open(SEGMENT) == key
    assert signing.public(tmp_path / "keys") == public
    assert signing.private(tmp_path / "keys").public_key().public_bytes_raw() == public
    with pytest.raises(UsageError, match="not the recovery key"):
        keyring.recover(tmp_path, keyring.create(tmp_path / "other"))


def test_no_key_is_readable_for_others_or_kept_in_the_clear(tmp_path: Path) -> None:
    text = keyring.create(tmp_path)
    key = new_key()
    Keyring(tmp_path).keep({SEGMENT: key})
    secrets = [key, text.encode(), text.replace("-", "").encode(), (tmp_path / "keys" / "master.key").read_bytes()]
    for path in (tmp_path / "keys").rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            if path.name not in {"master.key", "ledger.key"}:
                assert not any(secret in path.read_bytes() for secret in secrets)


def test_a_keyring_is_never_made_over_another(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    with pytest.raises(ConfigError, match="already"):
        keyring.create(tmp_path)
    Keyring(tmp_path).keep({SEGMENT: new_key()})
    (tmp_path / "keys" / "master.key").unlink()
    with pytest.raises(ConfigError, match="already"):
        keyring.create(tmp_path)


def test_a_making_that_was_interrupted_can_be_done_again(tmp_path: Path) -> None:
    """The recovery key of the first try was never shown."""
    keyring.create(tmp_path)
    (tmp_path / "keys" / "master.key").unlink()
    text = keyring.create(tmp_path)
    assert keyring.prove_recovery(tmp_path, text, now=1)


def test_a_segment_key_opens_its_segment_only(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    ring = Keyring(tmp_path)
    ring.keep({SEGMENT: new_key(), OTHER: new_key()})
    folder = tmp_path / "keys" / "segments"
    (folder / f"{OTHER}.key").write_bytes((folder / f"{SEGMENT}.key").read_bytes())
    with pytest.raises(KeyMissing, match="damaged"):
        ring.open(OTHER)


def test_a_removed_key_is_gone(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    ring = Keyring(tmp_path)
    ring.keep({SEGMENT: new_key(), OTHER: new_key()})
    ring.remove([SEGMENT])
    assert ring.names() == {OTHER}
    with pytest.raises(KeyMissing, match="not in the keyring"):
        ring.open(SEGMENT)


def test_a_key_of_another_installation_is_told_as_such(tmp_path: Path) -> None:
    keyring.create(tmp_path / "a")
    keyring.create(tmp_path / "b")
    Keyring(tmp_path / "a").keep({SEGMENT: new_key()})
    Keyring(tmp_path / "b").keep({OTHER: new_key()})
    name = f"keys/segments/{SEGMENT}.key"
    (tmp_path / "b" / name).write_bytes((tmp_path / "a" / name).read_bytes())
    with pytest.raises(KeyMissing, match="another master key"):
        Keyring(tmp_path / "b").open(SEGMENT)


@given(st.integers(0, 72 * 8 - 1))
def test_one_changed_bit_of_a_key_file_is_noticed(tmp_path_factory: pytest.TempPathFactory, bit: int) -> None:
    data = tmp_path_factory.mktemp("keys")
    keyring.create(data)
    ring = Keyring(data)
    ring.keep({SEGMENT: new_key()})
    path = data / "keys" / "segments" / f"{SEGMENT}.key"
    content = bytearray(path.read_bytes())
    assert len(content) == 72
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    with pytest.raises(KeyMissing):
        ring.open(SEGMENT)


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"v":2,"wrapped":"00","proved":0}', b'{"v":1}', b'{"v":1,"wrapped":"xx","proved":0}']
)
def test_a_damaged_recovery_file_is_told(tmp_path: Path, content: bytes) -> None:
    keyring.create(tmp_path)
    (tmp_path / "keys" / "recovery.json").write_bytes(content)
    with pytest.raises(ConfigError):
        keyring.is_proved(tmp_path)


def test_without_a_keyring_the_answer_says_what_brings_it_back(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="put it back from a backup"):
        keyring.is_proved(tmp_path)
    with pytest.raises(KeyMissing, match="put it back from a backup"):
        Keyring(tmp_path)
    keyring.create(tmp_path)
    (tmp_path / "keys" / "master.key").write_bytes(b"short")
    with pytest.raises(KeyMissing, match="recovery key"):
        Keyring(tmp_path)


@pytest.mark.rule(
    "promise 1",
    "Nothing is sealed under a master key that the recovery key does not open, or that differs from that of sealed segments.",
)
@pytest.mark.parametrize("lost", ["recovery.json", "segments", ""])
def test_nothing_is_sealed_under_a_master_key_that_the_recovery_key_does_not_open(tmp_path: Path, lost: str) -> None:
    """It would be gone as soon as the right key is back; seen by either of two ways, for one of them may be missing."""
    recovery = keyring.create(tmp_path)
    Keyring(tmp_path).keep({SEGMENT: new_key()})
    right = (tmp_path / "keys" / "master.key").read_bytes()
    (tmp_path / "keys" / "master.key").write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
    if lost == "recovery.json":
        (tmp_path / "keys" / "recovery.json").unlink()
    elif lost:
        (tmp_path / "keys" / "segments" / f"{SEGMENT}.key").unlink()
    with pytest.raises(KeyMissing, match="keys recover"):
        Keyring(tmp_path).keep({OTHER: new_key()})
    assert Keyring(tmp_path).names() <= {SEGMENT}
    if lost != "recovery.json":
        keyring.recover(tmp_path, recovery)
        Keyring(tmp_path).keep({OTHER: new_key()})


def test_one_damaged_key_of_a_segment_keeps_nobody_from_sealing(tmp_path: Path) -> None:
    keyring.create(tmp_path)
    Keyring(tmp_path).keep({SEGMENT: new_key(), OTHER: new_key()})
    (tmp_path / "keys" / "segments" / f"{OTHER}.key").write_bytes(b"CVK1" + bytes(68))
    Keyring(tmp_path).keep({"03" * 16: new_key()})
