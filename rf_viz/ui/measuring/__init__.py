"""What is measured over images: the inputs for it, and effective sizes over a network's depth."""
