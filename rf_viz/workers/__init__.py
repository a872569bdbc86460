"""Workers: processes that read, trace and run models, so that no file can hold up the app.

Each works under limits (``limits``), is made by copying a warm process (``nursery``, ``program``),
does one job at a time for a pool (``pool``), and answers in messages that carry data only
(``messages``). ``model`` is a model that lives in them.
"""

from __future__ import annotations

from .jobs import EndedError, Source
from .limits import Limits
from .model import WorkerModel
from .pool import Pool
from .processes import Kind

__all__ = ["EndedError", "Kind", "Limits", "Pool", "Source", "WorkerModel"]
