using System.Net;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Peers;

/// <summary>A peer that has shaken hands.</summary>
/// <param name="EndPoint">Remote end of the connection.</param>
/// <param name="Reach">Near or far.</param>
/// <param name="Source">Who told us.</param>
/// <param name="IsOutgoing">We connected to it.</param>
/// <param name="Handshake">What it said.</param>
/// <param name="IsV2">Both sides agreed on BitTorrent v2 (hash messages 21-23 are allowed, blocks end at file ends).</param>
/// <param name="LocalAddress">Our end of the connection; null for unknown.</param>
public sealed record ConnectedPeer(
    IPEndPoint EndPoint,
    PeerReach Reach,
    PeerSource Source,
    bool IsOutgoing,
    Handshake Handshake,
    bool IsV2,
    IPAddress? LocalAddress = null
)
{
    /// <summary>
    /// A web server with the complete content (BEP 19): has everything and is unchoked from the start, wants nothing, is sent nothing but
    /// Request and Cancel, and answers every Request by a block or a RejectRequest. Its <see cref="Handshake"/> is made up: a peer id that
    /// names the URL, and the fast extension (BEP 6), because of those answers.
    /// </summary>
    public bool IsWebSeed { get; init; }

    /// <summary>
    /// By the addresses of both ends it may be a member of our site in another subnet: it is taken for one, and for near, when it names
    /// our site (<see cref="SiteId"/>), and it alone is told which site that is. False for a stranger from the internet, whatever it says.
    /// </summary>
    public bool MayShareSite { get; init; }
}
