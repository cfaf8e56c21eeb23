"""Decode a box: its head, grid cell and anchor, and the arithmetic."""

from collections.abc import Sequence

import streamlit as st

from core.blob.make import image_from_blob
from core.errors import CardInvalid, LayoutUnknown
from core.nets.card import ModelCard
from core.picture.image import BgrImage, Picture
from core.pipeline import Run, grids_of
from core.render.cells import Backdrop, draw_cell, draw_cell_heat
from core.render.palette import SEQUENTIAL
from core.render.planes import colour_bar
from core.results.cells import Origin, origin
from core.results.decoders import grids
from core.results.grids import Grids, Head, objectness
from core.results.steps import Step, axis_steps
from pages.components.shell.cached import cached_shown
from pages.components.shell.choice import choice
from pages.components.shell.images import show_exact, show_photo
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain

_OWN = "of the box"


def show_cells(key: str, picture: Picture, run: Run, *, row: int | None) -> None:
    """Show how the chosen box is decoded, the grid of every head, and the output sizes.

    Args:
        key: of the widgets.
        picture: the picture.
        run: what the net answered to it.
        row: the raw row of the chosen box; None if there are no detections.
    """
    try:
        found = grids_of(run)
    except (LayoutUnknown, CardInvalid) as error:
        st.info(plain(str(error)), icon=":material/grid_off:")
        return
    photo = Backdrop.of_picture(cached_shown(picture).image, run.placement)
    blob = Backdrop.of_blob(image_from_blob(run.blob, run.spec))
    chosen = None if row is None else origin(found, row)
    if chosen is None:
        st.info(
            "There is no detection to decode. Lower the confidence threshold. The grids are "
            "below."
        )
    else:
        _show_origin(chosen, run.card, photo, blob)
        _show_arithmetic(found, chosen, run.card)
    _show_heads(key, found, chosen, photo, blob)
    _show_counts(found)
    show_source(grids, origin, axis_steps, draw_cell)


def _show_origin(chosen: Origin, card: ModelCard, picture: Backdrop, blob: Backdrop) -> None:
    head = chosen.head
    st.markdown(
        f"The cell in column **{chosen.column}**, row **{chosen.line}** of the "
        f"{head.columns} x {head.rows} grid predicts this box: "
        f"**{plain(card.label(chosen.best[0].class_id))}**, {chosen.confidence:.1%}."
    )
    show_metrics(
        {
            "head": head.number,
            "stride": f"{head.stride[0]:g} px",
            "grid": f"{head.columns} x {head.rows}",
            "cell (column, row)": f"{chosen.column}, {chosen.line}",
            "box in the cell": f"{chosen.anchor + 1} of {head.boxes}",
            "anchor": _anchor_words(chosen),
            "raw prediction": chosen.row,
        }
    )
    _show_beside(
        draw_cell(picture, head, chosen),
        draw_cell(blob, head, chosen),
        f"{head.name}, with cell{', anchor' if chosen.anchor_size else ''} and box",
    )


def _anchor_words(chosen: Origin) -> str:
    if chosen.anchor_size is None:
        return "unknown" if chosen.head.box_coding == "ready" else "none"
    return f"{chosen.anchor_size[0]:.4g} x {chosen.anchor_size[1]:.4g} px"


def _show_beside(picture: BgrImage, blob: BgrImage, words: str) -> None:
    left, right = st.columns(2, gap="small")
    with left:
        show_photo(picture, caption=f"The picture: {words}", alt=f"Picture with {words}")
    with right:
        show_photo(blob, caption=f"The blob: {words}", alt=f"Blob with {words}")


def _show_arithmetic(found: Grids, chosen: Origin, card: ModelCard) -> None:
    """Show the raw prediction, and every step from it to the box."""
    st.markdown(f"#### Raw prediction {chosen.row}")
    st.table(_row_table(chosen, card), hide_index=True)
    st.caption(plain(found.rule.description + _remark(chosen.head)))
    st.markdown("#### From the raw prediction to the box")
    _show_lines("Which cell", chosen.cell_lines)
    left, right = st.columns(2, gap="small")
    with left:
        _show_steps("Left and right", chosen.across)
    with right:
        _show_steps("Top and bottom", chosen.down)
    _show_steps("Confidence", chosen.confidence_steps)
    st.caption(
        "In pixels of the blob. Mapping back to the picture undoes the resize; the box is then "
        "clipped at the edge of the picture."
    )


def _show_steps(title: str, steps: Sequence[Step]) -> None:
    _show_lines(title, [line for step in steps for line in step.lines])


def _show_lines(title: str, lines: Sequence[str]) -> None:
    st.markdown(f"**{title}**")
    st.code("\n".join(lines), language=None, wrap_lines=True)


def _remark(head: Head) -> str:
    """Explain what is special about the numbers of this head."""
    if head.assumed:
        return (
            " No file contains the anchors. The usual ones for these strides are assumed; "
            "every prediction of this output is consistent with them."
        )
    if head.box_coding == "ready":
        return " No known anchors match these boxes, so they are used as they are."
    if head.box_coding == "offsets":
        return " A centre may lie outside its cell."
    if head.scale_xy > 1:
        return (
            f" With scale_x_y = {head.scale_xy:g} in the .cfg a centre may lie up to "
            f"{(head.scale_xy - 1) / 2:g} cells outside its own."
        )
    return ""


def _row_table(chosen: Origin, card: ModelCard) -> list[dict[str, str]]:
    rows = [
        (
            each.name,
            each.given,
            f"{each.inner_name} = {each.inner:.5g}" if each.inner is not None else "",
            f"`{each.how}`" if each.how else "",
        )
        for each in chosen.numbers
    ]
    how = f"`{chosen.rule.score_formula}`" if chosen.rule.score_formula else ""
    for score in chosen.best:
        behind = f"score = {score.score:.5g}" if how else ""
        rows.append((plain(card.label(score.class_id)), score.given, behind, how))
    shown = slice(None) if any(behind for _, _, behind, _ in rows) else slice(2)
    titles = ("name", "output", "before activation", "inverse")
    return [
        dict(zip(titles[shown], (name, f"{given:.5g}", behind, how)[shown], strict=True))
        for name, given, behind, how in rows
    ]


def _show_heads(
    key: str, found: Grids, chosen: Origin | None, picture: Backdrop, blob: Backdrop
) -> None:
    """Show the maximum objectness of each cell, per head, on one scale."""
    st.markdown("#### Objectness per head")
    names = [head.name for head in found.heads]
    options = names if chosen is None else [_OWN, *names]
    name = choice("Head", options, key=f"{key}.head", wrap=True)
    head = chosen.head if chosen and name == _OWN else found.heads[names.index(name)]
    heats = [objectness(found, each) for each in found.heads]
    most = max(float(heat.max()) for heat in heats) or 1.0
    what = "objectness" if head.box_numbers == 5 else "class score"
    heat = heats[head.number - 1]
    _show_beside(
        draw_cell_heat(picture, head, heat, most=most),
        draw_cell_heat(blob, head, heat, most=most),
        f"the maximum {what} in each cell, {head.name}",
    )
    show_exact(
        colour_bar(SEQUENTIAL, width=960, height=12),
        caption=f"Dark is low (0), yellow is high ({most:.3g}, the maximum of all heads). "
        f"Maximum of this head: {heat.max():.3g}.",
        alt=f"Colours from 0, dark, to {most:.3g}, yellow",
    )


def _show_counts(found: Grids) -> None:
    """Evaluate the textbook formula, and the one of this net, for each head."""
    st.markdown("#### S x S x (B x 5 + C) for this model")
    st.table([_counts(head, found) for head in found.heads], hide_index=True)
    st.caption(
        "S x S: cells; B: boxes per cell; C: classes. The textbook formula is YOLOv1's, where "
        "the boxes of a cell share one set of class scores: 7 x 7 x (2 x 5 + 20) = 1,470. "
        + _own_formula(found.heads[0])
    )


def _own_formula(head: Head) -> str:
    if head.box_numbers == 4:
        return (
            "This model predicts one box per cell and no objectness, so 4 numbers, not 5: "
            "S x S x (4 + C)."
        )
    if head.boxes == 1:
        return "This model predicts one box per cell, so both formulas agree: S x S x (5 + C)."
    return (
        "Since YOLOv2 each box has its own class scores: S x S x B x (5 + C). The 5 are x, y, "
        "width, height and objectness."
    )


def _counts(head: Head, found: Grids) -> dict[str, str]:
    """Count the output values of one head, masks of a segmentation net included."""
    grid = f"{head.columns} x {head.rows}"
    masks = found.table.shape[1] - head.box_numbers - head.classes
    boxes = f"{head.boxes} x " if head.boxes > 1 else ""
    inner = f"{head.box_numbers} + {head.classes}" + (f" + {masks} masks" if masks else "")
    own = head.cells * head.boxes * found.table.shape[1]
    textbook = head.cells * (head.boxes * 5 + head.classes)
    return {
        "head": head.name,
        "this model": f"{grid} x {boxes}({inner}) = **{own:,}**",
        "the textbook": f"{grid} x ({head.boxes} x 5 + {head.classes}) = **{textbook:,}**",
        "raw predictions": f"{head.cells * head.boxes:,}",
    }
