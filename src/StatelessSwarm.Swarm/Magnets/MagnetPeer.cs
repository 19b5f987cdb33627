using System.Net;

namespace StatelessSwarm.Swarm.Magnets;

/// <summary>A peer heard of while a magnet link is resolved.</summary>
internal sealed class MagnetPeer(IPEndPoint endPoint)
{
    public IPEndPoint EndPoint => endPoint;

    /// <summary>Connected, or being connected.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Answered a handshake for this torrent once.</summary>
    public bool HasAnswered { get; set; }

    /// <summary>Offered v2, it chose v1: it has no hashes for us.</summary>
    public bool IsV1Only { get; set; }

    /// <summary>Sent something wrong: not to be asked again.</summary>
    public bool IsOut { get; set; }

    public int Failures { get; set; }

    /// <summary>Not to be tried before; a timestamp.</summary>
    public long RetryAt { get; set; }
}
