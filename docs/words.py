"""Count the words of the documentation: ``python docs/words.py``, after ``make docs-site``.

A word is anything between spaces with a letter or a digit in it. Code blocks, signatures,
and what a reader does not see, do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

DOCS = Path(__file__).parent
SITE = DOCS / "_build" / "html"
MAX_PAGES = 28
MAX_MARKDOWN = 9_000
MAX_SITE = 11_000

_UNSEEN = re.compile(r"\A---\n.*?^---\n|<!--.*?-->|^(`{3,}).*?^\1\s*$", re.DOTALL | re.MULTILINE)


def count(text: str) -> int:
    """Return the number of words in the text."""
    return sum(bool(re.search(r"\w", word)) for word in text.split())


def pages() -> Iterator[Path]:
    """Yield the Markdown files of the site."""
    return (page for page in sorted(DOCS.rglob("*.md")) if "_build" not in page.parts)


def markdown(page: Path) -> int:
    """Return the number of words that the Markdown file has outside its code."""
    return count(_UNSEEN.sub("", page.read_text("utf-8")))


class _Article(HTMLParser):
    _ENDLESS = frozenset({"br", "hr", "img", "input", "link", "meta", "path", "rect", "use"})

    _CODE = frozenset({"pre", "script", "style", "svg", "button", "code of an API"})

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_signature = tag == "dt" and (dict(attrs).get("class") or "").startswith("sig ")
        if tag not in self._ENDLESS:
            self._open.append("code of an API" if is_signature else tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "dt" and self._open[-1] == "code of an API":
            self._open.pop()
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "article" in self._open and not self._CODE & set(self._open):
            self.text += data


def site(page: Path) -> int:
    """Return the number of words that a reader sees outside code, docstrings included, the changelog not."""
    if page.stem == "changelog":
        return markdown(page)
    article = _Article()
    article.feed((SITE / page.relative_to(DOCS).with_suffix(".html")).read_text("utf-8"))
    return count(article.text)


if __name__ == "__main__":
    counts = {page: (markdown(page), site(page)) for page in pages()}
    for page, (written, seen) in sorted(counts.items(), key=lambda one: one[1]):
        print(f"{written:6} {seen:6}  {page.relative_to(DOCS)}")  # noqa: T201
    written, seen = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"{written:6} {seen:6}  {len(counts)} pages: words of Markdown, words of the site")  # noqa: T201
