"""``store``: every subcommand on a database of SQLite; tests/contrib has those of the store itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from skypay_payout import CallbackParser, PayType
from skypay_payout._command import main
from skypay_payout.testing import CREDENTIALS, body

pytest.importorskip("sqlalchemy")

PARSER = CallbackParser(CREDENTIALS)
NUMBER = "SK99123456789"
Run: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a subcommand on a store with two conflicting events and a quarantined callback."""
    from skypay_payout.contrib.sqlalchemy import Store

    monkeypatch.setenv("SKYPAY_USER_NAME", CREDENTIALS.user_name)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", CREDENTIALS.authentication[0])
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY", raising=False)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/payouts")

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["store", *arguments])
        return (status, *capsys.readouterr())

    assert run("init") == (0, "", "")
    store = Store(f"sqlite:///{tmp_path}/payouts")
    for status in (PayType.PAYOUT, PayType.CANCEL, 7):
        store.save(PARSER.receive(body(status)))
    store.process()
    store.close()
    return run


def test_the_store_is_closed_after_an_error_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from skypay_payout.contrib.sqlalchemy import Store

    closed: list[Store] = []
    close = Store.close

    def closing(store: Store) -> None:
        closed.append(store)
        close(store)

    monkeypatch.setattr(Store, "close", closing)
    assert run("events")[0] == 0
    assert run("dismiss", "0" * 64, "--who", "me", "--why", "asked")[0] == 2
    assert len(closed) == 2


def lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_events_and_states_are_lines_of_json(run: Run) -> None:
    for arguments in (("events",), ("events", NUMBER)):
        assert {str(one["payType"]) for one in lines(run(*arguments)[1])} == {"2", "3"}
    (state,) = lines(run("status")[1])
    assert (state["controlNumber"], state["status"]) == (NUMBER, "CONFLICTING")
    assert run("status", NUMBER) == run("status")
    for table in ("status", "events"):
        status, shown, error = run(table, "SK99100000000")
        assert (status, shown, "SK99100000000" in error) == (1, "", True)


def test_a_corrected_payload_is_accepted_in_place_of_a_quarantined_callback(run: Run, tmp_path: Path) -> None:
    (row,) = lines(run("quarantine")[1])
    assert row["errors"] == [{"field": "payType", "code": "unknown_status"} | row["errors"][0]]  # type: ignore[index]
    payload = row["payload"]
    assert isinstance(payload, dict)

    def accept(value: object) -> tuple[int, str, str]:
        (tmp_path / "corrected.json").write_text(json.dumps(value))
        return run("accept", str(row["digest"]), str(tmp_path / "corrected.json"), "--who", "me")

    assert "the payload alone" in accept(row)[2]
    assert "payType: unknown_status" in accept(payload)[2]
    assert accept(payload | {"payType": "2"})[0] == 0
    assert run("quarantine")[1] == ""


def test_people_dismiss_decide_retry_back_up_and_prune(run: Run, tmp_path: Path) -> None:
    (row,) = lines(run("quarantine")[1])
    who = ("--who", "me", "--why", "asked")
    assert run("dismiss", str(row["digest"]), *who)[0] == 0
    assert "resolved already" in run("dismiss", str(row["digest"]), *who)[2]
    assert run("decide", NUMBER, "PAID", *who)[0] == 0
    assert "whose action failed" in run("retry", NUMBER)[2]
    assert run("backup", str(tmp_path / "copy")) == (0, "", "")
    assert run("prune", "--older-than", "90") == (0, "0\n", "")
    assert "expected a number of days" in run("prune", "--older-than", "-1")[2]


def test_several_payouts_are_acted_on_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from skypay_payout.contrib.sqlalchemy import Store

    retried = list[str]()
    monkeypatch.setattr(Store, "retry", lambda _, number: retried.append(number))
    assert run("retry", NUMBER, "SK99100000001") == (0, "", "")
    assert retried == [NUMBER, "SK99100000001"]


def test_a_store_that_cannot_be_used_is_an_error_that_says_why(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url, message in (
        ("", "DATABASE_URL: expected the URL of the database, got none"),
        (f"sqlite:///{tmp_path}/none", "which does not exist"),
        ("oracle://x", "skypay-payout: "),
    ):
        monkeypatch.setenv("DATABASE_URL", url)
        status, output, error = run("events")
        assert (status, output, message in error) == (2, "", True)
    (tmp_path / "text").write_text("no database" * 1000)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/text")
    assert "the database says: file is not a database" in run("events")[2]
    monkeypatch.setitem(sys.modules, "sqlalchemy.exc", None)
    assert "pip install 'skypay-payout[sqlalchemy]'" in run("events")[2]
