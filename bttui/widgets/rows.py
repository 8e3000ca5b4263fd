"""Lines of styled text drawn on demand: what every pane of ours is. Only visible lines are ever made."""

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ROLES = tuple(
    "text dim label key value bar head mark good warning bad note cursor kernel user group found line grew shrank"
    " heat0 heat1 heat2 heat3 heat4 heat5".split()
)


class Rows(ScrollView, can_focus=True):
    """Subclasses say how many lines there are (``resize_rows``) and what each holds (``line``).

    A line is a list of (text, role) pairs; roles are component classes, so themes reach every part. Texts are drawn
    as they are: no markup is read in them, and they must be free of control characters (render.clean).
    """

    COMPONENT_CLASSES = {f"rows--{role}" for role in ROLES}
    base = Style()
    drawn = 0  # lines made since the start: how tests see that a big list costs no more than what is visible

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.looks: "dict[str, Style]" = {}  # by role, until the styles change

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        """Line ``y`` of the content, at most ``width`` cells wide where it can be helped."""
        raise NotImplementedError

    def resize_rows(self, count: int, width: int = 0) -> None:
        """Tell that there are ``count`` lines now; ``width`` 0 never scrolls sideways."""
        size, old, room = Size(width, count), self.virtual_size, self.container_size
        if (count > room.height, width > room.width) != (old.height > room.height, old.width > room.width):
            self.virtual_size = size  # a scrollbar comes or goes: the whole screen is laid out anew
        else:
            self.set_reactive(Rows.virtual_size, size)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = count
            if self.scroll_offset.y > self.max_scroll_y:
                self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
        self.refresh()

    @property
    def columns(self) -> int:
        return self.scrollable_content_region.width

    def render_lines(self, crop: Region) -> "list[Strip]":
        self.base = self.rich_style  # it takes longer to find than a line to draw
        return super().render_lines(crop)

    def look(self, role: str) -> Style:
        """The style of a role; "heat4/heat1" has the colour of the one on the colour of the other."""
        known = self.looks.get(role)
        if known is None:
            upper, _, lower = role.partition("/")
            known = self.get_component_rich_style(f"rows--{upper}")
            if lower:
                known = Style(color=known.color, bgcolor=self.get_component_rich_style(f"rows--{lower}").color)
            self.looks[role] = known
        return known

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.looks = {}

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        width = self.size.width
        y += scroll_y
        base = self.base
        if y >= self.virtual_size.height:
            return Strip.blank(width, base)
        self.drawn += 1
        segments = [Segment(text, self.look(role)) for text, role in self.line(y, max(width, self.virtual_size.width))]
        return Strip(segments).crop_extend(scroll_x, scroll_x + width, base).apply_style(base)
