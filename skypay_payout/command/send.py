"""``send``: plays SkyPay against a running endpoint, and shows what went out and what came back."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..control_number import ControlNumber
from ..credentials import CONCEALED, conceal
from ..pay_type import PayType
from ..times import SKYPAY_ZONE
from . import settings
from .terminal import Subparsers, WrongUse, printable

if TYPE_CHECKING:
    from ..delivery import Endpoint
