using System.Text.Json;
using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Content.Tests.Torrents;

/// <summary>What libtorrent (python3-libtorrent) makes of our torrents, and we of its.</summary>
public sealed class LibtorrentTests
{
    private const string Inspect = """
        import json, sys, libtorrent as lt
        ti = lt.torrent_info(lt.bdecode(sys.stdin.buffer.read()))
        h = ti.info_hashes()
        fs = ti.files()
        print(json.dumps({
          "v1": str(h.v1) if h.has_v1() else None, "v2": str(h.v2) if h.has_v2() else None,
          "pieces": ti.num_pieces(), "name": ti.name(), "trackers": [t.url for t in ti.trackers()],
          "files": [[fs.file_path(i), fs.file_size(i), fs.file_offset(i), str(fs.root(i))]
                    for i in range(fs.num_files()) if not (fs.file_flags(i) & lt.file_storage.flag_pad_file)]}))
        """;

    private const string Create = """
        import sys, os, base64, tempfile, libtorrent as lt
        d = tempfile.mkdtemp()
        top = os.path.join(d, "web-1.0")
        for line in sys.stdin.read().split("\n"):
            path, data = line.split(" ")
            full = os.path.join(top, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            open(full, "wb").write(base64.b64decode(data))
        fs = lt.file_storage()
        lt.add_files(fs, top)
        t = lt.create_torrent(fs, 32768, flags=int(sys.argv[1]))
        lt.set_piece_hashes(t, d)
        sys.stdout.write(base64.b64encode(lt.bencode(t.generate())).decode())
        import shutil; shutil.rmtree(d)
        """;

    private const string CreateInOrder = """
        import sys, os, base64, tempfile, shutil, libtorrent as lt
        flags, private = map(int, sys.argv[1].split())
        d = tempfile.mkdtemp()
        fs = lt.file_storage()
        for line in sys.stdin.read().split("\n"):
            path, data = line.split(" ")
            full = os.path.join(d, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            open(full, "wb").write(base64.b64decode(data))
            fs.add_file(path, os.path.getsize(full))
        t = lt.create_torrent(fs, 32768, flags=flags)
        t.set_priv(bool(private))
        lt.set_piece_hashes(t, d)
        h = lt.torrent_info(t.generate()).info_hashes()
        print(h.v1 if h.has_v1() else "-", h.v2 if h.has_v2() else "-")
        shutil.rmtree(d)
        """;

    [Fact]
    public async Task HybridTorrent_InLibtorrent_SameHashesAndFiles()
    {
        await CompareAsync(TorrentSamples.Awkward);
        await CompareAsync([("root.squashfs", 3 * TorrentSamples.PieceLength + 5)]);
        await CompareAsync([("root.squashfs", 3 * TorrentSamples.PieceLength + 5), ("vmlinuz", 100)]);
        await CompareAsync([("root.squashfs", 100)]);
        await CompareAsync([("web-1.0", 100_000)]);
        await CompareAsync([("root.squashfs", 100_000), ("zzz-empty", 0)]);
        await CompareAsync([("root.squashfs", 5_000_000)], 16 * 1024);
    }

    [Theory]
    [InlineData(0)] // hybrid
    [InlineData(32)] // v2 only
    [InlineData(64)] // v1 only
    public async Task LibtorrentsTorrent_Parsed_SameHashesAndPieces(int flags)
    {
        var input = string.Join('\n', TorrentSamples.Awkward.Select(file => $"{file.Path} {Convert.ToBase64String(TorrentSamples.Bytes(file))}"));
        var torrent = Convert.FromBase64String(await PythonAsync(Create, System.Text.Encoding.ASCII.GetBytes(input), flags.ToString()));
        var metainfo = Metainfo.Parse(torrent);
        var info = metainfo.Info;
        using var theirs = JsonDocument.Parse(await PythonAsync(Inspect, torrent));
        CompareWith(theirs.RootElement, info);
        Assert.Equal(flags != 32, info.V1Hash is not null);
        Assert.Equal(flags != 64, info.V2Hash is not null);
        if (metainfo.Layers is not { } layers)
            return;
        for (var i = 0; i < info.Files.Count; i++)
        {
            var file = TorrentSamples.Awkward.Single(sample => sample.Path == info.Files[i].Path);
            var builder = new MerkleBuilder(info.PieceLevel);
            builder.Append(TorrentSamples.Bytes(file));
            Assert.Equal(info.Files[i].PiecesRoot, builder.Finish());
            if (builder.Layer.Count > 0)
                Assert.Equal(builder.Layer, layers.Layer(i).ToArray());
        }
    }

    public static TheoryData<TorrentKind, bool, int> Kinds =>
        new()
        {
            // libtorrent's flags: canonical_files_no_tail_padding 512, v1_only 64, v2_only 32.
            { TorrentKind.Hybrid, false, 512 },
            { TorrentKind.V1, false, 64 },
            { TorrentKind.V1, true, 512 | 64 },
            { TorrentKind.V2, false, 32 },
        };

    /// <summary>
    /// Goal: our info dictionaries are what libtorrent's create_torrent makes. Method: it gets the same files in our order (bytes of the
    /// path segments, as BEP 52 sorts them) and the flags of the kind; the info hashes are compared, single-file and private ones too.
    /// </summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Build_EveryKind_HashesOfLibtorrentsOwn(TorrentKind kind, bool padsFiles, int flags)
    {
        await CompareCreatedAsync([.. TorrentSamples.Awkward, ("zz-empty", 0)], isPrivate: false);
        await CompareCreatedAsync(TorrentSamples.Awkward, isPrivate: true);
        await CompareCreatedAsync([("root.squashfs", 5 * TorrentSamples.PieceLength)], isPrivate: false);
        await CompareCreatedAsync([("web-1.0", 100_000)], isPrivate: false);
        await CompareCreatedAsync([("a", 1), ("b", 1), ("c/d", TorrentSamples.PieceLength), ("c/e", 2), ("c-", 3)], isPrivate: false);

        async Task CompareCreatedAsync((string Path, int Length)[] files, bool isPrivate)
        {
            var torrent = await TorrentSamples.BuildAsync(files, kind: kind, padsFiles: padsFiles, isPrivate: isPrivate);
            var info = Metainfo.Parse(torrent).Info;
            var input = string.Join(
                '\n',
                info.Files.Select(file =>
                    $"{(info.IsMultiFile ? "web-1.0/" : "")}{file.Path} {Convert.ToBase64String(TorrentSamples.Bytes((file.Path, (int)file.Length)))}")
            );
            var script = CreateInOrder;
            var theirs = (await PythonAsync(script, System.Text.Encoding.ASCII.GetBytes(input), $"{flags} {(isPrivate ? 1 : 0)}")).Split(' ');
            Assert.Equal(theirs[0], info.V1Hash?.ToString() ?? "-");
            Assert.Equal(theirs[1], info.V2Hash?.ToString() ?? "-");
            Assert.Equal(isPrivate, info.IsPrivate);
        }
    }

    private static async Task CompareAsync((string Path, int Length)[] files, int pieceLength = TorrentSamples.PieceLength)
    {
        var torrent = await TorrentSamples.BuildAsync(files, pieceLength);
        using var theirs = JsonDocument.Parse(await PythonAsync(Inspect, torrent));
        var metainfo = Metainfo.Parse(torrent);
        CompareWith(theirs.RootElement, metainfo.Info);
        Assert.Equal(
            theirs.RootElement.GetProperty("trackers").EnumerateArray().Select(url => url.GetString()),
            metainfo.TrackerTiers.Select(tier => tier.Single())
        );
    }

    private static void CompareWith(JsonElement theirs, TorrentInfo info)
    {
        Assert.Equal(theirs.GetProperty("v1").GetString(), info.V1Hash?.ToString());
        Assert.Equal(theirs.GetProperty("v2").GetString(), info.V2Hash?.ToString());
        Assert.Equal(theirs.GetProperty("pieces").GetInt32(), info.PieceCount);
        Assert.Equal(theirs.GetProperty("name").GetString(), info.Name);
        var files = theirs.GetProperty("files").EnumerateArray().ToArray();
        Assert.Equal(files.Length, info.Files.Count);
        foreach (var (file, ours) in files.Zip(info.Files))
        {
            Assert.Equal(file[0].GetString(), info.IsMultiFile ? $"{info.Name}/{ours.Path}" : ours.Path);
            Assert.Equal(file[1].GetInt64(), ours.Length);
            if (ours.Length > 0)
                Assert.Equal(file[2].GetInt64(), ours.Offset);
            if (info.V2Hash is not null)
                Assert.Equal(file[3].GetString(), ours.PiecesRoot.ToString());
        }
    }

    private static Task<string> PythonAsync(string script, byte[] input, string argument = "") =>
        Programs.RunAsync("/usr/bin/python3", ["-c", script, argument], input);
}
