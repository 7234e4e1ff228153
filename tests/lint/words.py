"""What may stand in a source at all: inline assembly, volatile, names of one machine, sizes."""

import ast
import re

from tests.lint.common import code_only, is_c

ASM_ALLOWED = {"kernel/cpu.h", "kernel/port.h", "kernel/percpu.h", "vmx/vmcs.h"}
HYPERVISOR = ("boot/", "kernel/", "mm/", "guest/", "drivers/", "vmx/", "toolkit/", "debug/")
ASM = re.compile(r"\b(?:__asm__|__asm|asm)\b")
VOLATILE = re.compile(r"\bvolatile\b")
PRIVILEGED = re.compile(r"\b(?:__builtin_ia32_(?!pause\b)\w+|_mm_\w+|__rdtsc|__cpuid\w*)\b")

FILE_LINES = 400
LIST_LINES = 700  # what is a list of checks, one after the other: tests and test guests
LISTS = ("tests/", "guest/programs/")
FUNCTION_LINES = 60
COLUMNS = 100
TAB = 8


def numbered(text):
    return enumerate(text.split("\n"), 1)


def check_assembly(sources):
    """Inline assembly, intrinsics and volatile stand in four headers, and nowhere else."""
    for path, text in sources.items():
        if not is_c(path) or not path.startswith(HYPERVISOR) or path in ASM_ALLOWED:
            continue
        for line, code in numbered(code_only(text)):
            for what, pattern in (("inline assembly", ASM), ("volatile", VOLATILE),
                                  ("a machine instruction", PRIVILEGED)):
                if pattern.search(code):
                    yield f"{path}:{line}: {what} belongs into {', '.join(sorted(ASM_ALLOWED))}"


# Put together here, so that this file does not find itself.
FOREIGN = re.compile("|".join([r"\.\./" + "shared", r"(?<![\w.])/" + r"work/", r"/" + r"home/\w",
                               r"(?<![\w.])/" + r"root/", r"/\.lib" + r"rary"]))


def check_paths(sources):
    """No path that exists on one machine only."""
    for path, text in sources.items():
        for line, content in numbered(text):
            found = FOREIGN.search(content)
            if found:
                yield f"{path}:{line}: {found.group(0)} is a place on one machine"


def check_bit_fields(sources):
    """No bit-field: their layout is the compiler's, not the hardware's."""
    field = re.compile(r"^\s*(?:const\s+)?(?:u?int\d*_t|unsigned|int|bool|_Bool)(?:\s+\w+)?"
                       r"\s+\w*\s*:\s*\w+\s*;")
    for path, text in sources.items():
        if is_c(path):
            for line, code in numbered(code_only(text)):
                if field.match(code):
                    yield f"{path}:{line}: a bit-field"


def check_sizes(sources):
    """Files, functions and lines stay short enough to be read."""
    for path, text in sources.items():
        lines = text.split("\n")
        limit = LIST_LINES if path.startswith(LISTS) else FILE_LINES
        if len(lines) - 1 > limit and not path.endswith((".md", ".inc")):
            yield f"{path}: {len(lines) - 1} lines; the limit is {limit}"
        for number, line in numbered(text):
            if len(line.expandtabs(TAB)) > COLUMNS and not path.endswith(".md"):
                yield f"{path}:{number}: over {COLUMNS} columns"
        if is_c(path):
            yield from long_c_functions(path, lines)
        elif path.endswith(".py"):
            yield from long_python_functions(path, text)


def long_c_functions(path, lines):
    """In Linux style a function's braces stand alone in the first column."""
    begun = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begun = number
        elif line == "}" and begun is not None:
            if number - begun - 1 > FUNCTION_LINES:
                yield f"{path}:{begun}: a function of {number - begun - 1} lines"
            begun = None


def long_python_functions(path, text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno > FUNCTION_LINES:
            yield f"{path}:{node.lineno}: a function of {node.end_lineno - node.lineno} lines"


def check_white_space(sources):
    """No blank at a line's end, one newline at a file's end, no tab in Python."""
    for path, text in sources.items():
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield f"{path}: must end with one newline"
        for line, content in numbered(text):
            if content != content.rstrip():
                yield f"{path}:{line}: blanks at the end of the line"
            if path.endswith(".py") and "\t" in content:
                yield f"{path}:{line}: a tab in Python"
