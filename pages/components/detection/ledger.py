"""The NMS log: the status of every raw prediction, on the picture and in a table."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core.nets.card import ModelCard
from core.picture.image import Picture
from core.pipeline import DetectionResult, suppression_ledger
from core.render.ghosts import GHOST_DASHES, draw_with_ghosts
from core.render.shown import Shown
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
from pages.components.shell.cached import cached_shown
from pages.components.shell.download import download
from pages.components.shell.images import show_photo
from pages.components.shell.source_view import show_source
from pages.components.shell.text import amount
from pages.components.shell.widget_memory import persistent

MOST_GHOSTS, MOST_LINES = 300, 2000

_AT_FIRST = tuple(
    outcome for outcome in OUTCOMES if outcome not in ("below confidence", "no box")
)


def show_ledger(
    key: str, picture: Picture, result: DetectionResult, *, chosen: int | None = None
) -> None:
    """Show the status of every raw prediction: counted, on the picture, and in a table.

    Args:
        key: app-wide; the choices survive a change of page.
        picture: on which the boxes are drawn.
        result: of the run whose rows are shown, with the thresholds of the post-processing.
        chosen: the raw row of the box whose suppressed boxes can be shown alone.
    """
    card = result.run.card
    thresholds = result.thresholds
    book = suppression_ledger(result.run, thresholds)
    st.markdown(_sum(book))
    outcomes = st.pills(
        "Status",
        OUTCOMES,
        selection_mode="multi",
        default=_AT_FIRST,
        key=persistent(f"{key}.fates"),
        bind="query-params",
    )
    lines = book.lines(outcomes).tolist()
    if chosen is not None and st.toggle(
        "Only the selected box and the boxes it suppressed",
        key=persistent(f"{key}.mine"),
        bind="query-params",
    ):
        lines = [
            line for line in lines if chosen in (book.suppressed_by[line], book.boxes.row[line])
        ]
    _show_ghosts(book, lines, cached_shown(picture), card)
    st.markdown(_legend(book))
    _show_lines(book, lines, card, soft=thresholds.soft)
    table = partial(ledger_csv, book, label=card.label)
    download("ledger.csv", table, key=f"{key}.csv", name="ledger.csv", mime="text/csv")
    show_source(ledger, find_softeners if thresholds.soft else find_suppressors)


def _sum(book: Ledger) -> str:
    """Write the number of predictions as a sum over their statuses."""
    parts = [f"{count:,} {outcome}" for outcome, count in book.counts().items() if count]
    return f"**{amount(len(book), 'raw prediction')}** = {' + '.join(parts) or 'nothing'}"


def _legend(book: Ledger) -> str:
    """Explain each status that occurs, and how its boxes are drawn."""
    lines = ["| status | count | line | meaning |", "|:--|--:|:--|:--|"]
    for outcome, count in book.counts().items():
        if count:
            drawn = GHOST_DASHES[outcome].words if outcome in GHOST_DASHES else "not drawn"
            look = "solid, in the colour of its class" if outcome == "kept" else drawn
            lines.append(f"| {outcome} | {count:,} | {look} | {MEANINGS[outcome]} |")
    return "\n".join(lines)


def _show_ghosts(book: Ledger, lines: Sequence[int], shown: Shown, card: ModelCard) -> None:
    """Draw the kept boxes solid and the others dashed, up to a limit, by confidence."""
    ghosts = [line for line in lines if not book.number[line]][:MOST_GHOSTS]
    groups = [
        (dashes, shown.visible(book.taken(_of_outcome(book, ghosts, outcome))))
        for outcome, dashes in GHOST_DASHES.items()
    ]
    standing = shown.visible(book.taken(book.lines(["kept"])))
    drawn = draw_with_ghosts(shown.image, standing, groups, label=card.label)
    of_all = sum(not book.number[line] for line in lines)
    which = f"{len(ghosts):,} of " if of_all > len(ghosts) else ""
    show_photo(
        drawn,
        caption=f"{amount(len(standing), 'detection')}; dashed: {which}"
        f"{amount(of_all, 'other box', 'other boxes')}, by confidence",
        alt=f"Dashed boxes: {len(ghosts)}",
    )


def _of_outcome(book: Ledger, lines: Sequence[int], outcome: Outcome) -> list[int]:
    return [line for line in lines if OUTCOMES[book.outcome[line]] == outcome]


def _show_lines(book: Ledger, lines: Sequence[int], card: ModelCard, *, soft: bool) -> None:
    """List the lines; the column that only soft NMS fills is hidden for hard NMS."""
    rows = ledger_rows(book, lines[:MOST_LINES], label=card.label)
    if not rows:
        st.info("No prediction has this status. Choose others.")
        return
    config: dict[str, Any] = {
        name: st.column_config.NumberColumn(format=how)
        for name, how in (
            *((name, "%.3f") for name in ("confidence", "after NMS", "IoU")),
            *((name, "%.1f") for name in ("x_min", "y_min", "x_max", "y_max")),
        )
    }
    config["fate"] = st.column_config.TextColumn("status")
    config["raw row"] = st.column_config.NumberColumn("raw prediction")
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
        f"{told} predictions with this status: detections first, then by confidence. Click a "
        "column name to sort. The download has all rows at full precision."
    )
