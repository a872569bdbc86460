"""The cue: what the server tells the components on the page about the pinned cell."""
