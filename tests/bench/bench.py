#!/usr/bin/python3
"""What operations of a guest cost: in Lintel, on the machine itself, and in other hypervisors; and
what Lintel costs besides: its start, its memory, its size, more cores.

Guest programs run in Bochs, without Lintel and in it. With `clock: sync=none` one tick of the TSC
is one instruction, so each figure is an exact and repeatable count. BED=kvm: on KVM with nested
VT-x, in cycles.

    tests/bench/bench.py                  the tables
    tests/bench/bench.py --json FILE --svg FILE      all figures; a picture
    tests/bench/bench.py --check          fails if a figure is 5 % worse than the baseline
                                          (tests/bench/baseline.json), or a fixed rule is broken
                                          (scaling, boot, image, EPT)
    tests/bench/bench.py --check --limits            and if a row is above its limit
    tests/bench/bench.py --write-baseline makes the figures the new baseline
"""

import argparse
import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench import breakdown, counting, runs, scaling, sizes, startup, table  # noqa: E402
from tests.real import cost  # noqa: E402

HERE = Path(__file__).resolve().parent
BARE = ROOT / "build" / "bare" / "plain" / "lintel.elf"
BASELINE, PEERS, LIMITS = HERE / "baseline.json", HERE / "peers.json", HERE / "limits.json"
CORES = (1, 2, 4, 8)


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def measure(folder, elf):
    """Everything, two machines at a time, the longest first: a dict of what each run said."""
    with ThreadPoolExecutor(2) as pool:
        scale = {cores: pool.submit(runs.scale, folder, elf, cores) for cores in reversed(CORES)}
        rest = {"lintel": pool.submit(runs.in_lintel, folder, elf),
                "native": pool.submit(runs.native, folder)}
        if not runs.on_kvm():
            rest["ept"] = pool.submit(runs.ept, folder, elf)
            rest["alone"] = pool.submit(runs.alone, folder, elf)
            rest["linux_native"] = pool.submit(cost.natively)
            rest["linux"] = pool.submit(cost.in_lintel, elf)
            rest["host"] = pool.submit(sizes.ept_on_host, ROOT, folder)
            traces = {name: pool.submit(breakdown.run, *breakdown.OPERATIONS[name], elf)
                      for name in counting.TRACED}
        said = {name: run.result() for name, run in rest.items()}
        if not runs.on_kvm():
            said["traces"] = {name: trace.result() for name, trace in traces.items()}
        said["scale"] = {cores: scale[cores].result() for cores in CORES}
    return said


def digest(said, elf):
    """All figures out of what the runs of Bochs said."""
    native, lintel = table.parse(said["native"]), table.parse(said["lintel"])
    alone, smp = said["alone"][1], said["scale"][8][1]
    return {
        "native": native,
        "lintel": lintel,
        "cost": table.costs(native, lintel),
        "scale": {cores: scaling.parse(run[0]) for cores, run in said["scale"].items()},
        "boot": {1: startup.phases(alone), 8: startup.phases(smp)},
        "core_starts": startup.core_starts(smp),
        "kicks": startup.kicks(smp),
        "vm": startup.start_and_stop(alone),
        "pages": startup.pages(alone, smp, 8),
        "image": sizes.image_bytes(elf),
        "image_bare": sizes.image_bytes(BARE),
        "linux": {"native": said["linux_native"], "lintel": said["linux"][0],
                  "exits": said["linux"][1]},
        "statistics": counting.figures(said["traces"], said["lintel"]),
        "ept": {"host": said["host"], "bochs": sizes.ept_in_bochs(*said["ept"])},
    }


def watched(figures):
    """What the baseline holds: one number for each name."""
    of_scale = {f"scale_{operation}_{cores}": round(scaling.per_exit(run[operation]))
                for cores, run in figures["scale"].items() for operation in scaling.OPERATIONS
                if operation in run}
    return {**figures["cost"], **of_scale,
            **{f"boot_{cores}": dict(phases)["in all"]
               for cores, phases in figures["boot"].items() if phases},
            **{f"vm_{name}": ticks for name, ticks in figures["vm"].items()},
            **{f"pages_{name}": count for name, count in figures["pages"].items()},
            "image_bytes": figures["image"], "image_bare_bytes": figures["image_bare"]}


def broken_rules(figures, limits):
    """What is not as it shall be, whatever it was before."""
    wrong = scaling.complaints(figures["scale"], limits["scaling_percent"])
    wrong += sizes.complaints(figures["ept"]["host"])
    wrong += counting.complaints(figures["statistics"], limits["statistics_instructions"])
    boot = dict(figures["boot"][1]).get("in all")
    if boot is None or boot > limits["boot_instructions"]:
        wrong.append(f"boot: {boot} instructions on one core, "
                     f"{limits['boot_instructions']} are allowed")
    linux = figures["linux"]
    if cost.percent(linux["native"], linux["lintel"]) > cost.AIM_PERCENT:
        wrong.append(f"Linux: {linux['lintel']} instructions, {linux['native']} natively")
    for name in ("image", "image_bare"):
        if figures[name] > limits[f"{name}_bytes"]:
            wrong.append(f"{name}: {figures[name]} bytes, {limits[f'{name}_bytes']} are allowed")
    return wrong


def start_lines(figures):
    """The boot by phases, and the life of a VM."""
    one, eight = (dict(figures["boot"][cores]) for cores in (1, 8))
    out = [["boot: instructions", "1 core", "8 cores"]]
    out += [[text, one.get(text), eight.get(text)]
            for text in (*(text for _, text in startup.PHASES), "in all")
            if text in one or text in eight]
    cores = figures["core_starts"]
    if cores:
        out += [["  to the first core that runs", None, cores["wait"]],
                ["  each core more", None, cores["core"]]]
    if figures["kicks"]:
        out.append(["kick: IPI to a sleeping core's handler", None,
                    sorted(figures["kicks"])[len(figures["kicks"]) // 2]])
    return out


def vm_lines(figures):
    out = [["a VM of 1 MiB", "instructions"]]
    texts = {"start": "start, to its first instruction", **{k: f"  {v}" for k, v in startup.START},
             "stop": "stop"}
    return out + [[text, figures["vm"].get(name)] for name, text in texts.items()]


def memory_lines(figures, limits):
    texts = {"core": "a core: stacks, per-core data",
             "vm_struct": "a VM: struct vm, its statistics",
             "vm_ram": "a VM of 1 MiB: RAM and its list", "vm_ept": "a VM of 1 MiB: EPT",
             "vcpu": "a vCPU: VMCS, bitmaps"}
    out = [["memory", "pages of 4 KiB", "bytes", "limit"]]
    out += [[text, figures["pages"].get(name), None, None] for name, text in texts.items()]
    out.append(["the kernel: text, data, no names", None, figures["image"], limits["image_bytes"]])
    out.append(["  without debugger and toolkit", None, figures["image_bare"],
                limits["image_bare_bytes"]])
    return out


def show(figures, peers, limits):
    print("Instructions for each operation, median; native: on the machine itself. *: above the "
          "limit.\n")
    print(table.render(figures["native"], figures["lintel"], peers, limits["rows"]), "\n")
    for column in peers["columns"]:
        print(f"{column['name']}: noted {peers['date']}, not reproduced here: {column['source']}")
    for lines in (counting.lines(figures["statistics"], limits["statistics_instructions"]),
                  scaling.lines(figures["scale"]), start_lines(figures), vm_lines(figures),
                  memory_lines(figures, limits),
                  sizes.lines(figures["ept"]["host"], "EPT set-up, counted on the host"),
                  sizes.lines(figures["ept"]["bochs"], "EPT set-up in Bochs")):
        print(f"\n{table.layout(lines)}")
    linux = figures["linux"]
    print("\n" + "\n".join(cost.lines(linux["native"], linux["lintel"], linux["exits"])) + "\n")


def compare(figures, limits, baseline, strict):
    """Says what is worse or wrong; returns how many of them --check fails for."""
    worse = table.regressions(watched(figures), baseline)
    for name, before, now in worse:
        print(f"bench: {name}: " + ("gone" if now is None else f"{before} before, {now} now"))
    broken = broken_rules(figures, limits)
    for text in broken:
        print(f"bench: {text}")
    over = table.over(figures["cost"], limits["rows"])
    for name, limit, now in over:
        print(f"bench: {name}: {now}, the limit is {limit}")
    print(f"bench: {len(worse)} of {len(baseline)} figures worse than the baseline, "
          f"{len(broken)} rules broken, {len(over)} of {len(limits['rows'])} limits exceeded")
    return len(worse) + len(broken) + (len(over) if strict else 0)


def show_cycles(said):
    """On KVM: cycles, which are nobody's limit."""
    native, lintel = table.parse(said["native"]), table.parse(said["lintel"])
    print(f"Cycles of the TSC on {table.cpu_name(said['lintel'])}; native: a guest of this KVM.\n")
    print(table.render_cycles(native, lintel))
    of_scale = {cores: scaling.parse(run[0]) for cores, run in said["scale"].items()}
    print(f"\n{table.layout(scaling.lines(of_scale))}")
    return {"cpu": table.cpu_name(said["lintel"]), "native": native, "lintel": lintel,
            "scale": of_scale}


def write_json(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=4) + "\n", encoding="utf-8")


def arguments_of(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the table")
    parser.add_argument("--check", action="store_true", help="fail if anything is worse")
    parser.add_argument("--limits", action="store_true", help="and if a limit is exceeded")
    parser.add_argument("--write-baseline", action="store_true", help="make this the baseline")
    parser.add_argument("--elf", type=Path, default=ROOT / "build" / "lintel.elf")
    return parser.parse_args(words)


def main(words=None):
    arguments = arguments_of(words)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lintel-bench-") as name:
        said = measure(Path(name), arguments.elf)
    if runs.on_kvm():
        figures = show_cycles(said)
        if arguments.json:
            write_json(arguments.json, figures)
        return 0
    peers, limits = read_json(PEERS), read_json(LIMITS)
    figures = digest(said, arguments.elf)
    show(figures, peers, limits)
    if arguments.json:
        write_json(arguments.json, {**figures, "peers": peers, "limits": limits})
    if arguments.svg:
        from tests.bench import chart  # matplotlib is slow to load
        chart.draw(arguments.svg, figures["cost"], peers, limits["rows"])
    if arguments.write_baseline:
        write_json(BASELINE, {"cost": watched(figures)})
    failed = compare(figures, limits, read_json(BASELINE)["cost"], arguments.limits)
    print(f"bench: {time.monotonic() - began:.0f} s")
    return 1 if failed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
