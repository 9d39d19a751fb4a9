"""The directive ``command-help``: what the command prints with ``--help`` when the site is built."""

from __future__ import annotations

import os
import subprocess
import sys

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class CommandHelp(SphinxDirective):
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        command = [*self.arguments, "--help"]
        shown = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "skypay_payout", *command],
            capture_output=True,
            check=True,
            encoding="utf-8",
            env=os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        )
        text = " ".join(["$ skypay-payout", *command]) + "\n" + shown.stdout
        return [nodes.literal_block(text, text, language="text")]


def setup(app: Sphinx) -> dict[str, object]:
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
