"""From a delivered callback to the loan and the e-mail."""

from django.core import mail

from skypay_payout import PayoutStatus, PayType
from skypay_payout.contrib.django.store import decide, dismiss
from skypay_payout.contrib.django.models import QuarantinedCallback
from skypay_payout.contrib.django.tests import PayoutTestCase
from skypay_payout.testing import SAMPLE_CONTROL_NUMBER

from .models import Loan
