"""Figures of a comparison: each subject's line through the models, differences with intervals, curves, parameters."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from elasreg_core.evaluation.verdict import told_apart
from elasreg_core.figures.palette import OKABE_ITO, model_colour, tissue_colours
from elasreg_core.metrics import METRICS

_FAINT, _HIGHLIGHT = "rgba(120,120,120,0.4)", "#D500F9"


def subject_lines(
    rows: pd.DataFrame,
    metric: str = "mean_dice",
    title: str = "Mean Dice",
    highlight: str | None = None,
    relative_to: str | None = None,
) -> go.Figure:
    """One line per subject through all models, and the mean over the subjects.

    Args:
        rows: of `evaluation.comparison.score_row`.
        metric: a column of theirs.
        title: of that column.
        highlight: a subject whose line stands out.
        relative_to: a model whose value is subtracted, subject by subject; none: the score itself.
    """
    models = list(rows["model"].unique())
    wide = rows.pivot(index="subject", columns="model", values=metric)[models]
    if relative_to is not None:
        wide, title = wide.sub(wide[relative_to], axis="index"), f"{title}, less that of {relative_to}"
    figure = go.Figure()
    for subject in sorted(wide.index, key=lambda name: name == highlight):  # drawn last, on top
        own = subject == highlight
        figure.add_trace(
            go.Scatter(
                x=models,
                y=wide.loc[subject],
                mode="lines+markers",
                line={"color": _HIGHLIGHT if own else _FAINT, "width": 2.5 if own else 1},
                marker={"size": 6 if own else 4},
                name=str(subject),
                showlegend=own,
                hovertemplate=f"{subject}<br>%{{x}}: %{{y:.3f}}<extra></extra>",
            )
        )
    mean = {"color": OKABE_ITO[5], "width": 3}
    figure.add_trace(go.Scatter(x=models, y=wide.mean(), mode="lines+markers", line=mean, name="mean"))
    return _laid_out(figure, "Every subject under every model", "", title)


def difference_intervals(tests: pd.DataFrame, title: str = "mean Dice") -> go.Figure:
    """Differences between models, with their confidence intervals; 0 is no difference. Grey: within chance.

    Args:
        tests: of `statistics.all_comparisons`, of one metric.
        title: of that metric.
    """
    names = [f"{a} − {b}" for a, b in zip(tests["a"], tests["b"], strict=True)]
    figure = go.Figure(
        go.Scatter(
            x=tests["difference"],
            y=names,
            mode="markers",
            marker={"size": 9, "color": [OKABE_ITO[5] if clear else _FAINT for clear in told_apart(tests)]},
            error_x={
                "type": "data",
                "symmetric": False,
                "color": "gray",
                "array": tests["high"] - tests["difference"],
                "arrayminus": tests["difference"] - tests["low"],
            },
            customdata=tests[["p", "p_adjusted", "effect", "n"]],
            hovertemplate="%{y}: %{x:+.4f}<br>p = %{customdata[0]:.3g} (adjusted %{customdata[1]:.3g})"
            "<br>effect %{customdata[2]:+.2f}, n = %{customdata[3]:.0f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line={"color": "gray", "dash": "dot"})
    figure = _laid_out(figure, "Differences, paired over the subjects", f"{title}, with the 95 % interval", "")
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
        for trace in _curves(curve, column):
            figure.add_trace(trace.update(showlegend=place == 1), row=1, col=place)
    figure = _laid_out(figure, "Alignment at equal regularity", "", "Dice")
    return figure.update_xaxes(title="SDlogJ (left: more regular)").update_layout(margin={"t": 80})


def regularity_panel(curve: pd.DataFrame, column: str, title: str, one: pd.DataFrame | None = None) -> go.Figure:
    """One panel of `regularity_figure`, to be laid beside others.

    Args:
        curve: of `alignment_regularity.curves`.
        column: "mean_dice" or "dice <tissue>".
        title: of the figure.
        one: a subject's own rows of `alignment_regularity.curve_rows`, dotted.
    """
    figure = go.Figure(_curves(curve, column))
    if one is not None and len(one):
        figure.add_traces([trace.update(showlegend=False, line={"dash": "dot"}) for trace in _curves(one, column)])
    figure = _laid_out(figure, title, "SDlogJ (left: more regular)", "Dice")
    return figure.update_layout(height=330, margin={"l": 55, "r": 8, "t": 40, "b": 45}, showlegend=False)


def _curves(curve: pd.DataFrame, column: str) -> list[go.Scatter]:
    return [
        go.Scatter(
            x=of["sd_log_jacobian"],
            y=of[column],
            mode="lines+markers",
            name=str(model),
            legendgroup=str(model),
            line={"color": model_colour(str(model))},
            customdata=of[["budget", "neg_jacobian_percent"]],
            hovertemplate=f"{model}<br>{METRICS['sd_log_jacobian'].title} %{{x:.4f}}, Dice %{{y:.4f}}"
            "<br>budget %{customdata[0]:.4f}, folding %{customdata[1]:.3f} %<extra></extra>",
        )
        for model, of in curve.groupby("model", sort=False)
    ]


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
