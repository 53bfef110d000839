"""`python -m edge` and the program `edge-dms`."""

import sys

INTERRUPTED = 130


def start() -> int:
    """Run the command line; a Ctrl-C while it is still being loaded ends it as any later one does."""
    try:
        from edge.cli import main  # noqa: PLC0415 - loading it is what may be interrupted

        return main()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(start())
