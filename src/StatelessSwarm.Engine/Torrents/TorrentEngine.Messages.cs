using System.Buffers.Binary;
using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Extensions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Picking;
using StatelessSwarm.Engine.Uploading;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

// What peers say. Every rule a peer can break ends in one PeerFault.
public sealed partial class TorrentEngine
{
    /// <summary>Messages of any kind per second before a peer counts as flooding: a 10 Gbit/s link's worth of requests.</summary>
    private const int MaxMessagesPerSecond = 100_000;

    /// <summary>Messages that are neither requests, their ends, nor HAVEs, per second.</summary>
    private const int MaxControlMessagesPerSecond = 500;

    /// <summary>HAVEs for pieces it was known to have, over the life of a connection, beyond one per piece.</summary>
    private const int MaxRedundantHaves = 1000;

    /// <summary>Allowed-fast pieces taken from one peer; those after them are left out.</summary>
    private const int MaxAllowedFast = 32;

    /// <summary>A message other than Piece arrived.</summary>
    public void MessageReceived(PeerHandle peer, in PeerMessage message)
    {
        BeginEvent();
        if (_peers.Find(peer) is { IsClosing: false } state)
        {
            state.LastHeardAt = _clock.Now;
            var fault = CountMessage(state, message.Kind);
            if (fault == PeerFault.None)
                fault = Dispatch(state, message);
            if (fault != PeerFault.None)
                Drop(state, fault);
            else if (_map.IsComplete)
                DropIfSurplus(state);
        }
        EndEvent();
    }

    private PeerFault CountMessage(PeerState state, PeerMessageKind kind)
    {
        if (_clock.HasPassed(state.CountedFrom, 1000))
        {
            state.CountedFrom = _clock.Now;
            state.Messages = 0;
            state.ControlMessages = 0;
            state.RefusedRequests = 0;
            state.LeafAnswers = 0;
        }
        state.Messages++;
        if (kind is not (PeerMessageKind.Request or PeerMessageKind.Cancel or PeerMessageKind.RejectRequest or PeerMessageKind.Have))
            state.ControlMessages++;
        return state.Messages > MaxMessagesPerSecond || state.ControlMessages > MaxControlMessagesPerSecond
            ? PeerFault.Flood
            : PeerFault.None;
    }

    private PeerFault Dispatch(PeerState state, in PeerMessage message)
    {
        switch (message.Kind)
        {
            case PeerMessageKind.Choke:
                return OnChoke(state);
            case PeerMessageKind.Unchoke:
                return OnUnchoke(state);
            case PeerMessageKind.Interested:
                state.IsInterested = true;
                _superSeeder?.Refill(state);
                _choker.Interested(state);
                return PeerFault.None;
            case PeerMessageKind.NotInterested:
                state.IsInterested = false;
                return PeerFault.None;
            case PeerMessageKind.Have:
                return OnHave(state, message.Piece);
            case PeerMessageKind.Bitfield:
                return OnBitfield(state, message.Payload.Span);
            case PeerMessageKind.HaveAll or PeerMessageKind.HaveNone:
                return state.IsFast ? OnHaveAll(state, message.Kind == PeerMessageKind.HaveAll) : PeerFault.FastNotNegotiated;
            case PeerMessageKind.Request:
                return OnRequest(state, message);
            case PeerMessageKind.Cancel:
                _uploader.Cancelled(state, RangeOf(message));
                return PeerFault.None;
            case PeerMessageKind.RejectRequest:
                return OnReject(state, message);
            case PeerMessageKind.SuggestPiece or PeerMessageKind.AllowedFast:
                return OnFastHint(state, message);
            case PeerMessageKind.Extended:
                return OnExtended(state, message);
            case PeerMessageKind.HashRequest:
                return OnHashRequest(state, message);
            case PeerMessageKind.Hashes:
                return OnHashes(state, message.Payload.Span);
            case PeerMessageKind.HashReject:
                return state.Connection.IsV2 ? _leaves.Rejected(state, message.Payload.Span) : PeerFault.BadHashMessage;
            default:
                return PeerFault.None;
        }
    }

    private static BlockRange RangeOf(in PeerMessage message) =>
        new(new PieceIndex(message.Piece), message.Begin, message.Length);

    private PeerFault OnChoke(PeerState state)
    {
        if (state.IsChokingUs)
            return PeerFault.None;
        state.IsChokingUs = true;
        _availability.Recount(state);
        _downloader.Release(state, state.IsFast);
        return PeerFault.None;
    }

    private PeerFault OnUnchoke(PeerState state)
    {
        if (!state.IsChokingUs)
            return PeerFault.None;
        state.IsChokingUs = false;
        state.IdleEpoch = -1;
        state.LastBlockAt = _clock.Now;
        _availability.Recount(state);
        _downloader.Fill(state);
        return PeerFault.None;
    }

    private PeerFault OnHave(PeerState state, int piece)
    {
        if (!_map.IsPiece(piece))
            return PeerFault.PieceIndexOutOfRange;
        if (!state.Have.Add(piece))
        {
            state.RedundantHaves++;
            return state.RedundantHaves > _map.PieceCount + MaxRedundantHaves ? PeerFault.Flood : PeerFault.None;
        }
        _availability.Add(state, piece);
        _superSeeder?.PeerHas(state, piece);
        _claims.PeerHas(state, piece);
        if (state.IsLan && _spread.Taken(piece))
            _assigner.Wake();
        if (state.IsComplete)
            CountClaimant(state);
        if (_map.Verified.Contains(piece))
            return PeerFault.None;
        state.WantedPieces++;
        state.IdleEpoch = -1;
        TellInterest(state);
        if (state.IsCountedNear)
            _downloader.HeldNearNow(piece);
        _downloader.Fill(state);
        return PeerFault.None;
    }

    private PeerFault OnBitfield(PeerState state, ReadOnlySpan<byte> bits)
    {
        if (bits.Length != (_map.PieceCount + 7) / 8)
            return PeerFault.BadBitfield;
        var spare = bits.Length * 8 - _map.PieceCount;
        if (spare > 0 && (bits[^1] & ((1 << spare) - 1)) != 0)
            return PeerFault.BadBitfield;
        // Accepted at any time: aria2 and super-seeding clients send it late.
        _availability.RemoveAll(state);
        state.Have.ReadBitfield(bits);
        TakeNewSet(state);
        return PeerFault.None;
    }

    private PeerFault OnHaveAll(PeerState state, bool all)
    {
        if (!all && state.Have.Count == 0)
        {
            _superSeeder?.PeerHasSet(state);
            return PeerFault.None;
        }
        _availability.RemoveAll(state);
        if (all)
            state.Have.Fill();
        else
            state.Have.ReadBitfield(new byte[(_map.PieceCount + 7) / 8]);
        TakeNewSet(state);
        return PeerFault.None;
    }

    private void TakeNewSet(PeerState state)
    {
        state.IsSource = state.IsComplete;
        state.IdleEpoch = -1;
        _availability.AddAll(state);
        _superSeeder?.PeerHasSet(state);
        CountClaimant(state);
        state.WantedPieces = state.Have.CountOutside(_map.Verified);
        for (var index = state.Claims.Count - 1; index >= 0; index--)
        {
            if (state.Have.Contains(state.Claims[index]))
                _claims.PeerHas(state, state.Claims[index]);
        }
        TellInterest(state);
        _downloader.Fill(state);
    }

    private void OnDontHave(PeerState state, int piece)
    {
        if (!state.Have.Contains(piece))
            return;
        _availability.RemoveAll(state);
        state.Have.Remove(piece);
        state.IsSource = false;
        _availability.AddAll(state);
        CountClaimant(state);
        if (!_map.Verified.Contains(piece))
            state.WantedPieces--;
        TellInterest(state);
    }

    private PeerFault OnRequest(PeerState state, in PeerMessage message)
    {
        var fault = RequestRules.Check(_map, state, message);
        if (fault == PeerFault.None)
            _uploader.Requested(state, RangeOf(message));
        return fault;
    }

    private PeerFault OnReject(PeerState state, in PeerMessage message)
    {
        if (!state.IsFast)
            return PeerFault.FastNotNegotiated;
        if (!_map.IsPiece(message.Piece))
            return PeerFault.PieceIndexOutOfRange;
        _downloader.Rejected(state, RangeOf(message));
        return PeerFault.None;
    }

    /// <summary>Suggestions are not followed: rarest first knows better. Allowed-fast pieces are asked for while we are choked.</summary>
    private PeerFault OnFastHint(PeerState state, in PeerMessage message)
    {
        if (!state.IsFast)
            return PeerFault.FastNotNegotiated;
        if (!_map.IsPiece(message.Piece))
            return PeerFault.PieceIndexOutOfRange;
        if (message.Kind == PeerMessageKind.SuggestPiece || (state.FastTaken?.Count ?? 0) >= MaxAllowedFast)
            return PeerFault.None;
        state.FastTaken ??= new PieceSet(_map.PieceCount);
        state.FastTaken.Add(message.Piece);
        state.IdleEpoch = -1;
        _downloader.Fill(state);
        return PeerFault.None;
    }

    private PeerFault OnHashRequest(PeerState state, in PeerMessage message)
    {
        if (!state.Connection.IsV2 || _hashes is null)
            return PeerFault.BadHashMessage;
        if (HashRange.TryRead(message.Payload.Span, out var range) && _leafServer!.Take(state, range))
            return PeerFault.None;
        if (_hashes.Answer(message.Payload) is not { } answer)
            return PeerFault.BadHashMessage;
        _commands.Send(state, answer);
        return PeerFault.None;
    }

    private PeerFault OnHashes(PeerState state, ReadOnlySpan<byte> payload)
    {
        if (!state.Connection.IsV2)
            return PeerFault.BadHashMessage;
        var fault = _leaves.Received(state, payload, out var piece, out var leaves);
        if (piece is not null)
            _downloader.Proven(piece, leaves);
        return fault;
    }

    private PeerFault OnExtended(PeerState state, in PeerMessage message)
    {
        if (!state.Connection.Handshake.SupportsExtensions)
            return PeerFault.BadExtension;
        switch (message.ExtendedId)
        {
            case ExtensionIds.Handshake:
                return OnExtensionHandshake(state, message.Payload);
            case ExtensionIds.Metadata:
                return _metadata.Receive(state, message.Payload);
            case ExtensionIds.Claims when _options.UsesClaims:
                var fault = _claims.Receive(state, message.Payload);
                CountClaimant(state);
                return fault;
            case ExtensionIds.Pex:
                return _exchange.Receive(state, message.Payload);
            case ExtensionIds.DontHave:
                if (message.Payload.Length != 4)
                    return PeerFault.BadExtension;
                var piece = BinaryPrimitives.ReadInt32BigEndian(message.Payload.Span);
                if (!_map.IsPiece(piece))
                    return PeerFault.PieceIndexOutOfRange;
                OnDontHave(state, piece);
                return PeerFault.None;
            default:
                return PeerFault.None;
        }
    }

    private PeerFault OnExtensionHandshake(PeerState state, ReadOnlyMemory<byte> payload)
    {
        if (ExtensionHandshake.TryRead(payload) is not { } said)
            return PeerFault.BadExtension;
        state.MetadataId = said.MetadataId ?? state.MetadataId;
        state.IsUploadOnly = said.IsUploadOnly ?? state.IsUploadOnly;
        if (said.RequestQueue > 0)
            state.Window.Limit(Math.Min(said.RequestQueue, state.MostRequests));
        if (said.Site is { } site)
            TakeSite(state, site);
        if (said.PexId is { } pexId)
            PeerExchange.Spoken(state, pexId);
        if (!state.Connection.IsOutgoing)
        {
            if (said.Port > 0)
                state.ListenEndPoint = new IPEndPoint(state.Connection.EndPoint.Address, said.Port);
            _book.Listens(state, said.Port);
        }
        var spokeClaims = state.ClaimsId != 0;
        state.ClaimsId = said.ClaimsId ?? state.ClaimsId;
        CountClaimant(state);
        if (_options.UsesClaims && state.ClaimsId != 0 && !spokeClaims)
            _claims.PeerArrived(state);
        return PeerFault.None;
    }

    /// <summary>Keeps the numbers of neighbours that take claims and still want pieces.</summary>
    private void CountClaimant(PeerState state)
    {
        var counts = state is { IsLan: true, IsClosing: false, IsComplete: false, ClaimsId: not 0 } && _options.UsesClaims;
        var isAble = counts && !state.IsBehind;
        if (counts == state.IsCountedClaimant && isAble == state.IsCountedAble)
            return;
        if (counts != state.IsCountedClaimant)
            _availability.NearClaimants += counts ? 1 : -1;
        if (isAble != state.IsCountedAble)
            _availability.AbleClaimants += isAble ? 1 : -1;
        state.IsCountedClaimant = counts;
        state.IsCountedAble = isAble;
        _assigner.Wake();
    }

    private void TellInterest(PeerState state)
    {
        var wanted = state.WantedPieces > 0;
        if (wanted == state.AreWeInterested || state.IsClosing)
            return;
        state.AreWeInterested = wanted;
        _commands.Send(state, wanted ? PeerMessageKind.Interested : PeerMessageKind.NotInterested);
    }
}
