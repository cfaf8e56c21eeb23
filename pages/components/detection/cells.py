"""Cell by cell: which head, cell and anchor a box came from, and its arithmetic."""

from collections.abc import Sequence

import streamlit as st

from core.blob.make import image_from_blob
from core.blob.spec import BlobSpec
from core.errors import CardInvalid, LayoutUnknown
from core.nets.card import ModelCard
from core.picture.image import BgrImage
from core.pipeline import Run, grids_of
from core.render.cells import Backdrop, draw_cell, draw_cell_heat
from core.render.palette import SEQUENTIAL
from core.render.planes import colour_bar
from core.results.cells import HOW_WRITTEN, Origin, origin
from core.results.grids import Grids, Head, grids, objectness
from core.results.steps import Step, walk
from pages.components.shell.choice import choice
from pages.components.shell.images import show_exact, show_photo
from pages.components.shell.metrics import show_metrics
from pages.components.shell.source_view import show_source
from pages.components.shell.text import plain

_OWN = "of the box"


def show_cells(key: str, run: Run, card: ModelCard, spec: BlobSpec, row: int | None) -> None:
    """Show where the chosen box came from, every head's grid, and how many numbers they give.

    Args:
        key: of the widgets.
        run: what the net answered.
        card: the model.
        spec: what the blob was made with.
        row: the raw row of the chosen box; None where no box is left.
    """
    try:
        found = grids_of(run, card)
    except (LayoutUnknown, CardInvalid) as error:
        st.info(plain(str(error)), icon=":material/grid_off:")
        return
    picture = Backdrop.of_picture(run.shown, run.placement)
    blob = Backdrop.of_blob(image_from_blob(run.blob, spec))
    chosen = None if row is None else origin(found, row)
    if chosen is None:
        st.info("No box is left to explain. Lower the confidence; the grids are below.")
    else:
        _show_origin(chosen, card, picture, blob)
        _show_arithmetic(found, chosen, card)
    _show_heads(key, found, chosen, picture, blob)
    _show_counts(found)
    show_source(grids, origin, walk, draw_cell)


def _show_origin(chosen: Origin, card: ModelCard, picture: Backdrop, blob: Backdrop) -> None:
    head = chosen.head
    st.markdown(
        f"The cell in column **{chosen.column}**, row **{chosen.line}** of the "
        f"{head.columns} x {head.rows} grid answered this box: "
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
            "raw row": chosen.row,
        }
    )
    _show_beside(
        draw_cell(picture, head, chosen),
        draw_cell(blob, head, chosen),
        f"{head.name}, with cell{', anchor' if chosen.anchor_size else ''} and box",
    )


def _anchor_words(chosen: Origin) -> str:
    if chosen.anchor_size is None:
        return "unknown" if chosen.head.way == "ready" else "none"
    return f"{chosen.anchor_size[0]:.4g} x {chosen.anchor_size[1]:.4g} px"


def _show_beside(picture: BgrImage, blob: BgrImage, words: str) -> None:
    left, right = st.columns(2, gap="small")
    with left:
        show_photo(picture, caption=f"The picture: {words}", alt=f"Picture with {words}")
    with right:
        show_photo(blob, caption=f"The blob: {words}", alt=f"Blob with {words}")


def _show_arithmetic(found: Grids, chosen: Origin, card: ModelCard) -> None:
    """Show the raw row, and every step from it to the box."""
    st.markdown(f"#### Raw row {chosen.row}")
    st.table(_row_table(chosen, card), hide_index=True)
    st.caption(plain(HOW_WRITTEN[found.layout] + _remark(chosen.head)))
    st.markdown("#### From the raw row to the box")
    _show_lines("Which cell", chosen.place)
    left, right = st.columns(2, gap="small")
    with left:
        _show_steps("Left and right", chosen.across)
    with right:
        _show_steps("Top and bottom", chosen.down)
    _show_steps("Confidence", chosen.sure)
    st.caption(
        "In pixels of the blob. The way back to the picture undoes the fit; the box is then "
        "cut at the picture's edge."
    )


def _show_steps(title: str, steps: Sequence[Step]) -> None:
    _show_lines(title, [line for step in steps for line in step.lines])


def _show_lines(title: str, lines: Sequence[str]) -> None:
    st.markdown(f"**{title}**")
    st.code("\n".join(lines), language=None, wrap_lines=True)


def _remark(head: Head) -> str:
    """Say what a reader could stumble over in this head's numbers."""
    if head.assumed:
        return (
            " The anchors stand in no file: assumed are the usual ones for these strides, from "
            "which every row of this answer could come."
        )
    if head.way == "ready":
        return " No anchors are known from which these boxes could come: they are taken as is."
    if head.way == "offsets":
        return " Nothing keeps a centre inside its cell."
    if head.reach > 1:
        return (
            f" With scale_x_y = {head.reach:g} in the .cfg a centre may lie up to "
            f"{(head.reach - 1) / 2:g} cells beyond its own."
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
    way = {"darknet": "`given / objectness`", "yolov2": "`softmax`"}.get(chosen.layout, "")
    for score in chosen.best:
        behind = f"score = {score.score:.5g}" if way else ""
        rows.append((plain(card.label(score.class_id)), score.given, behind, way))
    shown = slice(None) if any(behind for _, _, behind, _ in rows) else slice(2)
    titles = ("number", "as given", "behind it", "worked back as")
    return [
        dict(zip(titles[shown], (name, f"{given:.5g}", behind, how)[shown], strict=True))
        for name, given, behind, how in rows
    ]


def _show_heads(
    key: str, found: Grids, chosen: Origin | None, picture: Backdrop, blob: Backdrop
) -> None:
    """Show each cell's largest objectness, head by head, on one scale."""
    st.markdown("#### Where a head sees something")
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
        f"the largest {what} in each cell, {head.name}",
    )
    show_exact(
        colour_bar(SEQUENTIAL, width=960, height=12),
        caption=f"Dark is low (0), yellow is high ({most:.3g}, the largest of all heads). "
        f"The largest of this head: {heat.max():.3g}.",
        alt=f"Colours from 0, dark, to {most:.3g}, yellow",
    )


def _show_counts(found: Grids) -> None:
    """Fill the textbook's formula, and this net's own, with each head's numbers."""
    st.markdown("#### S x S x (B x 5 + C), with this net's numbers")
    st.table([_counts(head, found) for head in found.heads], hide_index=True)
    st.caption(
        "S x S: cells; B: boxes in a cell; C: classes. The textbook's formula is YOLOv1's, "
        "where the boxes of a cell share one set of classes: 7 x 7 x (2 x 5 + 20) = 1,470. "
        + _own_formula(found.heads[0])
    )


def _own_formula(head: Head) -> str:
    if head.box_numbers == 4:
        return (
            "This net gives one box a cell and no objectness, so there are 4 numbers, not 5: "
            "S x S x (4 + C)."
        )
    if head.boxes == 1:
        return "This net gives one box a cell, so both formulas agree: S x S x (5 + C)."
    return (
        "Since YOLOv2 each box has classes of its own: S x S x B x (5 + C). Its 5 are x, y, "
        "width, height and objectness."
    )


def _counts(head: Head, found: Grids) -> dict[str, str]:
    """Count the numbers of one head; a segmentation net's masks are numbers too."""
    grid = f"{head.columns} x {head.rows}"
    masks = found.table.shape[1] - head.box_numbers - head.classes
    boxes = f"{head.boxes} x " if head.boxes > 1 else ""
    inner = f"{head.box_numbers} + {head.classes}" + (f" + {masks} masks" if masks else "")
    own = head.cells * head.boxes * found.table.shape[1]
    textbook = head.cells * (head.boxes * 5 + head.classes)
    return {
        "head": head.name,
        "this net": f"{grid} x {boxes}({inner}) = **{own:,}**",
        "the textbook": f"{grid} x ({head.boxes} x 5 + {head.classes}) = **{textbook:,}**",
        "raw rows": f"{head.cells * head.boxes:,}",
    }
