"""One target under atheris for a while: `python -m tests.fuzz.atheris_run TARGET SECONDS FOLDER`.

FOLDER keeps what was found: inputs that reach new code, and `crash-…` for one that breaks a reader. Exit status 0:
nothing broke. Needs the extra `fuzz`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["edge"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Begin; libFuzzer ends the process."""
    name, seconds, folder = sys.argv[1:]
    target = TARGETS[name]
    corpus = Path(folder) / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = Path(folder) / f"{name}.dict"
    lines = ("".join(f"\\x{byte:02x}" for byte in word) for word in target.words)
    words.write_text("".join(f'"{line}"\n' for line in lines if len(line) <= 4 * 64))
    options = [
        sys.argv[0],
        str(corpus),
        f"-max_total_time={seconds}",
        f"-artifact_prefix={folder}/{name}-",
        f"-dict={words}",
        "-max_len=20000",
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    atheris.Setup(options, target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
