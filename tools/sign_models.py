"""Sign the networks of a fleet: one signature over manifest.json, which names every file with its hash.

  python tools/sign_command.py key depot-2026                     once: depot-2026.key stays with the fleet
  python tools/sign_models.py --key depot-2026.key my-models/     writes my-models/manifest.json.sig
  python tools/sign_models.py --check --key depot-2026.key my-models/

A file that lies beside the manifest must be the one that the manifest names: what is signed was looked at. The lines
for the vehicle's configuration are printed; from then on it refuses any other list of networks. Sign again after every
change, and keep the key off the vehicles. Needs the package cryptography: pip install 'edge-dms[signed]'.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `edge` of the checkout, installed or not

import msgspec
from fleet_keys import KeyFileError, open_private_key, public_part, signature_of

from edge.config.schema import PublicKey
from edge.inference.manifest import MANIFEST_FILE, Manifest, ModelError, check_file
from edge.inference.signed import Signature, signature_file, signed_text
from edge.runtime.safe_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; a mistake is one sentence."""
    args = parser().parse_args(argv)
    path = args.folder / MANIFEST_FILE
    name = args.key_name or args.key.stem
    try:
        private = open_private_key(args.key)
        key = PublicKey(name=name, public_key=public_part(private))
        if args.check:
            Manifest.read(path, keys=(key,))
            print(f"{path} is signed with {name}")
            return 0
        for line in examined(Manifest.read(path), args.folder):
            print(line, file=sys.stderr)
        content = path.read_bytes()
        # The second of the signing: it rises by itself, and a vehicle tells of a list that is older than its last.
        serial = int(time.time())
        signature = Signature(key=name, signature=signature_of(private, signed_text(content, serial)), serial=serial)
        replace_file(signature_file(path), msgspec.json.encode(signature) + b"\n")
        Manifest.read(path, keys=(key,))
    except (KeyFileError, ModelError) as error:
        print(f"sign_models: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"sign_models: {signature_file(path)} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    print(f"wrote {signature_file(path)}", file=sys.stderr)
    print(
        f"inference:\n  models_dir: {args.folder}  # where it lies on the vehicle\n  manifest_keys:\n"
        f"    - name: {name}\n      public_key: {key.public_key}"
    )
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("folder", type=Path, help="folder with manifest.json and the networks")
    made.add_argument("--key", type=Path, required=True, help="NAME.key, as `sign_command.py key NAME` wrote it")
    made.add_argument("--key-name", help="name in inference.manifest_keys; default: that of the file")
    made.add_argument("--check", action="store_true", help="only tell whether this key signed it as it is now")
    return made


def examined(manifest: Manifest, folder: Path) -> list[str]:
    """Check every file that is there and return a line a network; raises `ModelError` for a wrong one."""
    lines = []
    for model in manifest.models.values():
        file = folder / model.file
        if file.exists():
            check_file(file, model, "sign what was measured: tools/manifest_entry.py makes the entry of a file")
            lines.append(f"{model.name}: {model.sha256[:12]}… as named")
        else:
            lines.append(f"{model.name}: {model.sha256[:12]}… named, not here ({model.origin.partition(':')[0]})")
    return lines


if __name__ == "__main__":
    sys.exit(main())
