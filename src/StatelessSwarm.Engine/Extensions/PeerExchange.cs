using System.Net;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Extensions;

/// <summary>
/// Peer exchange (BEP 11): every peer that speaks <c>ut_pex</c> learns the others we are connected to and whose listening port is
/// known, at first soon after it came and then what has changed, at most once a minute. Off in private torrents. Who may hear of
/// whom is <see cref="AddressScope"/>'s rule.
/// </summary>
internal sealed class PeerExchange(PeerTable peers, CommandQueue commands, EngineClock clock, int listenPort, bool isOff)
{
    /// <summary>Peers added, and peers dropped, in one message of ours.</summary>
    public const int MaxTold = 50;

    /// <summary>Between two messages to one peer.</summary>
    public const int IntervalMs = 60_000;

    /// <summary>From the connection to the first message: what is told at once grows while a swarm starts.</summary>
    public const int FirstMs = 2000;

    /// <summary>Between two looks for one peer whose time has come while there is nothing to tell.</summary>
    public const int LookMs = 1000;

    /// <summary>A message this soon after the one before is too soon; clocks and networks get a quarter of a minute.</summary>
    public const int TooSoonMs = 45_000;

    /// <summary>Messages that came too soon, ignored, before their sender is dropped.</summary>
    public const int MaxTooSoon = 4;

    /// <summary>Peers taken from one connection over its life.</summary>
    public const int MaxTaken = 500;

    private readonly List<PexPeer> _added = [];
    private readonly List<IPEndPoint> _dropped = [];
    private readonly HashSet<IPEndPoint> _current = [];

    /// <summary>True when it may be offered to a peer.</summary>
    public bool IsOffered => !isOff;

    /// <summary>The peer named the id of <c>ut_pex</c>.</summary>
    public static void Spoken(PeerState peer, byte id)
    {
        peer.Pex ??= new PexState();
        peer.Pex.Id = id;
    }

    /// <summary>Tells those whose time has come.</summary>
    public void Advance()
    {
        if (isOff)
            return;
        for (var place = 0; place < peers.Count; place++)
        {
            var peer = peers[place];
            if (peer is not { IsClosing: false, Pex: { Id: not 0 } pex })
                continue;
            var isDue = pex.ToldAt is { } toldAt ? clock.HasPassed(toldAt, IntervalMs) : clock.HasPassed(peer.ConnectedAt, FirstMs);
            if (!isDue || (pex.LookedAt is { } lookedAt && !clock.HasPassed(lookedAt, LookMs)))
                continue;
            pex.LookedAt = clock.Now;
            Tell(peer, pex);
        }
    }

    /// <summary>A <c>ut_pex</c> message came: the shell is told of the peers in it.</summary>
    public PeerFault Receive(PeerState peer, ReadOnlyMemory<byte> payload)
    {
        if (isOff)
            return PeerFault.None;
        var pex = peer.Pex ??= new PexState();
        var isTooSoon = pex.HeardAt is { } heardAt && !clock.HasPassed(heardAt, TooSoonMs);
        pex.HeardAt = clock.Now;
        if (isTooSoon)
        {
            pex.TooSoon++;
            return pex.TooSoon > MaxTooSoon ? PeerFault.Flood : PeerFault.None;
        }
        if (PexMessage.TryRead(payload) is not { } message)
            return PeerFault.BadExtension;
        foreach (var added in message.Added)
        {
            var isOurs = added.EndPoint.Port == listenPort && added.EndPoint.Address.Equals(peer.Connection.LocalAddress);
            if (isOurs || pex.Taken >= MaxTaken || !AddressScope.MayHear(peer, added.EndPoint))
                continue;
            pex.Taken++;
            commands.PeerHeard(added.EndPoint, isNear: peer.IsLan && added.Flags.HasFlag(PexFlags.Near));
        }
        return PeerFault.None;
    }

    private void Tell(PeerState peer, PexState pex)
    {
        _added.Clear();
        _dropped.Clear();
        _current.Clear();
        for (var place = 0; place < peers.Count; place++)
        {
            var other = peers[place];
            if (other == peer || other.IsClosing || other.ListenEndPoint is not { } endPoint)
                continue;
            if (endPoint.Equals(peer.ListenEndPoint) || !AddressScope.MayTell(peer, endPoint) || !_current.Add(endPoint))
                continue;
            if (_added.Count < MaxTold && !pex.Told.Contains(endPoint))
                _added.Add(new PexPeer(endPoint, FlagsOf(other, isToldNear: peer is { IsLan: true, ClaimsId: not 0 })));
        }
        foreach (var endPoint in pex.Told)
        {
            if (_dropped.Count < MaxTold && !_current.Contains(endPoint))
                _dropped.Add(endPoint);
        }
        if (_added.Count == 0 && _dropped.Count == 0)
            return;
        foreach (var added in _added)
            pex.Told.Add(added.EndPoint);
        foreach (var endPoint in _dropped)
            pex.Told.Remove(endPoint);
        pex.ToldAt = clock.Now;
        commands.SendExtended(peer, pex.Id, new PexMessage(_added, _dropped).ToBytes());
    }

    private static PexFlags FlagsOf(PeerState peer, bool isToldNear) =>
        (isToldNear && peer.IsLan ? PexFlags.Near : PexFlags.None)
        | (peer.IsComplete || peer.IsUploadOnly ? PexFlags.Seed : PexFlags.None)
        | (peer.Connection.IsOutgoing ? PexFlags.Reachable : PexFlags.None);
}
