"""What a process that reads hostile files cannot do any more, as root and as anybody (SECURITY.md)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from civicmail.core.sandbox import child, confine, landlock, ocr
from core.sandbox import samples

REFUSED = {"PermissionError", "OSError"}
"""As by Landlock, and as by a kernel that does not know the call."""
START = "import os, socket, subprocess, threading\nfrom pathlib import Path\nfrom civicmail.core.sandbox import confine\n"


def tried(action: str, cwd: Path, programs: str = "()") -> str:
    """Run one action in a confined process: what it says, or the name of what it met."""
    attempt = f"try:\n    print({action})\nexcept BaseException as e:\n    print(type(e).__name__)\n"
    code = f"{START}print(confine.confine(1 << 30, programs={programs}))\n{attempt}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=cwd, check=False)
    return done.stdout.splitlines()[-1] if done.stdout else f"ended {done.returncode}"


@pytest.mark.parametrize(
    "action",
    [
        "open('/etc/passwd').read()",
        "open('secret').read()",
        "os.listdir('.')",
        "open('new', 'w')",
        "os.unlink('secret')",
        "os.symlink('a', 'b')",
    ],
)
@pytest.mark.skipif(not landlock.abi(), reason="this kernel has no Landlock")
def test_files_are_out_of_reach(action: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    assert tried(action, tmp_path) in REFUSED


@pytest.mark.rule("P-23", "A reader of attachments reaches no file, no network, no program and no other process.")
@pytest.mark.parametrize(
    "action",
    [
        "socket.socket()",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "subprocess.run(['/bin/true'])",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.kill(os.getppid(), 0)",
        "os.unshare(os.CLONE_NEWUSER)",
    ],
)
@pytest.mark.skipif("seccomp" not in confine.in_force(), reason="no filter for this machine")
def test_network_programs_and_other_processes_are_out_of_reach(action: str, tmp_path: Path) -> None:
    """The kernel refuses, whatever the reader tries."""
    assert tried(action, tmp_path) in REFUSED


def test_memory_and_files_are_limited(tmp_path: Path) -> None:
    assert tried("len(bytearray(2 << 30))", tmp_path) == "MemoryError"
    assert tried("[os.dup(0) for _ in range(100)]", tmp_path) == "OSError"


WORKERS = [
    "core.sandbox.text_handler", "mail.screening.message_reader", "mail.screening.reports.unpacking",
    "mail.search.request_handlers",
    "mail.pipeline.fingerprint_reader", "mail.importers.parser_worker", "mail.importers.outlook_reader",
    "mail.courier.pickup_reader", "mail.courier.strip_reader", "desk.viewer.request_handlers",
    "mail.screening.confidential.ocr_pictures",
]  # fmt: skip


@pytest.mark.parametrize("module", WORKERS)
def test_no_library_has_started_a_thread(module: str) -> None:
    """A thread would keep what Landlock takes, and a process with threads cannot leave for namespaces of its own."""
    code = f"import os, civicmail.{module}; print(len(os.listdir('/proc/self/task')))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, env=child.ENVIRONMENT)
    assert done.stdout.strip() == "1"


@pytest.mark.rule(
    "P-23",
    "If the kernel permits it, a reader has namespaces of its own, runs as nobody, and has no capability, even if root started it.",
)
@pytest.mark.skipif("namespaces" in confine.try_in_child(), reason="this machine gives no namespaces")
def test_a_reader_is_nobody_in_a_world_of_its_own(tmp_path: Path) -> None:
    """And has no capability there, also where root started it."""
    assert tried("os.getuid()", tmp_path) == Path("/proc/sys/kernel/overflowuid").read_text().strip()
    rights = "dict(line.split(':') for line in held.readlines() if 'Cap' in line)"
    code = START.replace("import os", "held = open('/proc/self/status')\nimport os", 1)
    said = subprocess.run(
        [sys.executable, "-c", f"{code}confine.confine(1 << 30)\nprint(int({rights}['CapEff'], 16))"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert said.stdout.strip() == "0"


def test_late_imports_still_work_and_threads_do_not(tmp_path: Path) -> None:
    assert tried("threading.Thread(target=print).start()", tmp_path) == "RuntimeError"
    assert tried("'\u00e9'.encode('cp932', 'replace') and __import__('xml.sax.handler') and 'done'", tmp_path) == "done"


def test_what_becomes_a_program_starts_no_other_and_has_no_network_and_no_file(tmp_path: Path) -> None:
    usr = "(Path('/usr'), Path('/lib'), Path('/lib64'), Path('/bin'), Path('/etc/ld.so.cache'))"
    assert tried("os.execv('/bin/echo', ['echo', 'x'])", tmp_path, usr) == "x"
    for action in ("subprocess.run(['/bin/echo', 'x'])", "os.fork()", "socket.socket()", "open('/etc/passwd')"):
        assert tried(action, tmp_path, usr) in REFUSED


@pytest.mark.neighbour("tesseract")
def test_words_in_a_picture_are_read_by_a_limited_program() -> None:
    reader = ocr.find_tesseract("eng+xxx")
    assert reader is not None
    assert reader.languages == "eng"
    assert reader.words(samples.png("council budget")) == ("the word council budget here", "")
    assert reader.words(b"\x89PNG\r\n\x1a\n broken") == ("", "the reader crashed")


def test_without_the_program_there_is_no_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert ocr.find_tesseract("eng") is None
