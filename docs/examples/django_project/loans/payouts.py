"""What this project does when a payout changes: the settings name these hooks."""

from django.core.mail import EmailMessage

from skypay_payout import PayoutStatus
from skypay_payout.contrib.django import Change, PayoutState

from .models import Loan


def on_change(change: Change) -> None:
    """Bring the loan into line, in the transaction that stores the payout's state."""
    # A callback can arrive before the loan is committed: then Loan.DoesNotExist
    # is raised, nothing is stored of this change, and it is tried again later.
    loan = Loan.objects.select_for_update().get(control_number=change.control_number)
    loan.state = loan_state(change.after)
    loan.save()


def loan_state(payout: PayoutState) -> Loan.State:
    """Return the state of a loan whose payout has that state."""
    if payout.quarantined:
        return Loan.State.MANUAL_REVIEW
    match payout.decision or payout.status:
        case PayoutStatus.PAID:
            return Loan.State.DISBURSED
        case PayoutStatus.CANCELLED:
            return Loan.State.CANCELLED
        case PayoutStatus.FAILED | PayoutStatus.CONFLICTING:
            # FAILED does not prove that nothing will be paid.
            return Loan.State.MANUAL_REVIEW
        case _:
            return Loan.State.APPROVED


def act(change: Change) -> None:
    """Send an e-mail when the loan is disbursed, after the commit.

    It is called again if it raises.
    """
    before, after = map(loan_state, (change.before, change.after))
    if after == Loan.State.DISBURSED != before:
        loan = Loan.objects.get(control_number=change.control_number)
        message = EmailMessage("Your loan", "It is disbursed.", to=[loan.email])
        # The worker can be killed before it records that: the same id is sent again.
        message.extra_headers["Message-ID"] = f"<{change.id}@partner.example>"
        message.send()
