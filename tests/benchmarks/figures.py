"""What was measured, as a suite that ``pyperf`` reads, and what is told from it."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyperf has no types.

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles
from typing import TypeAlias

import cattrs
import pyperf  # type: ignore[import-untyped]
from attrs import frozen

from .scale import Scale

ROOT = Path(__file__).parents[2]

PACKAGES = (
    "attrs",
    "cattrs",
    "cryptography",
    "pydantic",
    "pydantic_core",
    "msgspec",
    "standardwebhooks",
    "stripe",
)

Values: TypeAlias = Mapping[str, Sequence[float]]
"""What one process measured, by name: a value a round. Values of the same round belong together."""


@frozen
class Spread:
    """The median of some values, and the quartiles around it."""

    lower: float
    median: float
    upper: float


def spread(values: Sequence[float]) -> Spread:
    """The median and the quartiles."""
    return Spread(*quantiles(values if len(values) > 1 else [*values, *values], method="inclusive"))


@frozen
class Figures:
    """All that one run measured. Names are ``group: subject``; ratios are told round by round."""

    suite: pyperf.BenchmarkSuite

    @property
    def metadata(self) -> Mapping[str, str | int | float]:
        """When, where and on which versions, as pyperf tells it; also ``bench_scale`` and ``git_commit``."""
        metadata: Mapping[str, str | int | float] = self.suite.get_metadata()
        return metadata

    @property
    def scale(self) -> Scale:
        """How much was done."""
        return cattrs.structure(json.loads(str(self.metadata["bench_scale"])), Scale)

    def __contains__(self, name: str) -> bool:
        return name in self.suite.get_benchmark_names()

    def spread(self, name: str) -> Spread:
        """The median of one subject: seconds or bytes."""
        return spread(self._values(name))

    def ratio(self, name: str, to: str) -> Spread:
        """How many times what the other one takes: the median of all rounds."""
        return spread([one / other for one, other in zip(self._values(name), self._values(to), strict=True)])

    def ratio_above(self, bare: str, name: str, to: str) -> Spread:
        """The same, for what both take beyond ``bare``."""
        values = zip(self._values(bare), self._values(name), self._values(to), strict=True)
        return spread([(one - least) / (other - least) for least, one, other in values])

    def _values(self, name: str) -> Sequence[float]:
        values: Sequence[float] = self.suite.get_benchmark(name).get_values()
        return values

    def dump(self, file: Path) -> None:
        """Writes the suite, for ``read`` and for ``pyperf compare_to``."""
        self.suite.dump(str(file), replace=True)


def read(file: Path) -> Figures:
    """What ``dump`` wrote."""
    return Figures(pyperf.BenchmarkSuite.load(str(file)))


def collected(scale: Scale, measure: Callable[[], list[Values]]) -> Figures:
    """What ``measure`` gives for each process. The state of the machine is told before it."""
    metadata = _metadata(scale)
    processes = measure()
    runs: dict[str, list[pyperf.Run]] = {}
    for values in processes:
        for name, measured in values.items():
            details = metadata | {"name": name}
            if "memory" in name:
                details |= {"unit": "byte", "duration": 0.0}
            runs.setdefault(name, []).append(
                pyperf.Run([float(value) for value in measured], metadata=details, collect_metadata=False)
            )
    return Figures(pyperf.BenchmarkSuite([pyperf.Benchmark(of_name) for of_name in runs.values()]))


def _metadata(scale: Scale) -> dict[str, str | int | float]:
    benchmark = pyperf.Benchmark([pyperf.Run([1.0], metadata={"name": "none"}, collect_metadata=True)])
    metadata: dict[str, str | int | float] = benchmark.get_metadata()
    for private in ("hostname", "python_executable", "python_config_args", "mem_max_rss"):
        metadata.pop(private, None)
    metadata |= {f"{package}_version": version(package) for package in PACKAGES}
    metadata["skypay_payout_version"] = version("skypay-payout")
    metadata["git_commit"] = _commit()
    metadata["bench_scale"] = json.dumps(cattrs.unstructure(scale))
    return metadata


def _commit() -> str:
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", "skypay_payout", "tests/benchmarks")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}-changed" if changed else commit


def _git(*arguments: str) -> str:
    return subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def run_python(*arguments: str, **environment: str) -> str:
    """What a fresh interpreter prints that was started in the repository with these arguments."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SKYPAY_")}
    return subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        cwd=ROOT,
        env=kept | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
