"""What many threads had at different times is not kept by each of them (P-01)."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
from pathlib import Path
from civicmail.core.config import memory

THREADS = 12
if sys.argv[1] == "shared":
    memory.limit_arenas()
turns = [threading.Event() for _ in range(THREADS)]
done = [threading.Event() for _ in range(THREADS)]
stop = threading.Event()

def work(n):
    turns[n].wait()
    taken = [b"%d" % k * 20_000 for k in range(250)]
    last = taken.pop()  # what lies behind it cannot be given back
    del taken
    done[n].set()
    stop.wait()
    del last

for n in range(THREADS):
    threading.Thread(target=work, args=(n,)).start()
for turn, end in zip(turns, done):
    turn.set()
    end.wait()
lines = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")))
stop.set()
"""


def _kept(how: str) -> int:
    """MiB that are left when twelve threads had ten each, one after another."""
    return int(subprocess.run([sys.executable, "-c", PROGRAM, how], check=True, capture_output=True, text=True).stdout) // 1024


@pytest.mark.rule("P-01", "Memory used by threads at different times is not retained by each of them.")
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_threads_that_take_turns_keep_no_more_than_a_few_of_them() -> None:
    """A city worker has thirty threads and grew to 800 MB in an hour."""
    assert _kept("each by itself") > 80, "else this shows nothing on this machine"
    assert _kept("shared") < 50
