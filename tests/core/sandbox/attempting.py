"""A limited process that has been taken over: it does what whoever took it over would try. Most attempts are system calls as they
stand, so that no library is in between; it answers "done", or what the kernel said.

`python attempting.py NAME JSON` makes one attempt without any limits, to see that it is a real one."""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civicmail.core.sandbox import worker
from civicmail.core.sandbox.service import Request, Service

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_ARM = os.uname().machine == "aarch64"
World = dict[str, Any]
"""key, mail: files of the city; new: where none is; victim: a process of the same user; port, unix, abstract: who listens."""


def call(x86: int, arm: int, *arguments: int | bytes | None) -> int:
    """A system call. Raises OSError."""
    number = arm if _ARM else x86
    if number < 0:
        raise OSError(errno.ENOSYS, "not on this architecture")
    said = int(_libc.syscall(*[ctypes.c_long(a) if isinstance(a, int) else a for a in (number, *arguments)]))
    if said < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return said


def path(world: World, name: str) -> bytes:
    return os.fsencode(world[name])


AT = -100


def _kept_memory(world: World) -> None:
    """1 MB that stays when the process is gone."""
    segment = call(29, 194, 0x43560000 | (os.getpid() & 0xFFFF), 1 << 20, 0o1600)
    _libc.shmat.restype = ctypes.c_void_p
    at = _libc.shmat(segment, None, 0)
    if at not in {None, ctypes.c_void_p(-1).value}:
        ctypes.memset(at, 1, 1 << 20)
    world["left"] = segment


def _memory_file(_world: World) -> None:
    held = call(319, 279, b"held", 0)
    os.close(held)


def _named_memory(world: World) -> None:
    os.close(os.open(f"/dev/shm/civicmail-{world['victim']}", os.O_CREAT | os.O_RDWR, 0o600))
    os.unlink(f"/dev/shm/civicmail-{world['victim']}")


def _network(world: World) -> None:
    with socket.socket() as asked:
        asked.settimeout(2)
        asked.connect(("127.0.0.1", world["port"]))


def _datagram(world: World) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as asked:
        asked.sendto(b"mail", ("127.0.0.1", world["port"]))


def _unix(world: World) -> None:
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(world["unix"])


def _abstract(world: World) -> None:
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect("\0" + world["abstract"])


def _memory_of_parent(world: World) -> None:
    with open(f"/proc/{os.getppid()}/mem", "rb"):
        pass


def _limits_of_another(world: World) -> None:
    call(302, 261, world["victim"], 7, struct.pack("QQ", 64, 64), None)


def _own_limits(_world: World) -> None:
    """Take a limit back that was set (root may)."""
    call(302, 261, 0, 1, struct.pack("QQ", 1 << 30, 1 << 30), None)


def _fork(_world: World) -> None:
    made = call(57, -1) if not _ARM else call(-1, 220, signal.SIGCHLD, 0, 0, 0, 0)
    if made == 0:
        os._exit(0)
    os.waitpid(made, 0)


def _fork_bomb(_world: World) -> None:
    """Ten are enough to see it."""
    made = []
    try:
        for _ in range(10):
            child = call(56, 220, signal.SIGCHLD, 0, 0, 0, 0)
            if child == 0:
                signal.pause()
            made.append(child)
    finally:
        for child in made:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _clone3(_world: World) -> None:
    made = call(435, 435, struct.pack("QQQQQQQQ", 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0), 64)
    if made == 0:
        os._exit(0)
    os.waitpid(made, 0)


def _thread(_world: World) -> None:
    import threading

    try:
        thread = threading.Thread(target=int)
        thread.start()
    except RuntimeError:
        raise OSError(errno.EAGAIN, "no thread") from None
    thread.join()


def _program(_world: World) -> None:
    os.execv("/bin/true", ["true"])


def _x32(_world: World) -> None:
    call(0x40000000 | 39, -1)


def _i386(_world: World) -> None:
    """getpid() by the gate of 32-bit programs."""
    if _ARM:
        raise OSError(errno.ENOSYS, "not on this architecture")
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\x53\xb8\x14\x00\x00\x00\xcd\x80\x5b\xc3")
    if int(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()) <= 0:
        raise OSError(errno.ENOSYS, "no 32-bit programs")


def _signals_by_pipe(world: World) -> None:
    """Have the kernel send a signal to another process (F_SETOWN)."""
    import fcntl

    fcntl.fcntl(0, fcntl.F_SETOWN, world["victim"])


def _outlive(_world: World) -> None:
    """Stay when the parent ends (PR_SET_PDEATHSIG)."""
    call(157, 167, 1, 0, 0, 0, 0)


def _shared_memory(_world: World) -> None:
    mmap.mmap(-1, 4096, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS).close()


def _key(_world: World) -> None:
    """Leave something in the keyring of the user for who comes next (add_key)."""
    call(248, 217, b"user", b"civicmail-left", b"mail", 4, -4)


ATTEMPTS: dict[str, Callable[[World], object]] = {
    "change the mode of a key": lambda w: call(-1, 53, AT, path(w, "key"), 0o644) if _ARM else call(90, -1, path(w, "key"), 0o644),
    "change the mode of a key (fchmodat)": lambda w: call(268, 53, AT, path(w, "key"), 0o644),
    "change the mode of a key (fchmodat2)": lambda w: call(452, 452, AT, path(w, "key"), 0o644, 0),
    "change the owner of a key": lambda w: call(260, 54, AT, path(w, "key"), os.getuid(), os.getgid(), 0),
    "change the times of a key": lambda w: call(280, 88, AT, path(w, "key"), None, 0),
    "name a key anew": lambda w: call(188, 5, path(w, "key"), b"user.left", b"mail", 4, 0),
    "read a key": lambda w: os.close(os.open(w["key"], os.O_RDONLY)),
    "read another's mail": lambda w: os.close(os.open(w["mail"], os.O_RDONLY)),
    "list mail": lambda w: os.listdir(os.path.dirname(w["mail"])),
    "cut mail off": lambda w: call(76, 45, path(w, "mail"), 0),
    "write to mail": lambda w: os.close(os.open(w["mail"], os.O_WRONLY)),
    "make a file": lambda w: os.close(os.open(w["new"], os.O_WRONLY | os.O_CREAT, 0o600)),
    "make a folder": lambda w: os.mkdir(w["new"] + "-folder"),
    "see what listens for changes (inotify)": lambda w: os.close(call(294, 26, 0)),
    "set the limits of another process": _limits_of_another,
    "set the processor time of another process": lambda w: call(302, 261, w["victim"], 0, struct.pack("QQ", 900, 900), None),
    "set its own limits back": _own_limits,
    "slow another process down": lambda w: call(141, 140, 0, w["victim"], 19),
    "move another process to one processor": lambda w: call(203, 122, w["victim"], 8, struct.pack("Q", 1)),
    "send a signal to another process": lambda w: call(62, 129, w["victim"], 0),
    "send a signal to its parent": lambda w: call(62, 129, os.getppid(), 0),
    "send a signal to a thread of another (tgkill)": lambda w: call(234, 131, w["victim"], w["victim"], 0),
    "queue a signal to another (rt_sigqueueinfo)": lambda w: call(129, 138, w["victim"], 10, struct.pack("iii116x", 10, 0, -1)),
    "have a signal sent by a pipe": _signals_by_pipe,
    "hold another process by a handle (pidfd_open)": lambda w: os.close(call(434, 434, w["victim"], 0)),
    "trace its parent": lambda w: call(101, 117, 0x4206, os.getppid(), 0, 0),
    "read memory of its parent": lambda w: call(310, 270, os.getppid(), ctypes.create_string_buffer(16).raw, 0, None, 0, 0),
    "open the memory of its parent": _memory_of_parent,
    "outlive its parent": _outlive,
    "leave memory behind (shmget)": _kept_memory,
    "leave memory behind (semget)": lambda w: w.update(semaphore=call(64, 190, 0, 1, 0o1600)),
    "leave memory behind (msgget)": lambda w: w.update(queue=call(68, 186, 0, 0o1600)),
    "leave memory behind (mq_open)": lambda w: call(240, 180, b"civicmail-left", os.O_CREAT | os.O_RDWR, 0o600, None),
    "leave memory behind (/dev/shm)": _named_memory,
    "leave memory behind (memfd_create)": _memory_file,
    "leave memory behind (add_key)": _key,
    "share memory": _shared_memory,
    "connect to this machine": _network,
    "send a datagram": _datagram,
    "connect to a socket of another": _unix,
    "connect to a socket without a file": _abstract,
    "make a pair of sockets": lambda w: [one.close() for one in socket.socketpair()],
    "make a pipe": lambda w: [os.close(one) for one in os.pipe()],
    "start a process": _fork,
    "start many processes": _fork_bomb,
    "start a process (clone3)": _clone3,
    "start a thread": _thread,
    "start a program": _program,
    "be root in a world of its own (unshare)": lambda w: call(272, 97, 0x10000000),
    "be another user": lambda w: call(117, 147, 65534, 65534, 65534),
    "give the kernel work (io_uring_setup)": lambda w: os.close(call(425, 425, 4, ctypes.create_string_buffer(120).raw)),
    "give the kernel a program (bpf)": lambda w: call(321, 280, 0, struct.pack("IIII56x", 2, 4, 4, 1), 72),
    "measure the machine (perf_event_open)": lambda w: call(298, 241, struct.pack("II112x", 1, 120), 0, -1, -1, 0),
    "catch faults of pages (userfaultfd)": lambda w: call(323, 282, 1),
    "mount": lambda w: call(165, 40, b"none", b"/tmp", b"tmpfs", 0, None),
    "open by handle": lambda w: call(304, 265, AT, struct.pack("Ii8x", 8, 1), 0),
    "change the root": lambda w: call(161, 51, b"/"),
    "call as x32": _x32,
    "call as a 32-bit program": _i386,
}


def attempt(name: str, world: World) -> str:
    try:
        ATTEMPTS[name](world)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "OSError")
    return "done"


class Attempt(Request[str], frozen=True):
    handler = "__main__:answer"

    name: str
    world: World


SERVICE = Service("attempting", (Attempt,), memory=1 << 30, processes=1, program=(sys.executable, str(Path(__file__))))


def answer(_content: bytes, request: Attempt) -> str:
    return attempt(request.name, request.world)


if __name__ == "__main__":
    if sys.argv[1] != SERVICE.module:
        print(attempt(sys.argv[1], json.loads(sys.argv[2])), flush=True)
        os._exit(0)
    worker.serve(SERVICE)
    os._exit(0)
