using System.Security;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>What hashing a torrent's files on disk found.</summary>
/// <param name="PieceCount">Pieces in the torrent.</param>
/// <param name="GoodPieces">Pieces on disk with the right hash, of a hybrid torrent the SHA-256 one.</param>
/// <param name="GoodBytes">Bytes of files in those.</param>
/// <param name="BadFiles">Files that are missing or wrong, in the torrent's order.</param>
public sealed record TorrentCheck(int PieceCount, int GoodPieces, long GoodBytes, IReadOnlyList<BadFile> BadFiles)
{
    /// <summary>
    /// Pieces of a hybrid torrent that are right by one of their two hashes and wrong by the other: the torrent names two contents, and no
    /// client that looks at both can ever complete it.
    /// </summary>
    public int InconsistentPieces { get; init; }

    /// <summary>Every piece is right, by each of its hashes, and every file has its length.</summary>
    public bool IsComplete => GoodPieces == PieceCount && InconsistentPieces == 0 && BadFiles.Count == 0;

    /// <summary>Hashes the files, on every core, as they are: nothing is changed or created.</summary>
    /// <param name="metainfo">The torrent.</param>
    /// <param name="paths">Absolute path of each file.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    public static async Task<TorrentCheck> RunAsync(
        Metainfo metainfo,
        IReadOnlyList<string> paths,
        CancellationToken cancellation
    )
    {
        var info = metainfo.Info;
        using var files = PieceFiles.OpenAsTheyAre(info, paths);
        PieceIndex[] all = [.. Enumerable.Range(0, info.PieceCount).Select(i => new PieceIndex(i))];
        var verdicts = await PieceCheck.JudgeAsync(metainfo, files, all, checksBoth: true, cancellation);
        List<PieceIndex> good = [.. all.Where(piece => verdicts[piece.Value] is PieceVerdict.Right or PieceVerdict.RightByV2Only)];
        return new TorrentCheck(
            info.PieceCount,
            good.Count,
            good.Sum(piece => (long)info.FileBytes(piece)),
            FindBadFiles(info, paths, good)
        )
        {
            InconsistentPieces = verdicts.Count(verdict => verdict is PieceVerdict.RightByV1Only or PieceVerdict.RightByV2Only),
        };
    }

    private static List<BadFile> FindBadFiles(TorrentInfo info, IReadOnlyList<string> paths, List<PieceIndex> good)
    {
        var looked = new BadFile?[paths.Count];
        for (var file = 0; file < looked.Length; file++)
            looked[file] = Look(file, paths[file], info.Files[file].Length);
        var wrongPieces = new int[paths.Count];
        var isGood = new bool[info.PieceCount];
        good.ForEach(piece => isGood[piece.Value] = true);
        for (var piece = 0; piece < isGood.Length; piece++)
        {
            if (!isGood[piece])
                Blame(info, new PieceIndex(piece), looked, wrongPieces);
        }
        var bad = new List<BadFile>();
        for (var file = 0; file < looked.Length; file++)
        {
            if (looked[file] is { } known)
                bad.Add(known with { WrongPieces = wrongPieces[file] });
            else if (wrongPieces[file] > 0)
                bad.Add(new BadFile(file, FileFault.WrongData, info.Files[file].Length, wrongPieces[file]));
        }
        return bad;
    }

    private static void Blame(TorrentInfo info, PieceIndex piece, BadFile?[] looked, int[] wrongPieces)
    {
        var all = new BlockRange(piece, 0, info.ContentLength(piece));
        var isExplained = false;
        foreach (var span in info.SpansOf(all))
            isExplained |= !span.IsPad && looked[span.FileIndex] is not null;
        foreach (var span in info.SpansOf(all))
        {
            if (!span.IsPad && (!isExplained || looked[span.FileIndex] is not null))
                wrongPieces[span.FileIndex]++;
        }
    }

    private static BadFile? Look(int file, string path, long length)
    {
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var actual = RandomAccess.GetLength(handle);
            return actual == length ? null : new BadFile(file, FileFault.WrongLength, actual, 0);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return new BadFile(file, FileFault.Missing, 0, 0);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or SecurityException)
        {
            return new BadFile(file, FileFault.Unreadable, 0, 0);
        }
    }
}
