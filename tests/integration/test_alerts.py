"""The alert rules fire for what they are named after, and for nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.support.servers import EXAMPLES, installed

ALERTS = EXAMPLES / "alerts.yml"
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


UP = 'up{job="skypay"}'
HEALTHY = {
    UP: constant(1),
    callbacks("accepted"): growing(300),
    callbacks("quarantined", "invalid_callback"): constant(3),
    callbacks("rejected", "decryption_failed"): constant(3),
    callbacks("rejected", "authentication_failed"): constant(3),
    callbacks("rejected", "not_json"): constant(300),
    "skypay_failures_total": constant(3),
    'skypay_histories_total{problem="conflicting"}': constant(3),
    'skypay_histories_total{problem="different_content"}': constant(3),
    'skypay_histories_total{problem="after_final_status"}': constant(3),
    **{open_work(kind): constant(0) for kind in ("overdue", "conflicting", "quarantined", "unprocessed")},
    credentials(True, True): growing(300),
    'skypay_duration_seconds_bucket{le="0.1"}': growing(300),
    'skypay_duration_seconds_bucket{le="5.0"}': growing(300),
    'skypay_duration_seconds_bucket{le="+Inf"}': growing(300),
}
"""Everything is at rest but the callbacks that are accepted."""

SITUATIONS: list[tuple[str, Mapping[str, str | None]]] = [
    ("SkyPayMetricsMissing", {UP: constant(0)}),
    ("SkyPayMetricsMissing", {UP: None}),
    ("SkyPayMetricsMissing", {series: None for series in HEALTHY if series.startswith("skypay_open_work")}),
    ("SkyPayNoCallbacks", {callbacks("accepted"): constant(7)}),
    ("SkyPayCallbacksNotStored", {"skypay_failures_total": once()}),
    ("SkyPayPayoutsConflicting", {open_work("conflicting"): constant(1)}),
    ("SkyPaySuspiciousHistory", {'skypay_histories_total{problem="different_content"}': once()}),
    ("SkyPaySuspiciousHistory", {'skypay_histories_total{problem="after_final_status"}': once()}),
    ("SkyPayQuarantined", {open_work("quarantined"): constant(1)}),
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
    tests = []
    for alert, changes in [(None, {}), *SITUATIONS]:
        steps = 7 * DAY // 2 if alert == "SkyPayOldKeyOrSecretUsed" else DAY // 3
        series = {
            name: values.format(steps=steps, before=steps - 1)
            for name, values in {**HEALTHY, **changes}.items()
            if values is not None
        }
        firing = {
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
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
    file = tmp_path / "alerts_test.yml"
    file.write_text(json.dumps({"rule_files": [str(ALERTS)], "evaluation_interval": "10m", "tests": tests}))
    assert "SUCCESS" in promtool("test", "rules", file)
