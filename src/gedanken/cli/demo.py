"""`gedanken demo`: the main job on two real data sets and three seeded problems."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gedanken.own_data.finding import Finding

EXAMPLES = ("gedanken demo --out runs/demo",)

# (what `gedanken discover` would be told, options)
CASES: tuple[tuple[str, dict[str, object]], ...] = (
    ("lynx_hare", {}),
    ("us_census", {"fit_until": 1910.0}),
    ("free_fall_drag", {"index": 3, "noise": 0.05}),
    ("damped_pendulum", {"index": 1, "noise": 0.05}),
    ("charged_b_field", {"index": 2, "noise": 0.05}),
)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("runs/demo"),
) -> None:
    """Discover the laws behind two real data sets and three seeded problems, and write a report on each."""
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from gedanken.cli._show import show_finding
    from gedanken.cli.warm import warm_discover
    from gedanken.own_data import discovery
    from gedanken.own_data.record import read_record
    from gedanken.own_data.report.write import write_report
    from gedanken.players import load_player

    warm_discover()
    console = Console(highlight=False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    start = time.perf_counter()
    findings = []
    with Progress(*columns, console=console, transient=True) as bar:
        row = bar.add_task("discovering", total=len(CASES))
        for data, options in CASES:

            def announce(text: str, data: str = data) -> None:
                bar.update(row, description=f"{data}: {text}")

            announce("reading")
            record = read_record(data, **options)  # type: ignore[arg-type]
            finding = discovery.run(record, load_player("sparse", "discover", {"progress": announce}))
            flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
            command = ["gedanken", "discover", data, *flags, f"--out={out / data}"]
            files = write_report(finding, out / data, command)
            show_finding(bar.console, finding, {"report": files["report.md"]})
            findings.append((data, finding))
            bar.advance(row)
    page = _index_page(findings)
    (out / "README.md").write_text(page)
    console.print(f"\nfive laws in {time.perf_counter() - start:.1f} s; the overview is {out / 'README.md'}")


def _index_page(findings: "list[tuple[str, Finding]]") -> str:
    """One table of all reports, with their figures."""
    from gedanken.markdown import table

    rows = []
    for name, finding in findings:
        r2 = ", ".join(f"{column} {value:.4f}" for column, value in finding.r2.items())
        held = ", ".join(f"{column} {value:.3f}" for column, value in (finding.held_out_r2 or {}).items()) or "-"
        rows.append([f"[{finding.record.title}]({name}/report.md)", f"`{finding.law.text}`", r2, held])
    lines = ["# What the demo found", "", *table(["record", "law", "R2", "held out"], rows)]
    lines += [line for name, finding in findings for line in ("", f"![{finding.record.title}]({name}/fit.png)")]
    return "\n".join(lines) + "\n"
