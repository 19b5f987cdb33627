using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Neighbours;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Node.Tests.Neighbours;

public sealed class LocalSwarmsTests
{
    [Fact]
    public async Task SwarmsOf_HybridTorrent_AreBothItsHashes()
    {
        using var sample = await SampleTorrent.CreateAsync(16 * 1024, 40_000);
        var info = sample.Metainfo.Info;
        Assert.Equal(
            [info.V1Hash!.Value.ToString(), InfoHash.Truncate(info.V2Hash!.Value).ToString()],
            LocalSwarms.SwarmsOf(info).Select(swarm => swarm.ToString())
        );
    }

    [Fact]
    public async Task SwarmsOf_PrivateTorrent_AreNone()
    {
        using var sample = await SampleTorrent.CreateAsync(16 * 1024, 40_000);
        // "private" is the last key of the dictionary.
        var info = TorrentInfo.Parse((byte[])[.. sample.Metainfo.Info.RawBytes.Span[..^1], .. "7:privatei1ee"u8]);
        Assert.True(info.IsPrivate);
        Assert.Empty(LocalSwarms.SwarmsOf(info));
    }
}
