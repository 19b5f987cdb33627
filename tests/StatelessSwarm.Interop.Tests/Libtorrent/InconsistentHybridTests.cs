using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Libtorrent;

/// <summary>
/// A hybrid torrent whose v1 and v2 hashes are of different content. Ours go by the v2 hashes and finish with that content; libtorrent, which
/// looks at both, ends the torrent with an error. Neither takes the other for a liar.
/// </summary>
public sealed class InconsistentHybridTests
{
    private const int KiB = 1024;

    [Fact]
    public async Task Leeches_OfASeedOfOurs_OursFinishesAndLibtorrentEndsTheTorrent()
    {
        using var sample = await SampleTorrent.CreateInconsistentAsync(64 * KiB, 300_000, 2_000_000, 500_000);
        await using var seed = await OurPeer.SeedAsync(sample);
        await using var ours = await OurPeer.LeechAsync(sample, "ours");
        await using var theirs = new LibtorrentClient(new PeerProgramOptions { Sample = sample, Name = "theirs" });
        await theirs.WaitUntilReadyAsync();
        seed.Connect(theirs);
        await theirs.WaitUntilAsync(line => line.StartsWith("alert torrent_error_alert", StringComparison.Ordinal));
        Assert.Contains("v1 and v2 hashes do not describe the same data", theirs.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("seeding after", theirs.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("peer_ban", theirs.Log, StringComparison.Ordinal);
        ours.Connect(seed);
        await ours.WaitUntilCompleteAsync([theirs]);
        Assert.True(ours.HasContent);
        Assert.Equal(0, ours.Session.Status.WastedBytes);
        Assert.Empty(ours.Complaints);
        Assert.Empty(seed.Complaints);
    }
}
