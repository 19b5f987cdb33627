using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>The web seeds of a torrent: which are in use, which are to be tried again and when. May be called from any thread.</summary>
internal sealed class WebSeedRoster
{
    /// <summary>Between looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly WebSeed[] _seeds;
    private readonly WebSeedGate _useful;
    private readonly TimeProvider _time;
    private string? _trouble;

    public WebSeedRoster(IEnumerable<Uri> urls, TimeSpan delay, TimeProvider time)
    {
        _seeds = [.. urls.Select(url => new WebSeed(url))];
        _useful = new WebSeedGate(delay, time);
        _time = time;
    }

    /// <summary>The last trouble with one of them, in one line, or null.</summary>
    public string? Trouble => Volatile.Read(ref _trouble);

    /// <summary>What is to be used from now on, and what no more. The former are in use from here on.</summary>
    public (IReadOnlyList<WebSeed> Start, IReadOnlyList<PeerHandle> Stop) Look(EngineStatus status)
    {
        lock (_gate)
        {
            if (!_useful.Look(status))
                return ([], [.. _seeds.Select(seed => seed.Handle).OfType<PeerHandle>()]);
            var now = _time.GetTimestamp();
            WebSeed[] start = [.. _seeds.Where(seed => seed is { IsInUse: false, IsGivenUp: false } && seed.RetryAt <= now)];
            foreach (var seed in start)
                seed.IsInUse = true;
            return (start, []);
        }
    }

    /// <summary>It is connected.</summary>
    public void Connected(WebSeed seed, PeerHandle handle)
    {
        lock (_gate)
            seed.Handle = handle;
    }

    /// <summary>How it stands with it now: trouble that may pass is remembered; what it gave makes earlier failures forgotten.</summary>
    public void Seen(WebSeedConnection connection)
    {
        if (connection.HasDelivered)
        {
            lock (_gate)
            {
                if (Array.Find(_seeds, seed => seed.Handle == connection.Handle) is { } seed)
                    seed.Failures = 0;
            }
        }
        if (connection.Trouble is { } trouble)
            Volatile.Write(ref _trouble, $"{connection.Url}: {trouble}");
    }

    /// <summary>It could not be used: its name is unknown, or there is no connection left.</summary>
    public void Failed(WebSeed seed, string reason)
    {
        lock (_gate)
        {
            seed.IsInUse = false;
            seed.Handle = null;
            Rest(seed);
        }
        Volatile.Write(ref _trouble, $"{seed.Url}: {reason}");
    }

    /// <summary>The engine ended the connection.</summary>
    public void Dropped(PeerHandle handle, PeerFault fault)
    {
        lock (_gate)
        {
            if (Array.Find(_seeds, seed => seed.Handle == handle) is not { } seed)
                return;
            if (fault == PeerFault.WrongData)
                seed.IsGivenUp = true;
            else
                Rest(seed);
            if (fault != PeerFault.BothComplete)
                Volatile.Write(ref _trouble, $"{seed.Url}: dropped: {fault}");
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Ended(WebSeedConnection connection)
    {
        lock (_gate)
        {
            if (Array.Find(_seeds, seed => seed.Handle == connection.Handle) is not { } seed)
                return;
            seed.IsInUse = false;
            seed.Handle = null;
            if (connection.FinalFault is not { } fault)
                return;
            seed.IsGivenUp = !fault.IsFar || seed.IsFar;
            seed.IsFar |= fault.IsFar;
            Volatile.Write(ref _trouble, $"{seed.Url}: {fault.Reason}");
        }
    }

    private void Rest(WebSeed seed)
    {
        var pause = FirstRetry * Math.Pow(2, Math.Min(seed.Failures++, 10));
        pause = pause < LongestRetry ? pause : LongestRetry;
        seed.RetryAt = _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency);
    }
}
