"""What a device runs, as a CycloneDX bill of materials: the daemon, every pinned package, every network.

  python tools/make_sbom.py                                       all packages of the lock, to standard output
  python tools/make_sbom.py --python 3.13 --machine aarch64 -o edge-dms.cdx.json     those of one board

Packages come from tools/lock/device.txt with the hashes of their wheels, networks from models/manifest.json with
licence, hash and origin. A package's licence is told where the package is installed beside this tool. The document is
checked against the schema before it is written; the same inputs give the same bytes. Needs: pip install
'cyclonedx-python-lib[json-validation]'.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # `edge` of the checkout, installed or not

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from lock_for import lock_for
from packageurl import PackageURL
from packaging.requirements import Requirement

from edge import __version__
from edge.inference.manifest import MANIFEST_FILE, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cyclonedx.model.license import License

    from edge.inference.manifest import Model

CHECKOUT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = CHECKOUT / "tools" / "lock" / "device.txt"
NAMESPACE: Final = uuid.UUID("6f0d5a52-52f4-4d0e-9a43-3d4f0a7a6a11")
"""Of the serial numbers, which are made from the content."""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the document; a mistake is one sentence."""
    args = parser().parse_args(argv)
    if (args.python is None) is not (args.machine is None):
        print("make_sbom: --python and --machine go together: they name a board", file=sys.stderr)
        return 1
    text = LOCK.read_text(encoding="utf-8")
    lines = text if args.python is None else lock_for(text, args.python, args.machine)
    document = written(bom(pins(lines), Manifest.read(CHECKOUT / "models" / MANIFEST_FILE).models.values()))
    if args.output is None:
        print(document)
    else:
        args.output.write_text(document + "\n", encoding="utf-8")
        print(f"wrote {args.output}", file=sys.stderr)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--python", metavar="X.Y", help="only what this Python needs, such as 3.13")
    made.add_argument("--machine", choices=("x86_64", "aarch64", "armv7l"), help="only what this processor needs")
    made.add_argument("-o", "--output", type=Path, help="file to write; default: standard output")
    return made


def pins(lock: str) -> list[tuple[str, str, list[str]]]:
    """Return name, version and SHA-256 sums of every pin; a package that is pinned twice, by Python, comes twice."""
    found = []
    joined = "\n".join(line for line in lock.splitlines() if not line.lstrip().startswith("#")).replace("\\\n", " ")
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        pin, *hashes = line.split(" --hash=sha256:")
        requirement = Requirement(pin.strip())
        found.append((requirement.name, str(requirement.specifier).removeprefix("=="), [one.strip() for one in hashes]))
    return found


def bom(packages: Iterable[tuple[str, str, list[str]]], models: Iterable[Model]) -> Bom:
    """Return the bill of materials."""
    licences = LicenseFactory()
    root = Component(
        name="edge-dms",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="edge-dms",
        licenses=[licences.make_from_string("Apache-2.0")],
        purl=PackageURL("pypi", None, "edge-dms", __version__),
    )
    parts = [_package(*one, licences) for one in packages] + [_network(model, licences) for model in models]
    made = Bom(components=parts)
    made.metadata.component = root
    made.metadata.timestamp = None  # type: ignore[assignment] - the same inputs give the same bytes
    made.register_dependency(root, parts)
    return made


def written(made: Bom) -> str:
    """Return the JSON text, checked against the schema; raises `ValueError` when it does not fit."""
    document: dict[str, Any] = json.loads(JsonV1Dot6(made).output_as_string())
    document.pop("serialNumber", None)
    document["metadata"].pop("timestamp", None)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(NAMESPACE, json.dumps(document, sort_keys=True))}"
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise ValueError(f"the document does not fit the schema of CycloneDX 1.6: {fault}")
    return text


def _package(name: str, version: str, hashes: list[str], licences: LicenseFactory) -> Component:
    licence = _licence(name, licences)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}=={version}",
        purl=PackageURL("pypi", None, name, version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in hashes],
        licenses=[] if licence is None else [licence],
    )


def _network(model: Model, licences: LicenseFactory) -> Component:
    return Component(
        name=model.name,
        version=model.sha256[:12],
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"network:{model.name}",
        description=model.purpose or None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=model.sha256)],
        licenses=[licences.make_from_string(model.licence)],
        properties=[
            Property(name="edge-dms:file", value=model.file),
            Property(name="edge-dms:from", value=model.origin),
        ],
    )


def _licence(name: str, licences: LicenseFactory) -> License | None:
    try:
        found = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    told = found.get("License-Expression") or found.get("License") or ""
    if not told or len(told) > 100:
        classifiers = [one for one in found.get_all("Classifier", []) if one.startswith("License ::")]
        told = classifiers[0].rpartition(":: ")[2] if classifiers else ""
    return licences.make_from_string(told) if told else None


if __name__ == "__main__":
    sys.exit(main())
