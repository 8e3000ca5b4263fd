"""The clipboard, which the terminal keeps (OSC 52): a program on another machine reaches it too."""

from bttui.render.figures import short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.dom import DOMNode

MOST = 75_000  # bytes: base64 makes 100,000 of them, where many terminals stop


def to_clipboard(node: "DOMNode", text: str) -> str:
    """Hand the text to the terminal; the message says so, or why not."""
    size = len(text.encode(errors="replace"))
    if size > MOST:
        return f"{short(size)}B are more than terminals take for their clipboard: write a file (w)"
    node.app.copy_to_clipboard(text)
    return f"Copied {short(size)}B to the terminal's clipboard"
