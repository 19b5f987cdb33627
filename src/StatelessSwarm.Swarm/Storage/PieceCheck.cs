using System.Buffers;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>Hashes what is on disk against the piece layers, on every core.</summary>
internal static class PieceCheck
{
    /// <summary>Which of <paramref name="candidates"/> are on disk with the right hash.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static async Task<List<PieceIndex>> FindVerifiedAsync(
        TorrentInfo info,
        PieceLayers layers,
        PieceFiles files,
        IReadOnlyList<PieceIndex> candidates,
        CancellationToken cancellation
    )
    {
        var isVerified = new bool[candidates.Count];
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = Environment.ProcessorCount,
            CancellationToken = cancellation,
        };
        await Parallel.ForAsync(
            0,
            candidates.Count,
            parallel,
            (i, _) =>
            {
                isVerified[i] = IsVerified(info, layers, files, candidates[i]);
                return ValueTask.CompletedTask;
            }
        );
        var verified = new List<PieceIndex>(candidates.Count);
        for (var i = 0; i < candidates.Count; i++)
        {
            if (isVerified[i])
                verified.Add(candidates[i]);
        }
        return verified;
    }

    /// <summary>SHA-256 of every block of a range that begins at a block; the last may be short.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Sha256Digest[] HashBlocks(PieceFiles files, BlockRange range)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(range.Length);
        try
        {
            files.Read(range, buffer.AsSpan(0, range.Length));
            var leaves = new Sha256Digest[(range.Length + BlockRange.BlockSize - 1) / BlockRange.BlockSize];
            for (var block = 0; block < leaves.Length; block++)
            {
                var begin = block * BlockRange.BlockSize;
                leaves[block] = Sha256Digest.HashData(buffer.AsSpan(begin, Math.Min(BlockRange.BlockSize, range.Length - begin)));
            }
            return leaves;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsVerified(TorrentInfo info, PieceLayers layers, PieceFiles files, PieceIndex piece)
    {
        var length = info.ContentLength(piece);
        var blockCount = info.BlockCount(piece);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var leaves = ArrayPool<Sha256Digest>.Shared.Rent(blockCount);
        try
        {
            files.Read(new BlockRange(piece, 0, length), buffer.AsSpan(0, length));
            for (var block = 0; block < blockCount; block++)
            {
                var begin = block * BlockRange.BlockSize;
                leaves[block] = Sha256Digest.HashData(buffer.AsSpan(begin, Math.Min(BlockRange.BlockSize, length - begin)));
            }
            return layers.Verify(piece, leaves.AsSpan(0, blockCount));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            ArrayPool<Sha256Digest>.Shared.Return(leaves);
        }
    }
}
