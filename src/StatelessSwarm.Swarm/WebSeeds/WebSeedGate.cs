using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Swarm.WebSeeds;

/// <summary>
/// Whether web seeds are to be used. Without a delay always. With one they are a reserve, for a server that is a BitTorrent peer
/// too: used after that time without a peer that gives, or in which peers gave next to nothing, until a complete peer has given
/// for <see cref="StopAfter"/>.
/// </summary>
/// <param name="delay">Time without peers before web seeds are used.</param>
/// <param name="time">Clock.</param>
internal sealed class WebSeedGate(TimeSpan delay, TimeProvider time)
{
    /// <summary>A complete peer that gives for so long makes web seeds superfluous.</summary>
    public static readonly TimeSpan StopAfter = TimeSpan.FromSeconds(5);

    /// <summary>Over this time it is looked at how much peers give: 2 s.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    /// <summary>Less than this in a <see cref="Window"/> is next to nothing: 32 KiB/s.</summary>
    private const long LeastBytes = 64 * 1024;

    private long _windowFrom = time.GetTimestamp();
    private long _windowBytes;
    private bool _isTrickle;
    private long _changeSince = time.GetTimestamp();
    private bool _isOpen = delay <= TimeSpan.Zero;

    /// <summary>Looks at the counters; true when web seeds are to be used now. To be called a few times a second.</summary>
    public bool Look(EngineStatus status)
    {
        if (delay <= TimeSpan.Zero)
            return true;
        var now = time.GetTimestamp();
        var bytes = status.ReceivedLanBytes + status.ReceivedWanBytes;
        if (time.GetElapsedTime(_windowFrom, now) >= Window)
        {
            _isTrickle = bytes - _windowBytes < LeastBytes;
            (_windowFrom, _windowBytes) = (now, bytes);
        }
        var wantsChange = _isOpen
            ? status.CompleteGivers > 0 && !_isTrickle
            : status.Givers == 0 || _isTrickle;
        if (!wantsChange)
            _changeSince = now;
        else if (time.GetElapsedTime(_changeSince, now) >= (_isOpen ? StopAfter : delay))
            (_isOpen, _changeSince) = (!_isOpen, now);
        return _isOpen;
    }
}
