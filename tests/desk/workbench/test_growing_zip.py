"""A zip file that is gone on with after a crash is the same that one run would have made, for every reader of zip files."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.desk.workbench import growing_zip
from civicmail.desk.workbench.growing_zip import GrowingZip, parts_path
from mail.archive.making import NOW, UNSYNCED

CONTENTS = st.lists(st.binary(max_size=300) | st.just(b"text " * 200), min_size=1, max_size=8)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None
        return {name: z.read(name) for name in z.namelist()}


@given(made=CONTENTS, data=st.data())
def test_it_goes_on_at_its_last_mark(made: list[bytes], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    out = tmp_path_factory.mktemp("zip") / "x.zip"
    marked = data.draw(st.integers(0, len(made)))
    lost = data.draw(st.integers(marked, len(made)))
    first = GrowingZip(out, NOW, UNSYNCED)
    mark = first.mark()
    for n, content in enumerate(made[:lost]):
        first.put(f"m/{n}", content)
        if n + 1 == marked:
            mark = first.mark()
    first.close()  # it died here
    second = GrowingZip(out, NOW, UNSYNCED)
    second.resume(mark)
    for n, content in enumerate(made[marked:], marked):
        second.put(f"m/{n}", content)
    listed = out.with_name("list")
    listed.write_bytes(b"".join(made))
    second.put_file("list", listed)
    second.finish()
    assert contents(out) == {f"m/{n}": content for n, content in enumerate(made)} | {"list": b"".join(made)}
    assert not parts_path(out).exists()
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("large", [False, True])
def test_other_programs_read_it_also_in_its_large_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    """ZIP64, which takes 4 GiB or 65,535 contents, with the border put lower."""
    if large:
        monkeypatch.setattr(growing_zip, "_WIDE", 100)
    out = tmp_path / "x.zip"
    made = {"messages/000001.eml": b"x" * 400, "messages/000002.eml": bytes(range(256)), "räksmörgås": b""}
    z = GrowingZip(out, NOW, UNSYNCED)
    for name, content in made.items():
        z.put(name, content)
    z.finish()
    assert contents(out) == made
    with zipfile.ZipFile(out) as read:
        assert {i.date_time for i in read.infolist()} == {(2026, 3, 2, 12, 0, 0)}
        assert {i.external_attr >> 16 & 0o777 for i in read.infolist()} == {0o600}
    if (program := shutil.which("unzip")) is not None:
        assert subprocess.run([program, "-tq", out], capture_output=True).returncode == 0


def test_more_contents_than_the_plain_form_can_count(tmp_path: Path) -> None:
    out = tmp_path / "x.zip"
    z = GrowingZip(out, NOW, UNSYNCED)
    for n in range(0x10000):
        z.put(f"{n:x}", b"")
    z.finish()
    with zipfile.ZipFile(out) as read:
        assert len(read.namelist()) == 0x10000
