"""Players of sound without a sound card: the real `aplay` on a device that is a file, and a stand-in for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

STAND_IN = f"""#!{sys.executable}
# Plays WAV files as aplay does, in real time, into a file; knows a device that is broken and one that hangs.
import os, signal, sys, time, wave

arguments = sys.argv[1:]
assert arguments[:2] == ["-q", "-D"], arguments
device, files = arguments[2], arguments[3:]
if device == "absent":
    sys.exit("ALSA lib: Unknown PCM absent\\naplay: main:831: audio open error: No such file or directory")
if device == "hangs":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(3600)
for name in files:
    with wave.open(name, "rb") as file, open(os.environ["PLAYED_PCM"], "ab") as played:
        data = file.readframes(file.getnframes())
        played.write(data)
        played.flush()
        if device == "default":
            time.sleep(len(data) / 2 / file.getframerate())
"""


def stand_in(folder: Path) -> str:
    """Write the stand-in; returns its path. What it plays is appended to the file $PLAYED_PCM."""
    path = folder / "aplay"
    path.write_text(STAND_IN, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def file_device(folder: Path, pcm: Path) -> Path:
    """Write an ALSA configuration whose default device is the file `pcm`, which takes samples at once."""
    path = folder / "asound.conf"
    path.write_text(
        f'pcm.!default {{ type file slave.pcm "nowhere" file "{pcm}" format "raw" }}\npcm.nowhere {{ type null }}\n',
        encoding="utf-8",
    )
    return path


def processes_named(name: str) -> list[int]:
    """Return our children that run a program of this name."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            status = (entry / "stat").read_text() if entry.name.isdigit() else ""
            words = (entry / "cmdline").read_bytes().split(b"\0") if status else []
        except OSError:
            continue
        parent = int(status.rpartition(")")[2].split()[1]) if status else 0
        if parent == os.getpid() and any(word.endswith(name.encode()) for word in words[:2]):
            found.append(int(entry.name))
    return found
