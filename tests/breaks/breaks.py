"""Break each rule of the specification on purpose, on a copy of the tree, and name the test that fails.

``python -m tests.breaks.breaks [WORD...]`` tries all of ``breaks.toml``, or those whose rule holds a word,
and fails where a break goes unnoticed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.latest import keep

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

CONCEPTS = ["acknowledgement", "body", "callback", "control_number", "credentials", "deal_time", "encryption"]
CONCEPTS += ["errors", "parser", "pay_type", "messages", "json_texts", "constant_time", "properties", "fuzz"]
CONCEPTS += ["usual"]


def first_failure(tree: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider"]
    command += [
        "--hypothesis-seed=0",
        "--hypothesis-profile=unshrunk",
        *(f"tests/test_{concept}.py" for concept in CONCEPTS),
    ]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)  # noqa: S603
    failed = re.search(r"^(?:FAILED|ERROR) tests/(\S+)", done.stdout, re.MULTILINE)
    if done.returncode and not failed:
        raise RuntimeError(done.stdout + done.stderr)
    return failed[1].partition("[")[0] if failed else ""


def main() -> int:
    breaks = tomllib.loads((HERE / "breaks.toml").read_text())["break"]
    chosen = [one for one in breaks if not sys.argv[1:] or any(word in one["rule"] for word in sys.argv[1:])]
    unnoticed = 0
    lines: list[str] = []
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in ("skypay_payout", "tests"):
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        if failure := first_failure(tree):
            print(f"unbroken, {failure} fails already")
            return 1
        for one in chosen:
            path = tree / "skypay_payout" / one["file"]
            whole = path.read_text()
            if whole.count(one["was"]) != 1:
                result = f"DOES NOT APPLY: stands {whole.count(one['was'])} times in {one['file']}"
                unnoticed += 1
            else:
                path.write_text(whole.replace(one["was"], one["becomes"]))
                failure = first_failure(tree)
                path.write_text(whole)
                result = failure or "UNNOTICED"
                unnoticed += not failure
            lines.append(f"{one['rule']}\n    {result}")
            print(lines[-1], flush=True)
    lines.insert(0, f"{len(chosen)} breaks, {len(chosen) - unnoticed} noticed\n")
    print(lines[0])
    if chosen == breaks:
        keep(HERE / "latest.txt", lines)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
