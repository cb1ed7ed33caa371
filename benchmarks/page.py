"""Makes docs/benchmarks.md, with its plots, from the raw results.

python -m benchmarks.page            takes benchmarks/results/ over into docs/benchmarks/ first
python -m benchmarks.page --as-is    from docs/benchmarks/ alone
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.harness.report import RESULTS
from pipeline.reporting.data import Policy
from pipeline.reporting.drawing import svg_file
from pipeline.reporting.pictures import BLUE, PALE, cost_split

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
Results = dict[str, Any]

_ABOUT = """# Benchmarks

Made by `python -m benchmarks.page` from the results that `make bench` writes; do not edit. Each table stands beside a
named peer that was measured in the same run. The raw figures are the JSON files in [benchmarks/](benchmarks/). What
was tried to make them better, and what it gave, is in [improvements.md](improvements.md).

FreshRetailNet-50K is by Wang et al. 2025 (arXiv:2505.16319), CC BY 4.0; hourly values were summed to days.
"""

SECTIONS: dict[str, tuple[str, ...]] = {
    "Pipeline speed": ("pipeline_speed",),
    "Example generation": ("example_generation",),
    "Growth": ("scale",),
    "Many series": ("end_to_end", "many_series"),
    "Accuracy": ("accuracy_1129", "accuracy_5000", "accuracy_50000"),
    "Arena": ("arena",),
    "Weekly sales": ("weekly", "weekly_orders"),
    "Known ahead": ("known_ahead",),
    "Decisions": ("decisions", "sample_bound"),
    "Planning": ("scoring",),
    "New sales and stock": ("plan_changes",),
    "Known optimum": ("known_optimum",),
    "Simulation": ("simulation",),
    "Store": ("store_loading",),
    "Prediction service": ("service",),
    "Logs and traces": ("telemetry_cost",),
    "Gates": ("drift_power", "gate_seeds"),
    "Retraining": ("retraining_year",),
    "Demand watch": ("demand_watch",),
    "Champion and challenger": ("challenger_power",),
    "A canary by share of stores": ("canary_power",),
}
"""Heading to the results below it, in the page's order; those that are not there are left out."""


def page(folder: Path) -> str:
    """The page's Markdown, from the results in the folder."""
    parts = [_ABOUT]
    for heading, names in SECTIONS.items():
        found = [name for name in names if (folder / f"{name}.json").exists()]
        if found:
            parts.append(f"## {heading}\n")
        for module in dict.fromkeys(map(_module, found)):
            parts.append(_about(module))
        for name in found:
            results = json.loads((folder / f"{name}.json").read_text())
            parts += [_table(table) for table in results["tables"]]
            if name in PLOTS:
                parts.append(f"![{heading}, {name.replace('_', ' ')}](benchmarks/{name}.svg)\n")
            parts.append(_where(name, results))
    return "\n".join(parts)


def _module(name: str) -> str:
    """The benchmark that writes these results: accuracy_5000 comes from accuracy, gate_seeds from seeds."""
    return name.removeprefix("gate_").rstrip("0123456789").rstrip("_")


def _about(module: str) -> str:
    """A benchmark's own words, with its command lines as a block."""
    # A benchmark of several modules is a package, which says it in its command.
    source = next(HERE.rglob(f"{module}.py"), HERE / module / "__main__.py")
    text = ast.get_docstring(ast.parse(source.read_text())) or ""
    blocks = text.split("\n\n")
    shown = [f"```\n{_unindented(block)}\n```" if block.startswith("    ") else block for block in blocks]
    return "\n\n".join(shown) + "\n"


def _unindented(block: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in block.splitlines())


def _table(table: dict[str, Any]) -> str:
    columns = table["columns"]
    lines = [f"**{table['title']}**\n", "| " + " | ".join(columns) + " |"]
    lines.append("| --- |" + " ---: |" * (len(columns) - 1))
    lines += ["| " + " | ".join(cells) + " |" for cells in table["lines"]]
    if table["notes"]:
        lines += ["", *(f"- {note}" for note in table["notes"])]
    return "\n".join(lines) + "\n"


def _where(name: str, results: Results) -> str:
    machine, versions = results["machine"], results["versions"]
    stack = ", ".join(f"{package} {version}" for package, version in versions.items())
    return (
        f"<sub>{results['when'][:10]}, {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_gib']} GiB; {stack}; [{name}.json](benchmarks/{name}.json)</sub>\n"
    )


def _speed(results: Results) -> Figure:
    figure = Figure(figsize=(7.5, 1.8), layout="constrained")
    names = ["stock TFX, one model", "ours, two models"]
    both = [results["stock"], results["ours"]]
    for axes, key, title in zip(
        figure.subplots(1, 2), ("seconds", "peak_gib"), ("seconds", "peak memory, GiB"), strict=True
    ):
        axes.barh(names, [found[key] for found in both], color=[PALE, BLUE])
        axes.set_xlabel(title)
        axes.invert_yaxis()
    return figure


def _growth(results: Results) -> Figure:
    figure = Figure(figsize=(7.5, 2.8), layout="constrained")
    for axes, key, title in zip(
        figure.subplots(1, 2), ("seconds", "peak_gib"), ("seconds", "peak memory, GiB"), strict=True
    ):
        for color, (which, sizes) in zip((BLUE, PALE), results["runs"].items(), strict=False):
            series = [int(size) for size in sizes]
            axes.plot(series, [found[key] for found in sizes.values()], "o-", color=color, label=which)
            axes.set_xticks(series)
        axes.set_ylim(0, 1.1 * axes.get_ylim()[1])
        axes.set_xlabel("series")
        axes.set_ylabel(title)
        axes.legend(loc="lower right")
    return figure


def _accuracy(results: Results) -> Figure:
    methods = sorted(results["methods"].items(), key=lambda item: item[1]["wape"])
    figure = Figure(figsize=(7.5, 0.5 + 0.3 * len(methods)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    names = [name for name, _ in methods]
    colors = [BLUE if name.startswith("this pipeline") else PALE for name in names]
    left.barh(names, [100 * found["wape"] for _, found in methods], color=colors)
    left.set_xlabel("WAPE on fully stocked days, %")
    left.invert_yaxis()
    right.barh(names, [100 * found["bias"] for _, found in methods], color=colors)
    right.set_xlabel("bias, %")
    return figure


def _decisions(results: Results) -> Figure:
    policies = results["freshretailnet"]["policies"].items()
    return cost_split(
        sorted(
            (Policy(name, **found) for name, found in policies), key=lambda policy: float(policy.total_cost)
        )
    )


PLOTS: dict[str, Callable[[Results], Figure]] = {
    "pipeline_speed": _speed,
    "scale": _growth,
    "accuracy_1129": _accuracy,
    "accuracy_5000": _accuracy,
    "accuracy_50000": _accuracy,
    "decisions": _decisions,
}


def write(folder: Path, target: Path) -> None:
    """Writes the page to ``target`` and the plots into the folder of the results."""
    for name, plot in PLOTS.items():
        path = folder / f"{name}.json"
        if path.exists():
            results = json.loads(path.read_text())
            (folder / f"{name}.svg").write_text(svg_file(name, lambda p=plot, r=results: p(r)))  # type: ignore[misc]
    target.write_text(page(folder))


def main() -> None:
    """Takes over the newest results, then writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--as-is", action="store_true", help="leave the results in docs/benchmarks/ as they are"
    )
    folder = DOCS / "benchmarks"
    folder.mkdir(exist_ok=True)
    if not parser.parse_args().as_is:
        for names in SECTIONS.values():
            for name in names:
                if (RESULTS / f"{name}.json").exists():
                    shutil.copy(RESULTS / f"{name}.json", folder)
    write(folder, DOCS / "benchmarks.md")
    print(f"{DOCS / 'benchmarks.md'}, from {len(list(folder.glob('*.json')))} results")


if __name__ == "__main__":
    main()
