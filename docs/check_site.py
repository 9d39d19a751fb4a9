"""What must be true of the built site; ``make docs`` builds it, and then runs this with pytest."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from docutils import nodes

import skypay_payout
import skypay_payout.testing

DOCS = Path(__file__).parent
SITE = DOCS / "_build" / "html"
CATALOGUES = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
TEMPLATES = DOCS / "_build" / "gettext"

pages = sorted(page.relative_to(SITE) for page in SITE.rglob("*.html"))
english = [page for page in pages if page.parts[0] != "zh"]
templates = sorted(
    template.relative_to(TEMPLATES)
    for template in TEMPLATES.rglob("*.pot")
    if template.name not in {"changelog.pot", "figures.pot", "what-was-tried.pot"}  # these stay English
)


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


@pytest.mark.parametrize("page", pages, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in _page(SITE / page).links if _is_broken(SITE / page, link)] == []


@pytest.mark.parametrize("page", pages, ids=str)
def test_no_page_shows_the_machine_that_built_it(page: Path) -> None:
    text = re.sub("<[^>]*>", "", (SITE / page).read_text(encoding="utf-8"))
    assert "environ({" not in text
    assert str(DOCS.parent) not in text


@pytest.mark.parametrize("page", pages, ids=str)
def test_every_page_needs_no_other_host(page: Path) -> None:
    loaded = re.findall(
        r"<(?:script|img|link)\b[^>]*(?:src|href)=\"(https?:)?//[^>]*>", (SITE / page).read_text("utf-8")
    )
    assert loaded == []


@pytest.mark.parametrize("language", ["", "zh/"])
@pytest.mark.parametrize("point", range(1, 13))
def test_the_rules_link_to_the_point_that_they_follow(point: int, language: str) -> None:
    folders = [SITE / f"{language}{folder}" for folder in ("explanation", "howto", "reference")]
    links = {link for folder in folders for page in folder.glob("*.html") for link in _page(page).links}
    assert f"../specification.html#point-{point}" in links


@pytest.mark.parametrize("diagram", sorted(DOCS.glob("pictures/*.mmd")), ids=lambda path: path.name)
def test_every_diagram_has_a_chinese_copy_with_the_same_lines(diagram: Path) -> None:
    english = diagram.with_name(diagram.name.replace(".zh_CN", ""))
    chinese = english.with_suffix(".zh_CN.mmd")
    arrows = [re.findall(r"\w+ ?-+>+ ?\w+", path.read_text("utf-8")) for path in (english, chinese)]
    assert arrows[0]
    assert arrows[1] == arrows[0]


def test_every_public_name_has_an_executed_example_in_the_reference() -> None:
    pages = [page.read_text("utf-8") for page in (DOCS / "reference").glob("*.md")]
    code = "\n".join(block for page in pages for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    names = [*skypay_payout.__all__, *skypay_payout.testing.__all__, "BodyCipher", "check_endpoint"]
    assert [name for name in names if not re.search(rf"\b{name}\b", code)] == []


def test_every_module_and_test_folder_of_the_contributing_guide_exists() -> None:
    guide = (DOCS / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"^\| [^|`]+ \| (`.+`) \| (`.+`) \|$", guide, re.MULTILINE)
    package = Path(skypay_payout.__file__).parent
    modules = [package / name for row in rows for name in re.findall(r"`(\w+)`", row[0])]
    folders = [DOCS.parent / name for row in rows for name in re.findall(r"`([\w/]+)`", row[1])]
    assert len(modules) > len(rows)
    assert [
        path for path in modules + folders if not path.is_dir() and not path.with_suffix(".py").exists()
    ] == []


def _catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _marked(text: str) -> list[str]:
    """What a translation must keep as it is: code, and where links lead."""
    return sorted({*re.findall(r"`+([^`]+)`+", text), *re.findall(r"\]\(([^)]+)\)", text)})


@pytest.mark.parametrize("template", templates, ids=str)
def test_the_chinese_says_what_the_english_says(template: Path) -> None:
    catalogue = CATALOGUES / template.with_suffix(".po")
    assert catalogue.exists(), "run make translations"
    chinese = {message.id: message for message in _messages(_catalogue(catalogue))}
    behind: list[object] = []
    for message in _messages(_catalogue(TEMPLATES / template)):
        translated = chinese.pop(message.id, None)
        if translated is None or translated.fuzzy or not translated.string:
            behind.append(message.id)
        elif _marked(str(message.id)) != _marked(str(translated.string)):
            behind.append((message.id, translated.string))
    assert behind == []
    assert list(chinese) == [], "no longer in the English; run make translations"


@pytest.mark.parametrize("template", templates, ids=str)
def test_every_translation_is_shown(template: Path) -> None:
    # Sphinx silently keeps the English if a translation is no paragraph, such as "1. ...", which is a list.
    doctree = SITE / "zh" / ".doctrees" / template.with_suffix(".doctree")
    document: nodes.document = pickle.loads(doctree.read_bytes())  # noqa: S301  our own build wrote it
    dropped = [
        node.astext()
        for node in document.findall(nodes.Element)
        if node.get("translated") is False and not isinstance(node, nodes.image)  # never marked
    ]
    assert dropped == []
