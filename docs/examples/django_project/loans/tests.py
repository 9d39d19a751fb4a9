"""From a delivered callback to the loan and the e-mail."""

from django.core import mail

from skypay_payout import PayoutStatus, PayType
from skypay_payout.contrib.django.models import QuarantinedCallback
from skypay_payout.contrib.django.store import decide, dismiss
from skypay_payout.contrib.django.tests import PayoutTestCase

from .models import Loan

NUMBER = "SK99123456789"
BORROWER = "borrower@partner.example"


class LoanTests(PayoutTestCase):
    def loan(self) -> Loan:
        """The loan as it is stored."""
        return Loan.objects.get(control_number=NUMBER)

    def test_loan_is_disbursed_when_paid_and_one_email_says_so(self) -> None:
        Loan.objects.create(control_number=NUMBER, email=BORROWER)
        for status in (PayType.UPLOAD, PayType.PAYOUT, PayType.PAYOUT):
            self.assert_acknowledged(self.deliver(status))
            self.work()
        self.assertEqual(self.loan().state, Loan.State.DISBURSED)
        self.assertEqual([message.to for message in mail.outbox], [[BORROWER]])

    def test_loan_is_cancelled_with_its_payout(self) -> None:
        Loan.objects.create(control_number=NUMBER)
        self.deliver(PayType.CANCEL)
        self.work()
        self.assertEqual(self.loan().state, Loan.State.CANCELLED)
        self.assertEqual(mail.outbox, [])

    def test_loan_is_reviewed_until_the_quarantine_is_resolved(self) -> None:
        Loan.objects.create(control_number=NUMBER)
        self.deliver(PayType.PAYOUT, dealTime="yesterday")
        self.work()
        self.assertEqual(self.loan().state, Loan.State.MANUAL_REVIEW)
        case = QuarantinedCallback.objects.get()
        dismiss(case.digest, who="operator", why="sent by mistake")
        self.work()
        self.assertEqual(self.loan().state, Loan.State.APPROVED)

    def test_loan_follows_the_decision_about_a_conflicting_payout(self) -> None:
        Loan.objects.create(control_number=NUMBER, email=BORROWER)
        self.deliver(PayType.CANCEL)
        self.deliver(PayType.PAYOUT)
        self.work()
        self.assertEqual(self.loan().state, Loan.State.MANUAL_REVIEW)
        decide(NUMBER, PayoutStatus.PAID, who="operator", why="confirmed")
        self.work()
        self.assertEqual(self.loan().state, Loan.State.DISBURSED)
        self.assertEqual(len(mail.outbox), 1)

    def test_callback_before_the_loan_is_processed_again_later(self) -> None:
        self.assert_acknowledged(self.deliver(PayType.PAYOUT))
        self.work()
        Loan.objects.create(control_number=NUMBER, email=BORROWER)
        self.work(seconds=60)
        self.assertEqual(self.loan().state, Loan.State.DISBURSED)
