"""HTML files that need nothing else: Plotly is part of them, and nothing is sent away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader

from elasreg_core import __version__

_CONFIG = {"displaylogo": False, "showSendToCloud": False}
_TEMPLATES = Environment(loader=PackageLoader("elasreg_core.figures", "templates"), autoescape=True)
_TEMPLATES.filters["number"] = lambda value, form: "–" if pd.isna(value) else form % value


def drawn(figures: Mapping[str, go.Figure], **config: Any) -> list[str]:
    """Figures by their names in the document, as HTML; the first has Plotly in it. `config` as Plotly's."""
    return [
        figure.to_html(full_html=False, include_plotlyjs=not i, config=_CONFIG | config, div_id=name)
        for i, (name, figure) in enumerate(figures.items())
    ]


def page(template: str, **content: Any) -> str:
    """A template of `templates/`, filled; what it does not call safe is escaped."""
    return _TEMPLATES.get_template(template).render(version=__version__, **content)
