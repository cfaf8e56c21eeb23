"""Protocol buffers written as text: what .prototxt, .pbtxt and label maps have in common.

Only names, texts, numbers and braces are told apart; what they mean is up to the caller.
Source: the text format specification of Protocol Buffers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEEPEST = 32

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]*
    | (?P<text>"(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*')
    | (?P<word>[\w.+\-/$]+)
    | (?P<mark>[{}<>\[\]:,;])""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")
_CLOSING = {"{": "}", "<": ">"}


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of one message, in the order of the file; a name may come many times."""

    fields: tuple[tuple[str, "str | Message"], ...]

    def texts(self, name: str) -> tuple[str, ...]:
        """List the plain values of a field."""
        return tuple(
            value for key, value in self.fields if key == name and isinstance(value, str)
        )

    def messages(self, name: str) -> tuple["Message", ...]:
        """List the messages that a field holds."""
        return tuple(
            value for key, value in self.fields if key == name and isinstance(value, Message)
        )

    def text(self, *path: str) -> str | None:
        """Return the first value at a path of names; None where there is none.

        >>> parse('layer { name: "data" top: "a" }').text("layer", "name")
        'data'
        """
        *parents, last = path
        message: Message = self
        for name in parents:
            found = message.messages(name)
            if not found:
                return None
            message = found[0]
        values = message.texts(last)
        return values[0] if values else None


def parse(text: str) -> Message:
    r"""Read a whole text.

    Raises:
        ValueError: a sentence that names the line.

    >>> parse("item { id: 7 name: 'cat' } # one").messages("item")[0].fields
    (('id', '7'), ('name', 'cat'))
    """
    tokens = list(_tokens(text))
    message, at = _message(tokens, 0, until="", depth=0)
    assert at == len(tokens)
    return message


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield each token's kind, what it says, and its line."""
    at = 0
    line = 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"line {line} cannot be read from {text[at : at + 10]!r} on")
        if match.lastgroup:
            yield match.lastgroup, match.group(), line
        line += match.group().count("\n")
        at = match.end()


def _message(
    tokens: list[tuple[str, str, int]], at: int, *, until: str, depth: int
) -> tuple[Message, int]:
    """Read fields up to a closing brace; return them and the place behind it."""
    fields: list[tuple[str, str | Message]] = []
    while at < len(tokens):
        kind, name, line = tokens[at]
        at += 1
        if name == until and kind == "mark":
            return Message(tuple(fields)), at
        if name in (",", ";"):
            continue
        if kind != "word" or depth > DEEPEST:
            raise ValueError(f"line {line} has {name[:20]!r} where a name is expected")
        values, at = _values(tokens, at, depth)
        fields += [(name, value) for value in values]
    if until:
        raise ValueError(f"a {until} is missing at the end")
    return Message(tuple(fields)), at


def _values(
    tokens: list[tuple[str, str, int]], at: int, depth: int
) -> tuple[list["str | Message"], int]:
    """Read what stands behind a name: one value, a message, or a list of either."""
    if at < len(tokens) and tokens[at][1] == ":":
        at += 1
    if at < len(tokens) and tokens[at][1] == "[":
        values: list[str | Message] = []
        at += 1
        while at < len(tokens) and tokens[at][1] != "]":
            if tokens[at][1] == ",":
                at += 1
                continue
            value, at = _value(tokens, at, depth)
            values.append(value)
        if at == len(tokens):
            raise ValueError("a ] is missing at the end")
        return values, at + 1
    value, at = _value(tokens, at, depth)
    return [value], at


def _value(
    tokens: list[tuple[str, str, int]], at: int, depth: int
) -> tuple["str | Message", int]:
    if at >= len(tokens):
        raise ValueError("a value is missing at the end")
    kind, word, line = tokens[at]
    if word in _CLOSING and kind == "mark":
        return _message(tokens, at + 1, until=_CLOSING[word], depth=depth + 1)
    if kind == "mark":
        raise ValueError(f"line {line} has {word!r} where a value is expected")
    if kind == "word":
        return word, at + 1
    parts = []
    while at < len(tokens) and tokens[at][0] == "text":  # texts side by side are one
        parts.append(_ESCAPED.sub(r"\1", tokens[at][1][1:-1]))
        at += 1
    return "".join(parts), at
