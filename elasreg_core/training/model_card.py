"""MODEL_CARD.md: what a checkpoint is, for someone who meets it without this project's help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elasreg_core.atomic import write_atomic
from elasreg_core.networks.architecture import MODELS, Model
from elasreg_core.networks.checkpoint import Checkpoint

MODEL_CARD = "MODEL_CARD.md"


def write_model_card(checkpoint: Checkpoint) -> Path:
    """Writes the card beside model.json, from model.json alone."""
    card = checkpoint.card
    training, config = card.training, card.training["config"]
    settings, phantom = card.preprocessing, training["data"].get("phantom")
    source = f"{training['pairs']} pairs in {training['data']['layout'].upper()}'s layout"
    if phantom:
        plane = f", {phantom['plane']} planes" if phantom.get("plane") else ""
        source += f": {phantom['kind']} phantoms{plane} (seed {phantom['seed']}), no patient among them"
    clip = "" if settings.intensity_range is None else "clipped to {:g} … {:g}, then ".format(*settings.intensity_range)
    window = config["window"] or settings.grid_shape
    views = f"random views of {' × '.join(map(str, window))} voxels" if config["augment"] else "the pairs as they are"
    drawn_for = "batch" if config["shared_parameters"] else "sample"
    means = ", ".join(f"{name} {value:.4f}" for name, value in training["mean_of_last_100_steps"].items())
    lines = [
        f"# {checkpoint.name}",
        "",
        "A hyper-registration network after Reithmeir et al., MICCAI 2024, on HyperMorph (Hoopes et al., IPMI 2021).",
        f"It takes a moving and a fixed image and {_parameters(checkpoint.model)}, each in [0, 1], and returns a",
        "displacement: `warped(p) = moving(p + u(p))`, in voxels of the fixed grid, array-axis order.",
        "",
        "| | |",
        "|---|---|",
        f"| tissues | {', '.join(f'{i} {name}' for i, name in enumerate(card.tissues, start=1))} |",
        f"| grid | {' × '.join(map(str, settings.grid_shape))} voxels of {settings.spacing_mm:g} mm |",
        f"| intensities | {clip}percentiles {settings.intensity_percentiles} to [0, 1], each image by itself |",
        f"| regularizer | {checkpoint.model.regularizer.name}, of the {card.regularized} |",
        f"| background at inference | {checkpoint.model.regularizer.shown(card.background)} |",
        f"| trained on | {source} |",
        f"| parameters drawn from | {card.sampling}: each, every step, for every {drawn_for} |",
        f"| regularization scale | {card.regularization_scale:g} (1 in the paper, where λ and μ hardly matter) |",
        f"| labels | {_labels(config)} |",
        f"| start | {_start(training, card.model)} |",
        f"| steps × batch | {training['steps']} × {config['batch_size']}; {views} |",
        f"| learning rate | {_learning_rate(card.model, config)}, {config['schedule']}; Adam |",
        f"| seed | {config['seed']} |",
        f"| time | {training['seconds'] / 60:.0f} minutes |",
        f"| last 100 steps, mean | {means} |",
        f"| U-Net | encoder {list(card.network.encoder)}, decoder {list(card.network.decoder)} |",
        f"| hypernetwork | {card.network.hyper_layers} layers of {card.network.hyper_units} units |",
        f"| weights | sha256 {card.weights_sha256} |",
        "",
        "The training curve is `history.csv`. Not a medical device: for research and teaching only.",
        "",
    ]
    path = checkpoint.folder / MODEL_CARD
    write_atomic(path, "\n".join(lines))
    return path


def _parameters(model: Model) -> str:
    each = " and ".join(f"one {symbol}" for symbol in model.regularizer.symbols)
    if model.is_adaptive:
        return f"{each} per tissue class, the background first; labels are not needed for the pass itself"
    return f"{each} for the whole image"


def _labels(config: dict[str, Any]) -> str:
    if not config["label_weight"]:
        return "not in the loss"
    return f"{config['label_weight']:g} × (1 − Dice) beside the similarity: of the phantoms, in training only"


def _start(training: dict[str, Any], model: str) -> str:
    start, config = training["start"], training["config"]
    text = f"from the weights of {start['name']} (sha256 {start['weights_sha256'][:12]}…)" if start else "from scratch"
    if config["supervision_steps"] and not _is_warm(model, config):
        text += f"; the true motion leads over the first {config['supervision_steps']} steps, fading out"
    return text


def _learning_rate(model: str, config: dict[str, Any]) -> str:
    if _is_warm(model, config):
        return f"{0.5 * config['learning_rate']:g} (the hypernetwork's own layers stay as they are)"
    hyper = config["hyper_learning_rate"]
    own = f" (hypernetwork {hyper:g})" if hyper else ""
    return f"{config['learning_rate']:g}{own}"


def _is_warm(model: str, config: dict[str, Any]) -> bool:
    return MODELS[model].is_adaptive and bool(config["warm_start_steps"])
