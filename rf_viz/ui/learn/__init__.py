"""The Learn page: figures, a lesson and exercises."""
