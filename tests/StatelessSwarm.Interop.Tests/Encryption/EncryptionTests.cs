using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Encryption;

/// <summary>
/// MSE with every foreign client, which takes RC4 only. Here we connect; that they connect to us is in
/// <see cref="Mixed.MixedSwarmTests"/>.
/// </summary>
public sealed class EncryptionTests
{
    private const int KiB = 1024;
    private static readonly int[] Lengths = [1_000_001, 0, 5, 16_384, 300_000];

    public static TheoryData<string, StreamEncryption> Programs
    {
        get
        {
            var data = new TheoryData<string, StreamEncryption>();
            foreach (var name in PeerPrograms.Names)
            {
                data.Add(name, StreamEncryption.Prefer);
                data.Add(name, StreamEncryption.Require);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task TheySeedUnderRc4_WeDownload_SameBytes(string program, StreamEncryption encryption)
    {
        using var sample = await CreateAsync(TorrentKind.V1);
        await using var theirs = Start(program, sample, isSeed: true);
        await theirs.WaitUntilReadyAsync();
        await using var ours = await OurPeer.StartAsync(sample, isSeed: false, encryption);
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync([theirs]);
        Assert.True(ours.HasContent);
        Assert.Equal(0, ours.Session.Status.WastedBytes);
        Complaints.AssertNone(ours, theirs);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task WeSeed_TheyDownloadUnderRc4_SameBytes(string program, StreamEncryption encryption)
    {
        using var sample = await CreateAsync(TorrentKind.V1);
        await using var ours = await OurPeer.StartAsync(sample, isSeed: true, encryption);
        await using var theirs = Start(program, sample, isSeed: false);
        await theirs.WaitUntilReadyAsync();
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync(theirs);
        Assert.True(theirs.HasContent);
        Complaints.AssertNone(ours, theirs);
    }

    /// <summary>The name that both sides derive keys from is the v1 hash where there is one, else the v2 hash cut to 20 bytes.</summary>
    [Theory]
    [InlineData(TorrentKind.Hybrid)]
    [InlineData(TorrentKind.V2)]
    public async Task LibtorrentUnderRc4_TorrentsWithV2Hashes_SameBytesBothWays(TorrentKind kind)
    {
        using var sample = await CreateAsync(kind);
        await using var theirs = Start("libtorrent", sample, isSeed: false);
        await theirs.WaitUntilReadyAsync();
        await using var ours = await OurPeer.StartAsync(sample, isSeed: true, StreamEncryption.Require);
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync(theirs);
        Assert.True(theirs.HasContent);
        await using var second = await OurPeer.StartAsync(sample, isSeed: false, StreamEncryption.Require);
        second.Connect(theirs);
        await second.WaitUntilCompleteAsync([theirs]);
        Assert.True(second.HasContent);
        Complaints.AssertNone(second, theirs);
    }

    /// <summary>A client that knows no encryption, or wants none, is spoken to in plaintext by who prefers encryption.</summary>
    [Fact]
    public async Task Prefer_ClientThatTakesPlaintextOnly_SameBytes()
    {
        using var sample = await CreateAsync(TorrentKind.V1);
        await using var theirs = new Libtorrent.LibtorrentClient(
            new PeerProgramOptions { Sample = sample, Name = "theirs", IsSeed = true, RefusesEncryption = true }
        );
        await theirs.WaitUntilReadyAsync();
        await using var ours = await OurPeer.StartAsync(sample, isSeed: false, StreamEncryption.Prefer);
        ours.Connect(theirs);
        await ours.WaitUntilCompleteAsync([theirs]);
        Assert.True(ours.HasContent);
    }

    private static PeerProgram Start(string program, SampleTorrent sample, bool isSeed) =>
        PeerPrograms.Start(
            program,
            new PeerProgramOptions
            {
                Sample = sample,
                Name = "theirs",
                IsSeed = isSeed,
                RequiresEncryption = true,
            }
        );

    private static Task<SampleTorrent> CreateAsync(TorrentKind kind) =>
        SampleTorrent.CreateAsync(
            new TorrentBuildOptions
            {
                Name = "sample",
                Kind = kind,
                PieceLength = 64 * KiB,
                PadsFiles = kind == TorrentKind.V1,
                Trackers = [PairTests.DeadTracker],
            },
            Lengths
        );
}
