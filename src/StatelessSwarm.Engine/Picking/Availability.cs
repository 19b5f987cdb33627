using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Picking;

/// <summary>
/// Who holds what, kept up to date peer by peer: holders of each piece among all peers (for rarity), and which pieces a usable
/// neighbour holds. A neighbour is usable while it serves us: unchoked, not stalled. Neighbours that came complete are counted
/// apart as sources: they hold everything, and while they are fewer than the neighbours who want it they are scarce.
/// </summary>
internal sealed class Availability(int pieceCount)
{
    private readonly ushort[] _near = new ushort[pieceCount];

    /// <summary>Rarity of the pieces that may be started.</summary>
    public Rarity Rarity { get; } = new(pieceCount);

    /// <summary>Pieces that a usable neighbour holds which did not come complete.</summary>
    public PieceSet HeldNear { get; } = new(pieceCount);

    /// <summary>Usable neighbours that came complete.</summary>
    public int NearSources { get; private set; }

    /// <summary>Neighbours that take claims and are not complete.</summary>
    public int NearClaimants { get; set; }

    /// <summary>Those of them that are not behind.</summary>
    public int AbleClaimants { get; set; }

    /// <summary>Complete neighbours are to be asked for distinct pieces only.</summary>
    public bool AreNearSourcesScarce => NearSources <= NearClaimants;

    /// <summary>The peer's whole set is known for the first time or anew.</summary>
    public void AddAll(PeerState peer)
    {
        if (!peer.IsSource)
        {
            for (var piece = peer.Have.NextFrom(0); piece >= 0; piece = peer.Have.NextFrom(piece + 1))
                Rarity.AddHolder(piece);
        }
        Recount(peer);
    }

    /// <summary>The peer's set is forgotten.</summary>
    public void RemoveAll(PeerState peer)
    {
        CountNear(peer, false);
        CountSource(peer, false);
        if (peer.IsSource)
            return;
        for (var piece = peer.Have.NextFrom(0); piece >= 0; piece = peer.Have.NextFrom(piece + 1))
            Rarity.RemoveHolder(piece);
    }

    /// <summary>One piece more, already in the peer's set.</summary>
    public void Add(PeerState peer, int piece)
    {
        Rarity.AddHolder(piece);
        if (peer.IsCountedNear)
            AddNear(piece);
    }

    /// <summary>The peer's usability may have changed.</summary>
    public void Recount(PeerState peer)
    {
        var isUsable = peer is { IsLan: true, IsClosing: false, IsChokingUs: false, IsSnubbed: false, IsLate: false };
        CountNear(peer, isUsable && !peer.IsSource);
        CountSource(peer, isUsable && peer.IsSource);
    }

    private void CountSource(PeerState peer, bool counts)
    {
        if (peer.IsCountedSource == counts)
            return;
        peer.IsCountedSource = counts;
        NearSources += counts ? 1 : -1;
    }

    private void CountNear(PeerState peer, bool counts)
    {
        if (peer.IsCountedNear == counts)
            return;
        peer.IsCountedNear = counts;
        for (var piece = peer.Have.NextFrom(0); piece >= 0; piece = peer.Have.NextFrom(piece + 1))
        {
            if (counts)
                AddNear(piece);
            else
                RemoveNear(piece);
        }
    }

    private void AddNear(int piece)
    {
        if (++_near[piece] == 1)
            HeldNear.Add(piece);
    }

    private void RemoveNear(int piece)
    {
        if (--_near[piece] == 0)
            HeldNear.Remove(piece);
    }
}
