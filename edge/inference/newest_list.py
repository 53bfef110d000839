"""Whether a fleet's signed list of networks is older than one that ran here before: a signature alone has no date.

Such a list is used all the same, and told: a vehicle that is watched with the networks of last spring is better off
than one that is not watched. Who must shut an old list out gives the fleet a new key.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import msgspec

from edge.runtime.safe_file import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from edge.inference.signed import Signature

logger = logging.getLogger(__name__)

FILE_NAME: Final = "signed-models.json"


def is_older(signature: Signature, state_dir: Path) -> bool:
    """Tell whether a list with a higher serial of the same key ran here; else remember this one."""
    path = state_dir / FILE_NAME
    newest = _read(path)
    known = newest.get(signature.key, 0)
    if signature.serial < known:
        logger.warning(
            "the list of networks signed by %s has the serial %d, and %d ran here before: somebody put an old one back",
            signature.key,
            signature.serial,
            known,
        )
        return True
    if signature.serial > known:
        try:
            replace_file(path, msgspec.json.encode({**newest, signature.key: signature.serial}))
        except OSError as error:
            logger.warning("%s cannot be written: %s", path, error.strerror)
    return False


def _read(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        logger.warning("%s cannot be read (%s): an older list of networks would not be noticed", path, error)
        return {}
