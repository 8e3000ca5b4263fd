"""Everything a person can do, once. Bindings, footer, palette and help are made from this table.

An action of scope S named N is the method ``action_N`` of the widget (screen, app) that has scope S. Scopes nest: the
keys that work while a widget has the focus are those of its chain.
"""

from bttui.model.data import Data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.binding import BindingType


class Action(Data):
    """``rank`` orders the footer, smallest first; 0 keeps it out of there.

    ``first`` actions are asked before the focused widget sees the key. ``argument`` is handed to the method.
    """

    id: str
    scope: str
    keys: "tuple[str, ...]"
    label: str
    help: str
    rank: int = 0
    first: bool = False
    argument: str = ""

    @property
    def name(self) -> str:
        """Unique, and stable: people rebind keys by it."""
        return ".".join(part for part in (self.scope, self.id, self.argument) if part)

    @property
    def call(self) -> str:
        """The action as Textual writes it, for use inside its own scope."""
        return f"{self.id}({self.argument!r})" if self.argument else self.id


CHAINS = {
    "completion": ("completion", "global"),
    "editor": ("editor", "main", "global"),
    "table": ("table", "map", "pane", "time", "main", "global"),
    "histogram": ("histogram", "map", "pane", "time", "main", "global"),
    "number": ("map", "pane", "time", "main", "global"),
    "series": ("series", "map", "pane", "time", "main", "global"),
    "stacks": ("stacks", "map", "pane", "time", "main", "global"),
    "attached": ("pane", "time", "main", "global"),
    "log": ("log", "pane", "time", "main", "global"),
    "probe_tree": ("probe_tree", "probes", "global"),
    "probe_query": ("probe_query", "probes", "global"),
    "search": ("search", "global"),
    "page": ("page", "global"),
    "jump": ("jump",),
    "open": ("open", "global"),
    "save": ("save", "global"),
    "export_choice": ("export_choice", "export", "global"),
    "export": ("export", "global"),
    "ask": ("ask", "global"),
}

ACTIONS = (
    Action(
        "run",
        "global",
        ("f5", "ctrl+r"),
        "Run",
        "Check and run the program. What runs now stays until then.",
        1,
        True,
    ),
    Action("stop", "global", ("f6",), "Stop", "Stop the running program. The maps stay on the screen.", 3, True),
    Action("probes", "global", ("f2",), "Probes", "Browse and search every probe of this machine.", 5, True),
    Action("help", "global", ("f1",), "Help", "What the keys do, for where you are first.", 2, True),
    Action(
        "interrupt",
        "global",
        ("ctrl+c",),
        "Interrupt",
        "Copy the selection; without one, stop; twice within 2 s, quit.",
        0,
        True,
    ),
    Action("command_palette", "global", ("ctrl+p",), "Palette", "Find a command by name.", 7, True),
    Action("leave", "global", ("ctrl+q",), "Quit", "Stop, leave, and print the maps to the terminal.", 4, True),
    Action("open", "global", ("f3",), "Open", "Open an example or a program of this folder.", 6, True),
    Action("record", "global", ("f12", "ctrl+t"), "Record", "Record the trace to a file from now on. Once more ends it.", 0, True),
    Action("save", "main", ("ctrl+s",), "Save", "Save the program.", 0, True),
    Action("new", "main", ("ctrl+n",), "New", "Begin with an empty program; undo (^Z) brings the old text back.", 0, True),
    Action("details", "main", ("f4",), "Details", "The whole message of a diagnostic, with the kernel's verifier log.", 0, True),
    Action("next_diagnostic", "main", ("f8",), "Next error", "Go to the next diagnostic in the program.", 0, True),
    Action("attached", "main", ("f9",), "Attached", "What each probe costs and misses, and how full the maps are.", 0, True),
    Action("jump", "main", ("ctrl+o",), "Jump", "A letter on every pane, and its key goes there.", 0, True),
    Action("next_pane", "main", ("tab",), "Next pane", "Go to the next pane."),
    Action("previous_pane", "main", ("shift+tab",), "Previous pane", "Go to the previous pane."),
    Action("suspend", "pane", ("ctrl+z",), "Suspend", "Back to the shell until fg. (In the editor this key takes back the last change.)"),
    *(
        Action("pane", "pane", (str(n),), f"Pane {n}", f"Go to pane {n}. Numbers stand in the panes' titles.", argument=str(n))
        for n in range(1, 10)
    ),
    Action("zoom", "pane", ("z",), "Zoom", "Give this pane the whole screen, or take it back.", 6),
    Action("minimise", "pane", ("m",), "Minimise", "Only its title, or all of it again."),
    Action("split", "pane", ("alt+left",), "Border left", "Give the maps more of the width. (The mouse drags borders too.)", argument="-2"),
    Action("split", "pane", ("alt+right",), "Border right", "Give the program more of the width.", argument="2"),
    Action("height", "pane", ("alt+down",), "Higher", "Give this pane more lines.", argument="1"),
    Action("height", "pane", ("alt+up",), "Lower", "Give this pane fewer lines.", argument="-1"),
    Action("export", "pane", ("w",), "Export", "Write this pane, all of them or the screen to a file or the clipboard.", 8),
    Action("copy", "pane", ("y",), "Copy", "Copy what the pane holds, as text, to the terminal's clipboard."),
    Action("view", "map", ("v",), "View", "The next way to draw this pane.", 1),
    Action("unit", "map", ("u",), "Unit", "Write values as numbers of ns, us, ms, bytes, or nothing."),
    Action("leave_editor", "editor", ("escape",), "To the panes", "From the program to the first map."),
    Action(
        "complete",
        "editor",
        ("ctrl+space", "ctrl+@"),
        "Complete",
        "Offer what may stand here: functions, probes, their arguments, maps.",
        1,
    ),
    Action("fix", "editor", ("ctrl+g",), "Fix", "Mend the mistake at or below the cursor, where what was meant is certain.", 2),
    Action("comment", "editor", ("ctrl+underscore", "ctrl+slash"), "Comment", "Make the selected lines comments, or comments lines again."),
    Action("move_lines", "editor", ("alt+up",), "Line up", "Move the selected lines up.", argument="-1"),
    Action("move_lines", "editor", ("alt+down",), "Line down", "Move the selected lines down.", argument="1"),
    Action("select_all", "editor", ("alt+a",), "Select all", "Select all of the program."),
    Action("external", "editor", ("f7",), "Editor", "Edit the program in $VISUAL or $EDITOR."),
    Action("choice_next", "completion", ("down",), "Next", "The next word of the list.", 3, True),
    Action("choice_previous", "completion", ("up",), "Previous", "The word before.", 4, True),
    Action("choice_take", "completion", ("enter", "tab"), "Take", "Put the word into the program.", 1, True),
    Action("choice_close", "completion", ("escape",), "Close", "Close the list.", 2, True),
    Action("sort", "table", ("s",), "Sort", "Sort by the next column.", 1),
    Action("reverse", "table", ("r",), "Reverse", "Turn the order around.", 2),
    Action("next_key", "histogram", ("full_stop",), "Next key", "Show the histogram of the next key.", 2),
    Action("previous_key", "histogram", ("comma",), "Previous key", "Show the histogram of the key before.", 1),
    Action("next_key", "series", ("full_stop",), "Next key", "Show the line of the next key.", 2),
    Action("previous_key", "series", ("comma",), "Previous key", "Show the line of the key before.", 1),
    Action("column_left", "histogram", ("left",), "Earlier", "In the heat map: to the column before, and its figures."),
    Action("column_right", "histogram", ("right",), "Later", "In the heat map: to the column after."),
    Action("bucket_up", "histogram", ("up",), "Higher", "In the heat map: to the bucket above."),
    Action("bucket_down", "histogram", ("down",), "Lower", "In the heat map: to the bucket below."),
    Action("zoom_in", "stacks", ("enter",), "Zoom in", "Let this frame fill the width.", 1),
    Action("zoom_out", "stacks", ("backspace", "escape"), "Zoom out", "Back to the caller of the frame that fills the width.", 2),
    Action("cursor_up", "stacks", ("up", "k"), "Caller", "To the frame above."),
    Action("cursor_down", "stacks", ("down", "j"), "Callee", "To the widest frame below."),
    Action("cursor_left", "stacks", ("left", "h"), "Left", "To the frame on the left."),
    Action("cursor_right", "stacks", ("right", "l"), "Right", "To the frame on the right."),
    Action("search", "stacks", ("slash",), "Find", "Find frames by a regular expression; their share of all is told.", 3),
    Action("next_found", "stacks", ("n",), "Next", "To the next frame that was found.", 4),
    Action("previous_found", "stacks", ("N",), "Previous", "To the frame found before."),
    Action("same_frame", "stacks", ("number_sign",), "Same", "Find this frame everywhere."),
    Action("invert", "stacks", ("i",), "Callers", "Turn the stacks around: who calls the innermost functions.", 5),
    Action("functions", "stacks", ("T",), "Functions", "A table of functions, or the icicle.", 6),
    Action("sort_functions", "stacks", ("s",), "Sort", "In the table of functions: by self or by total."),
    Action("group", "stacks", ("G",), "Group", "Which other parts of the key stand above the stacks."),
    Action("hide", "stacks", ("H",), "Hide", "Leave out kernel frames, then user frames, then none."),
    Action("fold", "stacks", ("R",), "Fold", "Show a function that calls itself once."),
    Action("accept", "search", ("enter",), "Find", "Keep looking for this text; an empty one ends it.", 1, True),
    Action("give_up", "search", ("escape",), "Back", "As it was before.", 2, True),
    Action("follow", "log", ("f",), "Follow", "Keep the newest line in view, or stay where you are.", 1),
    Action("search", "log", ("slash",), "Find", "Find lines by a regular expression.", 2),
    Action("next_found", "log", ("n",), "Next", "To the next line that was found.", 3),
    Action("previous_found", "log", ("N",), "Previous", "To the line found before."),
    Action("filter", "log", ("s",), "Only found", "Show only the lines that were found, or all.", 4),
    Action("back", "probes", ("escape",), "Back", "Back to the program.", 2, True),
    Action("insert", "probes", ("enter",), "Insert", "Insert the probe into the program at the cursor.", 1, True),
    Action("cursor_up", "probe_query", ("up",), "Up", "Move up in the list."),
    Action("cursor_down", "probe_query", ("down",), "Down", "Move down in the list."),
    Action("page_up", "probe_query", ("pageup",), "Page up", "One page up in the list."),
    Action("page_down", "probe_query", ("pagedown",), "Page down", "One page down in the list."),
    Action("cursor_up", "probe_tree", ("up",), "Up", "Move up."),
    Action("cursor_down", "probe_tree", ("down",), "Down", "Move down."),
    Action("page_up", "probe_tree", ("pageup",), "Page up", "One page up."),
    Action("page_down", "probe_tree", ("pagedown",), "Page down", "One page down."),
    Action("first", "probe_tree", ("home",), "First", "To the first line."),
    Action("last", "probe_tree", ("end",), "Last", "To the last line."),
    Action("open", "probe_tree", ("right",), "Open", "Open a group."),
    Action("mark", "probe_tree", ("space",), "Mark", "Mark the probe, or all of a group that match; Enter inserts what is marked.", 3),
    Action("insert_body", "probe_tree", ("a",), "With body", "Insert as a probe with a body to fill in.", 4),
    Action("close", "probe_tree", ("left",), "Close", "Close a group, or go to it."),
    Action("write", "export", ("enter",), "Write", "Write the file; one that exists is asked about first.", 1, True),
    Action("cancel", "export", ("escape",), "Cancel", "Back, and nothing is written.", 3, True),
    Action("line", "export_choice", ("up",), "Up", "To what is written.", argument="-1"),
    Action("line", "export_choice", ("down",), "Down", "To how it is written.", argument="1"),
    Action("choose", "export_choice", ("left",), "Left", "The choice before.", argument="-1"),
    Action("choose", "export_choice", ("right",), "Right", "The next choice.", argument="1"),
    Action("copy", "export_choice", ("y",), "Copy", "To the terminal's clipboard instead of a file.", 2),
    Action("cursor_up", "open", ("up",), "Up", "The program before."),
    Action("cursor_down", "open", ("down",), "Down", "The next program."),
    Action("take", "open", ("enter",), "Open", "Put it into the editor; undo (^Z) brings the old text back.", 1),
    Action("back", "open", ("escape",), "Back", "Open nothing.", 2),
    Action("write", "save", ("enter",), "Save", "Write the file; one that exists is asked about first.", 1, True),
    Action("back", "save", ("escape",), "Cancel", "Back, and nothing is written.", 2, True),
    Action("pause", "time", ("space",), "Pause", "Hold what is shown; collecting goes on. Once more, live again.", 4),
    Action("live", "time", ("0",), "Live", "Back to the newest frame."),
    Action("step", "time", ("left_square_bracket",), "Step back", "One frame back.", 5, argument="-1"),
    Action("step", "time", ("right_square_bracket",), "Step on", "One frame on.", argument="1"),
    Action("step", "time", ("left_curly_bracket",), "Far back", "Ten frames back.", argument="-10"),
    Action("step", "time", ("right_curly_bracket",), "Far on", "Ten frames on.", argument="10"),
    Action("go_to", "time", ("g",), "Go to", "Go to a time: 12:01, 12:01:44, or -30s from now."),
    Action("mark", "time", ("x",), "Mark A", "Set mark A at this moment.", argument="A"),
    Action("mark", "time", ("X",), "Mark B", "Set mark B at this moment.", argument="B"),
    Action("compare", "time", ("d",), "Difference", "Compare with mark A: mark B, or without one this moment. Once more ends it."),
    Action("range", "time", ("D",), "Range", "Show only what happened from mark A to mark B (or now). Once more ends it."),
    Action("window", "time", ("plus",), "Longer", "Draw more of the past: 10 seconds, a minute or five.", argument="1"),
    Action("window", "time", ("minus",), "Shorter", "Draw less of the past.", argument="-1"),
    Action("speed", "time", ("less_than_sign",), "Slower", "Replay slower: half the speed, a quarter, and so on.", argument="-1"),
    Action("speed", "time", ("greater_than_sign",), "Faster", "Replay faster: 2, 5, 10, up to 100 times.", argument="1"),
    Action("speed", "time", ("equals_sign",), "Real time", "Replay as fast as it happened.", argument="0"),
    Action("end", "time", ("E",), "To the end", "Replay all that is left at once."),
    Action("clear", "map", ("C",), "Clear", "Empty the map, after a question. The history keeps what was in it."),
    Action("cancel", "jump", ("escape",), "Stay", "Stay where you are.", 1),
    Action("answer", "ask", ("enter",), "Answer", "Take the answer.", 1, True),
    Action("cancel", "ask", ("escape",), "Cancel", "Forget the question.", 2, True),
    Action("close", "page", ("escape", "q"), "Back", "Close this page.", 1),
)


def of_scope(scope: str) -> "list[Action]":
    return [action for action in ACTIONS if action.scope == scope]


def in_chain(chain: str) -> "list[Action]":
    """The actions that work while a widget of this scope has the focus, nearest scope first."""
    return [action for scope in CHAINS[chain] for action in of_scope(scope)]


def bindings(scope: str) -> "list[BindingType]":
    """The bindings of one scope, for a class body."""
    from textual.binding import Binding

    return [Binding(",".join(a.keys), a.call, a.label, show=False, priority=a.first, id=a.name) for a in of_scope(scope)]


KEY_NAMES = {
    "ctrl+space": "^Space",
    "ctrl+@": "^@",
    "ctrl+underscore": "^_",
    "ctrl+slash": "^/",
    "full_stop": ".",
    "comma": ",",
    "plus": "+",
    "slash": "/",
    "number_sign": "#",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "equals_sign": "=",
    "minus": "-",
    "escape": "Esc",
    "backspace": "Bksp",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "space": "Space",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


def key_name(key: str) -> str:
    """The key as people write it: ctrl+r is ^R, f5 is F5."""
    if key.startswith("ctrl+") and key not in KEY_NAMES:
        return f"^{key[5:].upper()}"
    return KEY_NAMES.get(key) or (key if len(key) == 1 else "+".join(part.capitalize() for part in key.split("+")))
