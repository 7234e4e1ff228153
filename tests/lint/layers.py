"""Who may include whom: never upward, never in a circle; and what the pure sources may see."""

import fnmatch

from tests.lint.common import includes
from tests.results import pure_patterns

LAYERS = ["kernel", "mm", "boot", "guest", "drivers", "vmx", "toolkit",
          "debug"]  # each sees those before it
FORBIDDEN = {("vmx", "drivers")}  # vmx/ is handed a struct host_ops instead
SEES_ALL = {"kernel/main.c", "kernel/without_debugger.c", "kernel/without_toolkit.c"}

# What pure code stands on. Everything else in kernel/ touches the machine.
PURE_HEADERS = {"kernel/types.h", "kernel/status.h", "kernel/assert.h", "kernel/lock.h",
                "kernel/string.h", "kernel/text.h", "kernel/x86.h", "kernel/version.h",
                "kernel/options.h", "kernel/layout.h", "kernel/trap_text.h", "kernel/trap.h",
                "kernel/log_levels.h", "kernel/calendar.h", "drivers/byte_ring.h",
                "vmx/caps.h", "vmx/fields.h", "vmx/trace_record.h", "debug/target.h",
                "debug/monitor_command.h"}
FREESTANDING = {"stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "limits.h", "stdalign.h",
                "stdnoreturn.h"}
PURE_FOLDERS = ("mm", "guest")


def folder_of(path):
    return path.partition("/")[0]


def in_layers(path):
    return folder_of(path) in LAYERS and not path.startswith("guest/programs/")


def is_pure(path, patterns):
    """A pure source, or the header beside one; everything in mm/ and guest/ is."""
    source = path[:-2] + ".c" if path.endswith(".h") else path
    return folder_of(path) in PURE_FOLDERS or any(fnmatch.fnmatch(source, p) for p in patterns)


def check_arrows(sources):
    """No include upward, none of a path that is not from the root, no other system header."""
    for path, text in sources.items():
        if not in_layers(path):
            continue
        for line, target in includes(text):
            if target in FREESTANDING:
                continue
            if folder_of(target) not in LAYERS or target not in sources:
                yield f"{path}:{line}: {target}: includes are quoted, by their path from the root"
                continue
            if path in SEES_ALL:
                continue
            mine, theirs = folder_of(path), folder_of(target)
            if LAYERS.index(theirs) > LAYERS.index(mine) or (mine, theirs) in FORBIDDEN:
                yield f"{path}:{line}: {mine}/ may not see {target}"


def check_pure_includes(sources, patterns=None):
    """Pure sources see only pure headers."""
    patterns = pure_patterns() if patterns is None else patterns
    for path, text in sources.items():
        if not in_layers(path) or not is_pure(path, patterns) or not path.endswith((".c", ".h")):
            continue
        for line, target in includes(text):
            if target in FREESTANDING or target in PURE_HEADERS or is_pure(target, patterns):
                continue
            yield f"{path}:{line}: pure code may not see {target}"


def check_circles(sources):
    """No header includes itself, over whatever way round."""
    graph = {path: [t for _, t in includes(text) if t in sources]
             for path, text in sources.items() if in_layers(path)}
    done = set()

    def visit(path, way):
        if path in way:
            yield "a circle of includes: " + " -> ".join(way[way.index(path):] + [path])
        elif path not in done:
            for target in graph.get(path, []):
                yield from visit(target, way + [path])
            done.add(path)

    for path in graph:
        yield from visit(path, [])
