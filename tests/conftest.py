"""Settings for all tests."""

from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("rf_viz", deadline=None)
settings.load_profile("rf_viz")
