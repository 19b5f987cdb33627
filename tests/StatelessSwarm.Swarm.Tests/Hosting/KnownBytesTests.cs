using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Storage;
using StatelessSwarm.Testing.Torrents;
using static StatelessSwarm.Swarm.Tests.Support.TestHosts;

namespace StatelessSwarm.Swarm.Tests.Hosting;

/// <summary>Whole transfers to nodes that have stretches of the files before they begin.</summary>
public sealed class KnownBytesTests
{
    private const int KiB = 1024;

    [Theory]
    [InlineData(3_000, 64 * KiB)]
    [InlineData(40_000, 64 * KiB)]
    [InlineData(400_000, 16 * KiB)]
    public async Task Download_PartsAreThere_OnlyTheRestIsAskedFor(int longest, int pieceLength)
    {
        using var sample = await SampleTorrent.CreateAsync(pieceLength, 2_000_003, 0, 70_000);
        await using var seed = await SeedAsync(sample);
        await using var node = await StartAsync();
        var parts = new KnownParts(sample, "node", seed: longest, longest);
        var session = await AddAsync(node, sample, parts);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        var status = session.Status;
        Assert.Equal(sample.Metainfo.Info.ContentBytes, status.DiskBytes + status.ReceivedLanBytes);
        Assert.Equal(0, status.WastedBytes);
        // Holes between two stretches of one block are asked for with what lies around them.
        Assert.InRange(status.DiskBytes, longest < 16 * KiB ? parts.Bytes / 10 : parts.Bytes * 8 / 10, parts.Bytes);
    }

    /// <summary>What is there is rotten in places: costs bytes, nobody's good name, and not the result.</summary>
    [Fact]
    public async Task Download_PartsAreRotten_TheyAreFetchedAnew()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 3_000_000);
        await using var seed = await SeedAsync(sample);
        await using var node = await StartAsync();
        var parts = new KnownParts(sample, "node", seed: 1, 150_000, stretch => stretch.Offset / 100_000 % 3 == 0);
        var session = await AddAsync(node, sample, parts);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Equal(1, session.Status.Peers);
        Assert.InRange(session.Status.ReceivedLanBytes, 3_000_000 - parts.Bytes, 3_000_000);
    }

    /// <summary>Everything is there: verified before anybody is asked.</summary>
    [Fact]
    public async Task Add_AllIsThere_IsCompleteAtOnce()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1_000_000);
        await using var node = await StartAsync();
        Directory.CreateDirectory(Path.Combine(sample.Directory, "node"));
        var session = await node.AddAsync(
            OptionsFor(sample) with
            {
                JournalPath = Path.Combine(sample.Directory, "resume"),
                FindKnown = (needed, _) =>
                {
                    Assert.True(needed.ContainsAll(0, 0, 1_000_000));
                    using var target = File.OpenHandle(sample.PathsIn("node")[0], access: FileAccess.Write, share: FileShare.ReadWrite);
                    RandomAccess.Write(target, File.ReadAllBytes(sample.Paths[0]), 0);
                    return Task.FromResult<IReadOnlyList<KnownStretch>>([new(0, 0, 1_000_000)]);
                },
            },
            CancellationToken.None
        );
        Assert.True(session.Completion.IsCompletedSuccessfully);
        Assert.Equal(1_000_000, session.Status.DiskBytes);
    }

    /// <summary>Stopped and started again: what is verified is not touched a second time.</summary>
    [Fact]
    public async Task Add_AfterAnInterruption_OnlyWhatIsNotVerifiedIsLookedFor()
    {
        using var sample = await SampleTorrent.CreateAsync(32 * KiB, 64 * 32 * KiB);
        await using var seed = await SeedAsync(sample);
        var options = OptionsFor(sample) with { JournalPath = Path.Combine(sample.Directory, "resume") };
        var parts = new KnownParts(sample, "node", seed: 3, 200_000);
        await using (var node = await StartAsync())
        {
            var session = await node.AddAsync(options with { FindKnown = parts.FindAsync }, CancellationToken.None);
            session.AddPeer(EndPointOf(seed), PeerSource.Manual);
            await session.Completion.WaitAsync(Patience);
        }
        await using var again = await StartAsync();
        var isAsked = false;
        var resumed = await again.AddAsync(
            options with
            {
                FindKnown = (_, _) =>
                {
                    isAsked = true;
                    return Task.FromResult<IReadOnlyList<KnownStretch>>([]);
                },
            },
            CancellationToken.None
        );
        Assert.True(resumed.Completion.IsCompletedSuccessfully);
        Assert.False(isAsked);
    }

    [Fact]
    public async Task Add_FindKnownFails_TheTorrentIsNotAddedAndMayBeAddedAgain()
    {
        using var sample = await SampleTorrent.CreateAsync(32 * KiB, 100_000);
        await using var node = await StartAsync();
        var options = OptionsFor(sample);
        await Assert.ThrowsAsync<IOException>(
            () => node.AddAsync(options with { FindKnown = (_, _) => throw new IOException("old image") }, CancellationToken.None)
        );
        await node.AddAsync(options, CancellationToken.None);
    }

    private static TorrentAddOptions OptionsFor(SampleTorrent sample) =>
        new() { Metainfo = sample.Metainfo, FilePaths = sample.PathsIn("node") };

    private static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, KnownParts parts) =>
        host.AddAsync(OptionsFor(sample) with { FindKnown = parts.FindAsync }, CancellationToken.None);
}
