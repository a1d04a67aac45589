"""Every hostile file of issue 3, "Bad input", in one import with the program: bounded in time and memory, each with a clear
defect, and what lies beside them is found (P-01, P-23)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from civicmail.core.message import defect_codes
from civicmail.core.sandbox import errors
from civicmail.front.cli.main import run
from civicmail.mail.importers import archives
from core.message.test_journal_report import report_of
from core.sandbox import samples
from mail.importers.planted import HEAD, mixed
from mail.importers.pstwriter import Book, File, Mail, permuted

SECONDS, MEMORY = 240, 1_400  # of the whole import; MB of its largest process. It takes a tenth of the first on an idle machine.
HEADER = 200 << 20
FAR = '<c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c>'
ENDLESS = samples.pdf_of(
    [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 1000000000 >>",
     b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 1000000000 >>"]
)  # fmt: skip
OUTSIDE = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><d><t>kept &e;</t></d>'


def reports(depth: int) -> bytes:
    raw = f"{HEAD}Subject: innermost\r\n\r\nwords\r\n".encode()
    for _ in range(depth):
        raw = report_of(raw)
    return raw


def letters() -> dict[str, tuple[bytes, str]]:
    """Name -> (message, the defect that `show` gives it)."""
    part = "--b\r\nContent-Type: text/plain\r\n\r\nword\r\n"
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(2_000))
    return {
        "parts": (
            f"{HEAD}Subject: parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{part * 10_000}--b--\r\n".encode(),
            defect_codes.PARTS_LIMIT,
        ),
        "levels": (f"{HEAD}Subject: levels\r\n{deep}\r\nbottom\r\n".encode(), defect_codes.NESTING_LIMIT),
        "header": (
            f"{HEAD}Subject: header\r\nX-Long: ".encode() + b"x" * HEADER + b"\r\n\r\nbody\r\n",
            defect_codes.HEADER_TOO_LARGE,
        ),
    }


def attachments() -> dict[str, tuple[bytes, str]]:
    """Name -> (file, why some of it is unreadable; "" where all of it is read)."""
    return {
        "bomb": (samples.zipped({"a": bytes(100 << 20)}), errors.TOO_LARGE),
        "pages": (ENDLESS, errors.DAMAGED),
        "rows": (samples.xlsx("near", FAR), ""),
        "outside": (samples.docx("", word__header1_dot_xml=OUTSIDE), errors.ENTITIES),
        "password": (samples.seven({"a": b"x"}, password="p"), errors.ENCRYPTED),
    }


def lay(folder: Path) -> None:
    folder.mkdir()
    for name, (raw, _) in letters().items():
        (folder / f"{name}.eml").write_bytes(raw)
    for name, (content, _) in attachments().items():
        (folder / f"{name}.eml").write_bytes(mixed("application/octet-stream", content, f"{name}.dat"))
    (folder / "beside.eml").write_bytes(f"{HEAD}Subject: beside\r\n\r\nquicksilver\r\n".encode())
    (folder / "many.zip").write_bytes(samples.zipped({f"{n}.zip": samples.zipped({"a.eml": bytes(60 << 20)}) for n in range(6)}))
    (folder / "reports.eml").write_bytes(reports(40))
    mails = [Mail({0x0037: f"Number {n}"}, files=[File("x.bin", os.urandom(9_000))]) for n in range(20)]
    whole = Book().whole({"Inbox": mails})
    (folder / "half.pst").write_bytes(whole[: len(whole) // 2])
    lost = Book().whole({"Inbox": [Mail({0x0037: "kept item"}, files=[File("lost.bin", b"L" * 20_000)])]})
    trailer = lost.index(permuted(b"L" * 8176)) + 8176 + 8
    (folder / "lost.pst").write_bytes(lost[:trailer] + b"\x77" + lost[trailer + 1 :])


def imported(folder: Path, data: str, manifest: Path) -> tuple[int, float, int]:
    """(exit code, seconds, MB of the largest process) of the program."""
    command = [
        sys.executable,
        "-m",
        "civicmail.front.cli.main",
        "import",
        str(folder),
        "--data",
        data,
        "--journal",
        "--manifest",
        str(manifest),
    ]
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", _MEASURED, *command], capture_output=True, text=True, check=False)
    return done.returncode, time.monotonic() - start, int(done.stdout)


_MEASURED = """
import os, sys
null = os.open(os.devnull, os.O_WRONLY)
out = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], dict(os.environ), file_actions=out), 0)
print(used.ru_maxrss >> 10)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A process of its own starts the program: what is said of a child's memory includes that of whoever started it, and the tests have
much."""


@pytest.mark.timeout(SECONDS + 60)
def test_hostile_files_are_bounded_and_each_says_what_is_wrong(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    data, manifest = str(tmp_path / "data"), tmp_path / "manifest"

    def told(*command: str) -> list[dict[str, object]]:
        capfdbinary.readouterr()
        run([*command, "--data", data, "--json", *(["--limit", "50"] if command[0] == "search" else [])])
        return [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]

    lay(tmp_path / "in")
    assert run(["init", "--data", data]) == 0
    code, seconds, memory = imported(tmp_path / "in", data, manifest)
    assert code == 1
    assert seconds < SECONDS
    assert memory < MEMORY
    *lines, last = [json.loads(line) for line in manifest.read_text().splitlines()]
    assert last["report"]["balanced"]
    failed = {Path(line["item"]).name: line["reason"] for line in lines if line["status"] == "failed"}
    assert failed.pop("many.zip") == archives.TOO_LARGE
    assert failed.pop("half.pst").startswith("it is cut short")
    assert all("it is cut short" in why for name, why in failed.items() if name.startswith("half.pst item"))
    assert len(told("search", "subject:number")) > 5  # what lay in the half that is left
    for name, (_, defect) in letters().items():
        (one,) = told("search", f"subject:{name}")
        (shown,) = told("show", str(one["id"]))
        assert defect in json.dumps(shown["letter"]), name
    for name, (_, why) in attachments().items():
        (one,) = told("search", f"filename:{name}.dat")
        assert len(told("search", f"filename:{name}.dat is:unreadable")) == bool(why)
        shown = told("show", str(one["id"]))[0]
        assert not why or why in json.dumps(shown), name
    (nested,) = [line["sha256"] for line in lines if line["item"].endswith("reports.eml")]
    assert [found["code"] for found in told("show", nested)[0]["findings"]] == ["report-nested"]  # type: ignore[attr-defined]
    run(["show", str(told("search", "subject:parts")[0]["id"]), "--data", data])
    assert b"Defects: parts limit" in capfdbinary.readouterr().out
    run(["show", str(told("search", "subject:kept")[0]["id"]), "--data", data])
    assert b"Incomplete: an attachment could not be read whole" in capfdbinary.readouterr().out
    assert len(told("search", "quicksilver")) == len(told("search", "near")) == len(told("search", "kept -item")) == 1
    assert told("search", "root", "--count")[0]["count"] == 0
