"""What a process that reads hostile files cannot do any more, as root and as anybody (SECURITY.md)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from civicmail.core.sandbox import confine, landlock, ocr
from core.sandbox import samples

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
    assert tried(action, tmp_path) == "PermissionError"


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
    """R-112 (P-23): the kernel refuses, whatever the reader tries."""
    assert tried(action, tmp_path) == "PermissionError"


def test_memory_and_files_are_limited(tmp_path: Path) -> None:
    assert tried("len(bytearray(2 << 30))", tmp_path) == "MemoryError"
    assert tried("[os.dup(0) for _ in range(100)]", tmp_path) == "OSError"


def test_threads_and_late_imports_still_work(tmp_path: Path) -> None:
    assert tried("(t := threading.Thread(target=print), t.start(), t.join(), 'done')[-1]", tmp_path) == "done"
    assert tried("'\u00e9'.encode('cp932', 'replace') and __import__('xml.sax.handler') and 'done'", tmp_path) == "done"


def test_where_programs_may_start_there_is_still_no_network_and_no_file(tmp_path: Path) -> None:
    usr = "(Path('/usr'), Path('/lib'), Path('/lib64'), Path('/bin'), Path('/etc/ld.so.cache'))"
    assert tried("subprocess.run(['/bin/echo', 'x'], capture_output=True).stdout", tmp_path, usr) == "b'x\\n'"
    assert tried("socket.socket()", tmp_path, usr) == "PermissionError"
    assert tried("open('/etc/passwd')", tmp_path, usr) == "PermissionError"


@pytest.mark.neighbour("tesseract")
def test_words_in_a_picture_are_read_by_a_limited_program() -> None:
    reader = ocr.found("eng+xxx")
    assert reader is not None
    assert reader.languages == "eng"
    assert reader.words(samples.png("council budget")) == ("the word council budget here", "")
    assert reader.words(b"\x89PNG\r\n\x1a\n broken") == ("", "the reader crashed")


def test_without_the_program_there_is_no_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert ocr.found("eng") is None
