"""System checks: settings with which callbacks would be lost, or would wait for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from .apps import hook, parser
from .store import database

_NEEDED = {
    "postgresql": {"connect_timeout": 3, "tcp_user_timeout": 3000, "keepalives_idle": 5},
    "mysql": {"connect_timeout": 3, "read_timeout": 3, "write_timeout": 3},
}
"""Options that bound the waits for a server that has gone silent."""


@register(Tags.compatibility)
def check_settings(**_: Any) -> list[CheckMessage]:
    """Check time zones, and that the hooks can be imported."""
    found: list[CheckMessage] = []
    if not settings.USE_TZ:
        found.append(
            Error("USE_TZ: expected True, got False: times are stored in UTC", id="skypay_payout.E001")
        )
    for setting in ("SKYPAY_ON_CHANGE", "SKYPAY_ACT", "SKYPAY_MEASURE"):
        try:
            if not callable(hook(setting) or print):
                raise ImportError("it is not callable")
        except ImportError as error:
            found.append(
                Error(f"{setting}: expected the dotted path of a function: {error}", id="skypay_payout.E002")
            )
    return found


@register(Tags.security, deploy=True)
def check_secrets(**_: Any) -> list[CheckMessage]:
    """Check, with ``--deploy``, that the environment has what the endpoint needs."""
    try:
        parser()
    except (ImportError, ValueError) as error:  # it names the variable, and shows no value
        return [Error(f"The endpoint cannot start: {error}", id="skypay_payout.E003")]
    return []


@register(Tags.compatibility)
def check_database(**_: Any) -> list[CheckMessage]:
    """Check that no wait for the database is endless, and that it does not use dead connections."""
    alias = database()
    connection: Any = connections[alias]
    options = connection.settings_dict.get("OPTIONS", {})
    return [
        checks.Warning(f"DATABASES[{alias!r}]: {problem}", hint=hint, id=f"skypay_payout.W00{number}")
        for number, problem, hint in _problems(connection.vendor, connection.settings_dict, options)
    ]


def _problems(vendor: str, database: Any, options: Any) -> Iterator[tuple[int, str, str]]:
    if database["CONN_MAX_AGE"] != 0 and not database["CONN_HEALTH_CHECKS"]:
        yield (
            1,
            "after a restart of the database, connections that CONN_MAX_AGE keeps fail callbacks",
            'Set "CONN_HEALTH_CHECKS": True.',
        )
    if vendor == "sqlite":
        if options.get("transaction_mode") not in ("IMMEDIATE", "EXCLUSIVE"):
            yield (
                2,
                "a transaction that reads before it writes fails at once while another one writes",
                'Set "transaction_mode": "IMMEDIATE" in OPTIONS.',
            )
        if options.get("timeout", 5) > 10:
            yield 3, "callbacks wait longer than 10 seconds for a lock", 'Set "timeout": 5 in OPTIONS.'
    elif vendor in _NEEDED:
        missing = [f'"{name}": {value}' for name, value in _NEEDED[vendor].items() if name not in options]
        if missing:
            yield (
                4,
                "connections that have gone silent are waited for without a limit",
                f"Add to OPTIONS: {', '.join(missing)}.",
            )
