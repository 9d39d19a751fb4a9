"""What a page tells search engines of itself and its translation; a search that finds Chinese words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.locale import init
from sphinx.search.en import SearchEnglish
from sphinx.transforms import SphinxTransform
from sphinx.util.i18n import docname_to_domain


class SearchChinese(SearchEnglish):
    """Indexes every two characters that follow each other, and takes a query apart in the same way.

    Sphinx' own search of Chinese takes the pages apart into words, but not the query, so that it finds single
    words of its dictionary; and in Sphinx 9.0 it does not run at all (sphinx-doc/sphinx issue 14229).
    """

    lang = "zh"
    js_splitter_code = r"""
function splitQuery(query) {
  return query.match(/\p{Script=Han}+|[^\p{Script=Han}\W]+/gu)?.flatMap((word) =>
    word.length < 3 || !/\p{Script=Han}/u.test(word)
      ? [word]
      : Array.from({length: word.length - 1}, (_, start) => word.slice(start, start + 2))
  ) ?? [];
}
"""

    def split(self, input: str) -> list[str]:  # noqa: A002  Sphinx names it so
        return list(_words(input))


def _words(text: str) -> Iterator[str]:
    for word in re.findall(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+", text):
        if len(word) < 3 or word.isascii():
            yield word
        else:
            yield from (word[start : start + 2] for start in range(len(word) - 1))


class ChangelogStaysEnglish(SphinxTransform):
    default_priority = 5  # before the translation

    def apply(self, **_kwargs: object) -> None:
        for node in self.document.findall(nodes.TextElement):
            if (node.source or "").endswith("CHANGELOG.md"):
                node["translatable"] = False


class TranslateCode(SphinxTransform):
    """Replaces code by its translation, which Sphinx would read as Markdown: "# ..." became a heading."""

    default_priority = 15  # before the translation of all else, which then leaves the code alone

    def apply(self, **_kwargs: object) -> None:
        folders = [str(self.env.srcdir / folder) for folder in self.config.locale_dirs]
        catalogue, _ = init(folders, self.config.language, docname_to_domain(self.env.docname, False))
        for node in self.document.findall(nodes.literal_block):
            english = node.rawsource or node.astext()
            chinese = catalogue.gettext(english)
            if chinese != english:
                node.rawsource = chinese
                node[:] = [nodes.Text(chinese)]
                node["translatable"] = False


def _own_address(_app: Sphinx, config: Config) -> None:
    if config.language != "en":  # it lies in the folder zh/ of the English one
        config.html_baseurl += "zh/"


def _head(
    app: Sphinx, pagename: str, _template: str, context: dict[str, object], doctree: nodes.document | None
) -> None:
    here = app.builder.get_target_uri(pagename)
    english = app.config.language == "en"
    base = app.config.html_baseurl.removesuffix("" if english else "zh/")
    context["other_language"] = f"zh/{here}" if english else f"../{here}"
    context["base"] = base
    if doctree is not None:
        context["addresses"] = {"en": base + here, "zh-Hans": f"{base}zh/{here}"}
        context["description"] = _description(doctree)


def _description(document: nodes.document) -> str:
    """The page's first paragraph, cut after a word or a Chinese sentence."""
    first = next((one.astext() for one in document.findall(nodes.paragraph)), "")
    text = " ".join(first.split())
    return text if len(text) <= 160 else re.split(r"[\s\uff0c\u3001]\S*$", text[:160])[0] + " …"


def setup(app: Sphinx) -> dict[str, object]:
    app.add_search_language(SearchChinese)
    app.add_transform(ChangelogStaysEnglish)
    app.add_transform(TranslateCode)
    app.connect("config-inited", _own_address)
    app.connect("html-page-context", _head)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
