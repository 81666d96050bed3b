"""Draws the lessons' figures.

    python exercises/figures/draw.py            all of them
    python exercises/figures/draw.py attention  some of them

Each is `exercises/NN_topic/topic.svg`; what it shows is computed with torch. One function draws one figure: in
`tables.py`, `windows.py`, `curves.py`, `diagrams.py` or `networks.py`; `style.py` is how they all look.

Two lessons have none. `install_check` is about versions and devices, and there is nothing to see in them.
`tensor_creation` is about what a call returns and which calls share memory: a sentence each.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import curves
import diagrams
import matplotlib as mpl
import networks
import style
import tables
import windows
from matplotlib.figure import Figure

EXERCISES = Path(__file__).parents[1]

FIGURES: dict[str, Callable[[], Figure]] = {
    "tensor_ops": tables.heads,
    "broadcasting": tables.stretching,
    "autograd": diagrams.graph,
    "custom_module": diagrams.module_parts,
    "activations": curves.activations,
    "losses": curves.cross_entropies,
    "training": curves.epochs,
    "convolution": windows.kernel,
    "pooling": windows.along_one_dimension,
    "cnn": networks.body_and_head,
    "lstm": networks.lstm_step,
    "attention": tables.attention_weights,
    "gpt": networks.gpt_block,
    "fine_tuning": tables.what_moves,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(FIGURES)), metavar="[NAME]...")
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), help="A folder to draw into, not the lessons'."
)
def main(names: tuple[str, ...], into: Path | None) -> None:
    """Draw the figures of the lessons NAME; of all lessons that have one, where none is named."""
    for name in names or FIGURES:
        folder = into or next(EXERCISES.glob(f"[0-9]*_{name}"))
        folder.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context(style.settings()):
            style.save(FIGURES[name](), folder / f"{name}.svg")


if __name__ == "__main__":
    main()
