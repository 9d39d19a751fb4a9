"""README.zh-CN.md follows README.md, section by section."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# "<!-- follows 0123456789ab -->" at the end of a translated section: the digest of the English one's prose.
_FOLLOWS = re.compile(r"<!-- follows ([0-9a-f]{12}) -->")
_CODE = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_COMMENT_OR_BLANK_LINE = re.compile(r" *#.*|^\n", re.MULTILINE)


def sections(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [section.strip() for section in re.split(r"^(?=## )", text, flags=re.MULTILINE)]


ENGLISH = sections("README.md")
CHINESE = sections("README.zh-CN.md")


def digest(section: str) -> str:
    prose = " ".join(_CODE.sub("", section).split())
    return sha256(prose.encode()).hexdigest()[:12]


def test_translation_has_the_same_number_of_sections() -> None:
    assert len(CHINESE) == len(ENGLISH)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        pytest.param(english, chinese, id=english.partition("\n")[0].strip("# "))
        for english, chinese in zip(ENGLISH, CHINESE, strict=False)
    ],
)
def test_section_follows_the_english_one(english: str, chinese: str) -> None:
    assert _FOLLOWS.findall(chinese) == [digest(english)], (
        f"translate it again, and end it with <!-- follows {digest(english)} -->"
    )


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        pytest.param(english, chinese, id=f"block {number}")
        for number, (english, chinese) in enumerate(
            zip(_CODE.findall("\n".join(ENGLISH)), _CODE.findall("\n".join(CHINESE)), strict=True), 1
        )
    ],
)
def test_code_is_the_same_except_for_its_comments(english: tuple[str, str], chinese: tuple[str, str]) -> None:
    assert chinese[0] == english[0]
    assert _COMMENT_OR_BLANK_LINE.sub("", chinese[1]) == _COMMENT_OR_BLANK_LINE.sub("", english[1])
