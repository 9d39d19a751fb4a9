"""What must be true of the built site; ``make docs`` builds it, and then runs this with pytest."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import words
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from docutils import nodes
from sphinx.addnodes import toctree

import skypay_payout

DOCS = Path(__file__).parent
SITE = DOCS / "_build" / "html"
CATALOGUES = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
TEMPLATES = DOCS / "_build" / "gettext"

UNWRITTEN = {"404.html", "search.html"}

pages = sorted(page.relative_to(SITE) for page in SITE.rglob("*.html"))
english = [page for page in pages if page.parts[0] != "zh"]
templates = sorted(template.relative_to(TEMPLATES) for template in TEMPLATES.rglob("*.pot"))


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if name in {"href", "src"} and value and tag != "template":
                self.links.append(value)


_read: dict[Path, _Page] = {}


def _page(path: Path) -> _Page:
    if path not in _read:
        _read[path] = _Page(path.read_text(encoding="utf-8"))
    return _read[path]


def _is_broken(source: Path, link: str) -> bool:
    url = urlsplit(link)
    if url.scheme or url.netloc:
        return False
    target = (source.parent / unquote(url.path)).resolve() if url.path else source
    if not target.is_file():
        return True
    return (
        bool(url.fragment) and target.suffix == ".html" and unquote(url.fragment) not in _page(target).anchors
    )


def test_the_site_is_built_in_both_languages() -> None:
    assert english
    assert [page for page in pages if page not in english] == sorted("zh" / page for page in english)


@pytest.mark.parametrize("page", [page for page in pages if page.name != "404.html"], ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in _page(SITE / page).links if _is_broken(SITE / page, link)] == []


@pytest.mark.parametrize("page", pages, ids=str)
def test_no_page_shows_the_machine_that_built_it(page: Path) -> None:
    text = re.sub("<[^>]*>", "", (SITE / page).read_text(encoding="utf-8"))
    assert str(DOCS.parent) not in text


@pytest.mark.parametrize("page", pages, ids=str)
def test_every_page_needs_no_other_host(page: Path) -> None:
    own = r"(?![^>]*rel=\"(?:alternate|canonical)\")"
    named = rf"<(?:script|img|link)\b{own}[^>]*(?:src|href)=\"(?:https?:)?//[^>]*>"
    loaded = re.findall(named, (SITE / page).read_text("utf-8"))
    assert loaded == []


@pytest.mark.parametrize("page", [page for page in pages if page.name not in UNWRITTEN], ids=str)
def test_every_page_tells_search_engines_what_and_where_it_is(page: Path) -> None:
    text = (SITE / page).read_text("utf-8")
    (description,) = re.findall(r'<meta name="description" content="([^"]+)">', text)
    assert 20 <= len(description) <= 170
    (canonical,) = re.findall(r'<link rel="canonical" href="https://([^"]+)">', text)
    assert canonical.endswith(f"/{page}")
    languages = dict(re.findall(r'hreflang="([\w-]+)" href="https://[^"]*?/latest/([^"]+)">', text))
    name = str(page).removeprefix("zh/")
    assert languages == {"en": name, "x-default": name, "zh-Hans": f"zh/{name}"}
    assert 'rel="icon"' in text or 'rel="shortcut icon"' in text


def test_no_two_pages_have_the_same_description() -> None:
    texts = [(SITE / page).read_text("utf-8") for page in pages if page.name not in UNWRITTEN]
    found = [re.findall(r'<meta name="description" content="([^"]+)">', text)[0] for text in texts]
    assert sorted(set(found)) == sorted(found)


def test_the_page_for_unknown_addresses_needs_no_other_file() -> None:
    links = _page(SITE / "404.html").links
    assert links
    assert all(link.startswith("https://") for link in links)


@pytest.mark.parametrize("language", ["", "zh/"])
def test_the_home_page_and_all_that_it_loads_weigh_at_most_300_kilobytes(language: str) -> None:
    home = SITE / language / "index.html"
    loaded = re.findall(r'<(?:script|link|img)\b[^>]*(?:src|href)="([^":]+)"', home.read_text("utf-8"))
    files = {(home.parent / urlsplit(link).path).resolve() for link in loaded if ".html" not in link}
    assert len(files) > 5
    assert sum(file.stat().st_size for file in {home, *files}) <= 300_000


def test_the_documentation_is_short() -> None:
    markdown = list(words.pages())
    assert len(markdown) <= words.MAX_PAGES
    assert sum(map(words.markdown, markdown)) <= words.MAX_MARKDOWN
    assert sum(map(words.site, markdown)) <= words.MAX_SITE


@pytest.mark.parametrize("page", pages, ids=str)
def test_no_code_block_is_long_or_wide_unless_it_is_folded(page: Path) -> None:
    text = re.sub(r"<details.*?</details>", "", (SITE / page).read_text("utf-8"), flags=re.DOTALL)
    for kind, code in re.findall(
        r'<div class="highlight-(\w+)[^>]*><div class="highlight"><pre>(.*?)</pre>', text, re.DOTALL
    ):
        lines = unescape(re.sub(r"<[^>]*>", "", code)).splitlines()
        assert len(lines) <= 40, lines[0]
        if kind != "console":  # real output
            assert [line for line in lines if len(line) > 88] == []


@pytest.mark.parametrize("language", ["", "zh/"])
def test_the_rules_link_to_the_point_that_they_follow(language: str) -> None:
    links = {link for page in (SITE / language).glob("*.html") for link in _page(page).links}
    points = {f"specification.html#point-{point}" for point in range(1, 13)}
    assert points <= links


@pytest.mark.parametrize("diagram", sorted(DOCS.glob("pictures/*.zh_CN.svg")), ids=lambda path: path.name)
def test_every_diagram_has_a_chinese_copy_with_the_same_shapes(diagram: Path) -> None:
    english = diagram.with_name(diagram.name.replace(".zh_CN", ""))
    shapes = [re.findall(r"<(?:rect|path)[^>]*>", path.read_text("utf-8")) for path in (english, diagram)]
    assert shapes[0]
    assert shapes[1] == shapes[0]


def test_every_diagram_is_in_both_languages() -> None:
    names = {path.name.split(".")[0] for path in DOCS.glob("pictures/*.svg")}
    assert len(list(DOCS.glob("pictures/*.svg"))) == 2 * len(names)


@pytest.mark.parametrize(
    "module",
    [
        "skypay_payout",
        "skypay_payout.encryption",
        "skypay_payout.contrib.sqlalchemy",
        "skypay_payout.contrib.prometheus",
        "skypay_payout.testing",
        "skypay_payout.testing.strategies",
        "skypay_payout.conformance",
    ],
)
def test_every_public_name_is_in_the_reference(module: str) -> None:
    names = [name for name in import_module(module).__all__ if not name.startswith("_")]
    anchors = set[str]().union(
        *(_page(SITE / f"{one}.html").anchors for one in ("python", "errors", "test-kit"))
    )
    constants = (DOCS / "test-kit.md").read_text("utf-8")
    assert [one for one in names if f"{module}.{one}" not in anchors and f"`{one}`" not in constants] == []


def test_the_runbook_has_every_alert_and_every_code() -> None:
    runbook = (DOCS / "runbook.md").read_text("utf-8")
    rules = Path(skypay_payout.__file__).parent / "contrib" / "prometheus" / "alerts.yml"
    alerts = re.findall(r"alert: (\w+)", rules.read_text("utf-8"))
    assert sorted(re.findall(r"SkyPay[A-Z]\w+", runbook)) == sorted(alerts)
    quarantine = (DOCS / "quarantine.md").read_text("utf-8")
    assert [code for code in skypay_payout.ErrorCode if f"`{code}`" not in runbook + quarantine] == []


def test_every_folder_of_the_contributing_guide_exists() -> None:
    guide = (DOCS / "CONTRIBUTING.md").read_text("utf-8")
    folders = re.findall(r"`((?:skypay_payout|tests|docs)[\w/]*)`", guide)
    assert len(folders) > 10
    assert [folder for folder in folders if not (DOCS.parent / folder).is_dir()] == []


def _catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


_COMMENT_LINE = re.compile(r"(?<!\S)#(?!!).*")


def _is_translated_code(english: str, chinese: str) -> bool:
    """Whether the code is the same, with all its comments in Chinese; without any, none is needed."""
    comments = _COMMENT_LINE.findall(english)
    if not chinese:
        return not any(re.search(r"[A-Za-z]{2}", comment) for comment in comments)
    return _COMMENT_LINE.sub("", chinese) == _COMMENT_LINE.sub("", english)


def _document(template: Path, language: str) -> nodes.document:
    doctree = SITE / language / ".doctrees" / template.with_suffix(".doctree")
    document: nodes.document = pickle.loads(doctree.read_bytes())  # noqa: S301  our own build wrote it
    return document


def _marked(text: str) -> list[str]:
    """What a translation must keep as it is: code, and where links lead."""
    return sorted({*re.findall(r"`+([^`]+)`+", text), *re.findall(r"\]\(([^)]+)\)", text)})


@pytest.mark.parametrize("template", templates, ids=str)
def test_the_chinese_says_what_the_english_says(template: Path) -> None:
    catalogue = CATALOGUES / template.with_suffix(".po")
    assert catalogue.exists(), "run make translations"
    chinese = {message.id: message for message in _messages(_catalogue(catalogue))}
    code = {
        block.rawsource or block.astext() for block in _document(template, "").findall(nodes.literal_block)
    }
    behind: list[object] = []
    for message in _messages(_catalogue(TEMPLATES / template)):
        translated = chinese.pop(message.id, None)
        if message.id in code:
            text = translated.string if translated and not translated.fuzzy else ""
            if not _is_translated_code(str(message.id), str(text)):
                behind.append(message.id)
        elif translated is None or translated.fuzzy or not translated.string:
            behind.append(message.id)
        elif _marked(str(message.id)) != _marked(str(translated.string)):
            behind.append((message.id, translated.string))
    assert behind == []
    assert list(chinese) == [], "no longer in the English; run make translations"


@pytest.mark.parametrize("template", templates, ids=str)
def test_every_translation_is_shown(template: Path) -> None:
    # Sphinx silently keeps the English if a translation is no paragraph, such as "1. ...", which is a list.
    # (It translates the captions of a toctree too, but never marks one as translated.)
    dropped = [
        node.astext()
        for node in _document(template, "zh").findall(nodes.Element)
        if node.get("translated") is False
        and not isinstance(node, nodes.image | nodes.literal_block | toctree)
    ]
    assert dropped == []


@pytest.mark.parametrize("template", templates, ids=str)
def test_the_chinese_site_shows_the_same_code_but_for_its_comments(template: Path) -> None:
    english, chinese = (
        [
            _COMMENT_LINE.sub("", block.astext())
            for block in _document(template, language).findall(nodes.literal_block)
        ]
        for language in ("", "zh")
    )
    assert chinese == english
