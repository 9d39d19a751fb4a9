"""The app, and what the project's settings say about it."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.utils.module_loading import import_string

from ..._parser import CallbackParser


class SkyPayPayoutConfig(AppConfig):
    """The app ``skypay_payout``."""

    name = "skypay_payout.contrib.django"
    label = "skypay_payout"
    verbose_name = "SkyPay payouts"
    default_auto_field = "django.db.models.BigAutoField"

    @cached_property
    def parser(self) -> CallbackParser:
        """The parser, built from the environment at the first request: other commands need no secrets."""
        return CallbackParser.from_environ(plain=getattr(settings, "SKYPAY_PLAIN", False))

    def ready(self) -> None:
        """Register the system checks."""
        from . import checks  # noqa: F401


def parser() -> CallbackParser:
    """Return the project's parser."""
    config = apps.get_app_config(SkyPayPayoutConfig.label)
    assert isinstance(config, SkyPayPayoutConfig)  # noqa: S101
    return config.parser


def hook(setting: str) -> Callable[..., Any] | None:
    """Import what the setting names; None if it is not set."""
    path = getattr(settings, setting, None)
    return import_string(path) if path else None
