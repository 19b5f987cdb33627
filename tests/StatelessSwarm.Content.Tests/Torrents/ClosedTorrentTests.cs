using System.Text;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Content.Tests.Torrents;

/// <summary>The authority in a torrent (<c>ssl-cert</c>): part of the info hash, bounded, plain text.</summary>
public sealed class ClosedTorrentTests
{
    private const string Pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";

    private static async Task<byte[]> BuildAsync(string? authority) =>
        await TorrentBuilder.BuildAsync(
            new TorrentBuildOptions { Name = "a", Authority = authority },
            [new TorrentBuildFile("a", new MemoryStream(new byte[20_000]), 20_000)],
            progress: null,
            CancellationToken.None
        );

    [Fact]
    public async Task Build_WithAuthority_IsReadBackAndAnotherTorrent()
    {
        var open = Metainfo.Parse(await BuildAsync(null));
        var closed = Metainfo.Parse(await BuildAsync(Pem));
        Assert.Null(open.Info.Authority);
        Assert.Equal(Pem, closed.Info.Authority);
        Assert.NotEqual(open.Info.V1Hash, closed.Info.V1Hash);
        Assert.NotEqual(open.Info.V2Hash, closed.Info.V2Hash);
        // under the name that libtorrent gives it, in the info dictionary
        Assert.Contains($"8:ssl-cert{Pem.Length}:{Pem}", Encoding.Latin1.GetString(closed.Info.RawBytes.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("ä")]
    public async Task Build_AuthorityThatIsNoText_IsRefused(string authority)
    {
        var fault = await Assert.ThrowsAsync<ContentException>(() => BuildAsync(authority));
        Assert.Contains("ssl-cert", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_AuthorityAtItsLimit_IsTakenAndBeyondRefused()
    {
        Assert.NotNull(Metainfo.Parse(await BuildAsync(new string('x', TorrentInfo.MaxAuthorityLength))).Info.Authority);
        await Assert.ThrowsAsync<ContentException>(() => BuildAsync(new string('x', TorrentInfo.MaxAuthorityLength + 1)));
    }
}
