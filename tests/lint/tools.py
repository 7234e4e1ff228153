"""The lints that others wrote: clang-format, clang-tidy and cppcheck, over our C."""

import concurrent.futures
import os
import subprocess

INCLUDE = "-I."
KERNEL_FLAGS = ["-std=gnu17", INCLUDE, "-ffreestanding", "-mcmodel=kernel", "-mno-red-zone",
                "-mgeneral-regs-only", "-Wno-unknown-warning-option"]
# clang's analyzer spends seconds on its last paths and finds nothing there: fewer of them.
ANALYZER_LIMIT = ["-Xclang", "-analyzer-config", "-Xclang", "max-nodes=40000"]
HOST_FLAGS = ["-std=gnu17", INCLUDE]

# comparePointers: the linker script's symbols. internalAstError: cppcheck fails to read correct C.
# zerodivcond, nullPointerArithmetic: it assumes values that no caller passes. legacyUninitvar: it
# does not know that inline assembly writes its outputs.
CPPCHECK_OFF = ["missingIncludeSystem", "comparePointers", "internalAstError", "zerodivcond",
                "nullPointerArithmetic", "legacyUninitvar"]
JOBS = min(2, os.cpu_count() or 1)


def in_parallel(function, items):
    """function(item) gives lines; all lines of all items, in order."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for lines in pool.map(function, items):
            yield from lines


def run(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)


def check_format(sources):
    """clang-format would change nothing."""
    paths = [path for path in sources if path.endswith((".c", ".h"))]
    done = run(["clang-format", "--dry-run", "-Werror", *paths])
    if done.returncode != 0:
        wrong = sorted({line.split(":")[0] for line in done.stdout.splitlines()
                        if ": error:" in line or ": warning:" in line})
        yield from (f"{path}: run clang-format -i" for path in wrong) if wrong \
            else iter(done.stdout.splitlines()[:10])


def check_tidy(sources):
    """clang-tidy, by the checks of .clang-tidy."""
    def one(path):
        flags = HOST_FLAGS if path.startswith("tests/") else KERNEL_FLAGS
        done = run(["clang-tidy", "--quiet", path, "--", *flags, *ANALYZER_LIMIT])
        return [line.removeprefix(os.getcwd() + "/") for line in done.stdout.splitlines()
                if ": warning:" in line or ": error:" in line]
    return in_parallel(one, [path for path in sources if path.endswith(".c")])


def check_cppcheck(sources):
    """cppcheck's warnings, portability and performance."""
    paths = [path for path in sources if path.endswith(".c") and not path.startswith("tests/")]
    if not paths:
        return
    done = run(["cppcheck", "--quiet", "--std=c11", "--enable=warning,portability,performance",
                "--inline-suppr", "--error-exitcode=1", "-j", str(JOBS), INCLUDE,
                *(f"--suppress={name}" for name in CPPCHECK_OFF),
                "--template={file}:{line}: {message} [{id}]", *paths])
    if done.returncode != 0:
        yield from (line for line in done.stdout.splitlines() if line and "^" not in line)
