"""The figures of a comparison as charts."""

import statistics
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

SHOWN = (
    "characters_a_second",
    "edit_s",
    "query_p50_ms",
    "first_answer_s",
    "asking_peak_mb",
    "index_mb",
)
COLOURS = ("#1a5fb4", "#9a9996", "#9a9996", "#9a9996")


def draw(
    found: dict[str, dict[str, list[float]]], names: dict[str, str], limits: dict[str, float], file: Path
) -> None:
    """A panel for each figure, a bar for each system, a line from its least to its most."""
    figure = Figure(figsize=(12, 7), layout="constrained")
    for axes, shown in zip(figure.subplots(2, 3).flat, SHOWN, strict=True):
        systems = [name for name in found if found[name].get(shown)]
        values = [found[name][shown] for name in systems]
        middles = [statistics.median(one) for one in values]
        below = [middle - min(one) for middle, one in zip(middles, values, strict=True)]
        above = [max(one) - middle for middle, one in zip(middles, values, strict=True)]
        bars = axes.bar(systems, middles, yerr=[below, above], capsize=4, color=COLOURS[: len(systems)])
        axes.bar_label(
            bars, [f"{middle:,.3g}" if middle < 1000 else f"{middle:,.0f}" for middle in middles], padding=4
        )
        axes.set_title(names[shown], fontsize=11)
        axes.margins(y=0.15)
        axes.spines[["top", "right"]].set_visible(False)
        if shown == "characters_a_second":
            for kind, style in (("float32", ":"), ("bfloat16", "--")):
                axes.axhline(
                    500 * limits[f"{kind}_passages_a_second"], linestyle=style, color="#c01c28", linewidth=1
                )
            axes.set_yscale("log")
            axes.set_title(
                f"{names[shown]}\n(red: limit of a matrix product, float32 and bfloat16)", fontsize=9
            )
        elif shown == "edit_s":
            axes.set_yscale("log")
    figure.savefig(file, dpi=120)


def draw_sizes(rows: list[dict[str, Any]], file: Path) -> None:
    """Milliseconds and memory by the number of passages, exact and in cells."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, (shown, title) in zip(
        figure.subplots(1, 2), (("p50_ms", "search p50 (ms)"), ("held_mb", "memory (MB)")), strict=True
    ):
        for kind, colour in (("exact", "#9a9996"), ("cells", "#1a5fb4")):
            of_kind = [row for row in rows if row["asked_for"] == kind]
            axes.loglog(
                [row["passages"] for row in of_kind],
                [row[shown] for row in of_kind],
                "o-",
                color=colour,
                label=kind,
            )
        axes.set_title(title)
        axes.set_xlabel("passages (made vectors of 384 numbers)")
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=120)
