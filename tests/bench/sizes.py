"""How large things are: the kernel's image, and extended page tables of guests of many sizes."""

import re
import subprocess

HOST_SOURCES = ["tests/bench/ept_setup.c", "mm/ept.c", "mm/radix.c", "mm/frame_list.c",
                "mm/frames.c", "mm/regions.c", "guest/memory.c", "guest/memory_map.c",
                "guest/written.c"]
EPT_LINE = re.compile(r"^ept mib=(\d+) leaf=(1G|2M) leaves=(\d+),(\d+),(\d+) tables=(\d+) "
                      r"steps=(\d+)$", re.M)
STARTED = re.compile(r"\] ([\w.-]+): started: \w+, (\d+) KiB, EPT leaves (\d+) x 1G (\d+) x 2M "
                     r"(\d+) x 4K")
SECTION = re.compile(r"^\s*\[ *\d+\] (\S+)\s+(\S+)\s+[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) \d\d\s+(\w*)",
                     re.M)
LINEAR_PERCENT = 25  # the cost of a leaf may differ so much between two sizes


def parse_image(text):
    """Bytes of text and data (what is loaded; not the zeroed memory) out of `readelf -SW`."""
    return sum(int(size, 16) for _, kind, size, flags in SECTION.findall(text)
               if "A" in flags and kind != "NOBITS")


def file_bytes(path):
    return parse_image(subprocess.run(["readelf", "-SW", path], check=True,
                                      capture_output=True, text=True).stdout)


def image_bytes(elf):
    """Of the kernel, without the names for backtraces, which its last object file holds."""
    return file_bytes(elf) - file_bytes(elf.parent / "kernel" / "symbols.asm.o")


def parse_ept(text):
    """[{"mib", "leaf", "leaves": [4K, 2M, 1G], "tables", "steps"}] of ept_setup's lines."""
    return [{"mib": int(mib), "leaf": leaf, "leaves": [int(small), int(middle), int(large)],
             "tables": int(tables), "steps": int(steps)}
            for mib, leaf, small, middle, large, tables, steps in EPT_LINE.findall(text)]


def ept_on_host(root, folder):
    """Builds tests/bench/ept_setup.c and runs it."""
    program = folder / "ept_setup"
    subprocess.run(["gcc", "-std=gnu17", "-O2", "-I.", "-o", program, *HOST_SOURCES], check=True,
                   cwd=root)
    return parse_ept(subprocess.run([program], check=True, capture_output=True, text=True,
                                    timeout=120).stdout)


def ept_in_bochs(console, marks):
    """The same of VMs that were started one after the other on one core."""
    spans, begin = [], None
    for mark in marks:
        if mark.name == "guest_memory_map":
            begin = mark.tick
        elif begin is not None:
            spans.append(mark.tick - begin)
            begin = None
    return [{"mib": int(kib) // 1024, "leaf": "1G", "leaves": [int(small), int(middle), int(large)],
             "tables": None, "steps": steps}
            for (_, kib, large, middle, small), steps in zip(STARTED.findall(console), spans)]


def complaints(rows):
    """What is not as it shall be with the rows of ept_on_host(): leaves that are smaller than they
    could be, or a cost that grows faster than the number of leaves."""
    wrong = []
    for leaf in ("1G", "2M"):
        of_leaf = [row for row in rows if row["leaf"] == leaf]
        wrong += [f"EPT: {row['mib']} MiB with leaves of {leaf}: {row['leaves']}"
                  for row in of_leaf if row["leaves"] != expected_leaves(row["mib"], leaf)]
        each = marginal([row for row in of_leaf if row["steps"]
                         and (leaf == "2M" or row["mib"] >= 1024)])
        wrong += [f"EPT: leaves of {leaf}: {b:.0f} instructions each, and {a:.0f} in smaller guests"
                  for a, b in zip(each, each[1:]) if b > a * (1 + LINEAR_PERCENT / 100)]
    return wrong


def expected_leaves(mib, leaf):
    large = mib // 1024 if leaf == "1G" else 0
    return [0, (mib - large * 1024) // 2, large]


def marginal(rows):
    """Instructions of one more leaf, between each two sizes."""
    return [(b["steps"] - a["steps"]) / (sum(b["leaves"]) - sum(a["leaves"]))
            for a, b in zip(rows, rows[1:])]


def lines(rows, head):
    """The rows of the table, the head first."""
    out = [[head, "leaves 4K", "2M", "1G", "tables", "instructions"]]
    for row in rows:
        out.append([f"{row['mib']:,} MiB, leaves of {row['leaf']} at most", *row["leaves"],
                    row["tables"], row["steps"] or None])
    return out
