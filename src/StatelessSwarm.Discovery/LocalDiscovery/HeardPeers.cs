using System.Net;

namespace StatelessSwarm.Discovery.LocalDiscovery;

/// <summary>
/// Which peers have been heard of, so that each is reported once a minute at most and a newcomer is known as one.
/// Forgets after 12 minutes: two announcements missed. Bounded: 4,096 pairs of swarm and address, 8 ports of each.
/// </summary>
internal sealed class HeardPeers
{
    /// <summary>A peer heard again is reported again after this time.</summary>
    public static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);

    /// <summary>A peer not heard for this time is a newcomer again.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(12);

    /// <summary>Pairs of swarm and address remembered.</summary>
    public const int MaxSenders = 4096;

    /// <summary>Ports remembered of each.</summary>
    public const int MaxPorts = 8;

    private readonly Dictionary<(SwarmHash Swarm, IPAddress Address), List<Heard>> _senders = [];
    private TimeSpan _sweptAt;

    /// <summary>Notes that a peer was heard.</summary>
    /// <param name="peer">It.</param>
    /// <param name="now">Now.</param>
    /// <param name="isNew">It was not known.</param>
    /// <returns>Whether to report it; false also when there is no room for it.</returns>
    public bool Note(in LocalPeer peer, TimeSpan now, out bool isNew)
    {
        isNew = false;
        if (now - _sweptAt >= ReportInterval)
            Sweep(now);
        var key = (peer.Swarm, peer.EndPoint.Address);
        if (!_senders.TryGetValue(key, out var ports))
        {
            if (_senders.Count >= MaxSenders)
                return false;
            _senders[key] = ports = [];
        }
        var port = peer.EndPoint.Port;
        if (ports.Find(heard => heard.Port == port) is { } known)
        {
            known.At = now;
            if (now - known.ReportedAt < ReportInterval)
                return false;
            known.ReportedAt = now;
            return true;
        }
        if (ports.Count >= MaxPorts)
            return false;
        ports.Add(new Heard(port, now));
        isNew = true;
        return true;
    }

    /// <summary>Forgets the peers of a swarm.</summary>
    public void Forget(SwarmHash swarm)
    {
        foreach (var key in _senders.Keys.Where(key => key.Swarm == swarm).ToList())
            _senders.Remove(key);
    }

    private void Sweep(TimeSpan now)
    {
        _sweptAt = now;
        foreach (var (key, ports) in _senders)
        {
            ports.RemoveAll(heard => now - heard.At >= Lifetime);
            if (ports.Count == 0)
                _senders.Remove(key);
        }
    }

    private sealed class Heard(int port, TimeSpan now)
    {
        public int Port { get; } = port;

        public TimeSpan At { get; set; } = now;

        public TimeSpan ReportedAt { get; set; } = now;
    }
}
