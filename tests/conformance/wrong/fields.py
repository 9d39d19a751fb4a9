"""Wrong endpoints: control numbers, times, texts and unknown fields."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.conformance.served import Fields
from tests.conformance.wrong.registry import crash, crashing, known, status_of, storing, text_of, wrong

# Control numbers and times


def number_like(pattern: str) -> Callable[[Fields], object]:
    return lambda fields: re.fullmatch(pattern, known(fields))


def kept_in(encoding: str) -> Callable[[Fields], object]:
    return lambda fields: text_of(fields).encode(encoding)


for pattern, what in (
    (r"\w{13}", "13"),
    (r"\w{14}", "14"),
    (r"\w{15}", "15"),
    (r"\w{14,15}", "14 or 15"),
    (r"\w{13,14}", "at most 14"),
):
    storing(f"wants {what} characters in a control number", "control-number-lengths", number_like(pattern))
storing("loses zeros", "control-number-lengths", lambda f: not re.match(r"\w{5}0000", known(f)))
storing("wants SK and digits", "control-number-prefixes", lambda f: re.fullmatch(r"SK\d+", known(f)))
storing("wants letters first", "control-number-prefixes", lambda f: known(f)[0].isalpha())
storing("takes a control number for a number", "control-number-prefixes", lambda f: not known(f).isdigit())
FORM = "%Y-%m-%d %H:%M:%S"
crashing(
    "reads a 12-hour clock",
    "deal-time-documented",
    lambda f: datetime.strptime(f["dealTime"][:19].replace("T", " "), "%Y-%m-%d %I:%M:%S"),
)
crashing("reads the documented form only", "deal-time-iso", lambda f: datetime.strptime(f["dealTime"], FORM))
storing("takes no fraction", "deal-time-iso", lambda f: "." not in f["dealTime"])
storing(
    "takes 3 digits of a fraction at most",
    "deal-time-iso",
    lambda f: not re.search(r"\.\d{4}", f["dealTime"]),
)
storing(
    "takes 6 digits of a fraction at most",
    "deal-time-iso",
    lambda f: not re.search(r"\.\d{7}", f["dealTime"]),
)
storing(
    "takes no offset", "deal-time-iso", lambda f: not re.search(r"[+-]\d\d(:?\d\d)?$", f["dealTime"][10:])
)
storing("takes no Z", "deal-time-iso", lambda f: not f["dealTime"].endswith("Z"))
storing("takes no T", "deal-time-iso", lambda f: "T" not in f["dealTime"])
storing("takes midnight for no time", "deal-time-documented", lambda f: "00:00:00" not in f["dealTime"])
storing("has no leap day", "deal-time-documented", lambda f: "02-29" not in f["dealTime"])
storing(
    "has a gap where its country's summer time begins",
    "deal-time-documented",
    lambda f: f["dealTime"] != "2026-03-08 02:30:00",
)


def age(fields: Fields) -> timedelta:
    return (
        datetime.now(UTC)
        + timedelta(hours=8)
        - datetime.fromisoformat(fields["dealTime"][:19]).replace(tzinfo=UTC)
    )


storing("takes nothing older than a day, as a replay", "deal-time-far", lambda f: age(f) < timedelta(days=1))
storing("takes nothing older than a month", "deal-time-far", lambda f: age(f) < timedelta(days=30))
storing("takes nothing from the future", "deal-time-far", lambda f: age(f) > -timedelta(minutes=1))
storing("takes nothing of another year", "deal-time-far sample", lambda f: abs(age(f)) < timedelta(days=300))

# Texts and fields

for encoding, cases in (
    ("ascii", "text-chinese status"),
    ("latin-1", "text-chinese"),
    ("gbk", "text-chinese text-emoji"),
):
    crashing(f"keeps texts in {encoding}", cases, kept_in(encoding))
crashing(
    "keeps unknown fields in latin-1",
    "text-chinese text-emoji",
    lambda f: str(f.get("remark")).encode("latin-1"),
)
storing(
    "keeps texts in MySQL's utf8",
    "text-emoji text-chinese",
    lambda f: all(ord(char) < 0x10000 for char in text_of(f)),
)
crashing("cannot encode a lone surrogate", "text-lone-surrogate", lambda f: text_of(f).encode())
crashing(
    "cannot encode half of a pair in an unknown field",
    "text-lone-surrogate",
    lambda f: str(f.get("remark")).encode(),
)
storing("cannot store U+0000", "text-nul", lambda f: "\0" not in text_of(f))
storing("cannot store U+0000 in an unknown field", "text-nul", lambda f: "\0" not in str(f.get("remark")))
storing("cannot store \\u0000 in JSONB", "text-nul", lambda f: "\\u0000" not in json.dumps(f))
storing("has 255 characters for a text", "text-long", lambda f: len(text_of(f)) <= 255)
storing("has 1000 characters for an unknown field", "text-long", lambda f: len(str(f.get("remark"))) <= 1000)
wrong("takes 8 KiB", "text-long", limit=8192)
storing("writes SQL by hand", "text-quotes", lambda f: "'" not in text_of(f))
crashing("formats with %", "text-quotes", lambda f: "%(x)s" in text_of(f) and crash())
crashing("formats with braces", "text-quotes", lambda f: text_of(f).format())
storing("filters markup", "text-markup", lambda f: "<" not in json.dumps(f))
storing("filters SQL", "text-quotes", lambda f: "DROP TABLE" not in json.dumps(f))
storing("takes no line break", "text-line-breaks", lambda f: "\n" not in text_of(f))
storing("takes one line only", "text-line-breaks", lambda f: len(text_of(f).splitlines()) <= 1)
storing("takes printable texts only", "text-controls text-line-breaks", lambda f: text_of(f).isprintable())
storing(
    "takes no control characters",
    "text-controls",
    lambda f: not re.search(r"[\x00-\x08\x0e-\x1f]", text_of(f)),
)
storing("wants trimmed texts", "text-markup", lambda f: str(f.get("remark")).strip() == str(f.get("remark")))
FIELDS = {
    "userName",
    "action",
    "authentication",
    "controlNumber",
    "payType",
    "dealTime",
    "failDescription",
    "referenceNumber",
}
storing(
    "takes no unknown fields",
    "unknown-fields unknown-names redelivered-changed",
    lambda f: f.keys() <= FIELDS,
)
storing("takes 20 fields", "unknown-fields", lambda f: len(f) <= 20)
storing(
    "takes texts only in unknown fields",
    "unknown-fields",
    lambda f: all(isinstance(f[name], str) for name in f.keys() - FIELDS),
)
storing(
    "has 64 bits for a number",
    "unknown-fields",
    lambda f: all(not isinstance(v, int) or abs(v) < 2**63 for v in f.values()),
)
storing("takes no empty object", "unknown-fields", lambda f: {} not in f.values())
storing("takes 10 levels", "unknown-fields", lambda f: json.dumps(f).count("{") < 6)
crashing("passes fields as arguments", "unknown-names", lambda f: (lambda self, **more: None)(None, **f))
storing(
    "keeps fields in a document store",
    "unknown-names",
    lambda f: not any(name.startswith("$") or "." in name for name in f),
)
storing("takes no empty name", "unknown-names", lambda f: "" not in f)
storing(
    "takes names of identifiers",
    "unknown-names",
    lambda f: all(re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) for name in f),
)
storing("guards prototypes", "unknown-names", lambda f: "__proto__" not in f)
storing("has 64 characters for a name", "unknown-names", lambda f: max(map(len, f)) <= 64)
crashing("cannot encode a name", "unknown-names", lambda f: "".join(f).encode())
storing("wants failDescription always", "sample status status", lambda f: "failDescription" in f)
storing(
    "wants failDescription of a failure",
    "optional-fields",
    lambda f: status_of(f) != "4" or "failDescription" in f,
)
storing(
    "wants a failDescription that says something", "optional-fields", lambda f: f.get("failDescription", "x")
)
storing(
    "wants a referenceNumber of an upload",
    "optional-fields",
    lambda f: status_of(f) != "1" or "referenceNumber" in f,
)
storing(
    "wants a referenceNumber that is a text",
    "optional-fields",
    lambda f: isinstance(f.get("referenceNumber", ""), str),
)
storing(
    "wants an empty failDescription to be absent", "optional-fields", lambda f: f.get("failDescription") != ""
)
storing(
    "takes failDescription with a failure only",
    "optional-fields",
    lambda f: "failDescription" not in f or status_of(f) == "4",
)
storing(
    "takes a text that a language takes for nothing as missing",
    "text-falsy",
    lambda f: str(f.get("failDescription", "x")).strip() not in ("", "0", "null", "false", "undefined"),
)
storing(
    "wants composed letters",
    "text-normal-forms",
    lambda f: unicodedata.normalize("NFC", text_of(f)) == text_of(f),
)
KNOWN = {name.lower(): name for name in FIELDS}
wrong(
    "takes names in any case, the last one wins",
    "name-case",
    once=lambda self, pairs: {KNOWN.get(name.lower(), name): value for name, value in pairs},
)
wrong(
    "takes the secret under a name in any case",
    "name-case-forged",
    authenticated=lambda self, f: any(
        self.right_secret(value) and f.get("userName") == self.user_name
        for name, value in f.items()
        if name.lower() == "authentication"
    ),
)


def decoded(value: object) -> object:
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


storing(
    "decodes texts that look like JSON", "text-quotes", lambda f: all(decoded(v) == v for v in f.values())
)
