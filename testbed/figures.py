"""What a run says: the figures of one run, and medians over several. README.md explains each of them."""
import re
import statistics

from testbed.machine import HZ

_KINDS = (("seed_up", r"seed\.up"), ("seed_down", r"seed\.down"), ("host_up", r"s\d+h\d+\.up"),
          ("host_down", r"s\d+h\d+\.down"), ("wan_down", r".*wan_down"), ("wan_up", r".*wan_up"))


def _mb(kilobytes):
    return round(kilobytes / 1024, 1)


def figures(run, started, ended, spread, before, after, first_data, machine, live_cpu, boot_cpu, service_cpu, bad):
    """The figures of one run; before and after are (link counters, backlog drops, CPU ticks)."""
    plan, peers, size = run.lab.plan, run.peers, int(run.values.get("payload_size", 0))
    times = sorted(p.done_at - started for p in peers if p.done_at)
    carried = {link: tuple(b - a for a, b in zip(before[0][link], after[0][link])) for link in after[0]}
    ticks = [b - a for a, b in zip(before[2], after[2])]
    busy_s, softirq_s = (sum(ticks) - ticks[3] - ticks[4]) / HZ, ticks[6] / HZ
    cpu = [p.cpu for p in peers]
    wan_used = not (len(plan.sites) == 1 and plan.seed_site)
    out = {
        "nodes": len(peers), "completed": len(times), "bad": bad, "ok": len(times) == len(peers) and not bad,
        "payload": size, "wall": round(ended - started, 3), "launch_spread": round(spread, 3),
        "t_min": round(times[0], 3) if times else None,
        "t_median": round(statistics.median(times), 3) if times else None,
        "t_max": round(times[-1], 3) if times else None,
        "seed_first_data_s": round(first_data, 2) if first_data else None,
        "seed_egress": carried["seed.up"][0], "seed_ingress": carried["seed.down"][0],
        "wan": {"s%d" % s.index: {"down": carried["s%d.wan_down" % s.index][0], "up": carried["s%d.wan_up" % s.index][0],
                                  "drops": carried["s%d.wan_down" % s.index][2] + carried["s%d.wan_up" % s.index][2]}
                for s in plan.sites} if wan_used else {},
        "node_up_bytes": sum(carried[p.host.id + ".up"][0] for p in peers),
        "drops": sum(c[2] for c in carried.values()),
        "drops_by_kind": {kind: sum(c[2] for link, c in carried.items() if re.fullmatch(pattern, link))
                          for kind, pattern in _KINDS},
        "packets": sum(c[1] for c in carried.values()), "softnet_drops": after[1] - before[1],
        "services": {"%s@%s" % (p.role, p.host.id): {"cpu": round(c, 2), "rss_mb": _mb(p.rss_kb), "anon_mb": _mb(p.anon_kb)}
                     for p, c in zip(run.services, service_cpu)},
        "node_cpu": {"mean": round(statistics.mean(cpu), 2), "max": round(max(cpu), 2), "total": round(sum(cpu), 2),
                     "boot_total": round(boot_cpu, 2)},
        "node_rss_mb": {"median": _mb(statistics.median(p.rss_kb for p in peers)), "max": _mb(max(p.rss_kb for p in peers))},
        "node_anon_mb": {"median": _mb(statistics.median(p.anon_kb for p in peers)), "max": _mb(max(p.anon_kb for p in peers))},
        "machine": dict(machine, busy_cpu_s=round(busy_s, 1), softirq_s=round(softirq_s, 1), lab_cpu_s=round(live_cpu, 1),
                        other_cpu_s=round(max(0.0, busy_s - live_cpu - softirq_s), 1)),
    }
    if run.spec["node"].get("figures"):
        out["told"] = _told(run.spec["node"]["figures"], peers)
    if size:
        best, which, _ = plan.optimum(size, run.nodes)
        out.update(t_star=round(best, 3), t_star_by=which, seed_egress_over_F=round(out["seed_egress"] / size, 3),
                   seed_copies=round(run.lab.payload(out["seed_egress"]) / size, 3))
        if times and best:
            out.update(ratio_max=round(times[-1] / best, 3), ratio_median=round(statistics.median(times) / best, 3))
        for wan in out["wan"].values():
            wan.update(down_over_F=round(wan["down"] / size, 3), up_over_F=round(wan["up"] / size, 3),
                       copies=round(run.lab.payload(wan["down"]) / size, 3))
    failed = [(p.host.id, p.failed, p.tail(3)) for p in peers if p.failed is not None]
    if failed:
        out["failed"] = failed[:20]
    return out


def _told(pattern, peers):
    """Sums, over all nodes, of the numbers that the pattern's named groups find in their logs."""
    sums = {}
    for peer in peers:
        with open(peer.log, errors="replace") as file:
            found = list(re.finditer(pattern, file.read(), re.M))
        for name, text in (found[-1].groupdict() if found else {}).items():
            sums[name] = sums.get(name, 0) + int(text)
    return sums


_MEDIANS = ("seed_first_data_s", "t_min", "t_median", "t_max", "ratio_max", "ratio_median", "seed_egress_over_F",
            "seed_copies", "wall", "drops")
_NESTED = (("node_cpu_total", "node_cpu", "total"), ("node_cpu_mean", "node_cpu", "mean"),
           ("node_rss_mb", "node_rss_mb", "median"), ("node_anon_mb", "node_anon_mb", "median"),
           ("busy_mean", "machine", "busy_mean"), ("busy_over_85", "machine", "share_of_time_over_85"),
           ("softirq_s", "machine", "softirq_s"), ("other_cpu_s", "machine", "other_cpu_s"))


def _median(values):
    values = [v for v in values if v is not None]
    return round(statistics.median(values), 3) if values else None


def summary(runs):
    """Medians over the good runs; what went wrong when there is none."""
    good = [r for r in runs if r.get("ok")]
    out = {"label": runs[0].get("label"), "runs": len(runs), "good": len(good)}
    if not good:
        out["errors"] = [r.get("error") or "completed %s of %s, bad %s, failed %s" %
                         (r.get("completed"), r.get("nodes"), r.get("bad"), r.get("failed")) for r in runs]
        return out
    first = good[0]
    out.update({key: first.get(key) for key in ("nodes", "payload", "t_star", "t_star_by", "cc")})
    out.update({key: _median(r.get(key) for r in good) for key in _MEDIANS})
    out.update({name: _median(r[key][part] for r in good) for name, key, part in _NESTED})
    out["t_max_range"] = [min(r["t_max"] for r in good), max(r["t_max"] for r in good)]
    for key, part in (("wan_down_over_F", "down_over_F"), ("wan_up_over_F", "up_over_F"), ("wan_copies", "copies")):
        values = [wan[part] for r in good for wan in r["wan"].values() if part in wan]
        if values:
            out[key] = {"median": _median(values), "min": min(values), "max": max(values)}
    out["services"] = {name: {part: _median(r["services"][name][part] for r in good if name in r["services"])
                              for part in ("cpu", "rss_mb", "anon_mb")} for name in first["services"]}
    return out
