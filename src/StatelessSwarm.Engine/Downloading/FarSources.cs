using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Chance;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Downloading;

/// <summary>
/// Which peers beyond the WAN link are worth a new piece. A piece is claimed while it is on its way, so a peer that needs long
/// for one holds the whole site up: only peers that take at most <see cref="LongestPiece"/> for a piece, or three times what the
/// best one takes, are asked. A slow one is tried again after a while; of those not yet measured, two are tried at a time.
/// </summary>
internal sealed class FarSources(
    PeerTable peers,
    ActivePieces active,
    EngineClock clock,
    SeededRandom random,
    int pieceLength
)
{
    /// <summary>Seconds for one piece that are always good enough.</summary>
    public const double LongestPiece = 1;

    private const double TimesTheBest = 3;
    private const double NewestWeight = 0.5;
    private const int Probes = 2;
    private const int RestMs = 1000;
    private const double Forgiveness = 0.75;

    private long _lookedAt = long.MinValue;
    private PeerState? _best;
    private double _bestSeconds;
    private int _probing;
    private int _elsewhere;

    /// <summary>A piece came in whole from its owner.</summary>
    public void PieceTaken(PeerState owner, ActivePiece piece)
    {
        var seconds = clock.Seconds(clock.Now - piece.ReadyAt);
        owner.PieceSeconds = owner.PieceSeconds == 0 ? seconds : owner.PieceSeconds + (seconds - owner.PieceSeconds) * NewestWeight;
    }

    /// <summary>Seconds the peer takes for a piece, going by the last ones and the one on its way; 0 for unknown.</summary>
    public double PieceSeconds(PeerState peer)
    {
        var oldest = peer.Pending.OldestLiveAt;
        var waiting = oldest == long.MaxValue ? 0 : clock.Seconds(clock.Now - oldest);
        return waiting > LongestPiece ? Math.Max(peer.PieceSeconds, waiting) : peer.PieceSeconds;
    }

    /// <summary>The quickest peer beyond the WAN link that gives us anything; null while none is known.</summary>
    public PeerState? Best
    {
        get
        {
            LookAround();
            return _best is { IsClosing: false } ? _best : null;
        }
    }

    /// <summary>
    /// True when there is room for a piece more from the peer. The best one may have what its own window holds, under a second's
    /// worth; all others together have half of what the common window holds, and at least one piece, so that slow ones neither
    /// crowd it out nor sit on many pieces.
    /// </summary>
    public bool HasRoomFor(PeerState peer)
    {
        if (peer.Group is not { } group)
            return true;
        LookAround();
        if (_best is not { IsClosing: false } best || (peer == best && !peer.Window.IsSettled))
            return group.HasRoom;
        return peer == best || (_elsewhere + 1) * 2L * pieceLength <= Math.Max((long)group.Window.Blocks * BlockRange.BlockSize, 2L * pieceLength);
    }

    /// <summary>True when what is left of the piece had better be fetched from the best peer than from its slow owner.</summary>
    public bool ShouldMove(ActivePiece piece, PeerState to)
    {
        LookAround();
        if (to != _best || piece.Owner is not { IsLan: false } || piece.ReadyAt > clock.Now)
            return false;
        var age = clock.Seconds(clock.Now - piece.ReadyAt);
        var isLate = age > LongestPiece + 2 * _bestSeconds;
        return isLate && age * (piece.BlockCount - piece.Received) > 2 * _bestSeconds * piece.Received;
    }

    /// <summary>True when the peer is quick enough to be given a new piece.</summary>
    public bool IsWorthIt(PeerState peer)
    {
        if (clock.Now < peer.SlowUntil)
            return false;
        LookAround();
        var seconds = PieceSeconds(peer);
        if (seconds == 0)
            return _probing < Probes || peer.Pending.Live > 0;
        if (peer == _best || seconds <= Math.Max(LongestPiece, TimesTheBest * _bestSeconds))
            return true;
        // Its time is taken for a little better at each rest, so that sooner or later it is tried again.
        peer.SlowUntil = clock.Now + clock.Milliseconds(RestMs + random.Below(RestMs));
        peer.PieceSeconds *= Forgiveness;
        return false;
    }

    private void LookAround()
    {
        if (_lookedAt == clock.Now)
            return;
        _lookedAt = clock.Now;
        _best = null;
        _bestSeconds = double.MaxValue;
        _probing = 0;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer is not { IsLan: false, IsClosing: false, IsChokingUs: false, IsSnubbed: false })
                continue;
            var seconds = PieceSeconds(peer);
            if (seconds == 0)
            {
                if (peer.Pending.Live > 0)
                    _probing++;
            }
            else if (seconds < _bestSeconds)
            {
                _best = peer;
                _bestSeconds = seconds;
            }
        }
        _elsewhere = 0;
        for (var place = 0; place < active.Count; place++)
        {
            if (active[place].Owner is { IsLan: false } owner && owner != _best)
                _elsewhere++;
        }
    }
}
