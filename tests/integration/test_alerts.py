"""The alert rules fire for what they are named after, and nothing else; the dashboard shows what exists."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml

from skypay_payout.contrib import prometheus
from tests.support.servers import installed

ALERTS = Path(prometheus.__file__).with_name("alerts.yml")
DASHBOARD = ALERTS.with_name("dashboard.json")
RULES = {rule["alert"]: rule for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]}

DAY = 24 * 12
"""Steps of five minutes."""


def constant(value: int) -> str:
    return f"{value}x{{steps}}"


def growing(each_step: int) -> str:
    return f"0+{each_step}x{{steps}}"


def once() -> str:
    """One more, at the end."""
    return "0x{before} 1"


def callbacks(result: str, code: str = "") -> str:
    return f'skypay_callbacks_total{{result="{result}",code="{code}"}}'


def open_work(kind: str) -> str:
    return f'skypay_open_work{{kind="{kind}"}}'


def credentials(newest_key: bool, newest_secret: bool) -> str:
    return f'skypay_credentials_total{{newest_key="{newest_key}",newest_secret="{newest_secret}"}}'


ENDPOINT_UP = 'up{job="skypay_endpoint"}'
WORKER_UP = 'up{job="skypay_worker"}'
KINDS = ("quarantined", "conflicting", "overdue", "unprocessed", "failed_actions")
HEALTHY = {
    ENDPOINT_UP: constant(1),
    WORKER_UP: constant(1),
    callbacks("accepted"): growing(300),
    callbacks("quarantined", "invalid_callback"): constant(3),
    callbacks("rejected", "decryption_failed"): constant(3),
    callbacks("rejected", "authentication_failed"): constant(3),
    callbacks("rejected", "not_json"): constant(300),
    callbacks("rejected", "not_base64"): growing(300),
    callbacks("rejected", "empty_body"): growing(300),
    "skypay_failures_total": constant(3),
    **{open_work(kind): constant(0) for kind in KINDS},
    credentials(True, True): growing(300),
    'skypay_duration_seconds_bucket{le="0.1"}': growing(300),
    'skypay_duration_seconds_bucket{le="5.0"}': growing(300),
    'skypay_duration_seconds_bucket{le="+Inf"}': growing(300),
}
"""Everything is at rest but the callbacks that are accepted, and what scanners send."""
OF_THE_ENDPOINT = {
    series: None for series in HEALTHY if series.startswith("skypay_") and "open_work" not in series
}
OF_THE_WORKER = {open_work(kind): None for kind in KINDS}

SITUATIONS: list[tuple[str, Mapping[str, str | None]]] = [
    ("SkyPayEndpointDown", {ENDPOINT_UP: constant(0)}),
    ("SkyPayEndpointDown", {ENDPOINT_UP: None, **OF_THE_ENDPOINT}),
    ("SkyPayWorkerDown", {WORKER_UP: constant(0)}),
    ("SkyPayWorkerDown", {WORKER_UP: None, **OF_THE_WORKER}),
    ("SkyPayWorkerDown", OF_THE_WORKER),
    ("SkyPayNoCallbacks", {callbacks("accepted"): constant(7)}),
    ("SkyPayCallbacksNotStored", {"skypay_failures_total": once()}),
    ("SkyPayPayoutsConflicting", {open_work("conflicting"): constant(1)}),
    ("SkyPayQuarantined", {open_work("quarantined"): constant(1)}),
    ("SkyPayActionsFailed", {open_work("failed_actions"): constant(1)}),
    ("SkyPayPayoutsOverdue", {open_work("overdue"): constant(1)}),
    ("SkyPayEventsUnprocessed", {open_work("unprocessed"): constant(1)}),
    ("SkyPayDecryptionFails", {callbacks("rejected", "decryption_failed"): once()}),
    ("SkyPayAuthenticationFails", {callbacks("rejected", "authentication_failed"): once()}),
    ("SkyPayBodiesMalformed", {callbacks("rejected", "not_json"): growing(1)}),
    ("SkyPayOldKeyOrSecretUsed", {credentials(False, True): growing(1)}),
    ("SkyPayOldKeyOrSecretUsed", {credentials(True, False): growing(1)}),
    ("SkyPayResponsesSlow", {'skypay_duration_seconds_bucket{le="0.1"}': growing(1)}),
]


def promtool(*arguments: str | Path) -> str:
    """What promtool prints; the test fails if promtool does."""
    program = installed(shutil.which("promtool"), "prometheus")
    run = subprocess.run(  # noqa: S603
        [program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


def test_promtool_accepts_the_rules() -> None:
    assert f"SUCCESS: {len(RULES)} rules found" in promtool("check", "rules", ALERTS)


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_has_a_severity_a_summary_and_says_what_to_do(alert: str) -> None:
    rule = RULES[alert]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"].keys() == {"summary", "action"}
    assert len(rule["annotations"]["action"]) > 50


def test_every_alert_is_tested() -> None:
    assert {alert for alert, _ in SITUATIONS} == set(RULES)


def test_each_alert_fires_alone_in_its_situation_and_none_when_all_is_well(tmp_path: Path) -> None:
    tests: list[Mapping[str, object]] = []
    for alert, changes in [(None, {}), *SITUATIONS]:
        steps = 7 * DAY // 2 if alert == "SkyPayOldKeyOrSecretUsed" else DAY // 3
        series = {
            name: values.format(steps=steps, before=steps - 1)
            for name, values in {**HEALTHY, **changes}.items()
            if values is not None
        }
        firing = {
            "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
            "eval_time": f"{steps * 5}m",
            "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if alert else [],
        }
        tests.append(
            {
                "interval": "5m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [firing],
            }
        )
    assert_passed(tmp_path, tests, "10m")


def assert_passed(directory: Path, tests: Sequence[Mapping[str, object]], evaluation_interval: str) -> None:
    file = directory / "alerts_test.yml"
    run = {"rule_files": [str(ALERTS)], "evaluation_interval": evaluation_interval, "tests": tests}
    file.write_text(json.dumps(run))
    assert "SUCCESS" in promtool("test", "rules", file)


def test_a_dead_endpoint_is_reported_within_three_minutes_while_the_worker_lives(tmp_path: Path) -> None:
    # A minute of scrapes, then none: the series end, as Prometheus marks them.
    series = {
        **dict.fromkeys(OF_THE_ENDPOINT, "1x4 stale"),
        **dict.fromkeys(OF_THE_WORKER, "0x20"),
        ENDPOINT_UP: "1x3 0x16",
        WORKER_UP: "1x20",
    }
    firing = 'ALERTS{alertstate="firing",severity="critical"}'
    test: Mapping[str, object] = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": f"group by (alertname) ({firing})", "eval_time": time, "exp_samples": samples}
            for time, samples in {
                "2m": [],
                "4m": [{"labels": '{alertname="SkyPayEndpointDown"}', "value": 1}],
            }.items()
        ],
    }
    assert_passed(tmp_path, [test], "15s")


def test_the_dashboard_asks_for_metrics_that_exist(tmp_path: Path) -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    targets = [target["expr"] for panel in panels for target in panel["targets"]]
    expressions = [expression.replace("$__rate_interval", "5m") for expression in targets]
    exist = {series.partition("{")[0] for series in HEALTHY}
    for expression in expressions:
        shown = set(re.findall(r"\b(?:skypay_\w+|up)\b", re.sub(r'".*?"', "", expression)))
        assert shown
        assert shown <= exist
    rules = tmp_path / "dashboard.yml"
    records = [{"record": f"panel_{number}", "expr": one} for number, one in enumerate(expressions)]
    rules.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": records}]}))
    assert f"SUCCESS: {len(records)} rules found" in promtool("check", "rules", rules)
