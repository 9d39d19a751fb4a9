"""Where a rule names its point, "(point 5)" or "第 5 点", that becomes a link to the specification page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

_POINTS = re.compile(r"\bpoints? [1-9](?:(?:, | and | to )[1-9]\b)*|第 ?[1-9](?:(?:、| 至 | 和 )[1-9])* ?点")
_POINT = re.compile(r"(?:points? |第 ?)?([1-9])(?: ?点)?")
_LINKED_OR_CODE = (nodes.reference, addnodes.pending_xref, nodes.literal, nodes.literal_block, nodes.title)


class SettledPoints(SphinxTransform):
    default_priority = 500  # after the translation, which comes at 20

    def apply(self, **_kwargs: object) -> None:
        for text in list(self.document.findall(nodes.Text)):
            if not any(isinstance(outer, _LINKED_OR_CODE) for outer in _outer(text)) and _POINTS.search(text):
                text.parent.replace(text, list(self._linked(str(text))))

    def _linked(self, text: str) -> Iterator[nodes.Node]:
        end = 0
        for points in _POINTS.finditer(text):
            for point in _POINT.finditer(text, points.start(), points.end()):
                yield nodes.Text(text[end : point.start()])
                end = point.end()
                link = addnodes.pending_xref(
                    "",
                    nodes.inline("", point[0]),
                    refdomain="std",
                    reftype="ref",
                    reftarget=f"point-{point[1]}",
                    refexplicit=True,
                    refwarn=True,
                    refdoc=self.env.docname,
                )
                yield link
        yield nodes.Text(text[end:])


def _outer(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def setup(app: Sphinx) -> dict[str, object]:
    app.add_transform(SettledPoints)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
