"""The linked view as one HTML file that needs no server."""
