using System.Net;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

// Connections come and go. Invariant: a peer that IsClosing holds no piece, no claim, no slot and no place in the counts.
public sealed partial class TorrentEngine
{
    /// <summary>Complete foreign peers kept once we are complete too, as long as connections are this scarce.</summary>
    private const int KeptPeersShare = 2;

    /// <summary>A connection has finished its handshakes (both directions).</summary>
    public void PeerConnected(PeerHandle peer, ConnectedPeer connection)
    {
        BeginEvent();
        var state = new PeerState(
            peer,
            connection,
            _map.PieceCount,
            _clock,
            _options.RequestAhead / Content.Values.BlockRange.BlockSize,
            connection.Reach == PeerReach.Wan ? _far : null
        )
        {
            Priority = PriorityOf(connection),
        };
        _peers.Add(state);
        _book.Connected(state);
        var fault = Refusal(state);
        if (fault != PeerFault.None)
            Drop(state, fault);
        else if (state.IsWebSeed)
            WelcomeWebSeed(state);
        else
            Greet(state);
        EndEvent();
    }

    /// <summary>A connection is gone, for whatever reason, ours included. Call exactly once per connected peer.</summary>
    public void PeerDisconnected(PeerHandle peer)
    {
        BeginEvent();
        if (_peers.Find(peer) is { } state)
        {
            if (!state.IsClosing)
                Detach(state, IsIdleSeed(state) ? PeerFault.BothComplete : PeerFault.None, null);
            _peers.Remove(state);
            _book.Connect(_map.IsComplete);
        }
        EndEvent();
    }

    private PeerFault Refusal(PeerState state)
    {
        if (state.Id == _options.PeerId)
            return PeerFault.SelfConnection;
        if (_book.IsBanned(state.Id))
            return PeerFault.WrongData;
        if (state.IsWebSeed)
            return _map.IsComplete ? PeerFault.BothComplete : PeerFault.None;
        if (FindTwin(state) is { } twin && !ResolveTwins(twin, state))
            return PeerFault.DuplicateConnection;
        return OpenPeers() <= _options.MaxPeers || MadeRoomFor(state) ? PeerFault.None : PeerFault.TooManyPeers;
    }

    private uint PriorityOf(ConnectedPeer connection) =>
        connection.LocalAddress is { } local
            ? CanonicalPriority.Of(new IPEndPoint(local, _options.ListenPort), connection.EndPoint)
            : 0;

    /// <summary>
    /// All places are taken: the newcomer gets that of the peer with the lowest priority (BEP 40), if its own is higher. Neighbours
    /// come before peers beyond the WAN link; who was named by the user, or is sending to us, stays.
    /// </summary>
    private bool MadeRoomFor(PeerState newcomer)
    {
        PeerState? least = null;
        for (var place = 0; place < _peers.Count; place++)
        {
            var peer = _peers[place];
            var isKept = peer.IsClosing || peer == newcomer || peer.Known?.Source == PeerSource.Manual || (peer.Pending.Live > 0 && !peer.IsSnubbed);
            if (!isKept && (least is null || ComesBefore(least, peer)))
                least = peer;
        }
        if (least is null || newcomer.Priority == 0 || !ComesBefore(newcomer, least))
            return false;
        Drop(least, PeerFault.TooManyPeers);
        return true;
    }

    private static bool ComesBefore(PeerState peer, PeerState other) =>
        peer.IsLan != other.IsLan ? peer.IsLan : peer.Priority > other.Priority;

    private int OpenPeers()
    {
        var open = 0;
        for (var place = 0; place < _peers.Count; place++)
        {
            if (!_peers[place].IsClosing)
                open++;
        }
        return open;
    }

    private PeerState? FindTwin(PeerState state)
    {
        for (var place = 0; place < _peers.Count; place++)
        {
            var other = _peers[place];
            if (other != state && !other.IsClosing && other.Id == state.Id)
                return other;
        }
        return null;
    }

    /// <summary>
    /// Two connections to one peer. Of crossing ones both sides keep the one that the lower id opened. Of two in the same
    /// direction the opener, who saw their order, keeps the older, and the other side leaves it to the opener.
    /// </summary>
    /// <returns>True when the newer one stays.</returns>
    private bool ResolveTwins(PeerState older, PeerState newer)
    {
        if (older.Connection.IsOutgoing == newer.Connection.IsOutgoing)
            return !newer.Connection.IsOutgoing;
        var keepsOurs = _options.PeerId < newer.Id;
        if (newer.Connection.IsOutgoing != keepsOurs)
            return false;
        Drop(older, PeerFault.DuplicateConnection, newer);
        return true;
    }

    /// <summary>It has said all that a web seed has to say.</summary>
    private void WelcomeWebSeed(PeerState state)
    {
        state.Have.Fill();
        state.IsChokingUs = false;
        TakeNewSet(state);
    }

    private void Greet(PeerState state)
    {
        var isHiding = _superSeeder is { IsActive: true };
        if (isHiding)
            _superSeeder!.PeerArrived(state);
        if (_map.Verified.Count == 0 || isHiding)
        {
            if (state.IsFast)
                _commands.Send(state, PeerMessageKind.HaveNone);
        }
        else if (_map.IsComplete && state.IsFast)
        {
            _commands.Send(state, PeerMessageKind.HaveAll);
        }
        else
        {
            _commands.Send(state, new PeerMessage(PeerMessageKind.Bitfield, Payload: _map.Verified.ToBitfield()));
        }
        if (state.Connection.Handshake.SupportsExtensions)
            _commands.SendExtended(state, ExtensionIds.Handshake, OurExtensions(state).ToBytes());
        _choker.PeerArrived(state);
        if (!isHiding)
            _uploader.GiveFastSet(state);
    }

    private ExtensionHandshake OurExtensions(PeerState state) =>
        new()
        {
            MetadataId = _metadata.Size > 0 ? ExtensionIds.Metadata : null,
            ClaimsId = _options.UsesClaims && (state.IsLan || MayBeMember(state)) ? ExtensionIds.Claims : null,
            Site = MayBeMember(state) ? _options.Site : null,
            DontHaveId = ExtensionIds.DontHave,
            PexId = _exchange.IsOffered ? ExtensionIds.Pex : null,
            MetadataSize = _metadata.Size,
            Port = _options.ListenPort,
            RequestQueue = _options.RequestQueue,
            Version = "StatelessSwarm 0.1",
            YourAddress = state.Connection.EndPoint.Address,
            IsUploadOnly = _map.IsComplete && _superSeeder is not { IsActive: true },
        };

    private bool MayBeMember(PeerState state) => _options.Site is not null && state.Connection.MayShareSite;

    /// <summary>
    /// It says which site it is of. Ours, and it may be: near from here on. Both ends come to this by the same rule, so both do.
    /// </summary>
    private void TakeSite(PeerState state, SiteId site)
    {
        if (state.IsLan || site != _options.Site || !MayBeMember(state))
            return;
        state.ComeNear();
        _availability.Recount(state);
        _commands.PeerNear(state);
        state.IdleEpoch = -1;
        _assigner.Wake();
    }

    private void Drop(PeerState state, PeerFault fault, PeerState? survivor = null)
    {
        if (state.IsClosing)
            return;
        _commands.Disconnect(state.Handle, fault);
        if (fault == PeerFault.WrongData)
            _book.Ban(state);
        survivor ??= fault == PeerFault.DuplicateConnection ? FindTwin(state) : null;
        Detach(state, fault, survivor);
    }

    private void Detach(PeerState state, PeerFault fault, PeerState? survivor)
    {
        state.IsClosing = true;
        _availability.RemoveAll(state);
        _superSeeder?.PeerGone(state);
        CountClaimant(state);
        _downloader.Release(state, false);
        _claims.PeerGone(state);
        _talk.PeerGone(state);
        _uploader.Gone(state);
        _choker.PeerGone(state);
        _metadata.PeerGone(state);
        _leafServer?.PeerGone(state);
        _leaves.PeerGone(state);
        _book.Disconnected(state, fault, survivor);
    }

    /// <summary>Both complete means nothing to exchange: foreign ones make room when connections get scarce.</summary>
    private void DropSurplusSeeds()
    {
        for (var place = 0; place < _peers.Count; place++)
            DropIfSurplus(_peers[place]);
    }

    private void DropIfSurplus(PeerState state)
    {
        if (_map.IsComplete && state is { IsWebSeed: true, IsClosing: false })
            Drop(state, PeerFault.BothComplete);
        if (IsIdleSeed(state) && !state.IsClosing && state.ClaimsId == 0 && _peers.Count > _options.MaxPeers / KeptPeersShare)
            Drop(state, PeerFault.BothComplete);
    }

    /// <summary>Neither of us takes anything from the other.</summary>
    private bool IsIdleSeed(PeerState state) => _map.IsComplete && (state.IsComplete || state.IsUploadOnly);
}
