"""Check the software bill of materials against the environment that it describes.

``python -m tests.support.sbom SBOM ENVIRONMENT``
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import skypay_payout


def needed(extras: list[str], installed: dict[str, Distribution]) -> set[str]:
    """Return all that the package and these extras of it need, by canonical name."""
    found: set[str] = set()
    waiting = [("skypay-payout", extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        found.add(name)
        for text in installed[name].requires or ():
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                key = canonicalize_name(need.name)
                if key not in found:
                    waiting += [(key, one) for one in ("", *need.extras)]
    return found


def problems(sbom: dict[str, object], environment: Path) -> list[str]:
    """Return what is wrong with the SBOM: it must name all that is needed at runtime, and nothing else."""
    (packages,) = environment.glob("lib/*/site-packages")
    installed = {str(canonicalize_name(one.name)): one for one in distributions(path=[str(packages)])}
    expected = {(name, installed[name].version) for name in needed(["encryption"], installed)}
    root = ("skypay-payout", skypay_payout.__version__)
    match sbom:
        case {"bomFormat": "CycloneDX", "metadata": {"component": dict(main)}, "components": list(parts)}:
            components = [part for part in parts if isinstance(part, dict)]
        case _:
            return ["it is not a CycloneDX document with components"]
    listed = {
        (str(canonicalize_name(str(part.get("name")))), str(part.get("version"))) for part in components
    }
    wrong = [f"{name} {version} is missing" for name, version in sorted(expected - {root} - listed)]
    wrong += [f"{name} {version} is not needed" for name, version in sorted(listed - expected)]
    wrong += [f"{part.get('name')} has no licence" for part in components if not part.get("licenses")]
    wrong += [f"{part.get('name')} has no purl" for part in components if not part.get("purl")]
    if (main.get("name"), main.get("version")) != root:
        wrong.append(f"it describes {main.get('name')} {main.get('version')}, not {root[0]} {root[1]}")
    return wrong


if __name__ == "__main__":
    sys.exit("\n".join(problems(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]))) or 0)
