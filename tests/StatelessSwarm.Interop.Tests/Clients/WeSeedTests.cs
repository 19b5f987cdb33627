using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>We seed and a foreign client downloads: every client has to pass.</summary>
public abstract class WeSeedTests : PairTests
{
    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task WeSeed_TheyDownload_SameBytes(string name, int pieceLength, bool padsFiles, int[] lengths)
    {
        using var sample = await CreateAsync(TorrentKind.V1, name, pieceLength, padsFiles, lengths);
        await WeSeedAsync(sample);
    }
}
