using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using static StatelessSwarm.Content.Tests.Torrents.TorrentSamples;

namespace StatelessSwarm.Content.Tests.Torrents;

public sealed class MetainfoTests
{
    [Fact]
    public async Task Build_Sample_FrozenHashes()
    {
        // Computed by an independent program from the text of BEP 3, 47 and 52; LibtorrentTests has libtorrent agree with it too.
        var info = Metainfo.Parse(await BuildAsync([("root.squashfs", 3 * PieceLength + 5), ("vmlinuz", 100)])).Info;
        Assert.Equal("9ac2865cb5e54d2e9c85c8cd9e404ade154d4615", info.V1Hash.ToString());
        Assert.Equal("dad4b15fd7cb0ff3a53f82999059d590da366c2d1909726bb9ae1dcdac648599", info.V2Hash.ToString());
    }

    [Fact]
    public async Task Encode_Parsed_SameBytes()
    {
        var torrent = await BuildAsync(Awkward);
        var metainfo = Metainfo.Parse(torrent);
        Assert.Equal(torrent, metainfo.Encode(1_700_000_000));
        Assert.Equal(["http://seed.example:8080/announce", "udp://seed.example:8080/announce"], metainfo.TrackerTiers.SelectMany(tier => tier));
        Assert.Equal(["http://seed.example:8080/releases/"], metainfo.WebSeeds);
    }

    [Fact]
    public async Task Parse_AnyBitFlipped_RefusedOrSeen()
    {
        // Every bit of a .torrent is in the info dictionary (another hash), in a layer (refused), or in a field that is
        // read (another value) or not read at all; nothing flips unseen inside what a node believes.
        var torrent = await BuildAsync([("root.squashfs", 3 * PieceLength + 5), ("vmlinuz", 100)]);
        var whole = Metainfo.Parse(torrent);
        var layers = torrent.AsSpan().IndexOf("12:piece layers"u8);
        var info = torrent.AsSpan().IndexOf("4:info"u8) + 6;
        for (var bit = 0; bit < torrent.Length * 8; bit++)
        {
            torrent[bit / 8] ^= (byte)(1 << bit % 8);
            try
            {
                var changed = Metainfo.Parse(torrent);
                Assert.NotInRange(bit / 8, layers + 15, layers + 15 + 1 + 35 + 3 + 128);
                if (bit / 8 >= info && bit / 8 < layers)
                    Assert.NotEqual((whole.Info.V1Hash, whole.Info.V2Hash), (changed.Info.V1Hash, changed.Info.V2Hash));
            }
            catch (ContentException) { }
            torrent[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Fact]
    public async Task Parse_Truncated_Refused()
    {
        var torrent = await BuildAsync([("root.squashfs", 3 * PieceLength + 5)]);
        for (var length = 0; length < torrent.Length; length++)
            Assert.Throws<ContentException>(() => Metainfo.Parse(torrent.AsMemory(0, length)));
        Assert.Throws<ContentException>(() => Metainfo.Parse((byte[])[.. torrent, (byte)'e']));
    }

    [Fact]
    public async Task Parse_Layers_MissingStrangeOrWrong_Refused()
    {
        var torrent = await BuildAsync([("root.squashfs", 3 * PieceLength + 5), ("vmlinuz", 100)]);
        Refused(root => root.Remove("piece layers"));
        Refused(root => root["piece layers"] = 5);
        Refused(root => root.At("piece layers").Clear());
        Refused(root => root.At("piece layers").Add(new string('r', 32), "x"));
        Refused(root => root.At("piece layers").Add("short", "x"));
        Refused(root => Change(root, layer => layer[32..]));
        Refused(root => Change(root, layer => layer[..^1]));
        Refused(root => Change(root, layer => layer[32..64] + layer[..32] + layer[64..]));
        Refused(root => Change(root, layer => layer + new string('\0', 32)));

        void Refused(Action<Loose> change)
        {
            var root = Loose.Read(torrent);
            change(root);
            Assert.Throws<ContentException>(() => Metainfo.Parse(root.Write()));
        }

        static void Change(Loose root, Func<string, string> change)
        {
            var layers = root.At("piece layers");
            var key = layers.Keys.Single();
            layers[key] = change((string)layers[key]);
        }
    }

    [Fact]
    public async Task Parse_MillionsOfPiecesWithoutTheirLayer_IsRefusedBeforeRoomIsMadeForThem()
    {
        // 400 bytes that would otherwise cost 128 MiB.
        var root = Loose.Read(await BuildAsync([("root.squashfs", 3 * PieceLength + 5)]));
        var info = root.At("info");
        foreach (var key in info.Keys.Where(key => key is "pieces" or "length" or "files").ToList())
            info.Remove(key);
        info.At("file tree").At("root.squashfs").At("")["length"] = (long)PieceLength * TorrentInfo.MaxPieces;
        root.At("piece layers").Clear();
        var torrent = root.Write();
        Assert.Throws<ContentException>(() => Metainfo.Parse(torrent));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ContentException>(() => Metainfo.Parse(torrent));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 1024);
    }

    [Fact]
    public async Task Parse_Urls_TiersAndLimits()
    {
        var torrent = await BuildAsync([("a", 10), ("b", 10)]);
        Assert.Equal(["http://one/"], With(root => root.Remove("announce-list"), "http://one/").TrackerTiers.Single());
        Assert.Equal(2, With(_ => { }, "http://one/").TrackerTiers.Count);
        var many = Enumerable.Range(0, 100).Select(i => (object)$"http://t{i}/").ToList();
        Assert.Equal(64, With(root => root["announce-list"] = new List<object> { many, many }, "x").TrackerTiers.Sum(tier => tier.Count));
        Assert.Equal(64, With(root => root["url-list"] = many, "x").WebSeeds.Count);
        Assert.Equal(["http://w/"], With(root => root["url-list"] = "http://w/", "x").WebSeeds);
        Assert.Empty(With(root => root["url-list"] = "", "x").WebSeeds);
        Assert.Throws<ContentException>(() => With(root => root["url-list"] = 5, "x"));
        Assert.Throws<ContentException>(() => With(root => root["url-list"] = "http://\u001b/", "x"));
        Assert.Throws<ContentException>(() => With(root => root["url-list"] = new string('u', 2049), "x"));
        Assert.Throws<ContentException>(() => With(root => root["announce-list"] = many, "x"));

        Metainfo With(Action<Loose> change, string announce)
        {
            var root = Loose.Read(torrent);
            root["announce"] = announce;
            change(root);
            return Metainfo.Parse(root.Write());
        }
    }

    [Fact]
    public async Task Create_FromParts_ParsesBack()
    {
        var whole = Metainfo.Parse(await BuildAsync(Awkward));
        var bare = Metainfo.Create(TorrentInfo.Parse(whole.Info.RawBytes), whole.Layers, [], []);
        var again = Metainfo.Parse(bare.Encode());
        Assert.Equal(whole.Info.V2Hash, again.Info.V2Hash);
        Assert.Empty(again.TrackerTiers);
        Assert.Throws<ContentException>(() => Metainfo.Create(whole.Info, null, [], []));
        for (var i = 0; i < whole.Info.PieceCount; i++)
            Assert.Equal(whole.Layers!.PieceHash(new PieceIndex(i)), again.Layers!.PieceHash(new PieceIndex(i)));
    }
}
