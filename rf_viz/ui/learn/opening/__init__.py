"""The opening of the lesson: what a cell of a real network gets, why it matters, and the words."""
