"""The maps of a recording, as of a moment or as of all of them."""

from bttui.headless.output import show
from bttui.model.diagnostic import error
from bttui.model.frame import Frame
from bttui.render.diagnostics import complain, losses
from bttui.render.export import Export, find, suiting
from bttui.session.controller import Status
from bttui.session.recording import NO_END, Recording, Shown
from bttui.session.replay import moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bttui.model.redaction import Redactor
    from bttui.render.export import Format
    from bttui.session.options import Options


def dump(options: "Options") -> int:
    """Print what the options ask for; the exit status. Raises DiagnosticError."""
    with Shown(options.file):
        return _dump(options)


def _dump(options: "Options") -> int:
    recording = Recording(options.file)
    first, last = recording.span
    format_ = find(options.format or "text")
    assert format_ is not None
    redactor = options.redactor()
    if options.every:
        status = show(_every_frame(recording, options, format_, redactor))
        _warn(recording, recording.frame_at(last), options)
        return status
    try:
        wall = moment(options.at, first, last) if options.at else last
    except ValueError:
        raise error(f"--at is a time: {options.at}", hint="12:01, 12:01:44, +30s after the beginning or -30s before the end") from None
    found = recording.frame_at(wall)
    if found is None:
        raise error(f"'{options.file}' holds no frame")
    status = show(_lines(format_.write(_chosen(*found, options, format_, redactor))))
    _warn(recording, found, options)
    return status


def _warn(recording: Recording, found: "tuple[Status, Frame] | None", options: "Options") -> None:
    """What the maps that were printed may lack."""
    if not options.warnings:
        return
    complain([*([NO_END] if recording.damaged else []), *(losses(found[1]) if found else [])])


def _every_frame(recording: Recording, options: "Options", format_: "Format", redactor: "Redactor | None") -> "Iterator[str]":
    """The lines of every frame, as an export of every interval writes them."""
    if format_.every != "append":
        raise error(f"{format_.name} holds one moment only", hint="--at TIME says which; text, json and csv can hold every one")
    first = True
    for item in recording.play():
        if isinstance(item, Status):
            status, first = item, True
        elif isinstance(item, Frame):
            yield from _lines(format_.more(_chosen(status, item, options, format_, redactor), item.wall, first))
            first = False


def _lines(text: str) -> "list[str]":
    """Without other ends of lines than the usual one taken for one."""
    return text.removesuffix("\n").split("\n") if text else []


def _chosen(status: Status, frame: Frame, options: "Options", format_: "Format", redactor: "Redactor | None") -> Export:
    """What the options ask for of a frame. Raises DiagnosticError where it has no such maps."""
    from bttui.compiler.map_uses import key_names

    text, frame = (redactor.program(status.text), redactor.frame(frame)) if redactor else (status.text, frame)
    for name in options.maps:
        if name not in frame.maps:
            raise error(f"the recording has no map {name}", hint=f"it has {', '.join(frame.maps) or 'none'}")
    chosen = [frame.maps[name] for name in options.maps or frame.maps]
    if chosen and format_ not in suiting(chosen):
        raise error(f"none of the maps can be written as {format_.name}")
    return Export(chosen, {snapshot.spec.name: key_names(text, snapshot.spec.name) for snapshot in chosen})
