using StatelessSwarm.Engine.Leases;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Limits;

/// <summary>
/// Tells the neighbours that speak <c>ss</c> what this node, and those it hears of, need of the site's WAN link: at once when that changes,
/// and once a second while it uses the link.
/// </summary>
internal sealed class SiteTalk(NodeBudget budget, PeerTable peers, CommandQueue commands, EngineClock clock)
{
    /// <summary>Between signs of life.</summary>
    public const int HeartbeatMs = 1000;

    /// <summary>Between messages, however often things change.</summary>
    public const int ShortestMs = 100;

    private const int MostNumbers = 1 + SiteMembers.Fields * (SiteShares.MaxSharers + 1);

    private long _toldAt = long.MinValue / 2;
    private long _toldVersion;

    /// <summary>A neighbour that speaks <c>ss</c> is there.</summary>
    public void PeerArrived(PeerState peer)
    {
        if (budget.IsShared && budget.IsUsingWan && Speaks(peer))
            commands.SendExtended(peer, peer.ClaimsId, Message());
    }

    /// <summary>A neighbour told its needs.</summary>
    public PeerFault Receive(PeerState peer, ReadOnlySpan<int> numbers)
    {
        var seen = peer.SeenSlowdowns;
        if (!budget.Heard(numbers, ref seen, clock.Now))
            return PeerFault.BadExtension;
        peer.SeenSlowdowns = seen;
        return PeerFault.None;
    }

    /// <summary>A connection ended.</summary>
    public void PeerGone(PeerState peer)
    {
        if (peer.SeenSlowdowns >= 0)
            budget.Gone(peer.Id, clock.Now);
    }

    /// <summary>Says what there is to say.</summary>
    public void Advance()
    {
        if (!budget.IsShared || !clock.HasPassed(_toldAt, ShortestMs))
            return;
        var version = budget.NewsVersion;
        if (version == _toldVersion && !(budget.IsUsingWan && clock.HasPassed(_toldAt, HeartbeatMs)))
            return;
        _toldVersion = version;
        _toldAt = clock.Now;
        ReadOnlyMemory<byte> message = default;
        for (var place = 0; place < peers.Count; place++)
        {
            if (!Speaks(peers[place]))
                continue;
            if (message.IsEmpty)
                message = Message();
            commands.SendExtended(peers[place], peers[place].ClaimsId, message);
        }
    }

    private static bool Speaks(PeerState peer) => peer is { ClaimsId: not 0, IsLan: true, IsClosing: false };

    private byte[] Message()
    {
        Span<int> numbers = stackalloc int[MostNumbers];
        var count = budget.WriteNeeds(numbers, clock.Now);
        return ClaimMessage.Write(ClaimMessageKind.Needs, numbers[..count]);
    }
}
