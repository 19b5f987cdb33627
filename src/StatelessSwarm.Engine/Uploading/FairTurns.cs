using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Uploading;

/// <summary>
/// Equal parts of a full uplink for all neighbours. TCP does not see to that: on a link whose queue is the sender's own, the connection
/// that came first, while the queue was empty, may keep two packets of 64 KiB there and all others two of 3 KiB (Linux sizes what it
/// hands down by the least round trip it has seen), and gets half of the uplink for as long as it lasts. The one neighbour that is given
/// all pieces then has to hand on all of them, and the last piece reaches the last neighbour late.
/// <para>
/// So when one has more than <see cref="HogFactor"/> parts while another one waits and has less than half of one, nobody who waits may fall
/// behind by more than <see cref="Lead"/>: the others wait for it. Whether it can take more is not known, its own link may be slow. So this is
/// tried, and when less leaves than before the rule is lifted, for longer each time.
/// </para>
/// </summary>
internal sealed class FairTurns(PeerTable peers, EngineClock clock)
{
    /// <summary>What leaves is counted over so long, in milliseconds.</summary>
    public const int WindowMs = 500;

    /// <summary>Parts from which on a neighbour has too many.</summary>
    public const int HogFactor = 2;

    /// <summary>Bytes that one may be given more than another one that waits: a turn.</summary>
    public const int Lead = Uploader.TurnBytes;

    /// <summary>Of what left before, as much must leave under the rule.</summary>
    public const double Tolerance = 0.85;

    /// <summary>The first pause after the rule was found to slow us down; it doubles up to <see cref="LongestPauseMs"/>.</summary>
    public const int FirstPauseMs = 2000;

    /// <inheritdoc cref="FirstPauseMs"/>
    public const int LongestPauseMs = 600_000;

    /// <summary>Of the time, a peer for which blocks wait so long wants more than it gets.</summary>
    private const double WaitShare = 0.4;

    /// <summary>Who has had nothing waiting for so long wants nothing: shorter gaps are between an answer and the next request.</summary>
    private const int IdleMs = 250;

    private const int LeastPeers = 3;

    // Less than this is chance; and what a new connection takes at first lands in its socket, not on the link.
    private const int LeastExcess = 64 * 1024;
    private const int SocketBytes = 128 * 1024;
    private const int MostAhead = 64 * 1024;

    private long _from = clock.Now;
    private long _firstBytes;
    private long _least;
    private double _rateBefore;
    private double _rate;
    private bool _isSettled;
    private long _pausedUntil = clock.Now;
    private int _pauseMs;

    /// <summary>The rule is in force.</summary>
    public bool IsOn { get; private set; }

    /// <summary>When <see cref="Advance"/> has something to do; null when nobody is kept waiting.</summary>
    public long? WakeAt => IsOn ? _from + clock.Milliseconds(WindowMs) : null;

    /// <summary>Looks who has had least; before <see cref="MayHave"/>.</summary>
    public void Look()
    {
        if (!IsOn)
            return;
        _least = long.MaxValue;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (IsCounted(peer) && !clock.HasPassed(peer.WantedAt, IdleMs))
                _least = Math.Min(_least, peer.GivenBytes);
        }
    }

    /// <summary>The peer may be given a block.</summary>
    public bool MayHave(PeerState peer) => !IsOn || !peer.IsLan || peer.GivenBytes - Lead <= _least;

    /// <summary>What the peer may have in hand because it has had less than others; 0 while the rule is not in force.</summary>
    public int AheadOf(PeerState peer) => IsOn && peer.IsLan && peer.GivenBytes <= _least ? MostAhead : 0;

    /// <summary>The peer has asked for something. After a pause it is owed nothing for the time in which it wanted nothing.</summary>
    public void Wants(PeerState peer)
    {
        if (IsOn && clock.HasPassed(peer.WantedAt, IdleMs))
        {
            Look();
            peer.GivenBytes = _least == long.MaxValue ? 0 : Math.Max(peer.GivenBytes, _least);
        }
        peer.WantedAt = clock.Now;
    }

    /// <summary>The peer is given a block.</summary>
    public void Give(PeerState peer, int bytes) => peer.GivenBytes += bytes;

    /// <summary>A block has left; before <see cref="PeerState.UploadProgressAt"/> is set anew.</summary>
    public void Sent(PeerState peer, int bytes)
    {
        peer.WantedAt = clock.Now;
        if (!peer.IsLan)
            return;
        peer.WindowWait += clock.Now - peer.UploadProgressAt;
        if (peer.FirstBytes < SocketBytes)
        {
            peer.FirstBytes += bytes;
            _firstBytes += bytes;
        }
        else
        {
            peer.WindowBytes += bytes;
        }
    }

    /// <summary>Time has passed. True when the rule was lifted.</summary>
    public bool Advance()
    {
        if (!clock.HasPassed(_from, WindowMs))
            return false;
        var wasOn = IsOn;
        EndWindow();
        return wasOn && !IsOn;
    }

    private static bool IsCounted(PeerState peer) => peer is { IsLan: true, IsClosing: false };

    private void EndWindow()
    {
        var seconds = clock.Seconds(clock.Now - _from);
        var (count, bytes, least, most) = CountWaiting();
        _from = clock.Now;
        var part = bytes / Math.Max(count, 1);
        if (IsOn)
            Judge((bytes + _firstBytes) / seconds, count);
        else if (count >= LeastPeers && clock.Now >= _pausedUntil && most > HogFactor * part + LeastExcess && least * HogFactor < part)
            Begin(bytes / seconds);
        _firstBytes = 0;
        for (var place = 0; place < peers.Count; place++)
        {
            peers[place].WindowBytes = 0;
            peers[place].WindowWait = 0;
        }
    }

    /// <summary>Those for whom blocks have waited for a good part of the time, and what left for all.</summary>
    private (int Count, long Bytes, long Least, long Most) CountWaiting()
    {
        var enough = (long)((clock.Now - _from) * WaitShare);
        var (count, bytes, least, most) = (0, 0L, long.MaxValue / HogFactor, 0L);
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (!IsCounted(peer) || peer.FirstBytes < SocketBytes)
                continue;
            bytes += peer.WindowBytes;
            most = Math.Max(most, peer.WindowBytes);
            if (peer.UploadingBytes > 0)
                peer.WindowWait += clock.Now - Math.Max(peer.UploadProgressAt, _from);
            if (peer.WindowWait < enough && peer.Uploads.Count == 0)
                continue;
            count++;
            least = Math.Min(least, peer.WindowBytes);
        }
        return (count, bytes, least, most);
    }

    private void Begin(double rate)
    {
        IsOn = true;
        _isSettled = false;
        _rateBefore = rate;
        _rate = rate;
        for (var place = 0; place < peers.Count; place++)
            peers[place].GivenBytes = 0;
    }

    private void Judge(double rate, int count)
    {
        if (count < LeastPeers)
        {
            IsOn = false;
            return;
        }
        // At first the link sends what waits in the sockets of those who wait now: counted when it was put there.
        if (!_isSettled)
        {
            _isSettled = true;
            return;
        }
        _rate = (_rate + rate) / 2;
        _rateBefore = Math.Max(_rateBefore, _rate);
        if (_rate >= _rateBefore * Tolerance)
            return;
        IsOn = false;
        _pauseMs = Math.Clamp(2 * _pauseMs, FirstPauseMs, LongestPauseMs);
        _pausedUntil = clock.Now + clock.Milliseconds(_pauseMs);
    }
}
