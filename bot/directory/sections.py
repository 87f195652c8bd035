"""The tree of 部局 and 課室, as kept by the secretariat in sections.csv."""

import difflib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from storage.people.records import Section

CLOSE_ENOUGH = 0.6
LONGEST_NAME = 60


def fold(text: str) -> str:
    """Return the form in which names and codes are compared: NFKC, no spaces, no upper case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def loops(parents: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield each loop among codes and their parents once, as the codes on it."""
    done: set[str] = set()
    for start in parents:
        trail: dict[str, None] = {}
        code = start
        while code in parents and code not in done and code not in trail:
            trail[code] = None
            code = parents[code]
        if code in trail:
            codes = list(trail)
            yield tuple(codes[codes.index(code) :])
        done |= trail.keys()


class SectionTree:
    """Sections by code; never changes after it is built. Unknown codes are answered, not refused."""

    __slots__ = ("_by_code", "_children", "_depth_of_bureaus", "_managed", "_named", "_order", "_tops")

    def __init__(self, sections: Iterable[Section] = ()) -> None:
        """Keep the sections in the order given.

        Raises:
            ValueError: a code comes twice, a parent is missing, or parents form a loop.
        """
        ordered = tuple(sections)
        self._by_code = {section.code: section for section in ordered}
        parents = {section.code: section.parent for section in ordered}
        if len(parents) != len(ordered) or {*parents.values()} - {*parents, ""} or any(loops(parents)):
            raise ValueError("sections form a tree: unique codes, known parents, no loops")
        self._order = {code: place for place, code in enumerate(self._by_code)}
        self._children: dict[str, list[str]] = {}
        self._managed: dict[str, list[str]] = {}
        for section in ordered:
            self._children.setdefault(section.parent, []).append(section.code)
            for manager in dict.fromkeys(manager.lower() for manager in section.managers):
                self._managed.setdefault(manager, []).append(section.code)
        self._tops = tuple(self._children.get("", ()))
        self._depth_of_bureaus = 1 if len(self._tops) == 1 else 0
        self._named = self._names()

    def __iter__(self) -> Iterator[Section]:
        """Go through all sections in file order."""
        return iter(self._by_code.values())

    def get(self, code: str) -> Section | None:
        """Return the section, None if there is none with this code."""
        return self._by_code.get(code)

    def name(self, code: str) -> str:
        """Return the section's name; an unknown code is shown as it is."""
        section = self._by_code.get(code)
        return section.name if section else code

    def label(self, code: str) -> str:
        """Return the name, with the bureau's name in front if several sections share it (総務課)."""
        name, bureau = self.name(code), self.bureau_of(code)
        if code == bureau or len(self._named.get(fold(name), ())) <= 1:
            return name
        return self.name(bureau) + name

    def path(self, code: str) -> tuple[Section, ...]:
        """Return the sections from the top down to this one; empty for an unknown code."""
        up: list[Section] = []
        section = self._by_code.get(code)
        while section is not None:
            up.append(section)
            section = self._by_code.get(section.parent)
        return tuple(reversed(up))

    def with_descendants(self, code: str) -> frozenset[str]:
        """Return the code and those of all sections below it; empty for an unknown code."""
        if code not in self._by_code:
            return frozenset()
        found = [code]
        for above in found:
            found.extend(self._children.get(above, ()))
        return frozenset(found)

    def has_children(self, code: str) -> bool:
        """Say whether any section lies below this one."""
        return bool(code) and code in self._children

    def bureau_of(self, code: str) -> str:
        """Return the code of the bureau to which a section belongs.

        It is the ancestor directly below the root where the tree has exactly one root (総務省), else the
        top-level ancestor. The root is its own bureau; an unknown code has none ("").
        """
        path = self.path(code)
        return path[min(self._depth_of_bureaus, len(path) - 1)].code if path else ""

    def bureaus(self) -> tuple[Section, ...]:
        """Return all bureaus in file order, without the single root."""
        codes = self._children.get(self._tops[0], []) if self._depth_of_bureaus else self._tops
        return tuple(self._by_code[code] for code in codes)

    def place(self, code: str) -> int:
        """Return the section's place in file order; an unknown code comes after all others."""
        return self._order.get(code, len(self._order))

    def is_headquarters(self, code: str) -> bool:
        """Say whether a section is part of 本省; an unknown one is not."""
        section = self._by_code.get(code)
        return section is not None and section.headquarters

    def managed_by(self, person: str) -> tuple[str, ...]:
        """Return the codes of the sections of which a person (an object id) is a manager, in file order."""
        return tuple(self._managed.get(person.lower(), ()))

    def managers(self) -> frozenset[str]:
        """Return the object ids of all managers, in lower case."""
        return frozenset(self._managed)

    def find(self, text: str) -> tuple[Section, ...]:
        """Return the sections that a text means: by code, by name, or by path (大臣官房秘書課)."""
        return tuple(self._by_code[code] for code in self._named.get(fold(text), ()))

    def close_to(self, text: str, limit: int = 3) -> tuple[Section, ...]:
        """Return sections whose name or code resembles the text, the closest first."""
        keys = difflib.get_close_matches(fold(text)[:LONGEST_NAME], self._named, limit, CLOSE_ENOUGH)
        codes = dict.fromkeys(code for key in keys for code in self._named[key])
        return tuple(self._by_code[code] for code in list(codes)[:limit])

    def _names(self) -> dict[str, tuple[str, ...]]:
        """Map all that a section may be called to the codes meant; a code beats a name."""
        named: dict[str, dict[str, None]] = {}
        for code in self._by_code:
            names = [section.name for section in self.path(code)]
            for start in range(len(names)):
                named.setdefault(fold("".join(names[start:])), {})[code] = None
        return {key: tuple(codes) for key, codes in named.items()} | {
            fold(code): (code,) for code in self._by_code
        }
