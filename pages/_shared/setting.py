"""The sliders of Explore, the presets that move them, and a setting that is pinned for comparison; all in the URL."""

from __future__ import annotations

import html

import streamlit as st

from elasreg_core.data.phantoms.known_stiffness import known_stiffness
from elasreg_core.data.tissues import TissueTable
from elasreg_core.figures import tissue_colours
from elasreg_core.physics.parameters import Regularizer
from elasreg_core.workspace.settings import Preset, Setting
from pages._shared.context import readable_errors

_CARD_WIDTH = 215
_START = 0.1
_PINNED = "a"


def slider_key(parameter: str, tissue: str | None = None) -> str:
    """A slider's key, and its name in the URL: that of the image, or of one tissue."""
    return parameter if tissue is None else f"{parameter}-{tissue}"


def choose_setting(regularizer: Regularizer, tissues: TissueTable, of_image: bool, of_tissues: bool) -> Setting:
    """Sliders over the trained range for what the networks shown take; the others keep their values."""
    nodes = []
    with st.container(horizontal=True):
        for tissue, colour in {None: "gray", **tissue_colours(tissues.names)}.items():
            if not (of_image if tissue is None else of_tissues):
                kept = (st.session_state.get(slider_key(name, tissue), _START) for name in regularizer.parameters)
                nodes.append(tuple(kept))
                continue
            with st.container(border=True, width=_CARD_WIDTH, gap="xsmall"):
                name = "The image, global" if tissue is None else html.escape(tissue)
                st.html(f'<b><span style="color:{colour}">●</span>&ensp;{name}</b>')
                nodes.append(tuple(_slider(regularizer, place, tissue) for place in range(len(regularizer.parameters))))
    return Setting(nodes[0], tuple(nodes[1:]))


def _slider(regularizer: Regularizer, place: int, tissue: str | None) -> float:
    name = regularizer.parameters[place]
    return st.slider(
        regularizer.symbols[place] if tissue is None else f"{regularizer.symbols[place]} of {tissue}",
        *(0.0, 1.0, _START, 0.01),
        key=slider_key(name, tissue),
        help=regularizer.meaning[place],
        bind="query-params",
        persist_state="page",
    )


def show_presets(presets: list[Preset], regularizer: Regularizer, tissues: TissueTable, has_search: bool) -> None:
    """A button for each preset, which moves the sliders; without a finished search, the way to make one."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for preset in presets:
            st.button(
                preset.title,
                key=f"preset-{preset.title}",
                help=preset.explanation,
                on_click=_move_sliders,
                args=(preset.setting, regularizer, tissues),
            )
        if not has_search:
            st.caption("No finished search of this subject, so no optimum yet:")
            if st.button("Identify it", icon=":material/grid_view:", type="tertiary"):
                st.switch_page("pages/identify.py")


def _move_sliders(setting: Setting, regularizer: Regularizer, tissues: TissueTable) -> None:
    for tissue, node in zip((None, *tissues.names), (setting.image, *setting.tissues), strict=True):
        for name, value in zip(regularizer.parameters, node, strict=True):
            st.session_state[slider_key(name, tissue)] = value


def explain(presets: list[Preset], setting: Setting, tissues: TissueTable) -> None:
    """Where the numbers are from, while the sliders stand at a preset."""
    preset = next((preset for preset in presets if preset.setting == setting), None)
    if preset is None:
        return
    st.caption(f"{preset.title}: {preset.explanation}")
    if preset.title.startswith("Literature"):
        with st.expander("What is known of these tissues, and from where", icon=":material/menu_book:"):
            rows = [
                {
                    "tissue": known.tissue,
                    "E (kPa)": f"{known.stiffness.youngs_modulus_kpa:,.3g}",
                    "ν": f"{known.stiffness.poisson_ratio:.2f}",
                    "λ : μ": f"{known.ratio:.2f}",
                    "source": known.source,
                }
                for known in known_stiffness(tissues.names)
            ]
            st.table(rows, hide_index=True)


def choose_pinned(setting: Setting, regularizer: Regularizer, tissues: TissueTable) -> Setting | None:
    """The setting pinned as A, if there is one, and the buttons to pin and unpin it."""
    text = st.query_params.get(_PINNED)
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Pin this setting as A" if text is None else "Pin this one as A instead"
        st.button(
            label,
            icon=":material/push_pin:",
            on_click=_pin,
            args=(str(setting),),
            help="Keeps it beside whatever the sliders say next, which becomes B.",
        )
        if text is None:
            return None
        st.button("Unpin A", icon=":material/keep_off:", on_click=_pin, args=(None,))
        with readable_errors(ends_page=False):
            pinned = Setting.from_text(text, regularizer, len(tissues.names))
            st.button(
                "Exchange A and B",
                icon=":material/swap_horiz:",
                on_click=_exchange,
                args=(setting, pinned, regularizer, tissues),
            )
            _described(pinned, regularizer, tissues)
            return pinned
    return None


def _described(setting: Setting, regularizer: Regularizer, tissues: TissueTable) -> None:
    nodes = zip(("image", *tissues.names), (setting.image, *setting.tissues), strict=True)
    st.caption("A: " + "; ".join(f"{name} {regularizer.shown(node)}" for name, node in nodes))


def _pin(text: str | None) -> None:
    if text is None:
        st.query_params.pop(_PINNED, None)
    else:
        st.query_params[_PINNED] = text


def _exchange(setting: Setting, pinned: Setting, regularizer: Regularizer, tissues: TissueTable) -> None:
    _pin(str(setting))
    _move_sliders(pinned, regularizer, tissues)
