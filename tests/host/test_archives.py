"""ELF files inside zip archives."""

import zipfile

import pytest

from bttui.host import archives
from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError


def archive(path, entries, aligned=()):
    """A zip archive of {name: (content, compression)}; the content of those in ``aligned`` begins at a page."""
    with zipfile.ZipFile(path, "w") as file:
        for name, (content, compression) in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = compression
            if name in aligned:
                padding = -(file.fp.tell() + 34 + len(name)) % 4096
                entry.extra = b"\x35\xd9" + padding.to_bytes(2, "little") + bytes(padding)  # as zipalign(1) pads
            file.writestr(entry, content)
    return path


@pytest.fixture(scope="module")
def library(load):
    return load.build("calls", "libbttui.so", "-shared", "-fPIC")


@pytest.fixture
def package(tmp_path, library):
    content = library.read_bytes()
    entries = {
        "lib/packed.so": (content, zipfile.ZIP_DEFLATED),
        "lib/odd.so": (content, zipfile.ZIP_STORED),
        "lib/calls.so": (content, zipfile.ZIP_STORED),
        "text": (b"hello", zipfile.ZIP_STORED),
    }
    return archive(tmp_path / "package.zip", entries, aligned=("lib/calls.so",))


def test_an_entry_is_read_where_it_lies(package, library):
    plain = Host().elf(str(library))
    for name in ("calls", "odd"):
        elf = Host().elf(f"{package}!/lib/{name}.so")
        assert elf.build_id == plain.build_id
        assert elf.functions() == plain.functions()
        assert elf.size == plain.size
        address, _ = elf.symbol("second")
        assert package.read_bytes()[elf.offset(address) :][:8] == elf.code(address, 8) == plain.code(address, 8)
        assert elf.virtual(elf.offset(address)) == address
        assert elf.needed == plain.needed
    assert Host().elf(f"{package}!/lib/calls.so").start % 4096 == 0


def test_names_are_those_of_what_can_be_mapped(package, tmp_path):
    assert archives.names(str(package)) == ["lib/odd.so", "lib/calls.so", "text"]
    assert archives.names(str(tmp_path / "nosuch")) == archives.names("/proc/self/exe") == []


@pytest.mark.parametrize(
    ("entry", "message", "hint"),
    [
        ("lib/packed.so", "the entry lib/packed.so of PACKAGE is compressed", "zip -0"),
        ("lib/call.so", "PACKAGE has no entry lib/call.so", "did you mean lib/calls.so"),
        ("zzz", "PACKAGE has no entry zzz", ""),
        ("text", "not an ELF file: PACKAGE!/text", ""),
    ],
)
def test_what_cannot_be_read(entry, message, hint, package):
    with pytest.raises(DiagnosticError) as caught:
        archives.entry(f"{package}!/{entry}")
    (diagnostic,) = caught.value.diagnostics
    assert message.replace("PACKAGE", str(package)) in diagnostic.message
    assert hint in diagnostic.hint


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[: len(data) // 2], "as a zip archive"),
        (lambda data: b"", "as a zip archive"),
        (lambda data: data.replace(b"PK\3\4", b"XXXX"), "is damaged at lib/odd.so"),
    ],
    ids=["cut", "empty", "header"],
)
def test_a_damaged_archive(damage, message, package):
    package.write_bytes(damage(package.read_bytes()))
    with pytest.raises(DiagnosticError, match=message):
        archives.entry(f"{package}!/lib/odd.so")
