using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>Whole transfers between us and one foreign client, over v1-only torrents, which all of them understand.</summary>
public abstract class PairTests
{
    /// <summary>Some clients take no torrent without a tracker: nobody is at this one.</summary>
    internal const string DeadTracker = "http://127.0.0.1:9/announce";

    private const int KiB = 1024;

    // Name, piece length, pad files, lengths: a single file; files with pad files between them, an empty one and one shorter than a
    // block; the same with pieces that span files; small pieces, many of them.
    public static TheoryData<string, int, bool, int[]> Shapes =>
        new()
        {
            { "file0.bin", 256 * KiB, false, [3_000_000] },
            { "sample", 64 * KiB, true, [1_000_001, 0, 5, 16_384, 65_536, 300_000] },
            { "sample", 64 * KiB, false, [1_000_001, 0, 5, 16_384, 65_536, 300_000] },
            { "sample", 16 * KiB, false, [2_000_003] },
        };

    /// <summary>Starts the client.</summary>
    private protected abstract PeerProgram Start(PeerProgramOptions options);

    private protected static Task<SampleTorrent> CreateAsync(
        TorrentKind kind,
        string name,
        int pieceLength,
        bool padsFiles,
        int[] lengths
    ) =>
        SampleTorrent.CreateAsync(
            new TorrentBuildOptions
            {
                Name = name,
                Kind = kind,
                PieceLength = pieceLength,
                PadsFiles = padsFiles,
                Trackers = [DeadTracker],
            },
            lengths
        );

    private protected async Task TheySeedAsync(SampleTorrent sample)
    {
        await using var theirs = Start(new PeerProgramOptions { Sample = sample, Name = "theirs", IsSeed = true });
        await theirs.WaitUntilReadyAsync();
        await using var ours = await OurPeer.LeechAsync(sample, "ours");
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync([theirs]);
        Assert.True(ours.HasContent);
        Assert.Equal(0, ours.Session.Status.WastedBytes);
        Complaints.AssertNone(ours, theirs);
    }

    private protected async Task WeSeedAsync(SampleTorrent sample)
    {
        await using var ours = await OurPeer.SeedAsync(sample);
        await using var theirs = Start(new PeerProgramOptions { Sample = sample, Name = "theirs" });
        await theirs.WaitUntilReadyAsync();
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync(theirs);
        Assert.True(theirs.HasContent);
        Complaints.AssertNone(ours, theirs);
    }
}
