"""What a comparison is: scenes, subjects and measures; runs them in turn and makes rows of the results."""
import json
import os
import statistics
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional

from testbed import run, topology

TESTBED = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@dataclass(frozen=True)
class Measure:
    """One figure of one run. over: also reported as a ratio to that subject's median, ours only."""
    name: str
    unit: str
    of: Callable[[dict], Optional[float]]
    over: Optional[str] = None


@dataclass(frozen=True)
class Scene:
    """One topology with one payload, the subjects that take part and what is measured. peers: subject -> path of its peer
    description, for those that have none in testbed/peers. runner: what executes one run of it, where waiting for all is not it."""
    name: str
    topo: str
    mib: int
    subjects: tuple
    measures: tuple
    peers: Dict[str, str] = field(default_factory=dict)
    runner: Callable = run.Run

    def description_of(self, subject):
        """The subject's peer description (testbed/README.md, "Peer")."""
        with open(self.peers.get(subject) or os.path.join(TESTBED, "peers", subject + ".json")) as file:
            return json.load(file)


@dataclass
class Result:
    """Figures of all runs: (measure, subject) -> values in order of the rounds, None where a run failed."""
    scene: Scene
    values: Dict[tuple, List[Optional[float]]] = field(default_factory=dict)
    failures: List[str] = field(default_factory=list)


OURS = "stateless"


def execute(scene, settings_of, work, name, rounds, say):
    """Runs the subjects alternately, so that a change of the machine's load meets all of them."""
    result, spec_topology = Result(scene), topology.load(os.path.join(TESTBED, "topo", scene.topo + ".json"))
    for number in range(1, rounds + 1):
        for subject in scene.subjects:
            one = scene.runner(spec_topology, scene.description_of(subject), work, name, settings_of(subject)).execute()
            good = bool(one.get("ok"))
            say("%s %d/%d %-12s %s" % (scene.name, number, rounds, subject, "%.2f s" % one["t_max"] if good else
                                       "failed: %s" % (one.get("error") or one.get("failed") or one.get("bad"))))
            if not good:
                result.failures.append("%s of %s, round %d" % (subject, scene.name, number))
            for measure in scene.measures:
                result.values.setdefault((measure.name, subject), []).append(measure.of(one) if good else None)
    return result


def rows(result):
    """The list of rows as --json writes it."""
    out = []
    for measure in result.scene.measures:
        for subject in result.scene.subjects:
            out += _row("%s.%s" % (result.scene.name, measure.name), subject, measure.unit,
                        result.values[(measure.name, subject)])
        if measure.over and OURS in result.scene.subjects and measure.over in result.scene.subjects:
            ours, theirs = (result.values[(measure.name, subject)] for subject in (OURS, measure.over))
            known = [v for v in theirs if v]
            base = statistics.median(known) if known else None
            out += _row("%s.%s_over_%s" % (result.scene.name, measure.name.split("_seconds")[0], measure.over), OURS, "ratio",
                        [v / base if v is not None and base else None for v in ours])
    return out


def _row(measure, subject, unit, values):
    known = [round(v, 4) for v in values if v is not None]
    if not known:
        return []
    return [{"measure": measure, "subject": subject, "value": round(statistics.median(known), 4), "unit": unit, "runs": known}]


def table(all_rows):
    """The rows as text: a line per measure, a column per subject."""
    subjects = list(dict.fromkeys(row["subject"] for row in all_rows))
    measures = list(dict.fromkeys((row["measure"], row["unit"]) for row in all_rows))
    cells = {(row["measure"], row["subject"]): row for row in all_rows}
    lines = ["%-34s %-6s" % ("measure (median)", "unit") + "".join("%22s" % s for s in subjects)]
    for measure, unit in measures:
        line = "%-34s %-6s" % (measure, unit)
        for subject in subjects:
            row = cells.get((measure, subject))
            line += "%22s" % ("-" if row is None else "%.4g (%.4g-%.4g)" % (row["value"], min(row["runs"]), max(row["runs"])))
        lines.append(line)
    return "\n".join(lines)
