"""The report of --test, in the layout that googletest made known."""

from bttui.render.json import string_json

PLAIN = {"good": "", "bad": "", "": ""}
COLOURS = {"good": "\x1b[32m", "bad": "\x1b[31m", "": "\x1b[0m"}


class Report:
    """Collects results; each method gives the text to print at its time. Times are nanoseconds."""

    def __init__(self, count: int, colour: bool):
        self.count = count
        self.colours = COLOURS if colour else PLAIN
        self.failed: "list[str]" = []
        self.passed = 0

    def _line(self, mark: str, text: str, kind: str = "good") -> str:
        return f"{self.colours[kind]}[{mark}]{self.colours['']} {text}\n"

    def begin(self) -> str:
        return self._line("==========", f"Running {_tests(self.count)}.")

    def run(self, name: str) -> str:
        return self._line(" RUN      ", name)

    def result(self, name: str, passed: bool, nanoseconds: int, output: str) -> str:
        """What a test printed is shown where it failed."""
        if passed:
            self.passed += 1
            return self._line("       OK ", f"{name} ({_time(nanoseconds)})")
        self.failed.append(name)
        return output + self._line("  FAILED  ", f"{name} ({_time(nanoseconds)})", "bad")

    def end(self) -> str:
        text = self._line("==========", f"{_tests(self.count)} ran.") + self._line("  PASSED  ", f"{_tests(self.passed)}.")
        if self.failed:
            text += self._line("  FAILED  ", f"{_tests(len(self.failed))}, listed below:", "bad")
            text += "".join(self._line("  FAILED  ", name, "bad") for name in self.failed)
        return text


def _tests(count: int) -> str:
    return f"{count} test{'' if count == 1 else 's'}"


def _time(nanoseconds: int) -> str:
    for unit in ("ns", "μs", "ms"):
        if nanoseconds < 1000:
            return f"{nanoseconds} {unit}"
        nanoseconds //= 1000
    return f"{nanoseconds} s"


def result_json(name: str, passed: bool, nanoseconds: int, output: str) -> str:
    data = f'"duration": {nanoseconds}, "passed": {"true" if passed else "false"}, "output": {string_json(output)}'
    return f'{{"type": "test_result", "data": {{{string_json(name)}: {{{data}}}}}}}\n'
