"""What a frame changes is all that is painted: Textual's compositor would draw every widget that its changes surround."""

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.strip import Strip


class Painter(Compositor):
    """Asks of each line that changed only those widgets that are seen in the changed part of it.

    A chop is a part of a line between two edges of widgets: one widget is seen in it, the topmost one.
    """

    def render_partial_update(self) -> "ChopsUpdate | None":
        screen = self.size.region
        regions = [region for region in map(screen.intersection, self._dirty_regions) if region]
        self._dirty_regions.clear()
        if not regions:
            return None
        spans = list(self._regions_to_spans(regions))
        cuts = self.cuts
        nothing: "dict[int, Strip | None]" = {}
        chops = [nothing] * len(cuts)
        open_: "dict[int, set[int]]" = {}  # by line, where the chops begin that nobody has drawn yet
        for y, x1, x2 in spans:
            begins, line = cuts[y][:-1], cuts[y]
            if y not in open_:
                chops[y], open_[y] = dict.fromkeys(begins), set()
            open_[y].update([begin for begin, end in zip(begins, line[1:], strict=True) if begin < x2 and end > x1])
        for widget, (region, clip) in self.visible_widgets.items():  # from the top
            seen = region.intersection(clip)
            left, right = seen.column_span
            wanted = [(y, own) for y in seen.line_range if (left_ := open_.get(y)) and (own := [at for at in left_ if left <= at < right])]
            if not wanted:
                continue
            first, last = wanted[0][0], wanted[-1][0]
            strips = widget.render_lines(Region(left - region.x, first - region.y, seen.width, last - first + 1))
            for y, own in wanted:
                line = cuts[y]
                begins = [at for at in line if left <= at < right]
                parts = strips[y - first].divide([at - left for at in line if left < at <= right])
                for begin, part in zip(begins, parts, strict=False):
                    if begin in own:
                        chops[y][begin] = part
                open_[y].difference_update(own)
        return ChopsUpdate(chops, spans, [line[1:] for line in cuts])
