"""Debugging information that gcc -gsplit-dwarf left in .dwo files, or dwp(1) packed into one .dwp file.

DWARF 5, 7.3.2 and 7.3.5; before it, the GNU project's "DebugFission" and "DebugFissionDWP".
"""

import io
import os

from bttui.host.debug_info import SECTIONS, DebugInfo, Part, config, dwo_name, section
from bttui.host.elf import Elf
from bttui.model.diagnostic import DiagnosticError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# DW_SECT_* of an index: of version 2 (GNU) and 5
_PACKED = {
    2: {1: "debug_info", 2: "debug_types", 3: "debug_abbrev", 4: "debug_line", 5: "debug_loc", 6: "debug_str_offsets"},
    5: {1: "debug_info", 3: "debug_abbrev", 4: "debug_line", 5: "debug_loclists", 6: "debug_str_offsets", 8: "debug_rnglists"},
}
_MOST_UNITS = 1 << 20
# Behind the headers of .debug_str_offsets, .debug_rnglists and .debug_loclists (7.26, 7.28, 7.29), in the 32-bit format.
_BASES = {"DW_AT_str_offsets_base": 8, "DW_AT_rnglists_base": 12, "DW_AT_loclists_base": 12}


def find(info: DebugInfo, skeleton: "Any", number: int) -> "Part | None":
    """The entries of a skeleton unit, as a part with this number; None where there is no such file."""
    top = skeleton.get_top_DIE()
    identity = skeleton.header.get("dwo_id")
    if identity is None and "DW_AT_GNU_dwo_id" in top.attributes:
        identity = top.attributes["DW_AT_GNU_dwo_id"].value
    sections = _from_package(info, identity)
    file = None
    if sections is None:
        file = _dwo_file(info, skeleton)
        if file is None:
            return None
        sections = {name: section(file, f".{name}.dwo") for name in SECTIONS}
    if not sections.get("debug_info"):
        return None
    from elftools.dwarf.dwarfinfo import DWARFInfo

    sections["debug_addr"] = info.dwarf.debug_addr_sec
    sections["debug_ranges"] = info.dwarf.debug_ranges_sec  # of DWARF 4, which leaves it in the program
    dwarf = DWARFInfo(config(info.file), **{f"{name}_sec": sections.get(name) for name in SECTIONS})
    part = Part(dwarf, number, file or info.file)
    unit = part.unit(part.unit_offsets[0])
    if unit["version"] >= 5 and unit.header.get("dwo_id") not in (None, identity):
        return None  # of another build
    _complete(unit, top)
    return part


def _complete(unit: "Any", skeleton: "Any") -> None:
    """Give a split unit the bases that its skeleton has, or that are known: pyelftools wants them among its attributes."""
    from elftools.dwarf.die import DIE, AttributeValue

    # Forms that the standard took over under other names.
    for form in ("DW_FORM_GNU_str_index", "DW_FORM_GNU_addr_index"):
        unit.structs.Dwarf_dw_form[form] = unit.structs.Dwarf_dw_form["DW_FORM_udata"]
    top = DIE(unit, unit.dwarfinfo.debug_info_sec.stream, unit.cu_die_offset)
    bases = dict(_BASES) if unit["version"] >= 5 else {}
    for name in ("DW_AT_addr_base", "DW_AT_GNU_addr_base", "DW_AT_GNU_ranges_base", "DW_AT_low_pc"):
        if name in skeleton.attributes:
            bases[name.replace("GNU_addr", "addr")] = skeleton.attributes[name].value
    for name, value in bases.items():
        top.attributes.setdefault(name, AttributeValue(name, "DW_FORM_sec_offset", value, value, 0, 0))
    unit._dielist.insert(0, top)
    unit._diemap.insert(0, unit.cu_die_offset)
    top._translate_indirect_attributes()


def _dwo_file(info: DebugInfo, skeleton: "Any") -> "Elf | None":
    """Where the compiler wrote it, beside the program, or where --debuginfo says."""
    from bttui.host.debug_file import folders

    top = skeleton.get_top_DIE()
    attribute = dwo_name(skeleton)
    name = info.text(top, attribute)
    made_in = top.attributes.get("DW_AT_comp_dir")
    beside = os.path.dirname(info.program.path)
    places = [os.path.join(info.text(top, made_in) if made_in is not None else "", name), os.path.join(beside, name)]
    places += [os.path.join(folder, os.path.basename(name)) for folder in (beside, *folders())]
    for place in dict.fromkeys(places):
        try:
            return Elf(place)
        except DiagnosticError:
            continue
    return None


def _from_package(info: DebugInfo, identity: "int | None") -> "dict[str, Any] | None":
    """The sections of the unit with this id in the .dwp file beside the program or its debug file."""
    from elftools.dwarf.dwarfinfo import DebugSectionDescriptor

    if identity is None:
        return None
    for path in dict.fromkeys((info.program.path, info.file.path)):
        try:
            package = Elf(path + ".dwp")
        except DiagnosticError:
            continue
        index = package.content(package.section(".debug_cu_index"), 1 << 28)
        row = _row(package, index, identity)
        if row is None:
            continue
        found: "dict[str, Any]" = {"debug_str": section(package, ".debug_str.dwo")}
        for name, (offset, size) in row.items():
            whole = package.section(f".{name}.dwo")
            content = package.read(whole.offset + offset, size) if whole and offset + size <= whole.size else b""
            if content:
                found[name] = DebugSectionDescriptor(io.BytesIO(content), name, 0, len(content), 0)
        return found
    return None


def _row(package: Elf, index: bytes, identity: int) -> "dict[str, tuple[int, int]] | None":
    """{section: (offset, size)} of a unit, by the hash table of the index."""
    word, header = package.layout({1: "I", 2: "I"}), package.layout({1: "IIII", 2: "IIII"})
    if len(index) < header.size:
        return None
    version, columns, units, slots = header.unpack_from(index)
    names = _PACKED.get(version & 0xFFFF)
    numbers_at = header.size + 8 * slots
    table = numbers_at + 4 * slots
    if names is None or not 0 < columns <= 16 or units > _MOST_UNITS or len(index) < table + 4 * columns * (1 + 2 * units):
        return None
    keys = package.layout({1: f"{slots}Q", 2: f"{slots}Q"}).unpack_from(index, header.size)
    if identity not in keys:
        return None
    number = word.unpack_from(index, numbers_at + 4 * keys.index(identity))[0]
    if not 0 < number <= units:
        return None
    row = package.layout({1: f"{columns}I", 2: f"{columns}I"})
    kinds, offsets = row.unpack_from(index, table), row.unpack_from(index, table + 4 * columns * number)
    sizes = row.unpack_from(index, table + 4 * columns * (units + number))
    return {names[kind]: (offset, size) for kind, offset, size in zip(kinds, offsets, sizes, strict=True) if kind in names}
