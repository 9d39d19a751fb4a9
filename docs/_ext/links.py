"""Two kinds of link that nobody has to write.

A point that a rule names, "(point 5)" or "第 5 点", links to the specification page; the name of a public
class, exception or function, written as code, links to its reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

import skypay_payout

_POINTS = re.compile(r"\b[Pp]oints? \d+(?:(?:, | and | to )\d+)*\b|第 ?\d+(?:(?:、| 至 | 和 )\d+)* ?点")
_POINT = re.compile(r"(?:[Pp]oints? |第 ?)?(\d+)(?: ?点)?")
_OTHER_MODULES = {
    "BodyCipher": "skypay_payout.encryption.BodyCipher",
    "check_endpoint": "skypay_payout.conformance.check_endpoint",
}
_PUBLIC = {
    name: f"skypay_payout.{name}" for name in skypay_payout.__all__ if not name.startswith("_")
} | _OTHER_MODULES
_LINKED_OR_CODE = (nodes.reference, addnodes.pending_xref, nodes.literal, nodes.literal_block, nodes.title)


class Links(SphinxTransform):
    default_priority = 500  # after the translation, which comes at 20

    def apply(self, **_kwargs: object) -> None:
        for text in list(self.document.findall(nodes.Text)):
            if not any(isinstance(outer, _LINKED_OR_CODE) for outer in _outer(text)) and _POINTS.search(text):
                text.parent.replace(text, list(self._points(str(text))))
        for literal in list(self.document.findall(nodes.literal)):
            target = _PUBLIC.get(literal.astext().removesuffix("()"))
            if target and not any(isinstance(outer, _LINKED_OR_CODE) for outer in _outer(literal)):
                link = self._link("py", "obj", target)
                literal.parent.replace(literal, link)
                link += literal

    def _points(self, text: str) -> Iterator[nodes.Node]:
        end = 0
        for points in _POINTS.finditer(text):
            for point in _POINT.finditer(text, points.start(), points.end()):
                yield nodes.Text(text[end : point.start()])
                end = point.end()
                link = self._link("std", "ref", f"point-{point[1]}")
                link += nodes.inline("", point[0])
                yield link
        yield nodes.Text(text[end:])

    def _link(self, domain: str, kind: str, target: str) -> addnodes.pending_xref:
        return addnodes.pending_xref(
            "",
            refdomain=domain,
            reftype=kind,
            reftarget=target,
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )


def _outer(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def setup(app: Sphinx) -> dict[str, object]:
    app.add_transform(Links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
