"""`edge-dms run`: the daemon."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.verbs.terminal import add_config, config_of, declare

if TYPE_CHECKING:
    import argparse

    from edge.config.schema import Config
    from edge.verbs.terminal import Verbs

STDERR: Final = 2
_TEACH: Final = """\
Watches the driver until it is told to stop (SIGTERM or Ctrl-C) or a film given with --input ends.
Warnings in the cab come first; alerts are kept on disk until the broker has taken them.

  edge-dms run --config dms.yaml
  edge-dms run --config dms.yaml --input drive.mp4              a film in place of the camera
  edge-dms run --config dms.yaml --input drive.mp4 --pace fast  ... as fast as it goes

SIGHUP (systemctl reload edge-dms) reads the configuration again: thresholds change at once, what needs a restart is
named, and a file with a mistake changes nothing.

Exit code 0: stopped as asked; 1: could not start, or a part of it failed (the service manager starts it anew).
"""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = declare(verbs, "run", run, "run the daemon: camera in, warnings and MQTT alerts out", _TEACH)
    add_config(parser, required=True)
    parser.add_argument("--input", metavar="VIDEO", type=Path, help="play this video or picture folder as the camera")
    parser.add_argument(
        "--pace", choices=("realtime", "fast"), help="of --input: as it was filmed (default), or as fast as it goes"
    )


def run(args: argparse.Namespace) -> int:
    """Load the configuration, lay the overrides over it and hand over to the wiring."""
    # While libraries are loaded one of them may swallow Python's interrupt; the daemon's own answer comes later.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    import msgspec

    from edge.config.film import playing

    def overridden(config: Config) -> Config:
        camera = config.camera
        if args.input is not None:
            camera = playing(camera, args.input, pace="realtime", loop=False)
        if args.pace is not None:
            camera = msgspec.structs.replace(camera, pace=args.pace)
        return msgspec.structs.replace(config, camera=camera)

    config = overridden(config_of(args.config))

    from edge.runtime.frugal_memory import keep_memory_small, shortage

    keep_memory_small()
    # A library that finds no memory while it is loaded ends the process: then at least where that was is told.
    faulthandler.enable(file=STDERR)
    short = shortage()
    if short is not None:
        with contextlib.suppress(OSError):  # nobody may be there to read it
            print(f"edge-dms: {short}", file=sys.stderr, flush=True)

    from edge.app import run_daemon
    from edge.config.load import load_layered
    from edge.parts.ending import RESTART

    status = run_daemon(
        config,
        config_path=args.config,
        layered=lambda settings: overridden(load_layered(args.config, settings)),
    )
    if status == RESTART:
        # The same command in the same process: nothing of the old settings survives, and the service manager sees none.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line
    return status
