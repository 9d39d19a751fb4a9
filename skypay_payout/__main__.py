"""``python -m skypay_payout``: the command ``skypay-payout``."""

import sys

from skypay_payout._command import main

if __name__ == "__main__":
    sys.exit(main())
