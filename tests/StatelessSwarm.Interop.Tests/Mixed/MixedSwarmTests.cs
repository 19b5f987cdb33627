using System.Globalization;
using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Interop.Tests.Clients;
using StatelessSwarm.Interop.Tests.Stateless;
using StatelessSwarm.Testing.Networks;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Mixed;

/// <summary>
/// All clients in one swarm on one LAN, each on a host (network namespace) of its own, with a tracker and one slow seed. All end with the
/// same bytes, and no log speaks of a fault.
/// </summary>
public sealed class MixedSwarmTests
{
    private const int KiB = 1024;
    private const int PeerPort = 6881;
    private static readonly int[] Lengths = [5_000_000, 0, 5, 1_000_000, 65_536];

    [Fact]
    public async Task V1Torrent_TwoOfOursAndEveryForeignClient_AllEndWithTheSameBytes() =>
        await RunAsync(
            new TorrentBuildOptions { Name = "sample", Kind = TorrentKind.V1 },
            "stateless",
            ["stateless", "stateless", .. PeerPrograms.Names]
        );

    [Fact]
    public async Task PrivateV1TorrentSeededByAForeignClient_AllEndWithTheSameBytes() =>
        await RunAsync(
            new TorrentBuildOptions { Name = "sample", Kind = TorrentKind.V1, IsPrivate = true },
            "libtorrent",
            ["stateless", "stateless", "aria2", "rtorrent", "transmission"]
        );

    [Fact]
    public async Task HybridTorrent_TwoOfOursAndThoseThatReadIt_AllEndWithTheSameBytes() =>
        await RunAsync(
            new TorrentBuildOptions { Name = "sample", Kind = TorrentKind.Hybrid },
            "stateless",
            ["stateless", "stateless", .. PeerPrograms.HybridNames]
        );

    /// <summary>
    /// Ours do as they do by themselves: connect in plaintext, which the foreign ones refuse, and accept both. So every byte that goes
    /// between us and them goes over connections that they opened, under RC4.
    /// </summary>
    [Theory]
    [InlineData("stateless")]
    [InlineData("libtorrent")]
    public async Task V1Torrent_EveryForeignClientRequiresEncryption_AllEndWithTheSameBytes(string seed) =>
        await RunAsync(
            new TorrentBuildOptions { Name = "sample", Kind = TorrentKind.V1 },
            seed,
            ["stateless", "stateless", .. PeerPrograms.Names],
            requiresEncryption: true
        );

    private static async Task RunAsync(
        TorrentBuildOptions options,
        string seed,
        IReadOnlyList<string> leeches,
        bool requiresEncryption = false
    )
    {
        await using var lan = await LocalNetwork.CreateAsync();
        var (trackerHost, trackerAddress) = await lan.AddHostAsync();
        await using var tracker = await TrackerProgram.StartAsync($"{trackerAddress}", trackerHost);
        using var sample = await SampleTorrent.CreateAsync(
            options with
            {
                PieceLength = 64 * KiB,
                Trackers = [tracker.Announce.AbsoluteUri],
            },
            Lengths
        );
        var programs = new List<PeerProgram>();
        try
        {
            programs.Add(await StartAsync(lan, sample, seed, "seed", isSeed: true, requiresEncryption));
            await programs[0].WaitUntilReadyAsync();
            foreach (var (index, leech) in leeches.Index())
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"leech{index}");
                programs.Add(await StartAsync(lan, sample, leech, name, isSeed: false, requiresEncryption));
            }
            await Task.WhenAll(programs.Skip(1).Select(program => program.WaitUntilCompleteAsync()));
            foreach (var program in programs)
            {
                Assert.True(program.HasContent, $"{program.GetType().Name} has other bytes");
                Complaints.AssertNone(program);
            }
        }
        finally
        {
            foreach (var program in programs)
                await program.DisposeAsync();
        }
    }

    private static async Task<PeerProgram> StartAsync(
        LocalNetwork lan,
        SampleTorrent sample,
        string program,
        string name,
        bool isSeed,
        bool requiresEncryption
    )
    {
        var (host, address) = await lan.AddHostAsync();
        var options = new PeerProgramOptions
        {
            Sample = sample,
            Name = name,
            IsSeed = isSeed,
            Host = host,
            EndPoint = new IPEndPoint(address, PeerPort),
            RequiresEncryption = requiresEncryption,
        };
        return program == "stateless" ? new StatelessClient(options) : PeerPrograms.Start(program, options);
    }
}
