using StatelessSwarm.Sim.Networks;
using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Sim.Scenarios;

/// <summary>
/// Who starts and fails when: decided before the run from the scenario and the seed number, so that what a tracker knows at any time is a
/// function of that time, and no site has to ask another one.
/// </summary>
internal sealed class FaultPlan
{
    private readonly List<FaultAction> _actions = [];
    private readonly List<SimNode>[] _bySite;
    private readonly Dictionary<SimNode, List<(long From, long Until)>> _outs = [];
    private readonly SimNode[] _known;
    private readonly long[] _knownFrom;
    private readonly int _answer;

    public FaultPlan(Scenario scenario, IReadOnlyList<SimSite> sites, IReadOnlyList<SimNode> nodes, SimRandom random)
    {
        _bySite = [.. sites.Select(site => site.Nodes.Where(node => !node.IsSeed).ToList())];
        _answer = scenario.Tracker.Peers;
        PlanStarts(scenario.Starts, nodes, random);
        foreach (var late in scenario.Starts.Late)
            _bySite[late.Site][late.Node - 1].StartAt = VirtualClock.Seconds(late.AtSeconds);
        foreach (var fault in scenario.Faults)
            Add(fault, sites, nodes, random);
        _known = [.. nodes.OrderBy(node => node.StartAt).ThenBy(node => node.Number)];
        _knownFrom = [.. _known.Select(node => node.StartAt)];
    }

    /// <summary>What happens to nodes, by number.</summary>
    public IReadOnlyList<FaultAction> Actions => _actions;

    /// <summary>When the tracker dies.</summary>
    public long TrackerDiesAt { get; private set; } = VirtualClock.Never;

    /// <summary>Peers that a tracker names: of those started and not gone, by chance.</summary>
    public void Answer(SimNode asker, long now, SimRandom random, Action<SimNode> tell)
    {
        var count = Array.BinarySearch(_knownFrom, now);
        count = count < 0 ? ~count : count;
        var names = Math.Min(_answer, count - 1);
        var start = count > 0 ? random.Below(count) : 0;
        // A stride without a common divisor reaches everybody once.
        var stride = count > 2 ? 1 + random.Below(count - 1) : 1;
        while (count > 2 && Divisor(stride, count) > 1)
            stride = stride % (count - 1) + 1;
        for (var step = 0; step < count && names > 0; step++)
        {
            var other = _known[(int)((start + (long)step * stride) % count)];
            if (other == asker || IsOut(other, now))
                continue;
            names--;
            tell(other);
        }
    }

    private bool IsOut(SimNode node, long now) => _outs.TryGetValue(node, out var outs) && outs.Exists(time => now >= time.From && now < time.Until);

    private static int Divisor(int a, int b) => b == 0 ? a : Divisor(b, a % b);

    private static void PlanStarts(Starts starts, IReadOnlyList<SimNode> nodes, SimRandom random)
    {
        var waiting = nodes.Where(node => !node.IsSeed).ToList();
        foreach (var node in waiting)
            node.StartAt = VirtualClock.Seconds(random.Share() * starts.SpreadSeconds);
        if (starts.Waves.Count == 0)
            return;
        random.Shuffle(waiting);
        var first = 0;
        foreach (var wave in starts.Waves)
        {
            var end = Math.Min(waiting.Count, first + (int)Math.Round(wave.Share * nodes.Count));
            for (; first < end; first++)
                waiting[first].StartAt = VirtualClock.Seconds(wave.AtSeconds + random.Share() * wave.SpreadSeconds);
        }
    }

    private void Add(Fault fault, IReadOnlyList<SimSite> sites, IReadOnlyList<SimNode> nodes, SimRandom random)
    {
        var at = VirtualClock.Seconds(fault.AtSeconds);
        var until = fault.ForSeconds is { } lasts ? at + VirtualClock.Seconds(lasts) : VirtualClock.Never;
        switch (fault.Kind)
        {
            case FaultKind.SeedDies:
                foreach (var seed in nodes.Where(node => node.IsSeed))
                    TakeOut(seed, at, until, FaultActionKind.Crash);
                return;
            case FaultKind.TrackerDies:
                TrackerDiesAt = at;
                return;
            case FaultKind.Partition when fault.Node is null && fault.Site is { } number:
                var site = sites[number];
                site.Up.Cut(at, until);
                site.Down.Cut(at, until);
                foreach (var member in site.Nodes)
                {
                    if (until >= VirtualClock.Never)
                        member.MustFinish = false;
                    else
                        Plan(member, until, new FaultAction(FaultActionKind.CutOver));
                }
                return;
            case FaultKind.Split:
                foreach (var part in Targets(fault, random).GroupBy(node => node.Site))
                    Split(part.Key, [.. part], at, until);
                return;
            default:
                foreach (var node in Targets(fault, random))
                    Add(fault, node, at, until, random);
                return;
        }
    }

    private void Add(Fault fault, SimNode node, long at, long until, SimRandom random)
    {
        switch (fault.Kind)
        {
            case FaultKind.Crash:
                TakeOut(node, at, until, FaultActionKind.Crash);
                break;
            case FaultKind.Power:
                TakeOut(node, at, until, FaultActionKind.Power);
                break;
            case FaultKind.Churn:
                var time = fault.AtSeconds + random.Share() * ((fault.UntilSeconds ?? fault.AtSeconds) - fault.AtSeconds);
                var from = VirtualClock.Seconds(time);
                TakeOut(node, from, from + VirtualClock.Seconds((fault.ForSeconds ?? 5) * random.Between(0.5, 1.5)), FaultActionKind.Crash);
                break;
            case FaultKind.Freeze:
                Between(node, at, until, FaultActionKind.Freeze, FaultActionKind.Thaw);
                node.MustFinish &= until < VirtualClock.Never;
                break;
            case FaultKind.Stall:
                Between(node, at, until, FaultActionKind.Stall, FaultActionKind.Unstall);
                break;
            case FaultKind.Lie:
                Plan(node, at, new FaultAction(FaultActionKind.Lie));
                // Thrown out by everybody, it may have nobody left to fetch from.
                node.MustFinish = false;
                break;
            case FaultKind.Partition:
                node.Cut(at, until);
                node.MustFinish &= until < VirtualClock.Never;
                if (until < VirtualClock.Never)
                    Plan(node, until, new FaultAction(FaultActionKind.CutOver));
                break;
            case FaultKind.SlowDisk:
                Plan(node, at, new FaultAction(FaultActionKind.SlowDisk, fault.Rate));
                break;
            case FaultKind.SlowUp:
                Plan(node, at, new FaultAction(FaultActionKind.SlowUp, fault.Rate));
                break;
            case FaultKind.SlowDown:
                Plan(node, at, new FaultAction(FaultActionKind.SlowDown, fault.Rate));
                break;
            default:
                node.SetSkew(fault.Skew);
                break;
        }
    }

    private static void Split(SimSite site, List<SimNode> part, long at, long until)
    {
        site.Split(part, at, until);
        if (until < VirtualClock.Never || !site.Nodes.Exists(node => node.IsSeed))
            return;
        // The seeds are on one side of it.
        foreach (var node in site.Nodes)
            node.MustFinish = false;
    }

    private List<SimNode> Targets(Fault fault, SimRandom random)
    {
        if (fault is { Site: { } site, Node: { } place })
            return [_bySite[site][place - 1]];
        var among = fault.Site is { } one ? [.. _bySite[one]] : _bySite.SelectMany(nodes => nodes).ToList();
        random.Shuffle(among);
        return among.GetRange(0, Math.Min(fault.Nodes, among.Count));
    }

    private void TakeOut(SimNode node, long at, long until, FaultActionKind kind)
    {
        Between(node, at, until, kind, FaultActionKind.Start);
        if (!_outs.TryGetValue(node, out var outs))
            _outs.Add(node, outs = []);
        outs.Add((at, until));
        node.MustFinish &= until < VirtualClock.Never;
    }

    private void Between(SimNode node, long at, long until, FaultActionKind begin, FaultActionKind end)
    {
        Plan(node, at, new FaultAction(begin));
        if (until < VirtualClock.Never)
            Plan(node, until, new FaultAction(end));
    }

    private void Plan(SimNode node, long at, FaultAction action)
    {
        node.Plan(at, _actions.Count);
        _actions.Add(action);
    }
}
