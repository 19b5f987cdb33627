using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Sim.Invariants;
using StatelessSwarm.Sim.Networks;
using StatelessSwarm.Sim.Scenarios;

namespace StatelessSwarm.Sim.Swarms;

/// <summary>
/// Hosts that share a switch and one WAN link, with a clock and events of their own. Sites touch each other only through what they post,
/// no sooner than the WAN's delay: until then each may be simulated by itself, on any thread, and nothing depends on which.
/// </summary>
internal sealed class SimSite
{
    /// <summary>From host to host on one LAN, in nanoseconds.</summary>
    public const long LanDelay = VirtualClock.Millisecond / 5;

    /// <summary>Broken rules kept per site.</summary>
    private const int MostBreaches = 1000;

    /// <summary>A frame that comes with the next one's event.</summary>
    public const int NoEvent = -1;

    private readonly List<Posted> _posted = [];
    private readonly List<SiteSplit> _splits = [];
    private readonly long _tick;

    public SimSite(int index, SiteGroup plan, Scenario scenario)
    {
        Index = index;
        Plan = plan;
        Delay = VirtualClock.Milliseconds(plan.DelayMs);
        _tick = VirtualClock.Milliseconds(scenario.TickMs);
        var buffer = VirtualClock.Milliseconds(plan.BufferMs);
        Down = new Link(Events, Clock, plan.WanDown, buffer) { Loss = plan.Loss };
        Up = new Link(Events, Clock, plan.WanUp, buffer) { Loss = plan.Loss };
    }

    /// <summary>Its number; 0 is where the seeds are.</summary>
    public int Index { get; }

    /// <summary>What the scenario says of it.</summary>
    public SiteGroup Plan { get; }

    /// <summary>Time here.</summary>
    public VirtualClock Clock { get; } = new();

    /// <summary>What happens here.</summary>
    public EventHeap Events { get; } = new();

    /// <summary>Everything that has happened here.</summary>
    public EventHash Hash;

    /// <summary>WAN link towards the site.</summary>
    public Link Down { get; }

    /// <summary>WAN link from the site.</summary>
    public Link Up { get; }

    /// <summary>The site's half of the way to another site, in nanoseconds.</summary>
    public long Delay { get; }

    /// <summary>Its hosts.</summary>
    public List<SimNode> Nodes { get; } = [];

    /// <summary>What came in over the WAN, block by block; null where there is nothing to keep (seeds, claims off).</summary>
    public WanLedger? Ledger { get; set; }

    /// <summary>Rules that were broken here.</summary>
    public List<Breach> Breaches { get; } = [];

    /// <summary>Nodes that are still to finish.</summary>
    public int Unfinished { get; set; }

    /// <summary>Events handled.</summary>
    public long Handled { get; private set; }

    /// <summary>Payload bytes that came in over the WAN link.</summary>
    public long PayloadIn { get; set; }

    /// <summary>Payload bytes that went out over the WAN link.</summary>
    public long PayloadOut { get; set; }

    /// <summary>What its hosts have said, in bytes of the peer protocol, payload left out.</summary>
    public ControlBytes Control;

    /// <summary>Handles what happens before <paramref name="end"/>.</summary>
    public void RunUntil(long end)
    {
        while (Events.NextAt < end)
        {
            Clock.Now = Events.Pop(out var target, out var what, out var argument);
            Handled++;
            target.Fire(what, argument);
        }
    }

    /// <summary>Plans an event at another site, at least the WAN's delay from now.</summary>
    public void Post(SimSite site, long at, EventTarget target, int what, long argument) =>
        _posted.Add(new Posted(site, at, target, what, argument, default, false));

    /// <summary>The same for a frame that goes there.</summary>
    public void Post(SimSite site, long at, Pipe pipe, int what, long argument, in Frame frame) =>
        _posted.Add(new Posted(site, at, pipe, what, argument, frame, true));

    /// <summary>Hands over what was posted; while no site is being simulated.</summary>
    public void Exchange()
    {
        foreach (ref var posted in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_posted))
        {
            if (posted.HasFrame)
                ((Pipe)posted.Target).Expect(posted.Frame);
            if (posted.What != NoEvent)
                posted.Site.Events.Push(posted.At, posted.Target, posted.What, posted.Argument);
        }
        _posted.Clear();
    }

    /// <summary>With a coarse tick, small messages are handed over together.</summary>
    public long RoundUp(long time) => _tick <= 0 ? time : (time + _tick - 1) / _tick * _tick;

    /// <summary>The hosts of a part and the others do not reach each other in this time.</summary>
    public void Split(IReadOnlyCollection<SimNode> part, long from, long until)
    {
        _splits.Add(new SiteSplit(from, until, part));
        _splits.Sort((one, other) => one.From.CompareTo(other.From));
    }

    /// <summary>The first moment from <paramref name="time"/> on at which two hosts of the site reach each other.</summary>
    public long WholeAt(SimNode one, SimNode other, long time)
    {
        foreach (var split in _splits)
        {
            if (time >= split.From && time < split.Until && split.Separates(one, other))
                time = split.Until;
        }
        return time;
    }

    /// <summary>Two hosts of the site did not reach each other at some time since.</summary>
    public bool WereApart(SimNode one, SimNode other, long since) =>
        _splits.Exists(split => split.From <= Clock.Now && split.Until > since && split.Separates(one, other));

    /// <summary>A message is said.</summary>
    public void Count(in Frame frame, bool isLan)
    {
        if (frame.Kind == PeerMessageKind.Have)
            Control.Have += frame.Size;
        else if (frame.Kind is PeerMessageKind.Request or PeerMessageKind.Cancel or PeerMessageKind.RejectRequest)
            Control.Request += frame.Size;
        else
            Control.Other += frame.Size;
        if (!isLan)
            Control.Wan += frame.Size;
    }

    /// <summary>A rule was broken.</summary>
    public void Break(SimNode node, string rule)
    {
        if (Breaches.Count < MostBreaches)
            Breaches.Add(new Breach(Clock.Now, node.Name, rule));
    }

    private readonly record struct Posted(SimSite Site, long At, EventTarget Target, int What, long Argument, Frame Frame, bool HasFrame);
}
