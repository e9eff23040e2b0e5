"""A training to be started: its configuration, what one may set, what it costs."""

from __future__ import annotations

import shutil

import streamlit as st

from elasreg_core.config import RunConfig, read_config
from elasreg_core.workspace.commands import train_command
from elasreg_core.workspace.jobs import Jobs
from elasreg_core.workspace.paths import PROJECT, data_folder, home
from elasreg_core.workspace.training_cost import Cost, Pace, cost_of, known_paces
from elasreg_core.workspace.trainings import changed_settings, configurations, lay_out, opening_of
from pages._shared.context import readable_errors
from pages._shared.job_view import in_words
from pages._shared.run_command import show_command

_FIRST = "cardiac-quick"


def offer_training(jobs: Jobs) -> None:
    """The form; its button starts the training and shows it."""
    sources = configurations()
    source = st.selectbox(
        "Configuration",
        sorted(sources, key=lambda name: (name != _FIRST, name)),
        key="config",
        bind="query-params",
        help=f"The presets, and the .toml files in {home() / 'configs'}.",
    )
    with readable_errors():
        config, text = read_config(sources[source])
    st.caption(opening_of(text).replace("\n", "  \n"))
    others = _settings(source, config)
    with readable_errors():
        changed = changed_settings(config, *others)
        config, text = read_config(sources[source], changed)
        _show_cost(config, cost_of(config, _paces(str(home()))))
    with st.expander("The configuration as it will be kept", icon=":material/description:"):
        st.code(text, language="toml")
    name = st.text_input("Name of the checkpoint", f"my-{source.removeprefix('configs/').removesuffix('.toml')}")
    if st.button("Start training", type="primary", icon=":material/model_training:"):
        with readable_errors():
            command = train_command(lay_out(name, text))
            jobs.start(command.kind, command.about, command.arguments)
        st.session_state["show-run"] = name
        st.rerun()
    settings = ["--set", *(f"{key}={value}" for key, value in changed.items())] if changed else []
    show_command(["train", sources[source], "--out", str(home() / "checkpoints" / name), *settings])


def _settings(source: str, config: RunConfig) -> tuple[dict[str, object], str]:
    """The settings of a training that one changes most, and others in words."""
    training = config.training
    with st.container(horizontal=True):
        wanted: dict[str, object] = {
            "steps": st.number_input(
                "Steps", 1, value=training.steps, step=50, key=f"steps-{source}", bind="query-params", width=150
            ),
            "seed": st.number_input(
                *("Seed", 0),
                value=training.seed,
                key=f"seed-{source}",
                bind="query-params",
                width=120,
                help="Of weights, batches and views.",
            ),
            "regularization_scale": st.number_input(
                *("Regularization scale", 0.0),
                value=training.regularization_scale,
                step=0.5,
                key=f"scale-{source}",
                bind="query-params",
                width=180,
                help="Factor on the energy; 1 in the paper, where λ and μ hardly matter.",
            ),
        }
        others = st.text_input(
            "Other settings",
            key=f"others-{source}",
            bind="query-params",
            placeholder="sampling=log_uniform learning_rate=1e-4",
            help="NAME=VALUE of the table [training], as of `elasreg train --set`.",
            width=330,
        )
    return wanted, others


@st.cache_data(ttl=30, show_spinner=False)
def _paces(workspace: str) -> list[Pace]:  # noqa: ARG001 (the cache's key)
    return known_paces()


def _show_cost(config: RunConfig, cost: Cost) -> None:
    """Time, size and data, before anything is started."""
    needed = [f"**{in_words(cost.seconds)}** on this machine when idle" if cost.seconds else "a time nobody knows yet"]
    needed += [f"**{cost.disk_bytes / 1e6:,.0f} MB** on disk"]
    st.markdown(f"This takes about {', and '.join(needed)}.")
    st.dataframe(
        cost.to_frame(),
        hide_index=True,
        width="content",
        column_config={
            "weights": st.column_config.NumberColumn(format="localized"),
            "seconds a step": st.column_config.NumberColumn(format="%.3f"),
            "minutes": st.column_config.NumberColumn(format="%.1f"),
            "disk (MB)": st.column_config.NumberColumn(format="%.0f"),
        },
    )
    judged = {of.judged_by for of in cost.models if of.judged_by is not None}
    for pace in sorted(judged, key=lambda pace: pace.by):
        where = "trained in this workspace" if pace.is_here else "as shipped, trained on 2 CPU cores"
        st.caption(f"Judged by {pace.by}, {where}: {pace.seconds:.3f} s a step, scaled by the work of a step.")
    root = data_folder() / config.data.root
    if cost.phantoms:
        making = in_words(cost.phantom_seconds)
        st.caption(f"First {cost.phantoms} {config.data.phantom.kind} phantoms are made in {root}, about {making}.")
    elif root.exists():
        st.caption(f"Data: {root}.")
    else:
        st.warning(f"Its data are not there: {root} ({config.data.layout} layout).", icon=":material/folder_off:")
    free = shutil.disk_usage(home() if home().exists() else PROJECT).free
    if cost.disk_bytes > 0.9 * free:
        st.warning(f"Only {free / 1e6:,.0f} MB are free on the disk.", icon=":material/hard_drive:")
