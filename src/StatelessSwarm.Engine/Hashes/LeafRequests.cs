using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Hashes;

/// <summary>
/// Requests for leaf hashes (BEP 52, base layer 0), which are not kept: the shell hashes the blocks anew. Served for pieces that are
/// verified, at most <see cref="MaxPerPeer"/> of one peer and <see cref="MaxWaiting"/> in all at a time; the rest is rejected.
/// </summary>
internal sealed class LeafRequests(HashServer server, PieceMap map, CommandQueue commands)
{
    /// <summary>Requests of one peer under way.</summary>
    public const int MaxPerPeer = 4;

    /// <summary>Requests under way; each reads 8 MiB at most.</summary>
    public const int MaxWaiting = 16;

    private readonly List<Waiting> _waiting = [];
    private long _lastToken;

    /// <summary>Takes a request up or rejects it.</summary>
    public void Requested(PeerState peer, in HashRange range, ReadOnlyMemory<byte> payload)
    {
        if (_waiting.Count >= MaxWaiting || CountOf(peer) >= MaxPerPeer || server.FindLeaves(range) is not { } span || !AreVerified(span))
        {
            Reject(peer, payload);
            return;
        }
        var bytes = 0;
        for (var piece = span.First; piece < span.First + span.Count; piece++)
            bytes += map.ContentLength(piece);
        _waiting.Add(new Waiting(++_lastToken, peer, range, span.First, payload));
        commands.HashBlocks(new BlockRange(new PieceIndex(span.First), 0, bytes), _lastToken);
    }

    /// <summary>The hashes are there; none when the blocks could not be read.</summary>
    public void Hashed(long token, ReadOnlySpan<Sha256Digest> leaves)
    {
        var index = _waiting.FindIndex(waiting => waiting.Token == token);
        if (index < 0)
            throw new ArgumentOutOfRangeException(nameof(token), token, "Nobody asked for these leaves.");
        var (_, peer, range, first, payload) = _waiting[index];
        _waiting.RemoveAt(index);
        if (peer.IsClosing)
            return;
        if (leaves.IsEmpty || server.AnswerLeaves(range, first, leaves, payload) is not { } answer)
            Reject(peer, payload);
        else
            commands.Send(peer, answer);
    }

    private void Reject(PeerState peer, ReadOnlyMemory<byte> payload) =>
        commands.Send(peer, new PeerMessage(PeerMessageKind.HashReject, Payload: payload));

    private int CountOf(PeerState peer)
    {
        var count = 0;
        foreach (var waiting in _waiting)
            count += waiting.Peer == peer ? 1 : 0;
        return count;
    }

    private bool AreVerified((int First, int Count) span)
    {
        for (var piece = span.First; piece < span.First + span.Count; piece++)
        {
            if (!map.Verified.Contains(piece))
                return false;
        }
        return true;
    }

    private sealed record Waiting(long Token, PeerState Peer, HashRange Range, int First, ReadOnlyMemory<byte> Payload);
}
