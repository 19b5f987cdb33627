using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Engine.Torrents;

// What we think of a neighbour, for the simulator: it judges by it whether a block may cross the WAN link a second time.
public sealed partial class TorrentEngine
{
    /// <summary>A neighbour that serves us: unchoked, neither snubbed nor late.</summary>
    internal bool IsUsable(PeerHandle peer) => _peers.Find(peer) is { IsClosing: false } state && (state.IsCountedNear || state.IsCountedSource);

    /// <summary>The neighbour claims the piece, and its claim is not stuck.</summary>
    internal bool IsClaimedBy(PeerHandle peer, PieceIndex piece) =>
        _peers.Find(peer) is { } state && _claims.Firm.Contains(piece.Value) && state.Claims.Contains(piece.Value);

    /// <summary>We fetch the piece under a claim.</summary>
    internal bool IsClaiming(PieceIndex piece) => _active.Find(piece.Value) is { IsClaimed: true };

    /// <summary>The piece is being fetched from a neighbour, and comes too slowly or not at all.</summary>
    internal bool IsWaitingLong(PieceIndex piece) =>
        _active.Find(piece.Value) is { } active
        && active.Owner is null or { IsLan: true }
        && (_assigner.IsSlow(active) || _clock.Seconds(_clock.Now - Math.Max(active.Owner?.LastBlockAt ?? 0, active.ProgressAt)) > StallWatch.ScarcePatience);
}
