using System.Buffers;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>Hashes what is on disk, on every core. Nothing is allocated per piece.</summary>
internal static class PieceCheck
{
    /// <summary>A core takes neighbouring pieces of about this many bytes at a time, so that disks read in order: 8 MiB.</summary>
    private const int Stretch = 8 * 1024 * 1024;

    /// <summary>Which of <paramref name="candidates"/> are on disk with the right hash, in their order.</summary>
    /// <param name="metainfo">The torrent.</param>
    /// <param name="files">Its files.</param>
    /// <param name="candidates">Pieces to look at.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public static async Task<List<PieceIndex>> FindVerifiedAsync(
        Metainfo metainfo,
        PieceFiles files,
        IReadOnlyList<PieceIndex> candidates,
        CancellationToken cancellation
    )
    {
        var verdicts = await JudgeAsync(metainfo, files, candidates, checksBoth: false, cancellation);
        var verified = new List<PieceIndex>(candidates.Count);
        for (var i = 0; i < candidates.Count; i++)
        {
            if (verdicts[i] == PieceVerdict.Right)
                verified.Add(candidates[i]);
        }
        return verified;
    }

    /// <summary>What the hashes say of <paramref name="candidates"/>, in their order.</summary>
    /// <param name="metainfo">The torrent.</param>
    /// <param name="files">Its files.</param>
    /// <param name="candidates">Pieces to look at.</param>
    /// <param name="checksBoth">Look at a hybrid torrent's v1 hashes, too.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public static async Task<PieceVerdict[]> JudgeAsync(
        Metainfo metainfo,
        PieceFiles files,
        IReadOnlyList<PieceIndex> candidates,
        bool checksBoth,
        CancellationToken cancellation
    )
    {
        var verdicts = new PieceVerdict[candidates.Count];
        var step = Math.Max(1, Stretch / metainfo.Info.PieceLength);
        var next = 0;
        var workers = Math.Min(Environment.ProcessorCount, (candidates.Count + step - 1) / step);
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(Work, cancellation)));
        return verdicts;

        void Work()
        {
            using var verifier = new PieceVerifier(metainfo, files, isStrict: false, checksBoth);
            while (Interlocked.Add(ref next, step) - step is var first && first < candidates.Count)
            {
                for (var i = first; i < Math.Min(first + step, candidates.Count); i++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    verdicts[i] = verifier.Judge(candidates[i]);
                }
            }
        }
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
}
