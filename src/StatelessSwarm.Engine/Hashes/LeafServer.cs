using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Hashes;

/// <summary>
/// Answers hash requests (BEP 52) for leaves of one verified piece. Leaves are not kept (32 bytes per 16 KiB would be 20 MB of a 10 GB
/// image): the shell reads the piece back and hashes its blocks. What goes beyond the bounds is rejected.
/// </summary>
internal sealed class LeafServer(TorrentInfo info, PieceMap map, HashServer pieceLayer, CommandQueue commands, int maxPieces)
{
    /// <summary>Leaf requests of one peer that are answered in a second.</summary>
    public const int MaxPerSecond = 16;

    private readonly List<Entry> _pending = [];

    /// <summary>Takes a request that can be answered; false when it must be rejected, or is for another layer.</summary>
    public bool Take(PeerState peer, in HashRange range)
    {
        if (range.BaseLayer != 0 || peer.LeafAnswers >= MaxPerSecond || _pending.Count >= maxPieces)
            return false;
        if (!TryFind(range, out var file, out var piece, out var height) || !map.Verified.Contains(piece))
            return false;
        peer.LeafAnswers++;
        _pending.Add(new Entry(peer, range, file, piece, height));
        commands.HashBlocks(peer, new BlockRange(new PieceIndex(piece), 0, map.ContentLength(piece)));
        return true;
    }

    /// <summary>The shell has hashed the blocks of a piece, or could not read them (no leaves).</summary>
    public void Hashed(PeerState peer, int piece, ReadOnlySpan<Sha256Digest> leaves)
    {
        var place = _pending.FindIndex(entry => entry.Peer == peer && entry.Piece == piece);
        if (place < 0)
            return;
        var entry = _pending[place];
        _pending.RemoveAt(place);
        var head = new byte[HashRange.Size];
        entry.Range.Write(head);
        if (leaves.Length != map.BlockCount(piece))
        {
            commands.Send(peer, new PeerMessage(PeerMessageKind.HashReject, Payload: head));
            return;
        }
        var hashes = Collect(entry, leaves);
        var body = new byte[HashRange.Size + hashes.Count * Sha256Digest.Size];
        head.CopyTo(body, 0);
        for (var index = 0; index < hashes.Count; index++)
            hashes[index].CopyTo(body.AsSpan(HashRange.Size + index * Sha256Digest.Size));
        commands.Send(peer, new PeerMessage(PeerMessageKind.Hashes, Payload: body));
    }

    /// <summary>A connection ended.</summary>
    public void PeerGone(PeerState peer) => _pending.RemoveAll(entry => entry.Peer == peer);

    private bool TryFind(in HashRange range, out int file, out int piece, out int height)
    {
        piece = 0;
        height = 0;
        for (file = 0; file < info.Files.Count; file++)
        {
            if (info.Files[file].Length == 0 || info.Files[file].PiecesRoot != range.PiecesRoot)
                continue;
            var (first, count) = info.PiecesOf(file);
            // A file's only piece is padded to its own power of two, any other one to the whole piece.
            height = count > 1 ? info.PieceLevel : MerkleHash.Height(info.BlockCount(first));
            var inFile = range.Index >> height;
            piece = first.Value + inFile;
            return height > 0 && range.Length <= 1 << height && inFile < count;
        }
        return false;
    }

    private List<Sha256Digest> Collect(in Entry entry, ReadOnlySpan<Sha256Digest> leaves)
    {
        var range = entry.Range;
        var nodes = new Sha256Digest[1 << entry.Height];
        leaves.CopyTo(nodes);
        var index = range.Index & (nodes.Length - 1);
        var hashes = new List<Sha256Digest>(range.Length + range.ProofLayers);
        hashes.AddRange(nodes.AsSpan(index, range.Length));
        // The asked leaves are a whole subtree: the first uncle is the sibling of its root (see HashServer).
        var subtree = int.Log2(range.Length);
        for (var layer = 0; layer < entry.Height; layer++)
        {
            if (layer >= subtree && layer <= range.ProofLayers)
                hashes.Add(nodes[(index >> layer) ^ 1]);
            for (var node = 0; node < nodes.Length >> (layer + 1); node++)
                nodes[node] = MerkleHash.Combine(nodes[2 * node], nodes[2 * node + 1]);
        }
        if (info.Files[entry.File].Length > info.PieceLength)
            pieceLayer.AddUncles(entry.File, range, hashes);
        return hashes;
    }

    private readonly record struct Entry(PeerState Peer, HashRange Range, int File, int Piece, int Height);
}
