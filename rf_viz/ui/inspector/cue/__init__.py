"""The cue: the server's message about the pinned cell to the components on the page."""
