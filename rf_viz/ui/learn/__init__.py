"""The Learn page: figures, a lesson, exercises, and what teachers need."""
