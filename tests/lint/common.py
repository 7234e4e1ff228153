"""The project's sources, as the lints see them: path to text, and C without comments."""

import os
import re

FOLDERS = ["boot", "kernel", "vmx", "mm", "drivers", "guest", "toolkit", "debug", "iso", "tests"]
SUFFIXES = (".c", ".h", ".asm", ".inc", ".py", ".sh", ".mk", ".ld", ".cfg", ".awk")
TOP_FILES = ["Makefile", "linker.ld", "README.md"]


def load_sources():
    """Every source of the project: {path: text}."""
    paths = [name for name in TOP_FILES if os.path.isfile(name)]
    for folder in FOLDERS:
        for where, folders, names in os.walk(folder):
            folders[:] = [f for f in folders if f != "__pycache__"]
            paths += [os.path.join(where, n) for n in names if n.endswith(SUFFIXES)]
    sources = {}
    for path in sorted(paths):
        with open(path, encoding="utf-8") as source:
            sources[path] = source.read()
    return sources


def is_c(path):
    return path.endswith((".c", ".h"))


_COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                                re.S)


def code_only(text):
    """C with comments and the insides of strings blanked out; lines keep their numbers."""
    def blank(found):
        piece = found.group(0)
        if piece[0] in "\"'":
            return piece[0] + piece[0]
        return "\n" * piece.count("\n") or " "
    return _COMMENT_OR_STRING.sub(blank, text)


_INCLUDE = re.compile(r'^[ \t]*(?:#|%)[ \t]*include[ \t]+["<]([^">]+)[">]', re.M)


def includes(text):
    """(line number, path) for each #include and %include."""
    return [(text.count("\n", 0, found.start()) + 1, found.group(1))
            for found in _INCLUDE.finditer(text)]
