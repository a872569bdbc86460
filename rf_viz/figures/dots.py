"""The lab's charts: how a network learns, and where its accuracy jumps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..lessons.dots import field_size
from ..lessons.dots_training import STEPS, Progress
from .colours import PINNED
from .legend import LEGEND_ABOVE

RUNS, CHANCE, TRAINED = "#2f86c9", "#999999", PINNED
"""The colours of the runs made before, of chance, and of the networks trained on the page."""

_HEIGHT = 320


def learning(history: Sequence[Progress]) -> go.Figure:
    """Draws the accuracy and the loss over the steps of a training, so far as it is done."""
    steps = [progress.step for progress in history]
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.1)
    for row, (name, values) in enumerate(
        (
            ("right answers", [100 * progress.accuracy for progress in history]),
            ("loss", [progress.loss for progress in history]),
        ),
        1,
    ):
        unit, places = ("%", ".0f") if row == 1 else ("", ".3f")
        figure.add_scatter(
            x=steps,
            y=values,
            mode="lines+markers",
            line={"color": TRAINED, "width": 2},
            marker_size=5,
            hovertemplate=f"step %{{x}}: %{{y:{places}}}{unit}<extra>{name}</extra>",
            row=row,
            col=1,
        )
    figure.add_hline(y=50, line={"color": CHANCE, "dash": "dot", "width": 1}, row=1, col=1)
    figure.update_yaxes(title="% right", range=[35, 105], tickvals=[50, 75, 100], row=1, col=1)
    highest = max([0.8, *(progress.loss for progress in history)])
    figure.update_yaxes(title="loss", range=[-0.04, 1.05 * highest], row=2, col=1)
    figure.update_xaxes(range=[-0.02 * STEPS, 1.02 * STEPS])
    figure.update_xaxes(title="step", row=2, col=1)
    return _dressed(figure, showlegend=False)


def jump(
    runs: Mapping[int, Sequence[float]], width: int, trained: Mapping[int, float]
) -> go.Figure:
    """Draws the accuracy against the receptive field size r, with a line where r is the width.

    ``runs`` are accuracies of several networks by their depth, drawn as their mean and range;
    ``trained`` are those of the networks of the page.
    """
    sizes = [field_size(depth) for depth in runs]
    means = [100 * sum(run) / len(run) for run in runs.values()]
    figure = go.Figure()
    figure.add_scatter(
        x=sizes,
        y=means,
        name="mean and range of runs made before",
        mode="lines+markers",
        line={"color": RUNS, "width": 2},
        marker_size=8,
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [
                100 * max(run) - mean for run, mean in zip(runs.values(), means, strict=True)
            ],
            "arrayminus": [
                mean - 100 * min(run) for run, mean in zip(runs.values(), means, strict=True)
            ],
            "width": 6,
        },
        hovertemplate="r = %{x}: %{y:.0f}% right on average<extra></extra>",
    )
    if trained:
        figure.add_scatter(
            x=[field_size(depth) for depth in trained],
            y=[100 * accuracy for accuracy in trained.values()],
            name="trained on this page",
            mode="markers",
            marker={"color": TRAINED, "size": 13, "symbol": "diamond-open", "line_width": 3},
            hovertemplate="r = %{x}: %{y:.0f}% right<extra>trained on this page</extra>",
        )
    figure.add_hline(y=50, line={"color": CHANCE, "dash": "dot", "width": 1})
    figure.add_vline(
        x=width,
        line={"color": CHANCE, "dash": "dash", "width": 2},
        annotation={"text": f"r = d = {width}", "yanchor": "bottom", "xshift": 4},
        annotation_position="bottom right",
    )
    figure.update_xaxes(title="receptive field size r", tickvals=sizes)
    figure.update_yaxes(title="% right", range=[35, 105], tickvals=[50, 75, 100])
    return _dressed(figure, showlegend=True)


def staircase(runs: Mapping[tuple[int, int], Sequence[float]], width: int) -> go.Figure:
    """Draws the mean accuracies of all runs, by (width, depth); ``width`` is marked."""
    widths = sorted({width for width, _ in runs})
    depths = sorted({depth for _, depth in runs})
    means = [
        [100 * sum(runs[across, depth]) / len(runs[across, depth]) for across in widths]
        for depth in depths
    ]
    sizes = [field_size(depth) for depth in depths]
    figure = go.Figure()
    figure.add_heatmap(
        x=widths,
        y=sizes,
        z=means,
        zmin=50,
        zmax=100,
        colorscale="Viridis",
        xgap=2,
        ygap=2,
        colorbar={"title": "% right", "tickvals": [50, 75, 100], "thickness": 12},
        hovertemplate="d = %{x}, r = %{y}: %{z:.0f}% right<extra></extra>",
    )
    figure.add_shape(
        type="rect",
        x0=width - 0.5,
        x1=width + 0.5,
        y0=sizes[0] - 1,
        y1=sizes[-1] + 1,
        line={"color": TRAINED, "width": 3},
    )
    figure.update_xaxes(title="width d of a narrow pair", tickvals=widths)
    figure.update_yaxes(title="receptive field size r", tickvals=sizes)
    return _dressed(figure, showlegend=False)


def _dressed(figure: go.Figure, *, showlegend: bool) -> go.Figure:
    return figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 32, "b": 0},
        legend=LEGEND_ABOVE,
        showlegend=showlegend,
        dragmode=False,
    )
