using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Mixed;

/// <summary>
/// A foreign client is the only seed, and the other foreign clients know nobody but us: what they get has gone through us. The
/// torrent is private and its tracker dead, so that nobody learns of anybody else.
/// </summary>
public sealed class RelayTests
{
    private const int KiB = 1024;

    [Theory]
    [InlineData("libtorrent")]
    [InlineData("transmission")]
    public async Task ForeignSeed_OtherClientsKnowOnlyUs_GetEverythingThroughUs(string seed)
    {
        using var sample = await SampleTorrent.CreateAsync(
            new TorrentBuildOptions
            {
                Name = "sample",
                Kind = TorrentKind.V1,
                IsPrivate = true,
                PieceLength = 64 * KiB,
                Trackers = [PairTests.DeadTracker],
            },
            2_000_000,
            100_000
        );
        await using var source = PeerPrograms.Start(seed, new PeerProgramOptions { Sample = sample, Name = seed, IsSeed = true });
        var takers = new List<PeerProgram>();
        try
        {
            foreach (var name in PeerPrograms.Names.Where(name => name != seed))
                takers.Add(PeerPrograms.Start(name, new PeerProgramOptions { Sample = sample, Name = name }));
            await using var ours = await OurPeer.LeechAsync(sample, "ours");
            foreach (var taker in takers)
            {
                await taker.WaitUntilReadyAsync();
                ours.Connect(taker);
            }
            await source.WaitUntilReadyAsync();
            ours.Connect(source);
            await ours.WaitUntilCompleteAsync([source]);
            foreach (var taker in takers)
                await ours.WaitUntilCompleteAsync(taker);
            Assert.All(takers, taker => Assert.True(taker.HasContent, $"{taker.GetType().Name} has other bytes"));
            Assert.True(ours.HasContent);
            Complaints.AssertNone(ours, [source, .. takers]);
        }
        finally
        {
            foreach (var taker in takers)
                await taker.DisposeAsync();
        }
    }
}
