"""`make release`: two builds are equal, and the Debian package brings all that the program needs (P-15, P-23)."""

from __future__ import annotations

import hashlib
import json
import smtplib
import subprocess
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from civicmail.front.sample import installation
from house.sources import ROOT
from neighbours.cleanroot import CleanRoot

pytestmark = [pytest.mark.neighbour("git", "python3.13", "dpkg-deb"), pytest.mark.timeout(1800)]
DATA = "/var/lib/civicmail"
LETTER = "From: a@world.example\r\nTo: ana@city.example\r\nSubject: the package works\r\n\r\nWords.\r\n"


def build(place: Path) -> Path:
    subprocess.run(["make", "release", f"DIST={place}"], cwd=ROOT, check=True)
    return place


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("release") / "dist")


def until(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end
        time.sleep(0.3)


def test_two_builds_are_equal(release: Path, tmp_path: Path) -> None:
    again = build(tmp_path / "dist")
    assert (again / "SHA256SUMS").read_text() == (release / "SHA256SUMS").read_text()


def test_the_sums_and_the_bill_of_materials_are_of_this_release(release: Path) -> None:
    lines = [line.split() for line in (release / "SHA256SUMS").read_text().splitlines()]
    assert {name for _, name in lines} == {path.name for path in release.iterdir()} - {"SHA256SUMS"}
    for digest, name in lines:
        assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest
    bom = json.loads((release / "sbom.cdx.json").read_text())
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5")
    locked = {(one["name"], one.get("version")) for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    named = {(one["name"], one["version"]) for one in bom["components"]}
    wanted = [line.partition(">")[0].partition("[")[0].strip() for line in _depends()]
    assert named <= locked and {name.lower() for name in wanted} <= {name for name, _ in named}


def _depends() -> list[str]:
    found: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return found


def test_the_wheel_has_what_is_deployed_and_the_manual(release: Path) -> None:
    (wheel,) = release.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for end in ("share/civicmail/deploy/systemd/civicmail.target", "share/man/man1/civicmail.1", "share/man/man5/civicmail.toml.5"):
        assert any(name.endswith(end) for name in names), end
    assert "civicmail/commit.txt" in names


@pytest.fixture
def debian() -> Iterator[CleanRoot]:
    with CleanRoot() as made:
        yield made


@pytest.mark.neighbour("mmdebstrap", "root")
def test_a_clean_debian_runs_a_city_by_the_package_alone(release: Path, debian: CleanRoot) -> None:
    (package,) = release.glob("*.deb")
    (debian.root / "tmp" / package.name).write_bytes(package.read_bytes())
    debian.install(f"/tmp/{package.name}")
    assert not (debian.root / "usr/lib/civicmail/bin/pip").exists()
    version = debian.run("civicmail", "--version")
    assert version.startswith("civicmail ") and "formats: journal " in version
    (folder,) = [debian.root / DATA.lstrip("/")]
    assert folder.stat().st_mode & 0o777 == 0o700
    _serve(debian, folder)
    kept = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    debian.run("apt-get", "remove", "--yes", "civicmail")
    assert not (debian.root / "usr/bin/civicmail").exists()
    debian.install(f"/tmp/{package.name}")
    found = debian.run("civicmail", "search", "package works", "--count", "--data", DATA, user="civicmail")
    assert found.split()[0] == "1", found
    said = debian.run("apt-get", "purge", "--yes", "civicmail")
    assert "were kept" in said
    assert kept <= {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}, "the archive outlives its program"


def _serve(debian: CleanRoot, folder: Path) -> None:
    """Make an installation, run it as the units' user, and let a message in."""
    said = debian.run("civicmail", "init", "--data", DATA, user="civicmail")
    assert "civicmail access claim" in said and "/usr/lib/civicmail/bin" not in said
    ports = installation.Ports(*installation.free_ports(3))
    (folder / "civicmail.toml").write_text(installation.settings(ports, 1))
    running = debian.start("/usr/bin/civicmail", "run", "--data", DATA, user="civicmail")
    try:

        def is_sent() -> bool:
            with suppress(OSError), smtplib.SMTP("127.0.0.1", ports.mx, timeout=30) as wire:
                return wire.sendmail("a@world.example", ["ana@city.example"], LETTER) == {}
            return False

        until(is_sent)
        until(lambda: any(folder.glob("maildir/city.example/ana/new/*")))
        until(
            lambda: (
                debian.run("civicmail", "search", "package works", "--count", "--data", DATA, user="civicmail").split()[:1] == ["1"]
            )
        )
    finally:
        running.terminate()
        assert running.wait(60) == 0
