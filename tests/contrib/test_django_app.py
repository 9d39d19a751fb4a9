"""The Django app in a project: endpoint, admin, commands, checks, migrations."""

from __future__ import annotations

import io
import json
import re
import shutil
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command, load_command_class
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from skypay_payout import CallbackParser, PayoutStatus, PayType
from skypay_payout.testing import AUTHENTICATION, CREDENTIALS, body
from tests.contrib import django_site
from tests.support.databases import DatabaseServer

pytestmark = [pytest.mark.heavy, pytest.mark.filterwarnings("ignore::ResourceWarning")]

PARSER = CallbackParser(CREDENTIALS)
NUMBER = "SK99123456789"
TIME = "2018-08-07 11:58:33"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, to copy."""
    directory = tmp_path_factory.mktemp("template")
    django_site.use(django_site.sqlite(directory))
    connection.cursor().execute("PRAGMA journal_mode = DELETE")
    django_site.close()
    return directory / "db.sqlite3"


@pytest.fixture(autouse=True)
def project(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The project, with a database of its own."""
    shutil.copy(template, tmp_path / "db.sqlite3")
    django_site.choose(django_site.sqlite(tmp_path))
    monkeypatch.setitem(vars(apps.get_app_config("skypay_payout")), "parser", PARSER)
    yield
    django_site.close()


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def operator() -> Client:
    return signed_in("operator", superuser=True)


def signed_in(name: str, *permissions: str, superuser: bool = False) -> Client:
    from django.contrib.auth.models import Permission, User

    user = User.objects.create_user(name, is_staff=True, is_superuser=superuser)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def deliver(client: Client, content: bytes, **headers: str) -> int:
    return client.post("/callback", content, content_type="text/plain", **headers).status_code  # type: ignore[arg-type]


def received(status: int = PayType.UPLOAD, **fields: object) -> None:
    from skypay_payout.contrib.django.store import save

    save(PARSER.receive(body(status, cipher=None, **fields)))


def rows(name: str) -> Any:
    return apps.get_model("skypay_payout", name)._default_manager


def work() -> list[Any]:
    """Process what is due, and return the changes."""
    from skypay_payout.contrib.django.worker import process

    changes: list[Any] = []
    process(changes.append)
    return changes


class Reading:
    """Middleware of somebody else's that reads the body."""

    seen: list[bytes] = []  # noqa: RUF012

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_READ") == "before":
            self.seen.append(request.body)
        response = self._get_response(request)
        self.seen.append(request.body)
        return response


READING = override_settings(MIDDLEWARE=[f"{__name__}.Reading", *django_site.MIDDLEWARE])


def serve(content: bytes, path: str = "/callback", **environ: Any) -> tuple[int, bytes]:
    """What a WSGI server gets from Django."""
    started: list[str] = []
    wanted = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "wsgi.input": io.BytesIO(content),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        **environ,
    }
    response = WSGIHandler()(wanted, lambda status, *_: started.append(status))  # type: ignore[arg-type]
    result = b"".join(response)
    response.close()
    return int(started[0].split()[0]), result


CHUNKED: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("chunked", [False, True])
def test_middleware_that_reads_the_body_does_not_disturb_it(when: str, chunked: bool) -> None:
    Reading.seen.clear()
    environ: dict[str, Any] = CHUNKED if chunked else {"CONTENT_LENGTH": str(len(body()))}
    with READING:
        status, _ = serve(body(), HTTP_READ=when, **environ)
    assert status == 200
    assert rows("Event").count() == 1
    assert Reading.seen[-1] == b""  # a plain body holds the secret, and error trackers read it


@pytest.mark.parametrize(("excess", "status"), [(0, 200), (1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_only_bodies_up_to_the_limit_are_accepted_and_no_more_is_read(
    excess: int, status: int, chunked: bool
) -> None:
    class Network(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 1000))

    content = body().ljust(PARSER.max_body_size + excess) + b"x" * (10**6 * excess)
    stream = Network(content)
    environ: dict[str, Any] = CHUNKED if chunked else {"CONTENT_LENGTH": str(len(content))}
    environ = environ | {"wsgi.input": stream}
    assert serve(content, **environ)[0] == status
    assert stream.tell() == PARSER.max_body_size + excess


def test_chunked_body_is_not_read_where_the_server_does_not_end_it() -> None:
    assert serve(body(), HTTP_TRANSFER_ENCODING="chunked")[0] == 400


def test_chunked_requests_of_other_views_stay_as_they_are() -> None:
    with READING:
        Reading.seen.clear()
        status, _ = serve(b"x" * 10**7, "/admin/", **CHUNKED)
    assert status == 403  # by the protection from CSRF; with a wrong length it would be 400
    assert Reading.seen == [b""]


def test_sender_who_goes_away_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    class Gone(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError("gone")

    environ: dict[str, Any] = {"CONTENT_LENGTH": "9", "wsgi.input": Gone()}
    assert serve(b"", **environ)[0] == 400
    assert caplog.messages[0].startswith("rejected: empty_body: ")


def test_only_post_to_the_exact_path_is_answered(client: Client) -> None:
    assert client.get("/callback").status_code == 405
    for path in ("/callback/", "/callback%0A", "//callback", "/Callback"):
        assert client.post(path).status_code == 404


MEASURED: list[object] = []


@contextmanager
def measure() -> Iterator[Callable[[object], None]]:
    try:
        yield MEASURED.append
    except Exception as error:
        MEASURED.append(type(error).__name__)
        raise


@contextmanager
def atomic_requests() -> Iterator[None]:
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    yield


@pytest.mark.parametrize("broken", ["execute", "commit"])
def test_failure_is_counted_and_not_acknowledged_with_atomic_requests(client: Client, broken: str) -> None:
    MEASURED.clear()
    with override_settings(SKYPAY_MEASURE=f"{__name__}.measure"), atomic_requests():
        assert deliver(client, body()) == 200
        assert len(MEASURED) == 1

        def fail(*_: object) -> None:
            raise OperationalError

        if broken == "commit":
            with mock.patch.object(connection, "_commit", fail):
                assert deliver(client, body(PayType.PAYOUT)) == 500
        else:
            with connection.execute_wrapper(fail):
                assert deliver(client, body(PayType.PAYOUT)) == 500
    assert MEASURED[1:] == ["OperationalError"]
    assert rows("Event").count() == 1


def test_save_refuses_to_be_part_of_another_transaction() -> None:
    for status in (PayType.UPLOAD, 7):
        with pytest.raises(RuntimeError), transaction.atomic():
            received(status)


def test_what_the_database_rejects_is_no_redelivery(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER full BEFORE INSERT ON skypay_payout_quarantinedcallback "
            "BEGIN SELECT RAISE(ABORT, 'no space'); END"
        )
    assert deliver(client, body(7)) == 500


def test_worker_stops_after_the_current_payout() -> None:
    from skypay_payout.contrib.django.worker import dispatch, process

    for count in range(3):
        received(controlNumber=f"SK99100000{count:03}")
    assert process(stop=iter([False, True]).__next__) == 1
    assert process() == 2
    assert dispatch(lambda _: None, stop=iter([False, True]).__next__) == 1


def test_each_wait_of_a_worker_for_the_database_has_its_limit() -> None:
    from skypay_payout.contrib.django import store, worker

    received()
    with mock.patch.object(worker, "bounded", side_effect=store.bounded) as bounded:
        assert worker.process() == worker.dispatch(lambda _: None) == 1
    assert {each.args for each in bounded.call_args_list} == {(worker.LIMIT,)}


# The admin.


def quarantined(**fields: object) -> Any:
    received(PayType.PAYOUT, **{"dealTime": "yesterday"} | fields)
    return rows("QuarantinedCallback").get()


def resolve(client: Client, row: Any, resolve: str, correction: str = "", reason: str = "") -> Any:
    url = reverse("admin:skypay_payout_quarantinedcallback_change", args=[row.pk])
    return client.post(url, {"resolve": resolve, "correction": correction, "reason": reason})


def logged() -> str:
    from django.contrib.admin.models import LogEntry

    return LogEntry.objects.get().change_message


def corrected(row: Any, **fields: object) -> str:
    return json.dumps(row.payload | fields)


@pytest.mark.parametrize("text", ["", "half of a pair: \ud83d", "余额\0<b>"])
def test_operator_accepts_a_correction(operator: Client, text: str) -> None:
    row = quarantined(note=text)
    page = operator.get(reverse("admin:skypay_payout_quarantinedcallback_change", args=[row.pk]))
    assert page.content.decode().count("&quot;dealTime&quot;: &quot;") == 2  # to read, and to correct
    assert "<b>" not in page.content.decode().partition("余额")[2][:20]
    assert resolve(operator, row, "accept", corrected(row, dealTime=TIME)).status_code == 302
    row.refresh_from_db()
    assert (row.resolution, row.who) == ("accepted", "operator")
    (change,) = work()
    assert (change.after.status, change.after.quarantined) == (PayoutStatus.PAID, 0)
    assert logged().startswith("accept")


@pytest.mark.parametrize(
    ("correction", "error"),
    [
        ("", "empty"),
        ("[]", "object"),
        ("no JSON", "syntax"),
        ('"text"', "object"),
        ("{}", "userName"),
        ("[" * 100_000, "levels"),
        ('{"a":' + "[" * 100 + "]" * 100 + "}", ""),
        ('{"dealTime": "2018-08-07 11:58:33", "dealTime": "2018-08-08 11:58:33"}', "twice"),
        ('{"authentication": "x"}', "authentication"),
        ("\ud83d", ""),
    ],
    ids=range(10),
)
def test_correction_that_is_rejected_is_an_error_of_the_form_and_the_case_stays_open(
    operator: Client, correction: str, error: str
) -> None:
    row = quarantined()
    response = resolve(operator, row, "accept", correction.encode(errors="replace").decode())
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert error in response.content.decode()
    row.refresh_from_db()
    assert row.resolved_at is None
    assert not rows("Event").exists()


def test_correction_cannot_be_about_another_payout(operator: Client) -> None:
    row = quarantined()
    content = corrected(row, dealTime=TIME, controlNumber="SK99123456780")
    assert NUMBER in resolve(operator, row, "accept", content).content.decode()
    assert not rows("Event").exists()


def test_case_is_dismissed_for_a_reason_offers_no_form_then_and_no_stale_one_reopens_it(
    operator: Client,
) -> None:
    row = quarantined()
    rejected = ">reason: expected why it is dismissed, got nothing<"
    assert rejected in resolve(operator, row, "dismiss").content.decode()
    row.refresh_from_db()
    assert row.resolved_at is None
    resolve(operator, row, "dismiss", reason="a test of SkyPay's")
    assert logged() == "dismiss; a test of SkyPay's"
    url = reverse("admin:skypay_payout_quarantinedcallback_change", args=[row.pk])
    assert b"Accept the correction" not in operator.get(url).content
    assert resolve(operator, row, "accept", corrected(row, dealTime=TIME)).status_code == 403
    row.refresh_from_db()
    assert (row.resolution, row.who, row.why) == ("dismissed", "operator", "a test of SkyPay's")
    assert not rows("Event").exists()


def test_of_two_people_at_once_one_resolves_a_case(operator: Client) -> None:
    from skypay_payout.contrib.django.admin import QuarantineForm
    from skypay_payout.contrib.django.store import dismiss

    row = quarantined()
    act = QuarantineForm.act

    def act_later(form: QuarantineForm) -> None:
        dismiss(row.pk, who="another", why="first")
        act(form)

    with mock.patch.object(QuarantineForm, "act", act_later):
        response = resolve(operator, row, "accept", corrected(row, dealTime=TIME))
    assert "open case" in response.content.decode()
    assert not rows("Event").exists()


def test_what_became_valid_is_accepted_in_bulk_and_the_rest_stays(operator: Client) -> None:
    valid = quarantined()
    received(7)
    payload = valid.payload | {"dealTime": TIME}
    rows("QuarantinedCallback").filter(pk=valid.pk).update(payload=payload)
    keys = list(rows("QuarantinedCallback").values_list("pk", flat=True))
    data = {"action": "accept_valid", "_selected_action": keys}
    url = reverse("admin:skypay_payout_quarantinedcallback_changelist")
    assert "payType" in operator.post(url, data, follow=True).content.decode()
    assert rows("QuarantinedCallback").filter(resolved_at=None).count() == 1
    assert rows("Event").count() == 1


def conflicting() -> str:
    received(PayType.CANCEL)
    received(PayType.PAYOUT)
    work()
    return reverse("admin:skypay_payout_payout_change", args=[NUMBER])


def test_operator_decides_a_conflicting_payout_for_a_reason_and_sees_all_about_it(operator: Client) -> None:
    url = conflicting()
    case = quarantined()
    assert b"required" in operator.post(url, {"decide": "PAID"}).content
    assert not rows("Decision").exists()
    for decision, reason in (("FAILED", "a slip of the mouse"), ("PAID", "SkyPay says so")):
        assert operator.post(url, {"decide": decision, "reason": reason}).status_code == 302
    (change,) = work()
    assert change.after.decision == PayoutStatus.PAID
    page = operator.get(url).content.decode()
    case_link = f'/{case.pk}/change/">{case}</a></td><td>open<'
    decisions = ("SkyPay says so</td><td>holds<", "a slip of the mouse</td><td>ended 2")
    for text in (f"{NUMBER}/2/", f"{NUMBER}/3/", *decisions, case_link):
        assert text in page


def test_only_conflicting_payouts_can_be_decided(operator: Client) -> None:
    received()
    work()
    url = reverse("admin:skypay_payout_payout_change", args=[NUMBER])
    assert "decide" not in operator.get(url).content.decode()
    assert operator.post(url, {"decide": "PAID", "reason": "x"}).status_code == 403


def test_failed_actions_are_retried_from_the_admin(operator: Client) -> None:
    received()
    work()
    data = {"action": "retry", "_selected_action": [NUMBER]}
    url = reverse("admin:skypay_payout_payout_changelist")
    assert "failed action" in operator.post(url, data, follow=True).content.decode()
    rows("Payout").update(act_failed_at="2026-01-01T00:00Z", act_due_at=None)
    operator.post(url, data)
    payout = rows("Payout").get()
    assert (payout.act_failed_at, payout.act_attempts) == (None, 0)
    assert payout.act_due_at is not None


@pytest.mark.parametrize("name", ["event", "payout", "quarantinedcallback"])
def test_people_find_rows_and_cannot_add_delete_or_change_them(operator: Client, name: str) -> None:
    conflicting()
    quarantined()
    row = rows(name).first()
    for view, arguments in (("add", []), ("delete", [row.pk])):
        url = reverse(f"admin:skypay_payout_{name}_{view}", args=arguments)
        assert operator.post(url).status_code == 403
    page = operator.get(reverse(f"admin:skypay_payout_{name}_change", args=[row.pk]))
    assert (b'name="_save"' in page.content) == (name != "event")
    assert (b"&quot;payType&quot;: " in page.content) == (name != "payout")
    url = reverse(f"admin:skypay_payout_{name}_changelist")
    for found, term in enumerate(("SK99999999999", NUMBER)):
        assert (str(row) in operator.get(url, {"q": term}).content.decode()) == found


def test_people_act_only_with_the_permission() -> None:
    url = conflicting()
    row = quarantined()
    views = ["view_payout", "view_quarantinedcallback"]
    reader = signed_in("reader", *views)
    assert reader.get(url).status_code == 200
    assert "decide" not in reader.get(url).content.decode()
    assert reader.post(url, {"decide": "PAID", "reason": "x"}).status_code == 403
    assert resolve(reader, row, "dismiss", reason="x").status_code == 403
    changelist = reverse("admin:skypay_payout_payout_changelist")
    reader.post(changelist, {"action": "retry", "_selected_action": [NUMBER]})
    assert not rows("Decision").exists()
    writer = signed_in("writer", *views, "change_payout")
    assert writer.post(url, {"decide": "PAID", "reason": "x"}).status_code == 302
    assert rows("Decision").get().who == "writer"


# Commands, checks, migrations.


def printed(command: str, *arguments: str) -> list[Any]:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_commands_print_a_line_of_json_for_each_row() -> None:
    received(note="\ud83d")
    received(7)
    work()
    (event,) = map(json.loads, printed("skypay_events"))
    assert event == PARSER.parse(body(note="\ud83d")).to_dict()
    (case,) = map(json.loads, printed("skypay_quarantine"))
    assert (case["controlNumber"], case["payload"]["payType"]) == (NUMBER, "7")
    assert [case["errors"][0][key] for key in ("field", "code")] == ["payType", "unknown_status"]
    assert case["errors"][0]["message"].startswith("expected 1 to 6")
    assert {"digest", "receivedAt"} < case.keys()
    assert [json.loads(line) for line in printed("skypay_status")] == [
        {"controlNumber": NUMBER, "status": "UPLOADED", "anomalies": [], "quarantined": 1, "decision": None}
    ]


def test_the_quarantine_is_printed_oldest_first() -> None:
    for count in range(3):
        received(7, note=count)
    digests = sorted(rows("QuarantinedCallback").values_list("pk", flat=True), reverse=True)
    for day, digest in enumerate(digests, 1):
        rows("QuarantinedCallback").filter(pk=digest).update(received_at=f"2026-01-0{day}T00:00Z")
    assert [json.loads(line)["digest"] for line in printed("skypay_quarantine")] == digests


def test_worker_explains_its_option() -> None:
    command = load_command_class("skypay_payout.contrib.django", "skypay_worker")
    text = command.create_parser("manage.py", "skypay_worker").format_help()
    assert re.search(r"--metrics PORT +serve Prometheus metrics there\n", text)


def test_payout_that_changes_while_others_are_pruned_keeps_its_events() -> None:
    from skypay_payout.contrib.django import store

    received(PayType.PAYOUT)
    rounds()
    atomic = transaction.atomic

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        rows("Payout").update(quarantined=1)
        return atomic(*arguments, **options)

    with mock.patch.object(transaction, "atomic", meanwhile):
        assert store.prune(timedelta()) == 0
    assert rows("Event").count() == rows("Payout").count() == 1


def test_prune_says_how_many_payouts_it_deleted() -> None:
    received(PayType.PAYOUT)
    rounds()
    assert printed("skypay_prune", "1") == ["pruned: 0 payouts"]
    assert printed("skypay_prune", "0") == ["pruned: 1 payouts"]


def found(**settings: object) -> set[str]:
    from django.core.checks import run_checks

    with override_settings(**settings):
        return {message.id or "" for message in run_checks() if "skypay_payout" in (message.id or "")}


def test_checks_pass_for_the_settings_of_the_documentation() -> None:
    assert found() == set()


@pytest.mark.parametrize("setting", ["SKYPAY_ON_CHANGE", "SKYPAY_ACT", "SKYPAY_MEASURE"])
@pytest.mark.parametrize("path", ["nowhere.hook", "os.no_such_hook", "os.sep", "os"])
def test_hook_that_cannot_be_imported_is_an_error(setting: str, path: str) -> None:
    assert found(**{setting: path}) == {"skypay_payout.E002"}


PROBLEMS = {
    1: "after a restart of the database, connections that CONN_MAX_AGE keeps fail callbacks",
    2: "a transaction that reads before it writes fails at once while another one writes",
    3: "callbacks wait longer than 10 seconds for a lock",
    4: "connections that have gone silent are waited for without a limit",
}


@pytest.mark.parametrize(
    ("changed", "number", "hint"),
    [
        ({"CONN_MAX_AGE": 60}, 1, 'Set "CONN_HEALTH_CHECKS": True.'),
        ({"CONN_MAX_AGE": None}, 1, 'Set "CONN_HEALTH_CHECKS": True.'),
        ({"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}, None, ""),
        ({"OPTIONS": {}}, 2, 'Set "transaction_mode": "IMMEDIATE" in OPTIONS.'),
        ({"OPTIONS": {"transaction_mode": "EXCLUSIVE", "timeout": 10}}, None, ""),
        ({"OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 11}}, 3, 'Set "timeout": 5 in OPTIONS.'),
        (
            {"ENGINE": "django.db.backends.postgresql"},
            4,
            'Add to OPTIONS: "connect_timeout": 3, "tcp_user_timeout": 3000, "keepalives_idle": 5.',
        ),
        (
            {"ENGINE": "django.db.backends.mysql"},
            4,
            'Add to OPTIONS: "connect_timeout": 3, "read_timeout": 3, "write_timeout": 3.',
        ),
    ],
    ids=str,
)
def test_settings_that_lose_callbacks_are_warned_of(
    tmp_path: Path, changed: dict[str, Any], number: int | None, hint: str
) -> None:
    django_site.choose(django_site.sqlite(tmp_path) | changed)
    from skypay_payout.contrib.django.checks import check_database

    expected = [(f"skypay_payout.W00{number}", PROBLEMS[number], hint)] if number else []
    found = [
        (each.id, each.msg.removeprefix("DATABASES['default']: "), each.hint) for each in check_database()
    ]
    assert found == expected


def test_nothing_is_said_of_another_database() -> None:
    from skypay_payout.contrib.django.checks import _problems

    assert list(_problems("oracle", {"CONN_MAX_AGE": 0}, {})) == []


def test_times_without_a_zone_are_an_error() -> None:
    assert "skypay_payout.E001" in found(USE_TZ=False)


def test_missing_secrets_are_an_error_of_the_deployment_check_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.core.checks import run_checks

    monkeypatch.delitem(vars(apps.get_app_config("skypay_payout")), "parser")
    for name in ("SKYPAY_USER_NAME", "SKYPAY_AUTHENTICATION", "SKYPAY_ENCRYPTION_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert found() == set()
    messages = run_checks(include_deployment_checks=True)
    (message,) = [one for one in messages if one.id == "skypay_payout.E003"]
    assert "SKYPAY_USER_NAME" in message.msg
    monkeypatch.setenv("SKYPAY_USER_NAME", CREDENTIALS.user_name)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
    with override_settings(SKYPAY_PLAIN=True):
        assert not [
            one for one in run_checks(include_deployment_checks=True) if one.id == "skypay_payout.E003"
        ]


@pytest.mark.parametrize("name", ["sqlite", "postgres", "mariadb"])
def test_migrations_are_complete(name: str, request: pytest.FixtureRequest) -> None:
    if name != "sqlite":
        server: DatabaseServer = request.getfixturevalue(name)
        django_site.use(django_site.options(server.database().url), "skypay_payout")
    call_command("makemigrations", "--check", "--dry-run", "skypay_payout", verbosity=0)
    call_command("check", databases=["default"])
    if name == "postgres":
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%_pattern_ops%'")
            assert cursor.fetchall() == [], "second indexes for LIKE"


def test_an_event_is_stored_once_where_the_server_binds_parameters(postgres: DatabaseServer) -> None:
    options = django_site.options(postgres.database().url)
    options["OPTIONS"]["server_side_binding"] = True
    django_site.use(options, "skypay_payout")
    for _ in range(2):
        received()
    assert rows("Event").get().control_number == NUMBER


# The worker, and the tests for partners, in this process.


def rounds(*arguments: str, stop: bool = False) -> None:
    """Run the command with one round of each kind."""
    from skypay_payout.contrib.django import worker

    def once(*kinds: Callable[[Callable[[], bool]], int]) -> None:
        for kind in kinds:
            kind(lambda: stop)

    with mock.patch.object(worker, "work", once):
        call_command("skypay_worker", *arguments)


def test_worker_without_hooks_derives_states_and_counts_changes_as_acted_on() -> None:
    received()
    rounds()
    payout = rows("Payout").get()
    assert (payout.status, payout.acted_version, payout.act_due_at) == ("UPLOADED", 1, None)


def test_worker_calls_the_hooks_of_the_settings_until_it_is_asked_to_stop() -> None:
    from skypay_payout.contrib.django.worker import process

    received()
    process()
    received(PayType.PAYOUT)
    calls: list[str] = []
    hook = mock.patch.dict(globals(), note=lambda change: calls.append(change.id))
    with hook, override_settings(SKYPAY_ON_CHANGE=f"{__name__}.note", SKYPAY_ACT=f"{__name__}.note"):
        rounds(stop=True)
        assert calls == []
        rounds()
    assert calls == [f"{NUMBER}/2"] * 2


def test_worker_serves_open_work_in_other_threads_and_leaves_their_connections_closed() -> None:
    received(7)
    with mock.patch("skypay_payout.contrib.prometheus.serve") as serve_metrics:
        rounds("--metrics", "9200")
    open_work, port = serve_metrics.call_args.args
    assert port == 9200
    assert open_work()["quarantined"] == 1
    assert connection.connection is None


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "encrypted"])
def test_tests_for_partners_pass_and_find_their_endpoint(plain: bool) -> None:
    from skypay_payout.contrib.django import tests

    suite = unittest.defaultTestLoader.loadTestsFromModule(tests)
    with override_settings(SKYPAY_PLAIN=plain):
        result = suite.run(unittest.TestResult())
    assert result is not None
    assert (result.testsRun, result.errors, result.failures) == (6, [], [])


def test_rows_have_names_for_people(operator: Client) -> None:
    operator.post(conflicting(), {"decide": "PAID", "reason": "x"})
    assert str(rows("Decision").get()) == f"{NUMBER}: PAID"
    row = quarantined()
    assert str(row) == f"{NUMBER} ({row.pk[:8]})"
    row.control_number = None
    assert str(row) == f"without a valid control number ({row.pk[:8]})"


def test_null_in_a_column_is_none() -> None:
    quarantined()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE skypay_payout_quarantinedcallback SET who = NULL")
    assert rows("QuarantinedCallback").get().who is None


def test_values_are_written_for_people_and_escaped() -> None:
    from skypay_payout.contrib.django.admin import _preformatted, _table

    written = "<pre>{\n  &quot;a&quot;: &quot;余&lt;\\ud83d&quot;\n}</pre>"
    assert _preformatted({"a": "余<\ud83d"}) == written
    assert _table([]) == "-"
    row = "<tr><td>1</td><td>&lt;b&gt;</td></tr>"
    assert _table([(1, "<b>")] * 2) == f"<table>{row * 2}</table>"
