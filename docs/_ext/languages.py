"""Each page knows where it stands in the other language, and the search finds Chinese words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish


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


def _other_language(
    app: Sphinx, pagename: str, _template: str, context: dict[str, object], _doctree: object
) -> None:
    here = app.builder.get_target_uri(pagename)
    # The Chinese site lies in the folder zh/ of the English one.
    other = f"zh/{here}" if app.config.language == "en" else f"../{here}"
    context["other_language"] = other


def setup(app: Sphinx) -> dict[str, object]:
    app.add_search_language(SearchChinese)
    app.connect("html-page-context", _other_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
