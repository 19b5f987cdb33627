using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Interop.Tests.Libtorrent;
using StatelessSwarm.Interop.Tests.Rtorrent;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.KnownBytes;

/// <summary>
/// Requests that begin and end anywhere in a block, because the rest of it is here already: the foreign clients that read hybrid torrents
/// answer them, and take no offence.
/// </summary>
public sealed class KnownBytesTests
{
    private const int KiB = 1024;

    [Theory]
    [InlineData("libtorrent")]
    [InlineData("rtorrent")]
    public async Task TheySeed_WeHaveParts_OnlyTheRestComes(string client)
    {
        using var sample = await SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", PieceLength = 64 * KiB, Trackers = [PairTests.DeadTracker] },
            3_000_001,
            500_000
        );
        var options = new PeerProgramOptions { Sample = sample, Name = "theirs", IsSeed = true };
        await using PeerProgram theirs = client == "rtorrent" ? new RtorrentClient(options) : new LibtorrentClient(options);
        await theirs.WaitUntilReadyAsync();
        var parts = new KnownParts(sample, "ours", seed: 7, 90_000);
        await using var ours = await OurPeer.LeechAsync(sample, "ours", parts);
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync([theirs]);
        Assert.True(ours.HasContent);
        var status = ours.Session.Status;
        Assert.Equal(sample.Metainfo.Info.ContentBytes, status.DiskBytes + status.ReceivedLanBytes);
        Assert.InRange(status.DiskBytes, parts.Bytes * 9 / 10, parts.Bytes);
        Assert.Equal(0, status.WastedBytes);
        Complaints.AssertNone(ours, theirs);
    }
}
