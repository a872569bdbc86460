"""What is fed, handed to the views that draw it."""
