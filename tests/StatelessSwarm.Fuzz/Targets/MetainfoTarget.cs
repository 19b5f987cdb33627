using StatelessSwarm.Content;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// <see cref="Metainfo"/>: a .torrent that is taken keeps its info hash through our writer, and its files lie where they say.
/// </summary>
internal sealed class MetainfoTarget : FuzzTarget
{
    public override string Name => "metainfo";

    public override int MaxInput => 64 * 1024;

    public override IReadOnlyList<byte[]> Words =>
        WordsOf("4:info", "9:file tree", "6:lengthi", "11:pieces root32:", "12:meta versioni2e", "4:name", "12:piece lengthi16384e", "6:pieces", "5:filesl", "4:pathl", "4:attr1:p", "12:piece layersd", "8:announce", "13:announce-listll", "8:url-list", "7:privatei1e", "2:..", "1:.", "0:d", "ee");

    public override long MaxAllocated(int length) => 4 * 1024 * 1024 + 4096L * length;

    public override void Run(ReadOnlySpan<byte> input)
    {
        Metainfo torrent;
        try
        {
            torrent = Metainfo.Parse(input.ToArray());
        }
        catch (ContentException)
        {
            return;
        }
        Check(torrent.Info);
        var again = Metainfo.Parse(torrent.Encode());
        Require(again.Info.V1Hash == torrent.Info.V1Hash && again.Info.V2Hash == torrent.Info.V2Hash, "the info hash is the same when written");
        Require(again.WebSeeds.SequenceEqual(torrent.WebSeeds), "web seeds are the same when written");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        yield return ("hybrid", Build(20_000, 0, 5));
        yield return ("layers", Build(70_000));
    }

    internal static byte[] Build(params int[] lengths)
    {
        var files = lengths.Select((length, index) => new TorrentBuildFile($"file{index}", new MemoryStream(new byte[length]), length)).ToList();
        var options = new TorrentBuildOptions { Name = "sample", PieceLength = 16384 };
#pragma warning disable VSTHRD002 // In memory: nothing is waited for.
        return TorrentBuilder.BuildHybridAsync(options, files, null, CancellationToken.None).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    private static void Check(TorrentInfo info)
    {
        Require(info.PieceCount >= 0 && info.PieceLength >= 16384 && int.IsPow2(info.PieceLength), "pieces of a power of two");
        foreach (var file in info.Files)
        {
            Require(file.Length >= 0 && file.Offset >= 0, "a file lies in the torrent");
            Require(
                file.Path.Length > 0 && file.Path.Split('/').All(part => part is not ("" or "." or "..")) && !Path.IsPathRooted(file.Path),
                $"a path stays inside: {file.Path}"
            );
        }
        if (info.PieceCount == 0)
            return;
        foreach (var piece in new[] { 0, info.PieceCount / 2, info.PieceCount - 1 })
        {
            var index = new PieceIndex(piece);
            Require(info.WireLength(index) > 0 && info.WireLength(index) <= info.PieceLength, "a piece has a length");
            Require(info.V2Hash is null || info.ContentLength(index) <= info.WireLength(index), "no more content than bytes");
        }
    }
}
