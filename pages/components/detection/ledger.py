"""The suppression ledger: what became of every raw row, on the picture and in a table."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.nets.card import ModelCard
from core.pipeline import Run, Thresholds, suppression_ledger, visible
from core.render.ghosts import GHOST_DASHES, draw_with_ghosts
from core.results.ledger import (
    MEANINGS,
    OUTCOMES,
    Ledger,
    Outcome,
    find_softeners,
    find_suppressors,
    ledger,
)
from core.share.tables import ledger_csv, ledger_rows
from pages.components.shell.download import download
from pages.components.shell.images import show_photo
from pages.components.shell.source_view import show_source
from pages.components.shell.widget_memory import persistent

MOST_GHOSTS, MOST_LINES = 300, 2000

_AT_FIRST = tuple(
    outcome for outcome in OUTCOMES if outcome not in ("below confidence", "no box")
)


def show_ledger(
    key: str, run: Run, card: ModelCard, thresholds: Thresholds, *, chosen: int | None = None
) -> None:
    """Show every raw row with its fate: counted, as ghosts on the picture, and in a table.

    Args:
        key: app-wide; what is shown survives a change of page.
        run: the run whose rows are shown.
        card: of the model that ran.
        thresholds: what decides over the rows.
        chosen: the raw row of the box whose victims can be shown alone.
    """
    book = suppression_ledger(run, card, thresholds)
    st.markdown(_sum(book))
    outcomes = st.pills(
        "Fates to show",
        OUTCOMES,
        selection_mode="multi",
        default=_AT_FIRST,
        key=persistent(f"{key}.fates"),
        bind="query-params",
    )
    lines = book.lines(outcomes).tolist()
    if chosen is not None and st.toggle(
        "only the chosen box and what it removed",
        key=persistent(f"{key}.mine"),
        bind="query-params",
    ):
        lines = [
            line for line in lines if chosen in (book.suppressed_by[line], book.boxes.row[line])
        ]
    _show_ghosts(book, lines, run, card)
    st.markdown(_legend(book))
    _show_lines(book, lines, card, soft=thresholds.soft)
    table = partial(ledger_csv, book, label=card.label)
    download("ledger.csv", table, key=f"{key}.csv", name="ledger.csv", mime="text/csv")
    show_source(ledger, find_softeners if thresholds.soft else find_suppressors)


def _sum(book: Ledger) -> str:
    """Write the rows as a sum that can be checked."""
    parts = [f"{count:,} {outcome}" for outcome, count in book.counts().items() if count]
    return f"**{len(book):,} raw rows** = {' + '.join(parts) or 'nothing'}"


def _legend(book: Ledger) -> str:
    """Say what each fate means and how its ghosts look, for those fates that occur."""
    lines = ["| fate | rows | line | meaning |", "|:--|--:|:--|:--|"]
    for outcome, count in book.counts().items():
        if count:
            drawn = GHOST_DASHES[outcome].words if outcome in GHOST_DASHES else "not drawn"
            look = "solid, in the colour of its class" if outcome == "kept" else drawn
            lines.append(f"| {outcome} | {count:,} | {look} | {MEANINGS[outcome]} |")
    return "\n".join(lines)


def _show_ghosts(book: Ledger, lines: Sequence[int], run: Run, card: ModelCard) -> None:
    """Draw the kept boxes whole, and of the others on these lines the surest dashed."""
    ghosts = [line for line in lines if not book.number[line]][:MOST_GHOSTS]
    groups = [
        (dashes, visible(book.taken(_of_outcome(book, ghosts, outcome)), run))
        for outcome, dashes in GHOST_DASHES.items()
    ]
    standing = visible(book.taken(book.lines(["kept"])), run)
    drawn = draw_with_ghosts(run.shown, standing, groups, label=card.label)
    of_all = sum(not book.number[line] for line in lines)
    which = (
        f"the {len(ghosts):,} surest of {of_all:,}" if of_all > len(ghosts) else f"{of_all:,}"
    )
    show_photo(
        drawn,
        caption=f"{len(standing):,} kept boxes, and as dashed ghosts {which} others",
        alt=f"Ghosts: {len(ghosts)}",
    )


def _of_outcome(book: Ledger, lines: Sequence[int], outcome: Outcome) -> list[int]:
    return [line for line in lines if OUTCOMES[book.outcome[line]] == outcome]


def _show_lines(book: Ledger, lines: Sequence[int], card: ModelCard, *, soft: bool) -> None:
    """List the lines; the columns that only soft NMS fills stay away from hard NMS."""
    rows = ledger_rows(book, lines[:MOST_LINES], label=card.label)
    if not rows:
        st.info("No row has these fates. Choose others.")
        return
    config: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=how)
        for name, how in (
            *((name, "%.3f") for name in ("confidence", "after NMS", "IoU")),
            *((name, "%.1f") for name in ("x_min", "y_min", "x_max", "y_max")),
        )
    }
    order = [name for name in rows[0] if soft or name != "after NMS"]
    st.dataframe(
        rows,
        hide_index=True,
        column_config=config,
        column_order=order,
        height=320,
        placeholder="",
    )
    told = f"The first {MOST_LINES:,} of {len(lines):,}" if len(lines) > MOST_LINES else "All"
    st.caption(
        f"{told} rows with these fates: kept boxes first, then the surest. A click on a "
        "column's name sorts. The download has every row and every digit."
    )
