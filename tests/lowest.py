"""Prints the lowest version that is allowed of everything a user installs, as constraints for pip."""

from __future__ import annotations

import re
import tomllib
from itertools import chain
from pathlib import Path

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?>=([0-9.]+)")


def main() -> None:
    """One ``name==version`` a line, for the core and for every extra."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    for requirement in requirements:
        found = _REQUIREMENT.match(requirement)
        if found is None:
            raise SystemExit(f"{requirement} has no lower bound")
        print(f"{found[1]}=={found[2]}")


if __name__ == "__main__":
    main()
