"""Exits on several cores at once: what guest/programs/scale.asm prints, and what follows."""

import re

LINE = re.compile(r"^(?:([\w.-]+)\| )?scale (\w+) exits=(\d+) n=(\d+) min=(\d+) med=(\d+) "
                  r"mean=(\d+) max=(\d+)\s*$", re.M)
OPERATIONS = {"cpuid": "CPUID", "in_21": "IN 21h"}


def parse(text):
    """{operation: [{"med": .., "mean": ..} for each VM]}, ticks of one exit and its loop."""
    found = {}
    for line in LINE.finditer(text):
        _, name, exits, _, _, med, mean, _ = line.groups()
        found.setdefault(name, []).append({"med": int(med) / int(exits),
                                           "mean": int(mean) / int(exits)})
    return found


def per_exit(vms):
    """Instructions of an exit where it is worst: the highest median of the VMs."""
    return max(vm["med"] for vm in vms)


def rate(vms):
    """Exits of all VMs in a million ticks, the host's own work counted in."""
    return sum(1e6 / vm["mean"] for vm in vms)


def growth_percent(runs, operation):
    """{cores: growth against the fewest cores}. runs: {cores: what parse() returned}."""
    base = per_exit(runs[min(runs)][operation])
    return {cores: 100 * (per_exit(run[operation]) / base - 1) for cores, run in runs.items()}


def complaints(runs, percent):
    """What is not as it shall be: VMs that are missing, exits that cost more with more cores."""
    wrong = []
    for operation in OPERATIONS:
        missing = [cores for cores, run in runs.items() if len(run.get(operation, ())) != cores]
        wrong += [f"scaling: {operation}: not every VM of {cores} has told" for cores in missing]
        if not missing:
            wrong += [f"scaling: {operation}: {growth:.1f} % more on {cores} cores"
                      for cores, growth in growth_percent(runs, operation).items()
                      if growth > percent]
    return wrong


def lines(runs):
    """The rows of the table, the head first."""
    out = [["exits on all cores at once", *(f"{c} core{'s' if c > 1 else ''}" for c in runs)]]
    for operation, text in OPERATIONS.items():
        told = {cores: run[operation] for cores, run in runs.items() if operation in run}
        out.append([f"{text}: instructions an exit",
                    *(f"{per_exit(told[c]):.1f}" if c in told else None for c in runs)])
        out.append([f"{text}: exits in 1 M instructions",
                    *(f"{rate(told[c]):,.0f}" if c in told else None for c in runs)])
    return out
