"""Reads a page as a browser without scripts would, and complains about what is not well-formed."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset(
    {"meta", "br", "img", "link", "input", "hr", "source", "base", "embed", "area", "col", "wbr"}
)


class Page(HTMLParser):
    """Elements with their attributes, ids, headings and text.

    Attributes:
        elements: name and attributes of each, in order.
        text: everything outside of elements' tags, and not in style.
        errors: closing tags that close nothing, and elements left open.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.errors: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        self.errors += [f"{tag} is left open" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.errors.append(f"{tag} has an attribute twice")
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.errors.append(f"</{tag}> closes {self._open[-1] if self._open else 'nothing'}")

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.text += data

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def headings(self) -> list[int]:
        return [
            int(name[1]) for name, _ in self.elements if len(name) == 2 and name[0] == "h" and name != "hr"
        ]
