"""OCR by tesseract, one sandboxed process for each picture: no network, no files but its own data, low priority."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from civicmail.core.sandbox.errors import CRASHED, TOO_LONG

SECONDS = 60  # for one page; a full one takes two
MEMORY = 1_500_000_000
_UPRIGHT, _WITH_ORIENTATION = "3", "1"  # of its option --psm
_ORIENTATION = "osd"  # its data about scripts and orientation
_TSV_FIELDS, _TSV_WORD = 12, "5"  # columns of tesseract's TSV, and the level of its rows about words
PixelBox = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Ocr:
    """program: path of tesseract; languages: as its option -l needs them; finds_orientation: whether it can read pages that are not
    upright."""

    program: str
    languages: str
    finds_orientation: bool = False

    def words(self, picture: bytes, *, seconds: float | None = None) -> tuple[str, str]:
        """The text in a picture, or ("", reason) where there is none. seconds: by the clock."""
        return self._run(picture, seconds)

    def words_any_way_up(self, picture: bytes) -> tuple[str, str]:
        """The same, also of a page on its side or upside down, in a fifth more time. Needs finds_orientation."""
        return self._run(picture, None, mode=_WITH_ORIENTATION)

    def boxes(self, picture: bytes) -> tuple[list[tuple[str, str, PixelBox]], str]:
        """The words in a picture, the white space behind each, and its box; with a reason where there is none."""
        output, why = self._run(picture, None, "-c", "tessedit_create_tsv=1")
        words: list[tuple[str, str, PixelBox]] = []
        line: list[str] = []
        for row in output.splitlines():
            fields = row.split("\t")
            if len(fields) != _TSV_FIELDS or fields[0] != _TSV_WORD or not fields[11].strip():
                continue
            if words and fields[1:5] != line:
                words[-1] = (words[-1][0], "\n", words[-1][2])
            left, top, width, height = (int(value) for value in fields[6:10])
            words.append((fields[11].strip(), " ", (left, top, left + width, top + height)))
            line = fields[1:5]
        return words, why

    def _run(self, picture: bytes, seconds: float | None, *options: str, mode: str = _UPRIGHT) -> tuple[str, str]:
        most = SECONDS if seconds is None else math.ceil(seconds)
        command = (sys.executable, "-I", "-m", "civicmail.core.sandbox.launch", str(MEMORY), str(most), self.program)
        try:
            done = subprocess.run(  # noqa: S603 - limited by launch.py; the picture comes by a pipe
                [*command, "stdin", "stdout", "-l", self.languages, "--psm", mode, *options],
                input=picture, capture_output=True, timeout=SECONDS + 20 if seconds is None else seconds, check=False, cwd="/",
                env={"LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "", TOO_LONG
        if done.returncode != 0:
            return "", CRASHED
        return done.stdout.decode("utf-8", "replace").strip(), ""


def find_tesseract(languages: str) -> Ocr | None:
    """tesseract, if it is installed, with those of the wanted languages ("eng+spa") that it has; else None."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    listed = subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=False, timeout=20)  # noqa: S603 - as above
    installed = set(listed.stdout.split())
    requested = [name for name in languages.split("+") if name in installed]
    return Ocr(str(Path(program).resolve()), "+".join(requested), _ORIENTATION in installed) if requested else None
