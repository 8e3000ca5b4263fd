"""Libraries that run from inside a zip archive, as Android's do from their packages (APPNOTE.TXT of the zip format, 4.3)."""

from bttui.model.diagnostic import DiagnosticError, error, near

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

    from bttui.host.elf import Elf

SEPARATOR = "!/"  # between the path of the archive and that of the entry
_LOCAL_HEADER = 30  # bytes, before the name
_ENCRYPTED = 1


def entry(path: str) -> "Elf":
    """The ELF file ARCHIVE!/ENTRY. Raises DiagnosticError where there is none, or where it cannot be mapped from there."""
    from bttui.host.elf import Elf

    archive, _, name = path.partition(SEPARATOR)
    opened = _open(archive)
    with opened:
        found = next((each for each in opened.infolist() if each.filename == name), None)
        if found is None:
            nearest = near(name, [each.filename for each in opened.infolist()], 3)
            raise error(f"{archive} has no entry {name}", hint=f"did you mean {' or '.join(nearest)}?" if nearest else "")
        if found.compress_type or found.flag_bits & _ENCRYPTED:
            hint = "what is mapped from an archive is stored as it is (zip -0): unpacked elsewhere, it is a file like others"
            raise error(f"the entry {name} of {archive} is compressed, so no process can run it from there", hint=hint)
        start = _start(opened, found)
    try:
        return Elf(archive, start=start, size=found.file_size)
    except DiagnosticError:
        raise error(f"not an ELF file: {path}") from None


def names(archive: str) -> "list[str]":
    """The entries of an archive that are stored as they are; [] where there is no archive."""
    try:
        opened = _open(archive)
    except DiagnosticError:
        return []
    with opened:
        return [each.filename for each in opened.infolist() if not each.compress_type and not each.is_dir()]


def _open(archive: str) -> "ZipFile":
    import zipfile

    try:
        return zipfile.ZipFile(archive)
    except (OSError, ValueError, zipfile.BadZipFile) as reason:
        raise error(f"cannot read {archive} as a zip archive: {reason}") from None


def _start(opened: "ZipFile", found: "ZipInfo") -> int:
    """Where the entry's content begins: its own header may be longer than the directory says."""
    file = opened.fp
    assert file is not None
    try:
        file.seek(found.header_offset)
        header = file.read(_LOCAL_HEADER)
    except (OSError, ValueError):
        header = b""
    if len(header) < _LOCAL_HEADER or header[:4] != b"PK\3\4":
        raise error(f"the archive {opened.filename} is damaged at {found.filename}")
    return found.header_offset + _LOCAL_HEADER + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
