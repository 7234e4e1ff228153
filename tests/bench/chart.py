"""The table as a picture: build/bench.svg. The same figures give the same bytes."""

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "lintel"
matplotlib.rcParams["svg.fonttype"] = "none"

from matplotlib import pyplot  # noqa: E402

from tests.bench import table  # noqa: E402

COLOURS = {"Lintel": "#1b5e9b", "limit": "#111111", "KVM": "#d08a2e", "BitVisor": "#8a8f98"}


def rows_of(cost, peers, limits):
    """The rows that can be compared with somebody: [(name, text, own cost, {peer: cost})]."""
    found = []
    for name, text, _ in table.ROWS:
        others = {c["name"]: c["rows"][name] for c in peers["columns"] if name in c["rows"]}
        if name in cost and (others or name in limits):
            found.append((name, text, cost[name], others))
    return found


def draw(path, cost, peers, limits):
    """One group of bars a row, on a logarithmic scale; a line where the limit is."""
    rows = rows_of(cost, peers, limits)
    names = ["Lintel", *(column["name"] for column in peers["columns"])]
    height = 0.8 / len(names)
    figure, axes = pyplot.subplots(figsize=(9, 0.45 * len(rows) + 1.4))
    for number, who in enumerate(names):
        values = [own if who == "Lintel" else others.get(who, 0) for _, _, own, others in rows]
        at = [row + number * height for row in range(len(rows))]
        axes.barh(at, values, height, label=who, color=COLOURS.get(who))
    for row, (name, _, _, _) in enumerate(rows):
        if name in limits:
            axes.plot([limits[name]] * 2, [row - height / 2, row + height * (len(names) - 0.5)],
                      color=COLOURS["limit"], linewidth=1.5, label="limit" if row == 0 else None)
    axes.set_xscale("log")
    axes.set_yticks([row + height * (len(names) - 1) / 2 for row in range(len(rows))],
                    [text for _, text, _, _ in rows])
    axes.invert_yaxis()
    axes.set_xlabel("instructions (1: no exit)")
    axes.legend(loc="lower right")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)
