using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Interop.Tests.Clients;

namespace StatelessSwarm.Interop.Tests.Rtorrent;

/// <summary>Hybrid torrents between us and rtorrent, which reads their v1 half.</summary>
public sealed class RtorrentHybridTests : PairTests
{
    private const int KiB = 1024;

    public static TheoryData<string, int, int[]> HybridShapes =>
        new()
        {
            { "file0.bin", 256 * KiB, [3_000_000] },
            { "sample", 64 * KiB, [1_000_001, 0, 5, 16_384, 65_536, 300_000] },
            { "sample", 16 * KiB, [2_000_003] },
        };

    [Theory]
    [MemberData(nameof(HybridShapes))]
    public async Task HybridTorrent_TheySeed_SameBytes(string name, int pieceLength, int[] lengths)
    {
        using var sample = await CreateAsync(TorrentKind.Hybrid, name, pieceLength, padsFiles: true, lengths);
        await TheySeedAsync(sample);
    }

    [Theory]
    [MemberData(nameof(HybridShapes))]
    public async Task HybridTorrent_WeSeed_SameBytes(string name, int pieceLength, int[] lengths)
    {
        using var sample = await CreateAsync(TorrentKind.Hybrid, name, pieceLength, padsFiles: true, lengths);
        await WeSeedAsync(sample);
    }

    private protected override PeerProgram Start(PeerProgramOptions options) => new RtorrentClient(options);
}
