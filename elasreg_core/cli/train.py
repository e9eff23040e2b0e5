"""`elasreg train`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from elasreg_core.cli.console import Bars
from elasreg_core.config import preset_names, read_config


def add_to(commands: argparse._SubParsersAction) -> None:
    """Adds the command."""
    parser = commands.add_parser("train", help="stage 1: train the models of a configuration")
    parser.add_argument("config", metavar="CONFIG", help=f"a .toml file or a preset: {', '.join(preset_names())}")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the checkpoint family's folder")
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="in place of what CONFIG's [training] says, e.g. --set seed=1 sampling=log_uniform",
    )
    parser.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    parser.add_argument(
        "--devices", type=int, metavar="N", help="that share every batch (default: all GPUs, or the CPU)"
    )
    parser.add_argument(
        "--memory",
        type=float,
        metavar="GIB",
        help="what the pairs may take; larger cohorts are read from disk (default: half of what is free)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Trains, with a bar per phase."""
    config, text = read_config(arguments.config, dict(arguments.set))
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # quicker for batches, though not for single pairs
    from elasreg_core.workspace.training_runs import run_training

    with Bars() as bars:
        checkpoints = run_training(
            *(config, text, arguments.out, arguments.resume, bars),
            devices=arguments.devices,
            memory_gib=arguments.memory,
        )
    for checkpoint in checkpoints:
        means = checkpoint.card.training["mean_of_last_100_steps"]
        summary = ", ".join(f"{name} {value:.4f}" for name, value in means.items())
        print(f"{checkpoint.folder}: {summary} (mean of the last 100 steps)")


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier() and value.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, e.g. seed=1")
    return name, value.strip()
