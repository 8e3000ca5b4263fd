"""Stands in for parts of render/ and compiler/ that have not landed yet. To be removed with them."""

import re

try:
    from bttui.render.clean import clean
except ImportError:

    def clean(text: str) -> str:
        return "".join(c if c.isprintable() else "·" for c in text)


try:
    from bttui.render.text import event_text
except ImportError:

    def event_text(event) -> str:
        if event.output and event.output.text:
            return event.output.text % event.values
        return event.text


try:
    from bttui.compiler import lexer

    lexer.tokens  # noqa: B018
except (ImportError, AttributeError):

    class lexer:
        PATTERN = re.compile(
            r"(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<string>\"(?:[^\"\\\n]|\\.)*\"?)|(?P<map>@\w*)|(?P<variable>\$\w+)"
            r"|(?P<probe>\b(?:tracepoint|kprobe|kretprobe|uprobe|interval|profile|BEGIN|END)\b(?::[\w:*-]+)?)"
            r"|(?P<keyword>\b(?:if|else|while|for|return)\b)|(?P<function>\b\w+(?=\s*\())|(?P<builtin>\b(?:comm|pid|tid|nsecs|args|retval|kstack|ustack)\b)"
            r"|(?P<number>\b\d\w*\b)",
            re.S,
        )

        @classmethod
        def tokens(cls, text):
            return [(m.lastgroup, m.start(), m.end()) for m in cls.PATTERN.finditer(text)]
