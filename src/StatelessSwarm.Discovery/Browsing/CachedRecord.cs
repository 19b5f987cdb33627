using System.Net;
using StatelessSwarm.Discovery.Messages;

namespace StatelessSwarm.Discovery.Browsing;

/// <summary>A record heard on a link, and how long it is still believed.</summary>
internal sealed class CachedRecord(ResourceRecord record, IPAddress source)
{
    // RFC 6762 5.2: asked for again at 80, 85, 90 and 95 % of its life, each plus a random 0-2 %.
    private const double FirstRefresh = 0.80;
    private const double RefreshStep = 0.05;
    private const double RefreshSpread = 0.02;
    private const int RefreshCount = 4;

    private TimeSpan _life;
    private int _refreshes;

    /// <summary>The record as it was heard last.</summary>
    public ResourceRecord Record { get; private set; } = record;

    /// <summary>Who brought it first; it counts against that source's share.</summary>
    public IPAddress Source { get; } = source;

    /// <summary>When it was heard last.</summary>
    public TimeSpan Received { get; private set; }

    /// <summary>When it is forgotten.</summary>
    public TimeSpan Expires { get; private set; }

    /// <summary>When to ask for it again if it is still wanted.</summary>
    public TimeSpan RefreshDue { get; private set; }

    /// <summary>Heard, first or again.</summary>
    public void Hear(ResourceRecord record, TimeSpan life, TimeSpan now, Random random)
    {
        Record = record;
        Received = now;
        _life = life;
        Expires = now + life;
        _refreshes = 0;
        PlanRefresh(random);
    }

    /// <summary>Said goodbye to, or flushed: gone in one second (RFC 6762 10.1, 10.2).</summary>
    public void Doom(TimeSpan now)
    {
        var end = now + TimeSpan.FromSeconds(1);
        if (end >= Expires)
            return;
        Expires = end;
        RefreshDue = TimeSpan.MaxValue;
    }

    /// <summary>Asked for again; plans the next time.</summary>
    public void NoteRefresh(Random random)
    {
        _refreshes++;
        PlanRefresh(random);
    }

    /// <summary>Seconds left, rounded down.</summary>
    public uint SecondsLeft(TimeSpan now) => Expires <= now ? 0 : (uint)(Expires - now).TotalSeconds;

    /// <summary>Whether more than half its time is left, so that it counts as known (RFC 6762 7.1).</summary>
    public bool IsFresh(TimeSpan now) => SecondsLeft(now) > Record.TimeToLiveSeconds / 2;

    private void PlanRefresh(Random random)
    {
        var share = FirstRefresh + (RefreshStep * _refreshes) + (RefreshSpread * random.NextDouble());
        RefreshDue = _refreshes < RefreshCount ? Received + (_life * share) : TimeSpan.MaxValue;
    }
}
