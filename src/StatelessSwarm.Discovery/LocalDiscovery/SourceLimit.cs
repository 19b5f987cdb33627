using System.Net;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>
/// How many messages of one sender are read: 10 in a second, as Transmission does. Remembers 1,024 senders; those
/// beyond share one allowance.
/// </summary>
internal sealed class SourceLimit
{
    /// <summary>Messages of one address read within one <see cref="Window"/>.</summary>
    public const int MaxMessages = 10;

    /// <summary>Addresses counted one by one.</summary>
    public const int MaxSources = 1024;

    /// <summary>Length of the counting window.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Dictionary<IPAddress, int> _counts = [];
    private TimeSpan _windowStart = TimeSpan.MinValue;

    /// <summary>Counts a message; false when it is one too many.</summary>
    public bool TryCount(IPAddress source, TimeSpan now)
    {
        if (_windowStart == TimeSpan.MinValue || now - _windowStart >= Window)
        {
            _counts.Clear();
            _windowStart = now;
        }
        var counted = _counts.ContainsKey(source) || _counts.Count < MaxSources ? source : IPAddress.None;
        var count = _counts.GetValueOrDefault(counted) + 1;
        _counts[counted] = count;
        return count <= MaxMessages;
    }
}
