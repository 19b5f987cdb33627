using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Chance;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Uploading;

/// <summary>
/// Super-seeding (BEP 16): a seed that looks like a peer with nothing and reveals single pieces by HAVE, every piece to one peer only,
/// so that each byte leaves the seed once and the peers exchange the rest.
/// <list type="bullet">
/// <item>A piece is given when its last block was sent, and seen when another peer than its receiver has it.</item>
/// <item>A peer always has <see cref="StockBytes"/> (at least two pieces) revealed and not yet given, so that its requests never run
/// dry; but no more new ones while <see cref="Credit"/> of its pieces are not seen elsewhere, unless the uplink has nothing to do.</item>
/// <item>A piece that nobody has <see cref="StaleMs"/> after it was revealed, or whose receiver has gone, is fresh again.</item>
/// <item>When the swarm holds every piece it is over: all the rest is revealed and the seed is an ordinary one.</item>
/// </list>
/// </summary>
internal sealed class SuperSeeder
{
    /// <summary>Bytes revealed to a peer and not yet given.</summary>
    public const int StockBytes = 1024 * 1024;

    /// <summary>Pieces of a peer that may be given and not yet seen elsewhere.</summary>
    public const int Credit = 4;

    /// <summary>Time a peer has to finish a revealed piece before another may have it too, in milliseconds.</summary>
    public const int StaleMs = 15_000;

    private const int LeastStock = 2;
    private const int CheckMs = 1000;

    private readonly PieceMap _map;
    private readonly PeerTable _peers;
    private readonly Availability _availability;
    private readonly Uploader _uploader;
    private readonly CommandQueue _commands;
    private readonly EngineClock _clock;
    private readonly SeededRandom _random;
    private readonly PieceSet _fresh;
    private readonly PieceSet _unheld;
    private readonly PeerState?[] _receivers;
    private readonly int _stock;
    private long _checkedAt;

    public SuperSeeder(
        PieceMap map,
        PeerTable peers,
        Availability availability,
        Uploader uploader,
        CommandQueue commands,
        EngineClock clock,
        SeededRandom random
    )
    {
        _map = map;
        _peers = peers;
        _availability = availability;
        _uploader = uploader;
        _commands = commands;
        _clock = clock;
        _random = random;
        _fresh = new PieceSet(map.PieceCount);
        _unheld = new PieceSet(map.PieceCount);
        _fresh.Fill();
        _unheld.Fill();
        _receivers = new PeerState?[map.PieceCount];
        _stock = Math.Max(LeastStock, StockBytes / (map.BlocksPerPiece * BlockRange.BlockSize));
        _checkedAt = clock.Now;
    }

    /// <summary>Pieces are still revealed one by one.</summary>
    public bool IsActive { get; private set; } = true;

    /// <summary>A connection stands: it is shown nothing yet.</summary>
    public void PeerArrived(PeerState peer) => peer.Revealed = new RevealedPieces(_map.PieceCount);

    /// <summary>The peer's set is known, or it wants something, or time has passed: it is shown what it may have.</summary>
    public void Refill(PeerState peer)
    {
        if (!IsActive || peer.IsClosing || peer.Revealed is not { } revealed)
            return;
        while (revealed.Stock < _stock && (revealed.Unseen < Credit || _uploader.IsIdle))
        {
            var piece = Choose(revealed.Set);
            if (piece < 0)
                return;
            _fresh.Remove(piece);
            _receivers[piece] = peer;
            revealed.Add(piece, _clock.Now);
            _commands.Send(peer, new PeerMessage(PeerMessageKind.Have, piece));
        }
    }

    /// <summary>A peer has one piece more.</summary>
    public void PeerHas(PeerState peer, int piece)
    {
        if (!IsActive)
            return;
        Hold(piece);
        if (_receivers[piece] is { } receiver && receiver != peer)
        {
            _receivers[piece] = null;
            if (receiver.Revealed is { } revealed)
                revealed.Unseen--;
            Refill(receiver);
        }
        Look(peer);
    }

    /// <summary>A peer said anew what it has.</summary>
    public void PeerHasSet(PeerState peer)
    {
        if (!IsActive)
            return;
        for (var piece = peer.Have.NextFrom(0); piece >= 0; piece = peer.Have.NextFrom(piece + 1))
            Hold(piece);
        Look(peer);
    }

    /// <summary>A block has left.</summary>
    public void Sent(PeerState peer, BlockRange block)
    {
        if (IsActive && peer.Revealed is { } revealed && revealed.Gave(block.Piece.Value, block.Length, _map.ContentLength(block.Piece.Value)))
            Refill(peer);
    }

    /// <summary>A connection ended, and its pieces are no longer counted.</summary>
    public void PeerGone(PeerState peer)
    {
        if (!IsActive || peer.Revealed is not { } revealed)
            return;
        peer.Revealed = null;
        for (var piece = peer.Have.NextFrom(0); piece >= 0; piece = peer.Have.NextFrom(piece + 1))
        {
            if (_availability.Rarity.HoldersOf(piece) == 0)
            {
                _unheld.Add(piece);
                _fresh.Add(piece);
            }
        }
        for (var piece = revealed.Set.NextFrom(0); piece >= 0; piece = revealed.Set.NextFrom(piece + 1))
        {
            if (_receivers[piece] == peer)
                _receivers[piece] = null;
            if (_unheld.Contains(piece))
                _fresh.Add(piece);
        }
    }

    /// <summary>Time has passed: what is stale becomes fresh, and who waits is shown more.</summary>
    public void Advance()
    {
        if (!IsActive)
            return;
        var checksStale = _clock.HasPassed(_checkedAt, CheckMs);
        if (checksStale)
            _checkedAt = _clock.Now;
        for (var place = 0; place < _peers.Count; place++)
        {
            if (checksStale && _peers[place].Revealed is { } revealed)
                Freshen(revealed);
            Refill(_peers[place]);
        }
    }

    private void Freshen(RevealedPieces revealed)
    {
        while (revealed.TryTakeOlderThan(_clock.Now - _clock.Milliseconds(StaleMs), out var piece))
        {
            if (_unheld.Contains(piece))
                _fresh.Add(piece);
        }
    }

    private void Hold(int piece)
    {
        _unheld.Remove(piece);
        _fresh.Remove(piece);
    }

    private void Look(PeerState peer)
    {
        if (_unheld.Count == 0)
            End();
        else
            Refill(peer);
    }

    /// <summary>A fresh piece by chance that the peer has not been shown; -1 for none.</summary>
    private int Choose(PieceSet shown)
    {
        if (_fresh.Count == 0)
            return -1;
        var start = _random.Below(_map.PieceCount);
        var piece = ChooseFrom(start, _map.PieceCount, shown);
        return piece >= 0 ? piece : ChooseFrom(0, start, shown);
    }

    private int ChooseFrom(int start, int end, PieceSet shown)
    {
        for (var piece = _fresh.NextFrom(start); piece >= 0 && piece < end; piece = _fresh.NextFrom(piece + 1))
        {
            if (!shown.Contains(piece))
                return piece;
        }
        return -1;
    }

    private void End()
    {
        IsActive = false;
        for (var place = 0; place < _peers.Count; place++)
        {
            var peer = _peers[place];
            if (peer.Revealed is not { } revealed)
                continue;
            peer.Revealed = null;
            for (var piece = 0; piece < _map.PieceCount && !peer.IsClosing; piece++)
            {
                if (!revealed.Set.Contains(piece) && !peer.Have.Contains(piece))
                    _commands.Send(peer, new PeerMessage(PeerMessageKind.Have, piece));
            }
        }
    }
}
