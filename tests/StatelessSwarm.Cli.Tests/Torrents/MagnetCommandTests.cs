using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Cli.Tests.Torrents;

/// <summary>Magnet links on the command line; a whole transfer by one is in docs/torrent.md, which a test runs.</summary>
public sealed class MagnetCommandTests : IDisposable
{
    private const string Link =
        "magnet:?xt=urn:btih:0123456789012345678901234567890123456789&dn=some%20image&tr=http%3A%2F%2Fa%2Fannounce&x.pe=[::1]:7";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("--v1", true, false)]
    [InlineData("--v2", false, true)]
    [InlineData("--hybrid", true, true)]
    public async Task Info_OfATorrent_PrintsTheLinkThatNamesItsHashes(string kind, bool hasV1, bool hasV2)
    {
        await File.WriteAllBytesAsync(_directory["image"], new byte[50_000], TestContext.Current.CancellationToken);
        var torrent = _directory["image.torrent"];
        await CommandRun.RunAsync("torrent", "create", _directory["image"], "-o", torrent, "--announce", "http://a/announce", kind);
        var run = await CommandRun.RunAsync("torrent", "info", torrent);
        var line = run.Out.Split('\n').Single(line => line.StartsWith("magnet ", StringComparison.Ordinal));
        var link = MagnetLink.Parse(line["magnet   ".Length..]);
        var info = Metainfo.Parse(await File.ReadAllBytesAsync(torrent, TestContext.Current.CancellationToken)).Info;
        Assert.Equal((hasV1, hasV2), (link.V1Hash is not null, link.V2Hash is not null));
        Assert.Equal((info.V1Hash, info.V2Hash, "image"), (link.V1Hash, link.V2Hash, link.DisplayName));
        Assert.Equal(["http://a/announce"], link.Trackers);
        var json = await CommandRun.RunAsync("torrent", "info", torrent, "--json");
        using var document = JsonDocument.Parse(json.Out);
        Assert.Equal(link.ToString(), document.RootElement.GetProperty("magnet").GetString());
    }

    [Fact]
    public async Task Info_OfALink_SaysWhatIsInIt()
    {
        var run = await CommandRun.RunAsync("torrent", "info", Link);
        Assert.Equal(0, run.Code);
        foreach (var text in (string[])["some image", "0123456789012345678901234567890123456789", "tracker  http://a/announce", "peer     ::1:7"])
            Assert.Contains(text, run.Out, StringComparison.Ordinal);
        var json = await CommandRun.RunAsync("torrent", "info", Link, "--json");
        using var document = JsonDocument.Parse(json.Out);
        Assert.Equal("::1:7", document.RootElement.GetProperty("peers")[0].GetString());
    }

    [Theory]
    [InlineData("magnet:?dn=x", "xt: expected urn:btih:")]
    [InlineData("magnet:?xt=urn:btih:zz", "40 hexadecimal")]
    public async Task Info_BrokenLink_SaysWhatWasExpected(string link, string expected)
    {
        var run = await CommandRun.RunAsync("torrent", "info", link);
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_LinkThatNamesNobody_IsAUsageFaultAtOnce()
    {
        const string lonely = "magnet:?xt=urn:btih:0123456789012345678901234567890123456789";
        var run = await CommandRun.RunAsync("torrent", "get", lonely, "-o", _directory.Path, "--port", "0", "--listen", "127.0.0.1");
        Assert.Equal(2, run.Code);
        Assert.Contains("--peer", run.Error, StringComparison.Ordinal);
    }
}
