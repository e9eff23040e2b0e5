"""Figures of a comparison: each subject's line through the models, differences with intervals, curves, parameters."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from elasreg_core.figures.palette import OKABE_ITO, tissue_colours
from elasreg_core.metrics import METRICS

_MODEL_COLOURS = {"diff-g": OKABE_ITO[0], "diff-sas": OKABE_ITO[5], "elas-g": OKABE_ITO[1], "elas-sas": OKABE_ITO[6]}


def subject_lines(rows: pd.DataFrame, metric: str = "mean_dice", title: str = "Mean Dice") -> go.Figure:
    """One line per subject through all models, and the mean over the subjects."""
    models = list(rows["model"].unique())
    wide = rows.pivot(index="subject", columns="model", values=metric)[models]
    figure = go.Figure(
        [
            go.Scatter(
                x=models,
                y=values,
                mode="lines+markers",
                line={"color": "rgba(120,120,120,0.35)", "width": 1},
                marker={"size": 4},
                name=str(subject),
                showlegend=False,
                hovertemplate=f"{subject}<br>%{{x}}: %{{y:.3f}}<extra></extra>",
            )
            for subject, values in zip(wide.index, wide.to_numpy(), strict=True)
        ]
    )
    figure.add_trace(
        go.Scatter(x=models, y=wide.mean(), mode="lines+markers", line={"color": OKABE_ITO[6], "width": 3}, name="mean")
    )
    return _laid_out(figure, "Every subject under every model", "", title)


def difference_intervals(tests: pd.DataFrame) -> go.Figure:
    """Differences of mean Dice between models, with their confidence intervals; 0 is no difference."""
    names = [f"{a} − {b}" for a, b in zip(tests["a"], tests["b"], strict=True)]
    figure = go.Figure(
        go.Scatter(
            x=tests["difference"],
            y=names,
            mode="markers",
            marker={"size": 9, "color": OKABE_ITO[5]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": tests["high"] - tests["difference"],
                "arrayminus": tests["difference"] - tests["low"],
            },
            customdata=tests[["p", "p_adjusted", "effect", "n"]],
            hovertemplate="%{y}: %{x:+.4f}<br>p = %{customdata[0]:.3g} (adjusted %{customdata[1]:.3g})"
            "<br>effect %{customdata[2]:+.2f}, n = %{customdata[3]:.0f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": "gray", "dash": "dot"})
    figure = _laid_out(figure, "Differences, paired over the subjects", "mean Dice, with the 95 % interval", "")
    return figure.update_layout(height=140 + 28 * len(names), yaxis={"autorange": "reversed", "automargin": True})


def regularity_figure(curve: pd.DataFrame, tissues: Sequence[str]) -> go.Figure:
    """Alignment against regularity: one curve per model, up is better aligned, left is more regular.

    Args:
        curve: of `alignment_regularity.curves`.
        tissues: each has a panel, after that of their mean.
    """
    panels = {"mean_dice": "mean", **{f"dice {tissue}": tissue for tissue in tissues}}
    figure = make_subplots(1, len(panels), subplot_titles=list(panels.values()), horizontal_spacing=0.06)
    for place, column in enumerate(panels, start=1):
        for model, of in curve.groupby("model", sort=False):
            figure.add_trace(
                go.Scatter(
                    x=of["sd_log_jacobian"],
                    y=of[column],
                    mode="lines+markers",
                    name=str(model),
                    legendgroup=str(model),
                    showlegend=place == 1,
                    line={"color": _MODEL_COLOURS.get(str(model), OKABE_ITO[3])},
                    customdata=of[["budget", "neg_jacobian_percent"]],
                    hovertemplate=f"{model}<br>{METRICS['sd_log_jacobian'].title} %{{x:.4f}}, Dice %{{y:.4f}}"
                    "<br>budget %{customdata[0]:.4f}, folding %{customdata[1]:.3f} %<extra></extra>",
                ),
                row=1,
                col=place,
            )
    figure = _laid_out(figure, "Alignment at equal regularity", "", "Dice")
    return figure.update_xaxes(title="SDlogJ (left: more regular)").update_layout(margin={"t": 80})


def parameter_scatter(parameters: pd.DataFrame, model: str, tissues: Sequence[str]) -> go.Figure:
    """The chosen (λ, μ), or λ, of every subject, tissue by tissue."""
    of_model = parameters[parameters["model"] == model]
    figure = go.Figure()
    for tissue, colour in tissue_colours(tissues).items():
        of = of_model[of_model["tissue"] == tissue]
        elastic = "mu" in of and of["mu"].notna().all()
        figure.add_trace(
            go.Scatter(
                x=of["lambda"],
                y=of["mu"] if elastic else [tissue] * len(of),
                mode="markers",
                name=tissue,
                marker={"color": colour, "size": 9, "opacity": 0.65},
                text=of["subject"],
                hovertemplate="%{text}<br>λ = %{x:g}, %{y}<extra></extra>",
            )
        )
    figure = _laid_out(figure, f"Chosen parameters, {model}", "λ", "μ" if "mu" in of_model else "")
    return figure.update_xaxes(range=[-0.04, 1.04])


def _laid_out(figure: go.Figure, title: str, x: str, y: str) -> go.Figure:
    return figure.update_layout(
        template="plotly_white",
        title={"text": title, "font": {"size": 15}},
        xaxis={"title": x},
        yaxis={"title": y},
        height=420,
        margin={"l": 60, "r": 20, "t": 50, "b": 50},
    )
