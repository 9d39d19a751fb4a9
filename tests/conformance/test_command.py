"""``conformance``: what it prints, and the reports that it writes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from threading import Event
from xml.etree import ElementTree

import pytest

from skypay_payout._command import main, stored
from skypay_payout.conformance import _delivery
from skypay_payout.conformance._cases import RULES
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME
from tests.conformance.served import (
    OLDER_KEY,
    OLDER_SECRET,
    Answer,
    Encrypted,
    Endpoint,
    Received,
    Server,
    served,
)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", f"{OLDER_SECRET},{AUTHENTICATION}")
    monkeypatch.setenv("SKYPAY_PREFIXES", "SK991,SKY99")
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY", raising=False)


class Lax(Endpoint):
    """Acknowledges a wrong secret, and takes no Latin-1 for a wrong text."""

    def right_secret(self, secret: object) -> bool:
        return True


@pytest.fixture
def right() -> Iterator[Server]:
    with served(Endpoint()) as server:
        yield server


@pytest.fixture
def lax() -> Iterator[Server]:
    with served(Lax()) as server:
        yield server


SOME = ["--only", "status-upload", "--only", "secret-wrong", "--only", "base64-lines"]


def conformance(server: Server, *arguments: str) -> int:
    return main(["conformance", server.url, *arguments])


# What is printed


def test_each_case_has_a_line_and_the_last_line_counts_them(
    right: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformance(right, *SOME) == 0
    out, err = capsys.readouterr()
    assert out == (
        "passed        status-upload: UPLOAD is acknowledged\n"
        "skipped       base64-lines: Base64 wrapped in lines is acknowledged\n"
        "              bodies are plain\n"
        "passed        secret-wrong: a wrong or missing secret is rejected, whatever the\n"
        "              status\n"
        "\n3 cases: 2 passed, 0 failed, 1 skipped, 0 inconclusive\n"
    )
    assert err == "skypay-payout: SKYPAY_ENCRYPTION_KEY is not set: bodies are taken as plain JSON\n"


def test_a_failure_is_told_with_the_point_and_why_it_matters(
    lax: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformance(lax, *SOME) == 1
    out = capsys.readouterr().out
    told = " ".join(out.split())
    assert (
        "FAILED secret-wrong: a wrong or missing secret is rejected, whatever the status UPLOAD with "
        "another authentication: expected a status from 400 to 499, got 200 with responseCode 1000: it was"
    ) in told
    assert (
        "Specification: section 3.2: authentication. "
        "Anyone who finds the URL can report a payout as paid or failed." in told
    )
    assert max(map(len, out.splitlines())) <= 80
    assert out.endswith("\n3 cases: 1 passed, 1 failed, 1 skipped, 0 inconclusive\nfailed: secret-wrong\n")


def test_a_case_that_is_inconclusive_ends_the_command_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    class Limited(Endpoint):
        def reject(self, status: int) -> Answer | None:
            return Answer(429)

    with served(Limited()) as server:
        assert conformance(server, *SOME) == 1
    out = capsys.readouterr().out
    assert "INCONCLUSIVE  secret-wrong: " in out
    assert out.endswith(
        "\n3 cases: 1 passed, 0 failed, 1 skipped, 1 inconclusive\ninconclusive: secret-wrong\n"
    )


def test_the_names_of_many_failures_are_wrapped_between_names(capsys: pytest.CaptureFixture[str]) -> None:
    class Mute(Endpoint):
        def acknowledge(self, fields: dict[str, object], key: object) -> Answer | None:
            return Answer(200)

    with served(Mute()) as server:
        assert conformance(server, "--only", "status-*", "--only", "redelivered-*") == 1
    names = capsys.readouterr().out.partition("\nfailed: ")[2]
    assert max(map(len, names.splitlines())) <= 80
    tried = [rule.id for rule in RULES if rule.id.startswith(("status-", "redelivered-"))]
    assert " ".join(names.split()).split(", ") == [*tried, "any-acknowledged"]


def test_prefixes_that_are_not_set_are_told(
    right: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKYPAY_PREFIXES")
    assert conformance(right, *SOME) == 0
    assert (
        "skypay-payout: SKYPAY_PREFIXES is not set: if the endpoint has prefixes, acknowledged may mean "
        "quarantined\n" in capsys.readouterr().err
    )


def test_a_key_that_is_repeated_is_not_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", f"{OLDER_KEY},{ENCRYPTION_KEY}")

    class Leaky(Encrypted):
        def reject(self, status: int) -> Answer | None:
            return Answer(status, f"not encrypted with {ENCRYPTION_KEY}".encode())

    with served(Leaky()) as server:
        assert conformance(server, "--only", "not-json") == 1
    out = capsys.readouterr().out
    assert "the response repeats the authentication secret or a key" in " ".join(out.split())
    assert ENCRYPTION_KEY not in out


def test_json_lines_are_for_machines(lax: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance(lax, *SOME, "--json") == 1
    *results, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert last == {"summary": {"cases": 3, "passed": 1, "failed": 1, "skipped": 1, "inconclusive": 0}}
    assert [(one["case"], one["outcome"]) for one in results] == [
        ("status-upload", "passed"),
        ("base64-lines", "skipped"),
        ("secret-wrong", "failed"),
    ]
    assert all(one["rule"] and one["point"] and one["why"] for one in results)
    assert all(one["seconds"] == round(one["seconds"], 3) for one in results)
    assert "message" not in results[0]
    assert "it was acknowledged" in results[2]["message"]


def test_each_result_is_shown_as_soon_as_it_is_there(right: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shown(StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    shown = Shown()
    monkeypatch.setattr(sys, "stdout", shown)
    assert conformance(right, "--only", "status-*") == 0
    assert shown.flushed >= 6


def test_the_cases_are_listed_without_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKYPAY_USER_NAME")
    assert main(["conformance", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sample                          the published sample is acknowledged"
    assert [line.split()[0] for line in lines] == [rule.id for rule in RULES]
    assert main(["conformance", "--list", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["case"], one["rule"], one["point"], one["why"]) for one in listed] == [
        (rule.id, rule.rule, rule.point, rule.why) for rule in RULES
    ]


def test_the_payout_that_is_asked_for_is_told_of() -> None:
    endpoint = Endpoint()
    with served(endpoint) as server:
        assert conformance(server, "--only", "status-*", "--control-number", "SKY99000000001") == 0
    assert {fields["controlNumber"] for fields in endpoint.stored.values()} == {"SKY99000000001"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["callback"], "expected a URL of HTTP"),
        ([], "expected the URL of the endpoint, got none"),
        (["http://127.0.0.1:1/", "--control-number", "SKY**12345678"], "got 'SKY**12345678'"),
        (["http://127.0.0.1:1/", "--only", "nothing"], "expected the name of a case, got 'nothing'"),
        (["http://127.0.0.1:1/", "--pause", "-1"], "expected seconds from 0 to 60, got -1"),
        (["http://127.0.0.1:1/", "--pause", "61"], "expected seconds from 0 to 60, got 61"),
        (["http://127.0.0.1:1/", "--pause", "nan"], "expected seconds from 0 to 60, got nan"),
        (["http://127.0.0.1:1/", "--pause", "long"], "expected seconds from 0 to 60, got long"),
        (["http://127.0.0.1:1/"], "cannot connect"),
    ],
)
def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["conformance", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_pause_is_taken(right: Server) -> None:
    assert conformance(right, "--only", "status-upload", "--pause", "0.01") == 0


def test_the_extra_that_is_missing_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    for module in [name for name in sys.modules if name.startswith("skypay_payout.conformance")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delattr("skypay_payout.conformance", raising=False)
    assert main(["conformance", "http://127.0.0.1:1/callback"]) == 2
    assert capsys.readouterr().err == (
        "skypay-payout: delivering callbacks needs the extra 'http': pip install 'skypay-payout[http]'\n"
    )


# What is stored


def printing(tmp_path: Path, lines: str) -> str:
    file = tmp_path / "stored.jsonl"
    file.write_text(lines, encoding="utf-8")
    return f"cat {shlex.quote(str(file))}"


def test_the_stored_events_are_read_from_a_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from skypay_payout import CallbackParser

    file = tmp_path / "stored.jsonl"
    parser = CallbackParser.from_environ(plain=True)

    class Storing(Endpoint):
        def store(self, fields: dict[str, object]) -> None:
            with file.open("a", encoding="utf-8") as lines:
                print(json.dumps(parser.parse(json.dumps(fields)).to_dict(), ensure_ascii=False), file=lines)
                print(file=lines)

    with served(Storing()) as server:
        command = f"cat {shlex.quote(str(file))}"
        only = ["--only", "status-*", "--only", "stored-*"]
        assert conformance(server, *only, "--stored", command) == 0
        assert "passed        stored-once: " in capsys.readouterr().out
        assert conformance(server, *only, "--stored", f"head -n -3 {shlex.quote(str(file))}") == 1
        assert "FAILED        stored-once: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("exit 3", "the command of --stored ended with status 3"),
        ("echo hello", "expected a JSON object in line 1 of what --stored prints, got something else"),
        (
            "echo; echo '[1]'",
            "expected a JSON object in line 2 of what --stored prints, got something else",
        ),
        ("head -c 9000 /dev/zero | tr '\\0' '['", "expected a JSON object in line 1"),
        ("echo '{}'", "stored event 1 is not in the form of to_dict()"),
    ],
)
def test_a_command_that_prints_something_else_is_told(
    right: Server, capsys: pytest.CaptureFixture[str], command: str, problem: str
) -> None:
    assert conformance(right, "--only", "status-upload", "--only", "stored-once", "--stored", command) == 1
    assert problem in " ".join(capsys.readouterr().out.split())


def test_a_command_that_does_not_end_is_ended(
    right: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "SECONDS", 0.2)
    assert (
        conformance(right, "--only", "status-upload", "--only", "stored-once", "--stored", "sleep 600 & wait")
        == 1
    )
    told = " ".join(capsys.readouterr().out.split())
    assert "expected the command of --stored to end within 0 s" in told


# JUnit

ALLOWED = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {
        "name",
        "tests",
        "failures",
        "errors",
        "time",
        "skipped",
        "timestamp",
        "hostname",
        "id",
        "package",
    },
    "testcase": {"name", "classname", "time"},
    "skipped": set[str](),
    "error": {"message", "type"},
    "failure": {"message", "type"},
    "system-out": set[str](),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"skipped", "error", "failure", "system-out"},
}


def junit(path: Path) -> ElementTree.Element:
    """The report, if the schema of Jenkins allows it."""
    text = path.read_bytes()
    assert text.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')
    root = ElementTree.fromstring(text)  # noqa: S314  written here
    for element in root.iter():
        assert element.attrib.keys() <= ALLOWED[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert "time" not in element.attrib or re.fullmatch(r"\d+\.\d{3}", element.attrib["time"])
    for suite in (root, root[0]):
        cases = list(root.iter("testcase"))
        assert suite.attrib["tests"] == str(len(cases))
        assert suite.attrib["failures"] == str(len(list(root.iter("failure"))))
        assert suite.attrib["errors"] == str(len(list(root.iter("error"))))
    assert root[0].attrib["skipped"] == str(len(list(root.iter("skipped"))))
    return root


def test_junit_xml_is_written(lax: Server, tmp_path: Path) -> None:
    assert conformance(lax, *SOME, "--junit", str(tmp_path / "junit.xml")) == 1
    root = junit(tmp_path / "junit.xml")
    names = [case.attrib["name"].partition(":")[0] for case in root.iter("testcase")]
    assert names == ["status-upload", "base64-lines", "secret-wrong"]
    (failure,) = root.iter("failure")
    assert "it was acknowledged" in failure.attrib["message"]
    assert "Anyone who finds the URL" in (failure.text or "")
    (skipped,) = root.iter("skipped")
    assert skipped.text == "bodies are plain"


def test_junit_xml_tells_what_is_inconclusive_as_an_error(tmp_path: Path) -> None:
    class Closed(Endpoint):
        def authenticated(self, fields: dict[str, object]) -> bool:
            return False

    with served(Closed()) as server:
        assert conformance(server, *SOME, "--junit", str(tmp_path / "junit.xml")) == 1
    root = junit(tmp_path / "junit.xml")
    (error,) = root.iter("error")
    assert error.attrib["message"] == "nothing was acknowledged, so a rejection proves nothing"


def test_junit_xml_tells_what_a_run_could_not_see(
    right: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skypay_payout.conformance._unseen", lambda now: "not this")
    assert conformance(right, "--only", "response-time", "--junit", str(tmp_path / "junit.xml")) == 0
    (note,) = junit(tmp_path / "junit.xml").iter("system-out")
    assert note.text == "not this"


def test_what_xml_cannot_hold_is_escaped_in_the_reports(tmp_path: Path) -> None:
    class Odd(Endpoint):
        def written(self, acknowledgement: dict[str, object]) -> bytes:
            return "\x00\x1b \ufffe <b>&\"'".encode()

    files = [str(tmp_path / "junit.xml"), str(tmp_path / "page.html")]
    with served(Odd()) as server:
        assert conformance(server, *SOME, "--junit", files[0], "--html", files[1]) == 1
    (failure, *_) = junit(tmp_path / "junit.xml").iter("failure")
    assert "expected one JSON object" in failure.attrib["message"]
    page = Path(files[1]).read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "\x1b" not in page


@pytest.mark.parametrize("option", ["--junit", "--html"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_sent(
    right: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str
) -> None:
    assert conformance(right, option, str(tmp_path)) == 2
    assert f"cannot write {tmp_path}: " in capsys.readouterr().err
    assert not right.requests


def test_the_reports_tell_that_nobody_is_there(tmp_path: Path) -> None:
    with served(Endpoint()) as server:
        pass
    files = [tmp_path / "junit.xml", tmp_path / "page.html"]
    assert conformance(server, "--junit", str(files[0]), "--html", str(files[1])) == 2
    (error,) = junit(files[0]).iter("error")
    assert error.attrib["message"].startswith("cannot connect")
    assert "cannot connect" in files[1].read_text(encoding="utf-8")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_reports_are_written_even_if_the_check_is_interrupted(
    tmp_path: Path, number: signal.Signals
) -> None:
    reached, ended = Event(), Event()

    def hanging(request: Received) -> Answer | None:
        if b'"payType": "2"' in request.body:
            reached.set()
            ended.wait(60)
        return Endpoint()(request)

    files = [tmp_path / "junit.xml", tmp_path / "page.html"]
    reports = ["--junit", str(files[0]), "--html", str(files[1])]
    with served(hanging) as server:
        process = subprocess.Popen(  # noqa: S603
            [
                sys.executable,
                "-m",
                "skypay_payout",
                "conformance",
                server.url,
                "--only",
                "status-*",
                *reports,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        assert reached.wait(60)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        ended.set()
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    root = junit(files[0])
    names = [case.attrib["name"] for case in root.iter("testcase")]
    assert names[0].startswith("status-upload: ")
    assert names[-1] == "the check runs to its end"
    assert "the check was interrupted" in files[1].read_text(encoding="utf-8")


# HTML


class Page(HTMLParser):
    """What is on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_page_tells_it_to_a_colleague(lax: Server, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    url = lax.url.replace("//", "//user:hidden@") + "?token=hidden#hidden"
    assert main(["conformance", url, *SOME, "--html", str(file)]) == 1
    text = file.read_text(encoding="utf-8")
    assert "hidden" not in text
    page = Page()
    page.feed(text)
    shown = " ".join(" ".join(page.texts).split())
    assert lax.url in shown
    assert "3 cases: 1 failed, 0 inconclusive, 1 passed, 1 skipped" in shown
    assert "it was acknowledged" in shown
    assert shown.index("secret-wrong") < shown.index("status-upload") < shown.index("base64-lines")
    assert "Anyone who finds the URL can report a payout as paid or failed." in shown
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not {"src", "href"} & set(page.attributes)


def test_a_url_that_is_none_is_in_no_report(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    assert main(["conformance", "http://[::1", "--html", str(file)]) == 2
    assert "not a URL" in file.read_text(encoding="utf-8")


def test_an_endpoint_that_hangs_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_delivery, "DEADLINE", 0.2)
    ended = Event()

    def hanging(_: Received) -> Answer | None:
        ended.wait(60)
        return None

    with served(hanging) as server:
        assert conformance(server, "--only", "sample") == 1
        ended.set()
    out = " ".join(capsys.readouterr().out.split())
    assert "FAILED sample: the published sample is acknowledged no response within 0 s" in out
    assert "FAILED any-acknowledged: " in out
