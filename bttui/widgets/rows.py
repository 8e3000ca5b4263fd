"""Lines of styled text drawn on demand: what every pane of ours is. Only visible lines are ever made."""

from rich.segment import Segment
from rich.style import Style
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.geometry import Region, Size, Spacing
from textual.scroll_view import ScrollView
from textual.strip import Strip

from bttui.render.clean import cell_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from textual.css.styles import StylesBase
    from textual.filter import LineFilter

ROLES = tuple(
    "text dim label key value bar head mark good warning bad note cursor kernel user group found line grew shrank"
    " heat0 heat1 heat2 heat3 heat4 heat5".split()
)


class LineCache(StylesCache):
    """The lines of ``rows`` with their frame. Textual finds the sides of a frame out again for every line that is drawn."""

    def __init__(self, rows: "Rows") -> None:
        super().__init__()
        self.rows = rows
        self.sides: "tuple[list[Segment], list[Segment]] | None" = None

    def clear(self) -> None:
        super().clear()
        self.sides = None
        self.rows.known.clear()

    def set_dirty(self, *regions: Region) -> None:
        super().set_dirty(*regions)
        known, top = self.rows.known, self.rows.gutter.top
        for region in regions:
            for y in region.line_range if known else ():
                known.pop(y - top, None)

    def render_line(
        self, styles: "StylesBase", y: int, size: Size, content_size: Size, padding: Spacing, below: Color, background: Color,
        content: "Callable[[int], Strip]", *rest: "Any",
    ) -> Strip:  # fmt: skip
        def whole(draw: "Callable[[int], Strip]") -> Strip:
            strip = super(LineCache, self).render_line(styles, y, size, content_size, padding, below, background, draw, *rest)
            for filter_ in self.rows.app.get_line_filters():
                strip = strip.apply_filter(filter_, background)
            return strip

        top = styles.gutter.top
        if not top <= y < top + content_size.height or padding:
            return whole(content)
        if self.sides is None:
            blank = list(whole(lambda _: Strip.blank(content_size.width, self.rows.base)))
            self.sides = blank[: bool(styles.border_left[0])], blank[len(blank) - bool(styles.border_right[0]) :]
        left, right = self.sides
        return Strip([*left, *content(y - top), *right], size.width)


class Rows(ScrollView, can_focus=True):
    """Subclasses say how many lines there are (``resize_rows``) and what each holds (``line``).

    A line is a list of (text, role) pairs; roles are component classes, so themes reach every part. Texts are drawn
    as they are: no markup is read in them, and they must be free of control characters (render.clean).
    """

    COMPONENT_CLASSES = {f"rows--{role}" for role in ROLES}
    drawn = 0  # lines made since the start: how tests see that a big list costs no more than what is visible

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.looks: "dict[str, Style]" = {}  # by role, until the styles change
        self.known: "dict[int, list[tuple[str, str]]]" = {}  # what the visible lines hold, as drawn
        self._styles_cache = LineCache(self)
        self.auto_links = False

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        """Line ``y`` of the content, at most ``width`` cells wide where it can be helped."""
        raise NotImplementedError

    def resize_rows(self, count: int, width: int = 0) -> None:
        """Tell that there are ``count`` lines now; ``width`` 0 never scrolls sideways."""
        size, old, room = Size(width, count), self.virtual_size, self.container_size
        if (count > room.height, width > room.width) != (old.height > room.height, old.width > room.width):
            self.virtual_size = size  # a scrollbar comes or goes: the whole screen is laid out anew
            self.refresh()
            return
        self.set_reactive(Rows.virtual_size, size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = count
        if self.scroll_offset.y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
        self.refresh_changed()

    def refresh_changed(self) -> None:
        """Draw those lines anew that hold something else than they did. Where none is known, all will be drawn anyway."""
        if not self.known:
            return
        (width, height), top = self.size, self.scroll_offset.y
        changed = {}
        for y, drawn in sorted(self.known.items()):
            if y < height and (parts := self.parts(y + top, max(width, self.virtual_size.width))) != drawn:
                changed[y] = parts
        if changed:
            self.refresh(*[Region(0, y, width, 1) for y in changed])
            self.known.update(changed)

    @property
    def columns(self) -> int:
        return self.scrollable_content_region.width

    def get_line_filters(self) -> "Sequence[LineFilter]":
        return ()  # the looks have been through them

    @property
    def base(self) -> Style:
        return self.look("")

    def look(self, role: str) -> Style:
        """The style of a role, "" is that of what has none; "heat4/heat1" has the colour of the one on the colour of the other."""
        known = self.looks.get(role)
        if known is None:
            upper, _, lower = role.partition("/")
            known = self.rich_style
            if upper:
                known += self.get_component_rich_style(f"rows--{upper}")
            if lower:
                known += Style(color=known.color, bgcolor=self.get_component_rich_style(f"rows--{lower}").color)
            for filter_ in self.app.get_line_filters():
                known = filter_.apply([Segment("x", known)], self.background_colors[1])[0].style or known
            self.looks[role] = known
        return known

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.looks = {}

    def parts(self, y: int, width: int) -> "list[tuple[str, str]]":
        """Line ``y`` of the content; nothing below its end."""
        self.drawn += 1
        return self.line(y, width) if y < self.virtual_size.height else []

    def render_line(self, y: int) -> Strip:
        width, (left, top) = self.size.width, self.scroll_offset
        parts = self.known.get(y)
        if parts is None:
            parts = self.known[y] = self.parts(y + top, max(width, self.virtual_size.width))
        segments = [Segment(text, self.look(role)) for text, role in parts if text]
        used = sum([cell_width(text) for text, _ in parts])
        if left or used > width:
            return Strip(segments).crop_extend(left, left + width, self.base)
        if used < width:
            segments.append(Segment(" " * (width - used), self.base))
        return Strip(segments, width)
