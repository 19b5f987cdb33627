using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Uploading;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Choking;

/// <summary>
/// Whom we serve. No tit-for-tat: the fleet is ours, so everyone who connects is unchoked at once while there are slots. When more
/// want than there are, every ten seconds a quarter of the slots goes from those served most since their turn began to those served
/// longest ago. Nobody is choked within ten seconds of being unchoked, nor unchoked within ten seconds of being choked: aria2 takes two
/// changes within five seconds for an attack.
/// </summary>
internal sealed class Choker(PeerTable peers, CommandQueue commands, EngineClock clock, Uploader uploader, int slots)
{
    /// <summary>Between rotations, and the shortest time a peer is served.</summary>
    public const int RotationMs = 10_000;

    private int _unchoked;
    private long _rotatedAt = clock.Now;

    /// <summary>A peer has come: it may ask without a round trip more.</summary>
    public void PeerArrived(PeerState peer)
    {
        if (_unchoked < slots)
            Unchoke(peer);
    }

    /// <summary>A peer wants something.</summary>
    public void Interested(PeerState peer)
    {
        if (!peer.AreWeChoking)
            return;
        if (_unchoked >= slots)
            FreeIdleSlot();
        if (_unchoked < slots && HasRested(peer))
            Unchoke(peer);
    }

    /// <summary>A connection is gone.</summary>
    public void PeerGone(PeerState peer)
    {
        if (peer.AreWeChoking)
            return;
        peer.AreWeChoking = true;
        _unchoked--;
        if (NextToServe() is { } next)
            Unchoke(next);
    }

    /// <summary>Rotates when it is time.</summary>
    public void Advance()
    {
        while (_unchoked < slots && NextToServe() is { } waiting)
            Unchoke(waiting);
        if (!clock.HasPassed(_rotatedAt, RotationMs))
            return;
        _rotatedAt = clock.Now;
        for (var turn = Math.Max(1, slots / 4); turn > 0; turn--)
        {
            if (NextToServe() is not { } next)
                return;
            if (_unchoked >= slots)
            {
                if (NextToRest() is not { } resting)
                    return;
                Choke(resting);
            }
            Unchoke(next);
        }
    }

    private PeerState? NextToServe()
    {
        PeerState? best = null;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer is not { AreWeChoking: true, IsInterested: true, IsClosing: false } || !HasRested(peer))
                continue;
            if (best is null || peer.LastServedAt < best.LastServedAt)
                best = peer;
        }
        return best;
    }

    private PeerState? NextToRest()
    {
        PeerState? best = null;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer.AreWeChoking || !clock.HasPassed(peer.UnchokedAt, RotationMs))
                continue;
            if (best is null || peer.ServedSinceUnchoke > best.ServedSinceUnchoke)
                best = peer;
        }
        return best;
    }

    private void FreeIdleSlot()
    {
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer is { AreWeChoking: false, IsInterested: false } && clock.HasPassed(peer.UnchokedAt, RotationMs))
            {
                Choke(peer);
                return;
            }
        }
    }

    private bool HasRested(PeerState peer) => peer.ChokedAt is not { } since || clock.HasPassed(since, RotationMs);

    private void Unchoke(PeerState peer)
    {
        peer.AreWeChoking = false;
        peer.UnchokedAt = clock.Now;
        peer.ServedSinceUnchoke = 0;
        _unchoked++;
        commands.Send(peer, PeerMessageKind.Unchoke);
    }

    private void Choke(PeerState peer)
    {
        peer.AreWeChoking = true;
        peer.ChokedAt = clock.Now;
        _unchoked--;
        commands.Send(peer, PeerMessageKind.Choke);
        uploader.Choked(peer);
    }
}
