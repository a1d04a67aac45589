"""`python -I -m civicmail.core.sandbox.launch MEMORY SECONDS PROGRAM ARGUMENTS…`: start a program under limits."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from civicmail.core.sandbox import confine

FOLDERS = (Path("/usr"), Path("/lib"), Path("/lib64"), Path("/bin"), Path("/etc/ld.so.cache"))
LOWEST = 19


def main() -> None:
    memory, seconds, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    os.nice(LOWEST)
    confine.confine(memory, programs=FOLDERS)
    confine.cpu_seconds(seconds)
    os.execv(program, sys.argv[3:])  # noqa: S606 - the program that our own parent named


if __name__ == "__main__":
    main()
