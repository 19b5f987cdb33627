using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Hashes;

/// <summary>
/// Gets the piece layers of a torrent whose info dictionary is known (a magnet link gives no more) by hash requests (BEP 52 messages
/// 21-23): events in, commands out, owned like <see cref="TorrentEngine"/>. Every file of more than a piece is asked for in ranges of
/// at most 512 hashes, each with the uncles that prove it against the file's root, so that one answer convicts a liar. Ranges are
/// spread over the peers, those that have content first; a refusal or a silence sends a range to the next peer. Only connections on
/// which v2 was agreed are asked: others take these messages for a protocol error.
/// </summary>
public sealed class PieceLayerFetcher
{
    /// <summary>Requests under way to one peer at a time: 16 KiB of hashes each.</summary>
    public const int Pipeline = 4;

    /// <summary>A request without an answer for so long is given to another peer, in milliseconds.</summary>
    public const int PatienceMs = 5000;

    /// <summary>A peer that refused a range, or was slow, is not asked for it again during this time, in milliseconds.</summary>
    public const int RefusalMs = 10_000;

    /// <summary>Answers nobody asked for before a peer is dropped; late ones are among them.</summary>
    public const int MaxUnasked = 64;

    private readonly TorrentInfo _info;
    private readonly EngineClock _clock;
    private readonly CommandQueue _commands;
    private readonly List<Candidate> _candidates = [];
    private readonly Dictionary<Sha256Digest, byte[]> _layers = [];
    private readonly List<HashWant> _open = [];

    /// <summary>A fetcher for a v2 or hybrid torrent.</summary>
    public PieceLayerFetcher(TorrentInfo info, TimeProvider time)
    {
        if (info.V2Hash is null)
            throw new ArgumentException("A v1-only torrent has no piece layers.", nameof(info));
        _info = info;
        _clock = new EngineClock(time);
        _commands = new CommandQueue(_clock);
        for (var file = 0; file < info.Files.Count; file++)
            Want(file);
        if (_open.Count == 0)
            Layers = PieceLayers.Create(info, new Dictionary<Sha256Digest, ReadOnlyMemory<byte>>());
    }

    /// <summary>The proved layers; null until all are there.</summary>
    public PieceLayers? Layers { get; private set; }

    /// <summary>Ranges still missing.</summary>
    public int OpenRanges => _open.Count;

    /// <summary>When <see cref="Advance"/> wants to be called, as a timestamp of the given clock; null for never.</summary>
    public long? NextAdvance { get; private set; }

    /// <summary>A connection has finished its handshakes.</summary>
    /// <param name="peer">Its name.</param>
    /// <param name="connection">Who is there.</param>
    /// <param name="hasContent">It has announced pieces before.</param>
    public void PeerConnected(PeerHandle peer, ConnectedPeer connection, bool hasContent)
    {
        _clock.Update();
        if (!connection.IsV2)
            return;
        _candidates.Add(new Candidate(new PeerState(peer, connection, 0, _clock, 1, null)) { HasContent = hasContent });
        Plan();
    }

    /// <summary>A connection is gone.</summary>
    public void PeerDisconnected(PeerHandle peer)
    {
        _clock.Update();
        if (Find(peer) is not { } gone)
            return;
        Leave(gone);
        Plan();
    }

    /// <summary>A message other than Piece arrived.</summary>
    public void MessageReceived(PeerHandle peer, in PeerMessage message)
    {
        _clock.Update();
        if (Find(peer) is not { } from)
            return;
        var fault = PeerFault.None;
        switch (message.Kind)
        {
            case PeerMessageKind.HaveAll or PeerMessageKind.Have or PeerMessageKind.Bitfield:
                from.HasContent = true;
                break;
            case PeerMessageKind.Hashes or PeerMessageKind.HashReject:
                fault = TakeAnswer(from, message);
                break;
            default:
                return;
        }
        if (fault != PeerFault.None)
        {
            _commands.Disconnect(peer, fault);
            Leave(from);
        }
        Plan();
    }

    /// <summary>Time has passed.</summary>
    public void Advance()
    {
        _clock.Update();
        foreach (var want in _open)
        {
            if (want.Asked is { } slow && _clock.HasPassed(want.AskedAt, PatienceMs))
                PutBack(want, slow);
        }
        Plan();
    }

    /// <summary>Next command, in order; false when there is none.</summary>
    public bool TryDequeue(out EngineCommand command) => _commands.TryDequeue(out command);

    private Candidate? Find(PeerHandle peer) => _candidates.Find(candidate => candidate.Peer.Handle == peer);

    private void Want(int file)
    {
        var (_, pieces) = _info.PiecesOf(file);
        var root = _info.Files[file].PiecesRoot;
        // Files of equal content have one layer.
        if (pieces < 2 || _layers.ContainsKey(root))
            return;
        _layers.Add(root, new byte[pieces * Sha256Digest.Size]);
        var height = MerkleHash.Height(pieces);
        var length = (int)Math.Min(1L << height, MerkleTree.MaxHashes);
        // Every layer below the root is proved; those inside the range prove themselves.
        var proofs = length == 1L << height ? 0 : height - 1;
        for (var index = 0; index < pieces; index += length)
            _open.Add(new HashWant(new HashRange(root, _info.PieceLevel, index, length, proofs)));
    }

    private PeerFault TakeAnswer(Candidate from, in PeerMessage message)
    {
        if (!HashRange.TryRead(message.Payload.Span, out var range))
            return PeerFault.BadHashMessage;
        var want = _open.Find(open => open.Range == range);
        if (want is null || want.Asked != from)
        {
            from.Unasked++;
            return from.Unasked > MaxUnasked ? PeerFault.Flood : PeerFault.None;
        }
        if (message.Kind == PeerMessageKind.HashReject)
        {
            PutBack(want, from);
            return PeerFault.None;
        }
        var hashes = ReadHashes(message.Payload.Span[HashRange.Size..]);
        var uncles = MerkleProof.UncleCount(range.Length, range.ProofLayers);
        if (hashes.Length != range.Length + uncles)
            return PeerFault.BadHashMessage;
        if (!MerkleProof.Verify(range.PiecesRoot, hashes.AsSpan(0, range.Length), range.Index, hashes.AsSpan(range.Length)))
            return PeerFault.WrongData;
        from.Asked--;
        _open.Remove(want);
        var target = _layers[range.PiecesRoot].AsSpan(range.Index * Sha256Digest.Size);
        // Beyond the file's end the range holds padding, which is proved too but belongs to no layer.
        for (var at = 0; at < range.Length && at * Sha256Digest.Size < target.Length; at++)
            hashes[at].CopyTo(target[(at * Sha256Digest.Size)..]);
        if (_open.Count == 0)
            Layers = PieceLayers.Create(_info, _layers.ToDictionary(pair => pair.Key, pair => (ReadOnlyMemory<byte>)pair.Value));
        return PeerFault.None;
    }

    private static Sha256Digest[] ReadHashes(ReadOnlySpan<byte> bytes)
    {
        var hashes = new Sha256Digest[bytes.Length / Sha256Digest.Size];
        for (var at = 0; at < hashes.Length; at++)
            hashes[at] = new Sha256Digest(bytes.Slice(at * Sha256Digest.Size, Sha256Digest.Size));
        return hashes;
    }

    private void PutBack(HashWant want, Candidate from)
    {
        want.Asked = null;
        from.Asked--;
        want.Refused[from] = _clock.Now + _clock.Milliseconds(RefusalMs);
    }

    private void Leave(Candidate gone)
    {
        _candidates.Remove(gone);
        foreach (var want in _open)
        {
            want.Refused.Remove(gone);
            if (want.Asked == gone)
                want.Asked = null;
        }
    }

    private void Plan()
    {
        NextAdvance = null;
        foreach (var want in _open)
        {
            if (want.Asked is null && Choose(want) is { } peer)
                Ask(peer, want);
            var due = want.Asked is null ? want.NextTryAfter(_clock.Now) : want.AskedAt + _clock.Milliseconds(PatienceMs);
            if (due is { } time && (NextAdvance is not { } next || time < next))
                NextAdvance = time;
        }
    }

    private Candidate? Choose(HashWant want)
    {
        Candidate? best = null;
        foreach (var candidate in _candidates)
        {
            if (candidate.Asked >= Pipeline || (want.Refused.TryGetValue(candidate, out var until) && until > _clock.Now))
                continue;
            if (best is null || candidate.IsBetterThan(best))
                best = candidate;
        }
        return best;
    }

    private void Ask(Candidate peer, HashWant want)
    {
        want.Asked = peer;
        want.AskedAt = _clock.Now;
        peer.Asked++;
        var payload = new byte[HashRange.Size];
        want.Range.Write(payload);
        _commands.Send(peer.Peer, new PeerMessage(PeerMessageKind.HashRequest, Payload: payload));
    }

    private sealed class HashWant(HashRange range)
    {
        public HashRange Range => range;

        public Candidate? Asked { get; set; }

        public long AskedAt { get; set; }

        /// <summary>Who refused it or was slow, and until when it is left in peace.</summary>
        public Dictionary<Candidate, long> Refused { get; } = [];

        public long? NextTryAfter(long now)
        {
            long? next = null;
            foreach (var until in Refused.Values)
            {
                if (until > now && (next is null || until < next))
                    next = until;
            }
            return next;
        }
    }

    private sealed class Candidate(PeerState peer)
    {
        public PeerState Peer => peer;

        public bool HasContent { get; set; }

        public int Asked { get; set; }

        public int Unasked { get; set; }

        public bool IsBetterThan(Candidate other) =>
            HasContent != other.HasContent ? HasContent
            : peer.IsLan != other.Peer.IsLan ? peer.IsLan
            : Asked < other.Asked;
    }
}
