"""Maps of stacks as an SVG that needs nothing else: callers above callees, a click zooms, the field searches.

Frames are placed once, in units of the whole; the script moves them when one is zoomed. Without scripts (an image
viewer, a page that forbids them) the picture stands still and is complete.
"""

from html import escape

from bttui.render.stacks import Node, merge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.render.export import Export

WIDTH, ROW, TOP = 1200, 18, 46
LEAST = 1 / 8000  # share of the whole below which a frame is not drawn
CHARACTER = 7.2  # pixels
COLOURS = {"kernel": "#8fb8d8", "user": "#a9cf9a", "group": "#d5d0c8"}

_STYLE = """
svg { font: 12px ui-monospace, monospace; background: #fbfaf7; }
g.frame { cursor: pointer; }
g.frame rect { stroke: #fbfaf7; stroke-width: 1; }
g.frame:hover rect { stroke: #222; }
g.frame text { pointer-events: none; fill: #1c1c1c; }
g.found rect { fill: #e8b04a; }
g.above rect { opacity: .55; }
.head { font-size: 14px; font-weight: bold; }
.tell { fill: #555; }
.key { fill: #2a5db0; cursor: pointer; }
"""

_SCRIPT = """
const svg = document.documentElement, all = [...svg.querySelectorAll("g.frame")];
const frames = all.map(g => ({ g, x: +g.dataset.x, w: +g.dataset.w, y: +g.dataset.y, name: g.dataset.name }));
const tell = document.getElementById("tell"), resting = tell.textContent;
let zoomed = frames[0];
function place(to) {
  zoomed = to;
  for (const f of frames) {
    const inside = f.x >= to.x - 1e-9 && f.x + f.w <= to.x + to.w + 1e-9 && f.y >= to.y;
    const above = f.y < to.y && f.x <= to.x + 1e-9 && f.x + f.w >= to.x + to.w - 1e-9;
    f.g.style.display = inside || above ? "" : "none";
    f.g.classList.toggle("above", above);
    if (!inside && !above) continue;
    const x = above ? 0 : (f.x - to.x) / to.w * WIDTH, w = above ? WIDTH : f.w / to.w * WIDTH;
    f.g.querySelector("rect").setAttribute("x", x);
    f.g.querySelector("rect").setAttribute("width", w);
    const text = f.g.querySelector("text"), room = Math.floor((w - 6) / CHARACTER);
    text.setAttribute("x", x + 3);
    text.textContent = room < 3 ? "" : f.name.length <= room ? f.name : f.name.slice(0, room - 1) + "\\u2026";
  }
}
function search(word) {
  let find = null;
  try { find = word ? new RegExp(word, "i") : null; } catch { find = null; }
  let sum = 0;
  for (const f of frames) {
    const found = find !== null && find.test(f.name);
    f.g.classList.toggle("found", found);
  }
  const marked = frames.filter(f => f.g.classList.contains("found")).sort((a, b) => a.x - b.x || a.y - b.y);
  let end = -1;
  for (const f of marked) if (f.x >= end - 1e-9) { sum += f.w; end = f.x + f.w; }
  tell.textContent = find ? `${word}: ${marked.length} frames, ${(100 * sum).toFixed(1)}%` : resting;
}
for (const f of frames) {
  f.g.addEventListener("click", () => place(f === zoomed ? frames[0] : f));
  f.g.addEventListener("mouseover", () => { tell.textContent = f.g.querySelector("title").textContent; });
}
function ask() { const word = prompt("Frames whose name matches (a regular expression)", ""); if (word !== null) search(word); }
document.getElementById("search").addEventListener("click", ask);
document.getElementById("reset").addEventListener("click", () => { search(""); place(frames[0]); });
window.addEventListener("keydown", event => {
  if (event.key === "/" || (event.key === "f" && event.ctrlKey)) { event.preventDefault(); ask(); }
  if (event.key === "Escape") { search(""); place(frames[0]); }
});
"""


def flamegraph(export: "Export") -> str:
    """All maps in one picture, each below its name where there are several."""
    roots = [(snapshot.spec.name, merge(snapshot)) for snapshot in export.maps]
    top = roots[0][1] if len(roots) == 1 else Node("all", "group", "", None)
    if len(roots) != 1:
        for name, root in roots:
            root.name, root.parent = name, top
            top.children[name] = root
            top.weight += root.weight
    whole = top.weight or 1
    frames: list[str] = []
    deepest = left_out = 0
    pending = [(top, 0, 0)]
    while pending:
        node, before, depth = pending.pop()
        if node.weight < whole * LEAST and node is not top:
            left_out += 1
            continue
        deepest = max(deepest, depth)
        frames.append(_frame(node, before / whole, node.weight / whole, depth, whole))
        for child in node.ordered():
            pending.append((child, before, depth + 1))
            before += child.weight
    title = escape(printable(", ".join(name for name, _ in roots)))
    told = f"{top.weight:,} counted" + (f" · {left_out:,} frames too narrow to draw" if left_out else "")
    script = _SCRIPT.replace("WIDTH", str(WIDTH)).replace("CHARACTER", str(CHARACTER))
    height = TOP + (deepest + 1) * ROW + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n"
        f'<text class="head" x="4" y="18">{title}</text>\n<text class="tell" id="tell" x="4" y="37">{told}</text>\n'
        f'<text class="key" id="search" x="{WIDTH - 130}" y="18">search /</text>\n'
        f'<text class="key" id="reset" x="{WIDTH - 60}" y="18">reset</text>\n'
        + "".join(frames)
        + f"<script><![CDATA[{script}]]></script>\n</svg>\n"
    )


def _frame(node: Node, left: float, width: float, depth: int, whole: int) -> str:
    name = printable(node.name)
    quoted = escape(name)
    own = f", self {node.own:,}" if node.own else ""
    x, w, y = left * WIDTH, width * WIDTH, TOP + depth * ROW
    room = int((w - 6) / CHARACTER)
    shown = "" if room < 3 else name if len(name) <= room else name[: room - 1] + "…"
    return (
        f'<g class="frame" data-x="{left:.9f}" data-w="{width:.9f}" data-y="{depth}" data-name="{quoted}">'
        f"<title>{quoted} {node.weight:,} ({100 * node.weight / whole:.2f}%{own})</title>"
        f'<rect x="{x:.3f}" y="{y}" width="{w:.3f}" height="{ROW}" fill="{COLOURS[node.space]}"/>'
        f'<text x="{x + 3:.3f}" y="{y + 13}">{escape(shown)}</text></g>\n'
    )


def printable(text: str) -> str:
    """Clean text without the two characters that XML 1.0 does not know."""
    return text.replace("\ufffe", "?").replace("\uffff", "?")
