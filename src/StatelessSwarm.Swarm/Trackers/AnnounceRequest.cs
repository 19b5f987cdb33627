using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Swarm.Trackers;

/// <summary>What we tell a tracker (BEP 3).</summary>
/// <param name="InfoHash">Which swarm.</param>
/// <param name="PeerId">Us.</param>
/// <param name="Port">TCP port we listen on.</param>
/// <param name="Uploaded">Payload bytes sent since the start.</param>
/// <param name="Downloaded">Payload bytes received since the start.</param>
/// <param name="Left">Bytes still missing.</param>
/// <param name="Event">Event.</param>
/// <param name="Key">The same number in every announce of a torrent, over every address of ours (BEP 7, BEP 15);
/// chosen by chance.</param>
internal sealed record AnnounceRequest(
    InfoHash InfoHash,
    PeerId PeerId,
    int Port,
    long Uploaded,
    long Downloaded,
    long Left,
    AnnounceEvent Event,
    uint Key = 0
)
{
    /// <summary>Our site (<c>site</c>, a key of our own); null for none.</summary>
    public SiteId? Site { get; init; }

    /// <summary>
    /// Our address inside the site, when it is of private scope (<c>inside</c>, a key of our own): what members are to connect to when a
    /// translator stands between us and the tracker. (BEP 7 has keys for addresses too, but trackers hand those to everybody.) Null for none.
    /// </summary>
    public IPAddress? Inside { get; init; }

    /// <summary>Peers asked for.</summary>
    public const int WantedPeers = 80;
}
