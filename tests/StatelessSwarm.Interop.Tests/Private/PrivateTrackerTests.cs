using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Private;

/// <summary>
/// Private torrents (BEP 27): the tracker is the only way to a foreign seed. The other way round, foreign clients that find us by the
/// tracker, is in the mixed swarm: some do not connect to loopback addresses.
/// </summary>
public sealed class PrivateTrackerTests
{
    private const int KiB = 1024;

    public static TheoryData<string> Programs => [.. PeerPrograms.Names];

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task PrivateTorrent_ForeignSeedAtTheTracker_IsFoundAndGivesEverything(string program)
    {
        await using var tracker = await TrackerProgram.StartAsync("127.0.0.1");
        using var sample = await SampleTorrent.CreateAsync(
            new TorrentBuildOptions
            {
                Name = "sample",
                Kind = TorrentKind.V1,
                IsPrivate = true,
                PieceLength = 64 * KiB,
                Trackers = [tracker.Announce.AbsoluteUri],
            },
            1_000_000
        );
        await using var theirs = PeerPrograms.Start(
            program,
            new PeerProgramOptions { Sample = sample, Name = program, IsSeed = true }
        );
        await theirs.WaitUntilReadyAsync();
        await using var ours = await OurPeer.LeechAsync(sample, "ours", tracker.Announce);
        await ours.WaitUntilCompleteAsync([theirs]);
        Assert.True(ours.HasContent);
        Complaints.AssertNone(ours, theirs);
    }
}
