"""Mail beyond this machine goes over TLS, or somebody answers for it until a day (P-19)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from civicmail.core.config.settings import Courier, Gateway, Listener, Partner, Plain, Secure, Settings, Web
from civicmail.front.checkup.clear import clear, secure
from civicmail.front.checkup.findings import Patient

NOW = int(datetime(2027, 3, 1, tzinfo=UTC).timestamp() * 1000)


def said(tmp_path: Path, listener: Listener, *plain: Plain, courier: Courier | None = None) -> list[str]:
    settings = Settings(gateway=Gateway(listener=[listener]), courier=courier or Courier(), secure=Secure(plain=list(plain)))
    return [f.level for f in clear(Patient(tmp_path, settings, NOW))]


@pytest.mark.parametrize("kind", ["submission", "relay", "lmtp"])
def test_a_door_beyond_this_machine_without_tls_is_red(tmp_path: Path, kind: str) -> None:
    """R-728."""
    bare = Listener(kind=kind, address="192.0.2.1", port=587)
    assert said(tmp_path, bare) == ["problem"]
    assert said(tmp_path, Listener(kind=kind, address="192.0.2.1", certificate="c.pem", key="k.pem")) == ["ok"]
    assert said(tmp_path, Listener(kind=kind, address="192.0.2.1", certificate="c.pem", tls="off")) == ["problem"]
    assert said(tmp_path, Listener(kind=kind, address="127.0.0.1")) == ["ok"]
    assert said(tmp_path, Listener(kind="mx", address="192.0.2.1")) == ["ok"], "strangers speak as they can"


@pytest.mark.parametrize(
    ("owner", "until", "level"),
    [
        ("Networks", "2027-06-30", "warning"),
        ("Networks", "2027-03-01", "problem"),
        ("", "2027-06-30", "problem"),
        ("N", "soon", "problem"),
    ],
)
def test_an_entry_has_an_owner_and_an_end(tmp_path: Path, owner: str, until: str, level: str) -> None:
    """R-729. For its own door, too."""
    bare = Listener(kind="relay", address="192.0.2.1")
    assert said(tmp_path, bare, Plain(door="relay", owner=owner, until=until)) == [level]
    assert said(tmp_path, bare, Plain(door="lmtp", owner=owner, until=until)) == ["problem"]


def test_next_hops_beyond_this_machine_want_tls_that_is_verified(tmp_path: Path) -> None:
    """R-728."""
    here = Listener()
    assert said(tmp_path, here, courier=Courier(outbound="smtp://192.0.2.7:25")) == ["problem"]
    assert said(tmp_path, here, courier=Courier(outbound="smtp://192.0.2.7:25", tls="required")) == ["ok"]
    assert said(tmp_path, here, courier=Courier(outbound="smtp://127.0.0.1:2600", local="lmtp://[::1]:24")) == ["ok"]


def test_whether_confidential_mail_can_leave_is_said(tmp_path: Path) -> None:
    def levels(**kw: object) -> list[str]:
        return [f.level for f in secure(Patient(tmp_path, Settings(**kw), NOW))]  # type: ignore[arg-type]

    pages = Web(url="https://mail.city.example", hosts=["mail.city.example"])
    assert levels() == ["warning"] and levels(web=pages) == ["ok"]
    assert levels(web=pages, secure=Secure(files_url="https://files.city.example")) == ["problem"]
    assert levels(web=pages, secure=Secure(partner=[Partner(ca=str(tmp_path / "gone.pem"))])) == ["problem"]
