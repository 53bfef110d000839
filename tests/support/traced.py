"""A process whose every written byte, opened file and socket is written down by strace."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.support.brokers import wait_for

CALLS = "openat,open,creat,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,bind,listen,mmap,sendfile,splice"
_LINE = re.compile(r"^\d+ +(\w+)\((.*)$")
_TARGET = re.compile(r"^\d+<(.*?)>(?=[,)])")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
LONGEST = 1 << 22


class Opened(NamedTuple):
    path: str
    for_writing: bool


class Trace:
    """What a process and its children did, read from strace's file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.opened: list[Opened] = []
        self.sought: list[str] = []
        """Whatever was to be opened, there or not."""
        self.written: dict[str, bytearray] = {}
        """Path, or kind of socket, to all bytes that were written there, one call after the other."""
        self.listening: list[str] = []
        self.mapped: list[str] = []
        """Files that were mapped shared and writable: what is written there is seen by no call."""

    @staticmethod
    def command(file: Path) -> list[str]:
        """Return what stands before the command: the tracer is a grandchild, the process itself is our child."""
        # Every write in hexadecimal and whole; the kernel's filter lets the other calls run at full speed.
        options = ["-D", "-f", "--seccomp-bpf", "-yy", "-xx", "-s", str(LONGEST), "-o", str(file)]
        return ["strace", *options, "-e", f"trace={CALLS}", "-e", "signal=none"]

    def finish(self) -> Trace:
        """Wait until the tracer has written the end, then read everything."""
        assert wait_for(lambda: "+++ exited with" in _tail(self.file), 60), "the tracer did not end"
        pending: dict[str, str] = {}
        with self.file.open(errors="replace") as lines:
            for line in lines:
                process = line.partition(" ")[0]
                whole = line.rstrip("\n")
                if whole.endswith("<unfinished ...>"):
                    pending[process] = whole.removesuffix("<unfinished ...>")
                    continue
                resumed = re.match(r"^\d+ +<\.\.\. \w+ resumed>", whole)
                if resumed is not None:
                    whole = pending.pop(process, "") + whole[resumed.end() :]
                self._read(whole)
        return self

    def _read(self, line: str) -> None:
        found = _LINE.match(line)
        if found is None:
            return
        call, rest = found.groups()
        if call in {"openat", "open", "creat"}:
            path = _TEXT.search(rest)
            if path is None:
                return
            name = _bytes(path[1]).decode(errors="replace")
            self.sought.append(name)
            if not rest.rpartition("= ")[2].startswith("-1"):
                writing = call == "creat" or any(flag in rest for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))
                self.opened.append(Opened(name, writing))
            return
        target = _TARGET.match(rest)
        where = "?" if target is None else _readable(target[1])
        if call in {"bind", "listen"}:
            if call == "listen":
                self.listening.append(where)
        elif call == "mmap":
            if "MAP_SHARED" in rest and "PROT_WRITE" in rest and "MAP_ANONYMOUS" not in rest:
                self.mapped.append(rest)
        else:
            kept = self.written.setdefault(where, bytearray())
            for text in _TEXT.finditer(rest):
                assert not text[2], "a call was written down in part only"
                kept += _bytes(text[1])

    def files(self) -> dict[str, bytes]:
        """Return what was written into files, by path; sockets and pipes are left out."""
        return {path: bytes(data) for path, data in self.written.items() if path.startswith("/")}

    def everything(self) -> bytes:
        """Return all bytes that left the process, whatever the way."""
        return b"\n".join(bytes(data) for data in self.written.values())


def listening_sockets(pid: int) -> list[str]:
    """Return the addresses at which a process accepts connections or datagrams from a network, as the kernel knows."""
    ours = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            ours.add(str(entry.readlink()))
        except OSError:
            continue
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"):
        rows = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        for row in rows:
            fields = row.split()
            # 0A is LISTEN; a datagram socket without a peer (07) takes from anybody.
            waits = fields[3] == "0A" or (not table.startswith("tcp") and fields[3] == "07")
            if waits and f"socket:[{fields[9]}]" in ours:
                found.append(f"{table} {fields[1]}")
    return found


def strace_is_here() -> bool:
    """Tell whether a process may be traced here."""
    try:
        done = subprocess.run(["strace", "-f", "-e", "trace=none", "true"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _readable(target: str) -> str:
    return _bytes(target).decode(errors="replace") if target.startswith("\\x") else target


def _tail(file: Path) -> str:
    if not file.exists():
        return ""
    with file.open("rb") as content:
        content.seek(max(0, file.stat().st_size - 4096))
        return content.read().decode(errors="replace")
