"""What was measured: one file, from which the documentation's tables and charts are made."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import TypeAlias

import cattrs
from attrs import frozen

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "figures" / "benchmarks.json"

Times: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]
"""Seconds by group and subject, one for each round. Those of one round belong together."""


@frozen
class Figure:
    """What one subject took."""

    seconds: float
    """The median of CPU time."""
    ratio: tuple[float, float, float]
    """To the first subject of the group: the median of the ratios of all rounds, between the quartiles."""


@frozen
class Figures:
    """All that one run measured."""

    circumstances: dict[str, str]
    groups: dict[str, dict[str, Figure]]
    stores: dict[str, dict[str, float]]
    """What ``stores`` measured on each database."""

    def matching(self, start: str) -> dict[str, dict[str, Figure]]:
        """The groups whose names start so, without that start."""
        return {
            name.removeprefix(start): group for name, group in self.groups.items() if name.startswith(start)
        }


def summarised(times: Times) -> dict[str, dict[str, Figure]]:
    """The figures of all groups."""
    groups: dict[str, dict[str, Figure]] = {}
    for group, subjects in times.items():
        base = next(iter(subjects.values()))
        for name, values in subjects.items():
            ratios = [one / other for one, other in zip(values, base, strict=True)]
            lower, middle, upper = map(_rounded, quantiles(ratios, method="inclusive"))
            figure = Figure(_rounded(median(values)), (lower, middle, upper))
            groups.setdefault(group, {})[name] = figure
    return groups


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def circumstances(rounds: str) -> dict[str, str]:
    """The machine and the versions."""
    import pyperf  # type: ignore[import-untyped]

    run = pyperf.Run([1.0], metadata={"name": "none"}, collect_metadata=True)
    metadata = pyperf.Benchmark([run]).get_metadata()
    packages = (
        *("skypay-payout", "attrs", "cattrs", "cryptography"),
        *("pydantic", "sqlalchemy", "fastapi", "uvicorn"),
    )
    return {
        "date": str(metadata["date"]).partition(".")[0],
        "commit": _commit(),
        "machine": f"{metadata.get('cpu_model_name', 'unknown')}, {metadata['cpu_count']} cores",
        "system": str(metadata["platform"]),
        "load before the run": f"{metadata.get('load_avg_1min', 'unknown')}",
        "Python": f"{metadata['python_implementation']} {metadata['python_version']}",
        **{package: version(package) for package in packages},
        "rounds": rounds,
    }


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(  # noqa: S603
            ["git", *arguments],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", "skypay_payout", "tests/benchmarks", "docs/examples")
        return git("rev-parse", "--short=12", "HEAD") + ("-changed" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def read(file: Path = FILE) -> Figures:
    """What ``write`` wrote."""
    return cattrs.structure(json.loads(file.read_text("utf-8")), Figures)


def write(figures: Figures, file: Path = FILE) -> None:
    """Keep the figures, a line for each of them."""
    groups = ",\n".join(
        f"  {json.dumps(name)}: {{\n"
        + ",\n".join(
            f"   {json.dumps(subject)}: {json.dumps(cattrs.unstructure(of))}" for subject, of in group.items()
        )
        + "\n  }"
        for name, group in figures.groups.items()
    )
    circumstances, stores = (json.dumps(one, indent=2) for one in (figures.circumstances, figures.stores))
    text = f'{{\n "circumstances": {circumstances},\n "groups": {{\n{groups}\n }},\n "stores": {stores}\n}}\n'
    file.write_text(text, "utf-8")
