"""Settings for all tests."""

import signal

from hypothesis import settings

# A shell ignores it for what it runs in the background, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is slow, not wrong.
settings.register_profile("rf_viz", deadline=None)
settings.load_profile("rf_viz")
