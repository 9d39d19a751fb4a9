"""Two directives that draw a picture, as SVG, from the text in them.

``exchange``: who says what to whom, from top to bottom; a line from somebody to themselves is a note::

    SkyPay -> Your endpoint: POST
    Your endpoint -> Your endpoint: store
    Your endpoint --> SkyPay: 1000

``life``: states and what leads from one to the next; the first line begins at the top::

    Requested -> Waiting: 1 UPLOAD

The argument is the caption, which also tells what the picture shows to whoever cannot see it. All the words
are translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple
from unicodedata import east_asian_width

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

_LINE = re.compile(r"(?P<start>.+?) (?P<arrow>-->|->) (?P<end>.+?)(?:: (?P<label>.+))?")
_CODE = re.compile(r"[1-6] [A-Z_]+")
_SAME_EVERYWHERE = re.compile(r"SkyPay|1000 Success|[1-6] [A-Z_]+")

_HEIGHT = 34
_MARGIN = 8


class Arrow(NamedTuple):
    """One line of the text."""

    start: str
    end: str
    label: str
    reply: bool


def _arrow(line: str) -> Arrow:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise ValueError(f"{line!r} is not: A -> B: what")
    return Arrow(found["start"], found["end"], found["label"] or "", found["arrow"] == "-->")


class picture(nodes.General, nodes.Element, addnodes.translatable):  # noqa: N801  docutils names nodes so
    """The text of a picture, until it is written."""

    def preserve_original_messages(self) -> None:
        self["words"] = {word: word for word in self._words()}

    def extract_original_messages(self) -> Sequence[str]:
        return self._words()

    def apply_translated_message(self, original_message: str, translated_message: str) -> None:
        self["words"][original_message] = translated_message

    def _words(self) -> list[str]:
        arrows: list[Arrow] = self["arrows"]
        words = [
            self["caption"],
            *(word for arrow in arrows for word in (arrow.start, arrow.end, arrow.label)),
        ]
        return [word for word in dict.fromkeys(words) if word and not _SAME_EVERYWHERE.fullmatch(word)]


class Picture(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        try:
            arrows = [_arrow(line) for line in self.content if line.strip()]
        except ValueError as error:
            raise self.error(str(error)) from None
        node = picture(kind=self.name, caption=self.arguments[0], arrows=arrows)
        node["words"] = {}
        self.set_source_info(node)
        return [node]


def _visit(translator: HTML5Translator, node: picture) -> None:
    words: dict[str, str] = node["words"]
    arrows = [
        Arrow(words.get(start, start), words.get(end, end), words.get(label, label), reply)
        for start, end, label, reply in node["arrows"]
    ]
    width, height, shapes = (_exchange if node["kind"] == "exchange" else _life)(arrows)
    caption = escape(words.get(node["caption"], node["caption"]))
    translator.body.append(
        f'<figure class="picture"><svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img">'
        f"<title>{caption}</title>{''.join(shapes)}</svg><figcaption>{caption}</figcaption></figure>\n"
    )
    raise nodes.SkipNode


def _skip(_translator: object, _node: picture) -> None:
    raise nodes.SkipNode


def _exchange(arrows: list[Arrow]) -> tuple[float, float, list[str]]:
    people = list(dict.fromkeys(name for arrow in arrows for name in (arrow.start, arrow.end)))
    gap = max(*(_width(arrow.label) for arrow in arrows), *(_width(name) + 20 for name in people)) + 32
    at = {name: _MARGIN + gap / 2 + gap * index for index, name in enumerate(people)}
    shapes: list[str] = []
    y = _MARGIN + _HEIGHT + 40.0
    for arrow in arrows:
        if arrow.start == arrow.end:
            shapes += _box(at[arrow.start], y - 8, arrow.label, _width(arrow.label) + 16)
        else:
            start, end = at[arrow.start], at[arrow.end]
            forward = 1 if end > start else -1
            shapes += [
                _line((start, y), (end - forward * 9, y), reply=arrow.reply),
                _head((end, y), (forward, 0)),
                _text((start + end) / 2, y - 8, arrow.label),
            ]
        y += 44
    lives = [_line((x, _MARGIN + _HEIGHT), (x, y - 20)) for x in at.values()]
    boxes = [
        shape for name, x in at.items() for shape in _box(x, _MARGIN + _HEIGHT / 2, name, _width(name) + 28)
    ]
    return gap * len(people) + 2 * _MARGIN, y - 12, [*lives, *boxes, *shapes]


def _life(arrows: list[Arrow]) -> tuple[float, float, list[str]]:
    rows = _rows(arrows)
    loop_labels = [arrow.label for arrow in arrows if arrow.start == arrow.end]
    words = {word for arrow in arrows for word in arrow[:3]}.difference(loop_labels)
    gap = max(_width(word) for word in words) + 44
    beside = max((_width(arrow.start) for arrow in arrows), default=0) / 2 + 14 + 42
    width = 2 * _MARGIN + max(
        max(map(len, rows)) * gap, *(2 * (beside + _width(label)) for label in loop_labels)
    )
    at = {
        name: (width / 2 + (index - (len(row) - 1) / 2) * gap, _MARGIN + _HEIGHT / 2 + level * 112)
        for level, row in enumerate(rows)
        for index, name in enumerate(row)
    }
    shapes: list[str] = []
    loops: dict[str, int] = {}
    for arrow in arrows:
        x, y = at[arrow.start]
        if arrow.start == arrow.end:
            # The first loop on the right of its state, the second on the left.
            side = -1 if loops.get(arrow.start) else 1
            loops[arrow.start] = 1
            edge = x + side * (_width(arrow.start) / 2 + 14)
            path = f"M{edge} {y - 9}h{side * 22}q{side * 12} 0 {side * 12} 9t{side * -12} 9h{side * -13}"
            shapes += [
                f'<path class="line" d="{path}"/>',
                _head((edge, y + 9), (-side, 0)),
                _text(edge + side * (_width(arrow.label) / 2 + 42), y + 5, arrow.label),
            ]
        else:
            end_x, end_y = at[arrow.end]
            top, bottom = (x + (end_x - x) * 0.25, y + _HEIGHT / 2), (end_x, end_y - _HEIGHT / 2)
            length = ((bottom[0] - top[0]) ** 2 + (bottom[1] - top[1]) ** 2) ** 0.5
            way = ((bottom[0] - top[0]) / length, (bottom[1] - top[1]) / length)
            shapes += [
                _line(top, (bottom[0] - way[0] * 9, bottom[1] - way[1] * 9)),
                _head(bottom, way),
                *_on_ground(
                    top[0] + (bottom[0] - top[0]) * 0.55, top[1] + (bottom[1] - top[1]) * 0.55, arrow.label
                ),
            ]
    boxes = [shape for name, (x, y) in at.items() for shape in _box(x, y, name, _width(name) + 28)]
    return width, len(rows) * 112 - 112 + _HEIGHT + 2 * _MARGIN, [*shapes, *boxes]


def _rows(arrows: list[Arrow]) -> list[list[str]]:
    rows = [[arrows[0].start]]
    placed = {arrows[0].start}
    while True:
        row = [arrow.end for arrow in arrows if arrow.start in rows[-1] and arrow.end not in placed]
        if not row:
            return rows
        rows.append(list(dict.fromkeys(row)))
        placed.update(row)


def _width(text: str) -> float:
    narrow = 9.6 if _CODE.fullmatch(text) else 7.6
    return sum(14.0 if east_asian_width(char) in "WF" else narrow for char in text)


def _text(x: float, y: float, text: str) -> str:
    kind = ' class="code"' if _CODE.fullmatch(text) else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _rectangle(x: float, y: float, width: float, height: float, kind: str) -> str:
    left, top = x - width / 2, y - height / 2
    place = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="{kind}" {place} rx="6"/>'


def _box(x: float, y: float, text: str, width: float) -> list[str]:
    return [_rectangle(x, y, width, _HEIGHT, "box"), _text(x, y + 5, text)]


def _on_ground(x: float, y: float, text: str) -> list[str]:
    return [_rectangle(x, y, _width(text) + 6, 20, "ground"), _text(x, y + 5, text)]


def _line(start: Iterable[float], end: Iterable[float], *, reply: bool = False) -> str:
    (x, y), (end_x, end_y) = start, end
    kind = "line reply" if reply else "line"
    return f'<path class="{kind}" d="M{x:.1f} {y:.1f}L{end_x:.1f} {end_y:.1f}"/>'


def _head(tip: tuple[float, float], way: tuple[float, float]) -> str:
    (x, y), (dx, dy) = tip, way
    base_x, base_y = x - dx * 10, y - dy * 10
    corners = ((x, y), (base_x - dy * 5, base_y + dx * 5), (base_x + dy * 5, base_y - dx * 5))
    points = " ".join(f"{corner_x:.1f},{corner_y:.1f}" for corner_x, corner_y in corners)
    return f'<polygon class="head" points="{points}"/>'


def setup(app: Sphinx) -> dict[str, object]:
    app.add_node(picture, html=(_visit, None), gettext=(_skip, None))
    app.add_directive("exchange", Picture)
    app.add_directive("life", Picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
