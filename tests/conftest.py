"""Settings for all tests."""

import signal
from functools import cache

from hypothesis import settings
from streamlit.components.v2 import manifest_scanner

# A shell ignores it for what it runs in the background, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is slow, not wrong.
settings.register_profile("rf_viz", deadline=None)
settings.load_profile("rf_viz")

# A server looks once for packages with components. AppTest looks at each run of a page, which takes
# longer than most pages do.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
