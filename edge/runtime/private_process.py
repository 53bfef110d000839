"""What the process leaves on the disk is nobody else's business: no core dump, and files for its user alone."""

from __future__ import annotations

import os
import resource


def keep_private() -> None:
    """Let no crash leave a core dump, the newest pictures in it, and open no new file to other users.

    Both hold for what the process starts too. Whoever debugs may raise the limit again.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    os.umask(0o077)
