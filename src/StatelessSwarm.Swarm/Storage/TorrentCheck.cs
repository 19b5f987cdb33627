using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>What hashing a torrent's files on disk found.</summary>
/// <param name="PieceCount">Pieces in the torrent.</param>
/// <param name="GoodPieces">Pieces on disk with the right hash.</param>
/// <param name="GoodBytes">Content bytes of those.</param>
public sealed record TorrentCheck(int PieceCount, int GoodPieces, long GoodBytes)
{
    /// <summary>Every piece is right.</summary>
    public bool IsComplete => GoodPieces == PieceCount;

    /// <summary>Hashes the files against the piece layers, on every core.</summary>
    /// <param name="metainfo">A v2 or hybrid torrent.</param>
    /// <param name="paths">Absolute path of each file.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    /// <exception cref="IOException">A file is missing, has the wrong length, or cannot be read; names it.</exception>
    public static async Task<TorrentCheck> RunAsync(
        Metainfo metainfo,
        IReadOnlyList<string> paths,
        CancellationToken cancellation
    )
    {
        var info = metainfo.Info;
        var layers = metainfo.Layers ?? throw new NotSupportedException($"{info.Name}: a v1-only torrent");
        using var files = PieceFiles.Open(info, paths, isReadOnly: true);
        PieceIndex[] all = [.. Enumerable.Range(0, info.PieceCount).Select(i => new PieceIndex(i))];
        var good = await PieceCheck.FindVerifiedAsync(info, layers, files, all, cancellation);
        return new TorrentCheck(info.PieceCount, good.Count, good.Sum(piece => (long)info.ContentLength(piece)));
    }
}
