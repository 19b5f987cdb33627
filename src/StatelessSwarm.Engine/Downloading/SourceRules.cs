using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Which peer may be asked for which piece.
/// <list type="table">
/// <item><term>neighbour that is still fetching, or was when it came</term><description>anything it has</description></item>
/// <item><term>complete neighbour, as many as those who want it</term><description>anything</description></item>
/// <item><term>complete neighbour, scarce</term><description>what no other usable neighbour has or claims; under a claim of ours</description></item>
/// <item><term>beyond the WAN link</term><description>the same, and only without a usable complete neighbour, and not before there
/// was time to hear of neighbours</description></item>
/// </list>
/// </summary>
internal sealed class SourceRules(Availability availability, ClaimLedger claims, EngineClock clock)
{
    /// <summary>When peers beyond the WAN link may be asked for the first time.</summary>
    public long FarFrom { get; set; } = clock.Now;

    /// <summary>The peer may be asked for anything it has.</summary>
    public bool IsFree(PeerState peer) => peer.IsLan && !(peer.IsSource && availability.AreNearSourcesScarce);

    /// <summary>The peer may be asked for this piece, which it has.</summary>
    public bool MayAsk(PeerState peer, int piece) =>
        IsFree(peer)
        || (!IsBarred(peer) && !availability.HeldNear.Contains(piece) && !claims.Firm.Contains(piece));

    /// <summary>The peer may not be asked for anything now.</summary>
    public bool IsBarred(PeerState peer) => !peer.IsLan && (availability.NearSources > 0 || clock.Now < FarFrom);
}
