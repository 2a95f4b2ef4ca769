"""Figures that cells draw are figures like any other: numbered by chapter, with their caption, open to reference.

The pages write a plot's caption as Jupyter shows it best, as a paragraph in italics below the cell. Here the picture
and that paragraph become one figure, before Sphinx counts figures: "Fig. 6.1". A label above the cell,
``(fig-room)=``, names it for ``{numref}`fig-room```.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform


class FiguresFromCells(SphinxTransform):
    """Join the pictures of a cell and the caption below it; runs before Sphinx gives figures their ids (210)."""

    default_priority = 205

    def apply(self, **options: object) -> None:
        """Every cell of the page that shows a picture."""
        cells = [node for node in self.document.findall(nodes.container) if node.get("nb_element") == "cell_code"]
        for cell in cells:
            pictures, caption = pictures_of(cell), caption_below(cell)
            if pictures and caption is not None:
                make_figure(cell, pictures, caption)


def pictures_of(cell: nodes.container) -> list[nodes.Element]:
    """The outputs of a cell that hold an image."""
    return [bundle for bundle in cell.findall(nodes.container)
            if bundle.get("nb_element") == "mime_bundle" and next(bundle.findall(nodes.image), None) is not None]


def caption_below(cell: nodes.container) -> nodes.paragraph | None:
    """The paragraph in italics that follows a cell, perhaps after a cell that shows no picture of its own."""
    for after in cell.parent[cell.parent.index(cell) + 1 :]:
        if isinstance(after, nodes.paragraph):
            return after if is_caption(after) else None
        if not (isinstance(after, nodes.container) and after.get("nb_element") == "cell_code") or pictures_of(after):
            return None
    return None


def is_caption(paragraph: nodes.paragraph) -> bool:
    """Whether a paragraph is in italics from its first word to its last."""
    return all(isinstance(paragraph[at], nodes.emphasis) for at in (0, -1))


def make_figure(cell: nodes.container, pictures: list[nodes.Element], paragraph: nodes.paragraph) -> None:
    """Put a figure with the caption in the place of the last picture, and all pictures into it."""
    figure = nodes.figure(classes=["from-cell"])
    figure.source, figure.line = paragraph.source, paragraph.line
    pictures[-1].replace_self(figure)
    for picture in pictures[:-1]:
        picture.parent.remove(picture)
    figure += [*pictures, caption_of(paragraph)]
    paragraph.parent.remove(paragraph)
    take_labels(cell, figure)


def caption_of(paragraph: nodes.paragraph) -> nodes.caption:
    """The caption upright; what stood upright to stand out is in italics now."""
    caption = nodes.caption(paragraph.rawsource, "")
    caption.source, caption.line = paragraph.source, paragraph.line
    for part in paragraph.children:
        caption += part.children if isinstance(part, nodes.emphasis) else [nodes.emphasis("", "", part)]
    return caption


def take_labels(cell: nodes.container, figure: nodes.figure) -> None:
    """Labels that stand right above the cell name the figure."""
    above = cell.parent[: cell.parent.index(cell)]
    while above and isinstance(above[-1], nodes.target):
        label = above.pop()
        figure["ids"] += label["ids"]
        figure["names"] += label["names"]
        label.document.ids.update(dict.fromkeys(label["ids"], figure))
        label.parent.remove(label)
