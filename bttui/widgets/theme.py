"""Our colours: quiet greys, one colour for what is counted, one for what is chosen; red only when something is wrong."""

from textual.theme import Theme

THEME = Theme(
    name="bttui",
    primary="#5aa9c8",
    secondary="#86b6f2",
    accent="#e0b45c",
    warning="#e8a35c",
    error="#e06c75",
    success="#7fbf8f",
    foreground="#d6d9de",
    background="#14171c",
    surface="#1c2027",
    panel="#262b34",
    dark=True,
)
