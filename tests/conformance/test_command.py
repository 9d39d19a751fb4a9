"""``conformance``: what it prints, and the files that it writes."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from threading import Event
from xml.etree import ElementTree

import pytest

from skypay_payout import CallbackParser
from skypay_payout import conformance as conformance_package
from skypay_payout._command import main, stored
from skypay_payout.conformance import RULES
from skypay_payout.conformance._rule import selected
from skypay_payout.testing import AUTHENTICATION, ENCRYPTION_KEY, USER_NAME
from tests.conformance.served import (
    OLDER_KEY,
    OLDER_SECRET,
    Answer,
    Encrypted,
    Endpoint,
    Received,
    Rejected,
    Server,
    served,
)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", f"{OLDER_SECRET},{AUTHENTICATION}")
    monkeypatch.setenv("SKYPAY_PREFIXES", "SK991,SKY99")
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY", raising=False)
    monkeypatch.setenv("COLUMNS", "80")


class Lax(Endpoint):
    """Acknowledges a wrong secret."""

    def right_secret(self, secret: object) -> bool:
        return True


class Limited(Endpoint):
    """Has a rate limit, which every rejection exceeds."""

    def reject(self, status: int) -> Answer | None:
        return Answer(429)


@pytest.fixture
def right() -> Iterator[Server]:
    with served(Endpoint()) as server:
        yield server


@pytest.fixture
def lax() -> Iterator[Server]:
    with served(Lax()) as server:
        yield server


SOME = ["--only", "status", "--only", "secret-wrong", "--only", "base64-lines"]


def conformance(server: Server, *arguments: str) -> int:
    return main(["conformance", server.url, *arguments])


def words(text: str) -> str:
    return " ".join(text.split())


# What is printed


def test_passes_are_a_line_for_each_section_and_the_last_line_counts(
    right: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformance(right, *SOME) == 0
    out, err = capsys.readouterr()
    assert out == (
        "statuses          1 passed\n"
        "wire              1 skipped\n"
        "sender            1 passed\n"
        "\nskipped: base64-lines: it needs a key\n"
        "\n3 rules: 2 passed, 0 warning, 0 failed, 1 skipped, 0 inconclusive\n"
    )
    assert err == "skypay-payout: SKYPAY_ENCRYPTION_KEY is not set: bodies are taken as plain JSON\n"


def test_a_failure_is_told_with_consequence_callback_response_point_and_reason(
    lax: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformance(lax, *SOME) == 1
    out = capsys.readouterr().out
    told = words(out)
    assert (
        "FAILED: acknowledged what it must not expected a status from 400 to 499, got 200 with responseCode "
        "1000: it was acknowledged 28 times in 1 rule: secret-wrong: A wrong or missing secret is rejected, "
        "whatever the status: UPLOAD with authentication wrong, UPLOAD with authentication missing,"
    ) in told
    assert '"authentication": "00000000-0000-0000-0000-000000000000"' in told
    assert 'received 200 {"responseTime": "' in told
    assert (
        "Specification: section 3.2: authentication. "
        "Anyone who finds the URL can report a payout as paid or failed." in told
    )
    assert max(map(len, out.splitlines())) <= 80
    assert told.endswith(
        "3 rules: 1 passed, 0 warning, 1 failed, 1 skipped, 0 inconclusive; 28 failures in 1 cause"
    )


class Careless(Lax):
    """Acknowledges a wrong secret too, crashes on what is not UTF-8, and has a form of its own."""

    def read(self, text: bytes) -> dict[str, object]:
        text.decode()
        return super().read(text)

    def acknowledgement(self, fields: dict[str, object]) -> dict[str, object]:
        return super().acknowledgement(fields) | {"more": 1}


def test_the_worst_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["--only", "not-utf8", "--only", "secret-wrong", "--only", "acknowledgement-form"]
    with served(Careless()) as server:
        assert conformance(server, *names) == 1
    kinds = re.findall("^FAILED: (.+)$", capsys.readouterr().out, re.MULTILINE)
    assert kinds == ["acknowledged what it must not", "crashed instead of rejecting", "form"]


def test_many_failures_of_one_cause_are_one_entry(capsys: pytest.CaptureFixture[str]) -> None:
    class Uploads(Endpoint):
        def store(self, fields: dict[str, object]) -> None:
            if fields["payType"] != "1":
                raise RuntimeError

    with served(Uploads()) as server:
        assert conformance(server, *(f"--only={name}" for name in ("status", "[a-f]*", "redelivered"))) == 1
    told = words(capsys.readouterr().out)
    assert told.count("FAILED: lost a good callback") == 1
    assert re.search(r"\d+ failures in 1 cause", told)
    assert re.search(r"Also in .*redelivered \(\d+\)", told)


def test_a_rule_that_is_inconclusive_ends_the_command_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with served(Limited()) as server:
        assert conformance(server, *SOME) == 1
    assert "INCONCLUSIVE: secret-wrong: got status 429, a rate limit" in capsys.readouterr().out


def test_a_warning_ends_the_command_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    class Number(Endpoint):
        def acknowledgement(self, fields: dict[str, object]) -> dict[str, object]:
            return super().acknowledgement(fields) | {"responseCode": 1000}

    with served(Number()) as server:
        assert conformance(server, "--only", "response-code") == 0
    out = capsys.readouterr().out
    assert "WARNING: form" in out
    assert "1 warning, 0 failed" in out


def test_rules_that_are_all_skipped_end_the_command_with_1(
    right: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformance(right, "--only", "base64-lines") == 1
    assert "nothing was tried: all that --only names was skipped" in capsys.readouterr().err


def test_where_nothing_is_acknowledged_the_diagnosis_is_all(capsys: pytest.CaptureFixture[str]) -> None:
    with served(lambda _: Answer(404)) as server:
        assert conformance(server) == 1
    out = capsys.readouterr().out
    told = words(out)
    assert (
        "nothing was acknowledged: expected status 200, got 404 (is the path right?). Check the path" in told
    )
    assert told.endswith(f"1 cause; {len(RULES) - 1} rules not tried")
    assert len(out.splitlines()) < 25


def only(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Let there be these rules alone, since all of them would take long."""
    monkeypatch.setattr(conformance_package, "RULES", selected(names))
    return [f"--only={name}" for name in names]


class Gone(Exception):
    pass


def test_an_endpoint_that_crashed_is_told_first_and_its_store_is_judged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("skypay_payout.conformance._run._RESTART", 0.0)

    class Crashing(Endpoint):
        def read(self, text: bytes) -> dict[str, object]:
            if text == b"null":
                server.shutdown()
                server.server_close()
                raise Gone
            return super().read(text)

        def __call__(self, request: Received) -> Answer | None:
            try:
                return self.handle(request)
            except Gone:
                return None
            except Rejected as rejected:
                return self.reject(rejected.status)

    arguments = only(monkeypatch, "status", "not-an-object", "not-utf8", "empty-body", "alive", "stored-*")
    with served(Crashing()) as server:
        assert conformance(server, *arguments, "--stored", "true", "--save", str(tmp_path)) == 1
    told = words(capsys.readouterr().out)
    kinds = re.findall(
        "(FAILED|INCONCLUSIVE): (the endpoint|lost|crashed|not-utf8, stored-first: cannot)", told
    )
    assert [second for _, second in kinds] == [
        "the endpoint",
        "lost",
        "crashed",
        "not-utf8, stored-first: cannot",
    ]
    assert re.search("FAILED: the endpoint went away cannot connect to .+, since not-an-object, null", told)
    assert "alive: The endpoint is still there after every callback sent null saved" in told
    assert "was acknowledged, but is not stored" in told
    assert told.endswith("1 rule not tried, since the endpoint went away")
    assert (tmp_path / "alive-1.body").read_bytes() == b"null"


def test_the_first_failure_can_end_the_check(lax: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance(lax, *SOME, "--only", "not-json", "-x") == 1
    assert "1 rule not tried" in words(capsys.readouterr().out)


def test_prefixes_that_are_not_set_are_told_on_standard_error_alone(
    right: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKYPAY_PREFIXES")
    told = "skypay-payout: SKYPAY_PREFIXES is not set: if the endpoint has prefixes, acknowledged may mean "
    assert conformance(right, *SOME, "--json") == 0
    assert f"{told}quarantined\n" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stderr", None)  # 2>&-
    assert conformance(right, *SOME, "--json") == 0
    assert capsys.readouterr().out.startswith("{")


def test_a_key_that_is_repeated_is_not_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYPAY_ENCRYPTION_KEY", f"{OLDER_KEY},{ENCRYPTION_KEY}")

    class Leaky(Encrypted):
        def reject(self, status: int) -> Answer | None:
            return Answer(status, f"not encrypted with {ENCRYPTION_KEY}".encode())

    with served(Leaky()) as server:
        assert conformance(server, "--only", "not-json", "--only", "leaks") == 1
    out = capsys.readouterr().out
    assert "the body of the response repeats the authentication secret or a key" in words(out)
    assert ENCRYPTION_KEY not in out


def test_json_lines_are_for_machines(lax: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance(lax, *SOME, "--json") == 1
    *results, last = map(json.loads, capsys.readouterr().out.splitlines())
    counts = {"passed": 1, "warning": 0, "failed": 1, "skipped": 1, "inconclusive": 0}
    assert last == {"summary": {"rules": 3} | counts | {"not_tried": 0}}
    assert [(one["id"], one["section"], one["outcome"]) for one in results] == [
        ("status", "statuses", "passed"),
        ("base64-lines", "wire", "skipped"),
        ("secret-wrong", "sender", "failed"),
    ]
    assert all(one["rule"] and one["point"] and one["why"] for one in results)
    assert all(one["seconds"] == round(one["seconds"], 3) for one in results)
    assert "message" not in results[0]
    assert results[2]["consequence"] == "acknowledged what it must not"
    assert len(results[2]["problems"]) == 28
    assert results[2]["problems"][0].keys() == {
        *("what", "message", "consequence", "warning", "sent", "received")
    }


def test_each_section_is_shown_as_soon_as_it_is_over(right: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shown(StringIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1

    shown = Shown()
    monkeypatch.setattr(sys, "stdout", shown)
    assert conformance(right, *SOME) == 0
    assert shown.flushed >= 3


@pytest.mark.parametrize(
    ("variable", "value", "styled"), [("X", "", True), ("NO_COLOR", "1", False), ("TERM", "dumb", False)]
)
def test_colours_are_for_a_terminal(
    lax: Server, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, styled: bool
) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert conformance(lax, *SOME) == 1
    assert ("\x1b[31;1mFAILED" in terminal.getvalue()) is styled


def test_the_width_is_that_of_the_terminal(
    lax: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "150")
    assert conformance(lax, *SOME) == 1
    assert 120 < max(map(len, capsys.readouterr().out.splitlines())) <= 150


def test_the_rules_are_listed_without_settings_and_without_the_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKYPAY_USER_NAME")
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.delitem(sys.modules, "skypay_payout.conformance._delivery", raising=False)
    assert main(["conformance", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "sample                          The published sample is acknowledged"
    assert [line.split()[0] for line in lines] == [rule.id for rule in RULES]
    assert main(["conformance", "--list", "--json", "--only", "text-*"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["section"], one["rule"], one["point"], one["why"]) for one in listed] == [
        (rule.id, rule.section, rule.rule, rule.point, rule.why)
        for rule in RULES
        if rule.id.startswith("text-")
    ]


def test_the_payout_that_is_asked_for_is_told_of() -> None:
    endpoint = Endpoint()
    with served(endpoint) as server:
        assert conformance(server, "--only", "status", "--control-number", "SKY99000000001") == 0
    assert {fields["controlNumber"] for fields in endpoint.stored.values()} == {"SKY99000000001"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["callback"], "expected a URL of HTTP"),
        ([], "expected the URL of the endpoint, got none"),
        (["http://127.0.0.1:1/", "--control-number", "SKY**12345678"], "got 'SKY**12345678'"),
        (["http://127.0.0.1:1/", "--only", "nothing"], "expected the name of a rule, got 'nothing'"),
        (["http://127.0.0.1:1/", "--pause", "61"], "expected seconds from 0 to 60, got 61"),
        (["http://127.0.0.1:1/", "--pause", "long"], "expected seconds from 0 to 60, got long"),
        (["http://127.0.0.1:1/", "--juni", "x"], "unrecognized arguments: --juni"),
        (["http://127.0.0.1:1/", "--junit", "-"], "expected the name of a file for --junit, got -"),
        (["http://127.0.0.1:1/"], "cannot connect to 127.0.0.1:1: Connection refused"),
    ],
)
def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(["conformance", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_pause_is_taken(right: Server) -> None:
    assert conformance(right, "--only", "status", "--pause", "0.01") == 0


@pytest.mark.parametrize("command", ["send", "conformance"])
def test_the_extra_that_is_missing_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    monkeypatch.delitem(sys.modules, "skypay_payout.conformance._delivery", raising=False)
    assert main([command, "http://127.0.0.1:1/callback"]) == 2
    assert (
        "skypay-payout: delivering callbacks needs the extra 'http': pip install 'skypay-payout[http]'\n"
        in capsys.readouterr().err
    )


# What commands print


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stored.jsonl"


def test_the_stored_events_are_read_from_a_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    parser = CallbackParser.from_environ(plain=True)

    class Storing(Endpoint):
        def store(self, fields: dict[str, object]) -> None:
            with file.open("a", encoding="utf-8") as lines:
                print(json.dumps(parser.parse(json.dumps(fields)).to_dict(), ensure_ascii=False), file=lines)
                print(file=lines)

    arguments = only(monkeypatch, "status", "stored-*")
    with served(Storing()) as server:
        assert conformance(server, *arguments, "--stored", f"cat {shlex.quote(str(file))}") == 0
        assert "stored            8 passed" in capsys.readouterr().out
        assert conformance(server, *arguments, "--stored", f"head -n -3 {shlex.quote(str(file))}") == 1
        assert "FAILED: lost a good callback" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("exit 3", "the command of --stored ended with status 3"),
        ("nosuchcmd 2>/dev/null", "the command of --stored ended with status 127"),
        ("echo hello", "expected of --stored lines of JSON, objects, got 'hello'"),
        ("echo; echo '[1]'", "expected of --stored lines of JSON, objects, got an array"),
        ("head -c 9000 /dev/zero | tr '\\0' '['", "expected of --stored lines of JSON, objects, got '[[["),
    ],
)
def test_a_command_that_fails_is_inconclusive(
    right: Server,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    problem: str,
) -> None:
    arguments = only(monkeypatch, "status", "stored-once")
    assert conformance(right, *arguments, "--stored", command) == 1
    told = words(capsys.readouterr().out)
    assert f"INCONCLUSIVE: stored-once: {problem}" in told
    assert "0 failed, 0 skipped, 1 inconclusive" in told


def test_a_line_that_is_no_json_is_told_and_hides_nothing(
    right: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    file.write_text('{"payType": "paid"}\nWarning: a notice of the store\n')
    arguments = only(monkeypatch, "status", "stored-form", "stored-once")
    assert conformance(right, *arguments, "--stored", f"cat {shlex.quote(str(file))}") == 1
    told = words(capsys.readouterr().out)
    assert "got 'Warning: a notice of the store'" in told
    assert "was acknowledged, but is not stored" in told


@pytest.mark.parametrize("option", ["--quarantined", "--statuses"])
def test_the_other_commands_run_too(
    right: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    arguments = only(monkeypatch, "quarantined", "derived-*")
    assert conformance(right, *arguments, option, "exit 3") == 1
    assert f"the command of {option} ended with status 3" in words(capsys.readouterr().out)


def test_a_command_that_does_not_end_is_ended(
    right: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "SECONDS", 0.2)
    arguments = only(monkeypatch, "stored-once")
    assert conformance(right, *arguments, "--stored", "sleep 600 & wait") == 1
    told = words(capsys.readouterr().out)
    assert "expected the command of --stored to end within 0 s" in told


# What is saved


def test_callbacks_that_failed_are_saved_with_a_line_for_curl(
    lax: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = lax.url.replace("//", "//user:hidden@") + "?token=hidden#hidden"
    directory = tmp_path / "what's saved"
    monkeypatch.chdir(tmp_path)
    assert main(["conformance", url, *SOME, "--save", directory.name]) == 1
    assert "saved" in capsys.readouterr().out
    assert directory.stat().st_mode & 0o077 == 0
    bodies = sorted(directory.glob("*.body"))
    assert len(bodies) == 28
    assert bodies[0].read_bytes() in [request.body for request in lax.requests]
    assert all(file.stat().st_mode & 0o077 == 0 for file in directory.iterdir())
    script = (directory / "curl.sh").read_text()
    body = f"--data-binary {shlex.quote(f'@{directory}/secret-wrong-1.body')}"
    assert f"curl -sS -i -H 'Content-Type: text/plain' {body} {lax.url}" in script.splitlines()
    assert "hidden" not in script


def test_what_is_missing_in_a_store_has_no_callback_to_save(
    right: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = only(monkeypatch, "status", "stored-once")
    assert conformance(right, *arguments, "--stored", "true", "--save", str(tmp_path)) == 1
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_directory_that_cannot_be_written_is_told(
    lax: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "curl.sh").mkdir()
    assert conformance(lax, *SOME, "--save", str(tmp_path)) == 2
    assert f"cannot write {tmp_path}/curl.sh: " in capsys.readouterr().err


def test_a_directory_that_cannot_be_made_is_told_before_anything_is_sent(
    right: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert conformance(right, "--save", str(tmp_path / "file" / "saved")) == 2
    assert "cannot write" in capsys.readouterr().err
    assert not right.requests


# JUnit

ALLOWED = {
    "testsuites": "name time tests failures disabled errors",
    "testsuite": "name tests failures errors time skipped timestamp hostname id package",
    "testcase": "name classname time",
    "skipped": "",
    "error": "message type",
    "failure": "message type",
    "system-out": "",
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
        assert element.attrib.keys() <= {*ALLOWED[element.tag].split()}
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
    assert names == ["status", "base64-lines", "secret-wrong"]
    (failure,) = root.iter("failure")
    assert "it was acknowledged" in failure.attrib["message"]
    assert failure.attrib["type"] == "acknowledged what it must not"
    assert "sent: {" in (failure.text or "")
    assert "received: 200 " in (failure.text or "")
    assert "Anyone who finds the URL" in (failure.text or "")
    (skipped,) = root.iter("skipped")
    assert skipped.text == "it needs a key"


def test_junit_xml_tells_what_is_inconclusive_as_an_error(tmp_path: Path) -> None:
    with served(Limited()) as server:
        assert conformance(server, *SOME, "--junit", str(tmp_path / "junit.xml")) == 1
    (error,) = junit(tmp_path / "junit.xml").iter("error")
    assert error.attrib["message"].startswith("got status 429")


def test_junit_xml_tells_what_a_run_could_not_see(
    right: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skypay_payout.conformance.rules.clock._unseen", lambda now: "not this")
    assert conformance(right, "--only", "response-time", "--junit", str(tmp_path / "junit.xml")) == 0
    (note,) = junit(tmp_path / "junit.xml").iter("system-out")
    assert note.text == "not this"


def test_what_xml_cannot_hold_is_escaped(tmp_path: Path) -> None:
    class Odd(Endpoint):
        def written(self, acknowledgement: dict[str, object]) -> bytes:
            return "\x00\x1b \ufffe <b>&\"'".encode()

    with served(Odd()) as server:
        assert conformance(server, *SOME, "--junit", str(tmp_path / "junit.xml")) == 1
    (failure, *_) = junit(tmp_path / "junit.xml").iter("failure")
    assert "expected one JSON object" in failure.attrib["message"]


def test_a_file_that_cannot_be_written_is_told_before_anything_is_sent(
    right: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in (tmp_path, Path("/dev/null"), tmp_path / "none" / "junit.xml"):
        assert conformance(right, "--junit", str(name)) == 2
        told = f"(expected the name of a file for --junit, got|cannot write) {name}"
        assert re.search(told, capsys.readouterr().err)
    assert not right.requests


def test_a_wrong_name_of_a_rule_leaves_the_file_as_it_is(right: Server, tmp_path: Path) -> None:
    file = tmp_path / "junit.xml"
    file.write_text("before")
    assert conformance(right, "--junit", str(file), "--only", "nonsense") == 2
    assert file.read_text() == "before"


def test_the_report_tells_that_nobody_is_there(tmp_path: Path) -> None:
    with served(Endpoint()) as server:
        pass
    assert conformance(server, "--junit", str(tmp_path / "junit.xml")) == 2
    (error,) = junit(tmp_path / "junit.xml").iter("error")
    assert error.attrib["message"].startswith("cannot connect")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_check_ends_with_its_summary_and_its_report(
    tmp_path: Path, number: signal.Signals
) -> None:
    reached, ended = Event(), Event()

    def hanging(request: Received) -> Answer | None:
        if b"earlier" in request.body or b'"a": [{"b"' in request.body:
            reached.set()
            ended.wait(60)
        return Endpoint()(request)

    file = tmp_path / "junit.xml"
    command = [sys.executable, "-m", "skypay_payout", "conformance"]
    with served(hanging) as server:
        process = subprocess.Popen(  # noqa: S603
            [*command, server.url, "--only", "status", "--only", "json-*", "--junit", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )
        assert reached.wait(60)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        ended.set()
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert out.startswith("statuses          1 passed\n")
    assert words(out).endswith(
        "1 rule: 1 passed, 0 warning, 0 failed, 0 skipped, 0 inconclusive; 4 rules not tried"
    )
    names = [case.attrib["name"] for case in junit(file).iter("testcase")]
    assert names[0].startswith("status: ")
    assert names[-1] == "the check runs to its end"
