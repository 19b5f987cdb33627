using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>A foreign client seeds and we download: every client has to pass.</summary>
public abstract class TheySeedTests : PairTests
{
    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task TheySeed_WeDownload_SameBytes(string name, int pieceLength, bool padsFiles, int[] lengths)
    {
        using var sample = await CreateAsync(TorrentKind.V1, name, pieceLength, padsFiles, lengths);
        await TheySeedAsync(sample);
    }
}
