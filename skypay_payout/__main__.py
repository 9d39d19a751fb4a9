"""``python -m skypay_payout``: the command ``skypay-payout``."""

import sys

from skypay_payout._command import main

# Guarded, because a worker process of --jobs imports the main module again.
if __name__ == "__main__":
    sys.exit(main())
