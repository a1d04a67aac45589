"""What one client may take of us."""

from __future__ import annotations

from pathlib import Path

from civicmail.mail.gateway import limits
from civicmail.mail.gateway.limits import Admission, Progress, Space


def test_connections_are_limited_in_all_and_by_address() -> None:
    admission = Admission(3, 2)
    assert [admission.enter(a) for a in ("192.0.2.1", "192.0.2.1")] == ["", ""]
    assert admission.enter("192.0.2.1").startswith("421 4.7.0 ")
    assert admission.enter("192.0.2.2") == ""
    assert admission.enter("192.0.2.3").startswith("421 4.3.2 ")
    admission.leave("192.0.2.1")
    assert admission.enter("192.0.2.1") == ""


def test_ipv6_counts_by_the_network_of_one_customer() -> None:
    admission = Admission(9, 1)
    assert admission.enter("2001:db8::1") == ""
    assert admission.enter("2001:db8::ffff:2").startswith("421")
    assert admission.enter("2001:db8:0:1::1") == ""


def test_a_command_may_take_as_long_as_the_timeout() -> None:
    progress = Progress(0.0)
    progress.content(299.0, 5)  # bytes are no progress while commands are awaited
    assert not progress.overdue(299.9, 300, in_data=False)
    assert progress.overdue(300.0, 300, in_data=False)
    progress.step(300.0)
    assert not progress.overdue(599.0, 300, in_data=False)


def test_a_slow_upload_that_goes_on_is_never_cut() -> None:
    progress = Progress(0.0)
    for second in range(1, 1200):
        progress.content(float(second), 120)
        assert not progress.overdue(float(second), 300, in_data=True)


def test_an_upload_that_only_holds_our_memory_is_cut() -> None:
    progress = Progress(0.0)
    late = []
    for second in range(1, 62):
        progress.content(float(second), 1)
        late.append(progress.overdue(float(second), 300, in_data=True))
    assert late.index(True) == 59
    assert Progress(0.0).overdue(300.0, 300, in_data=True)


def test_space_is_looked_at_once_a_second(tmp_path: Path, monkeypatch: object) -> None:
    looks: list[Path] = []
    free = [1000, 10]

    def look(path: Path) -> int:
        looks.append(path)
        return free[len(looks) - 1]

    monkeypatch.setattr(limits, "free_bytes", look)  # type: ignore[attr-defined]
    space = Space(tmp_path, 500)
    assert space.has_room(500, 0.0) and not space.has_room(501, 0.9)
    assert len(looks) == 1
    assert not space.has_room(0, 1.0) and len(looks) == 2
