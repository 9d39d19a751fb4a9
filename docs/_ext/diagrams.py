"""The directive ``diagram``: an SVG of ``pictures/`` in the page itself, which has its colours."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_PICTURES = Path(__file__).parents[1] / "pictures"


class Diagram(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        language = ".zh_CN" if self.env.config.language == "zh_CN" else ""
        file = _PICTURES / f"{self.arguments[0]}{language}.svg"
        self.env.note_dependency(str(file))
        picture = nodes.raw("", file.read_text("utf-8"), format="html")
        return [nodes.container("", picture, classes=["diagram"])]


def setup(app: Sphinx) -> dict[str, object]:
    app.add_directive("diagram", Diagram)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
