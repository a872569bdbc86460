"""Charts: the one way in which pages show Plotly figures."""
