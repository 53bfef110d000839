"""Which files a program and its children wrote, made, moved or removed, from what `strace -f -y` saw of the system."""

from __future__ import annotations

import os
import re
from pathlib import Path

OPENED = re.compile(r"= \d+<(?P<path>[^>]*)>$")
NAMED = re.compile(r'(?:AT_FDCWD<(?P<cwd>[^>]*)>|\d+<(?P<folder>[^>]*)>)?,? ?"(?P<path>[^"]*)"')
OPENING = {"open", "openat", "creat"}
CHANGING = {
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "link",
    "linkat",
    "symlink",
} | {
    "symlinkat",
    "truncate",
    "mknod",
    "mknodat",
}
FOR_WRITING = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")


def writes_of(program: str, trace: Path) -> set[str]:
    """Return the paths that processes begun as `program`, and theirs, changed or opened to change; calls that failed
    changed nothing."""
    followed: set[str] = set()
    found: set[str] = set()
    unfinished: dict[str, str] = {}
    for line in trace.read_text(errors="replace").splitlines():
        pid, _, rest = line.partition(" ")
        if line.endswith("<unfinished ...>"):
            unfinished[pid] = rest.removesuffix("<unfinished ...>").strip()
            continue
        if "resumed>" in rest:
            rest = unfinished.pop(pid, "") + rest.partition("resumed>")[2]
        name, _, arguments = rest.strip().partition("(")
        result = arguments.rpartition(" = ")[2]
        if name == "execve" and f'"{program}"' in arguments:
            followed.add(pid)
        if pid not in followed or result.startswith("-1"):
            continue
        if name in {"clone", "clone3", "fork", "vfork"}:
            followed.add(result.split()[0])
        elif name in OPENING and FOR_WRITING.search(arguments):
            opened = OPENED.search(arguments)
            found.add(opened["path"] if opened else arguments)
        elif name in CHANGING:
            for named in NAMED.finditer(arguments):
                found.add(os.path.normpath(Path(named["cwd"] or named["folder"] or "/") / named["path"]))
    return found
