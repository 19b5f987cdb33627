using System.Net;
using CsCheck;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Tests.Torrents;

public sealed class MagnetLinkTests
{
    private const string V1 = "631a31dd0a46257d5078c0dee4e66e26f73e42ac";
    private const string V2 = "d8dd32ac93357c368556af3ac1d95c9d76bd0dff6fa9833ecdac3d53134efabb";

    [Fact]
    public void Parse_Bep52Example_BothHashes()
    {
        // The hybrid link of BEP 52's text.
        var link = MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}&xt=urn:btmh:1220{V2}&dn=bittorrent-v1-v2-hybrid-test");
        Assert.Equal(V1, link.V1Hash.ToString());
        Assert.Equal(V2, link.V2Hash.ToString());
        Assert.Equal("bittorrent-v1-v2-hybrid-test", link.DisplayName);
    }

    [Fact]
    public void Parse_Base32_SameAsHex()
    {
        var bytes = Convert.FromHexString(V1);
        Assert.Equal(new InfoHash(bytes), MagnetLink.Parse("magnet:?xt=urn:btih:MMNDDXIKIYSX2UDYYDPOJZTOE33T4QVM").V1Hash);
        Assert.Equal(new InfoHash(bytes), MagnetLink.Parse("MAGNET:?xt=urn:btih:mmnddxikiysx2udyydpojztoe33t4qvm").V1Hash);
    }

    [Fact]
    public void Parse_EveryParameter_Read()
    {
        var link = MagnetLink.Parse(
            $"magnet:?xt.1=urn:btih:{V1}&tr=http%3A%2F%2Ft%3A80%2Fa%3Fx%3D1%26y&tr.2=udp://u:1&ws=http%3A%2F%2Fw%2F"
                + "&x.pe=10.0.0.1:6881&x.pe=[fe80::1]:6882&x.pe=seed.example:1&dn=a+b%2Bc&so=0&x.unknown=1"
        );
        Assert.Equal(["http://t:80/a?x=1&y", "udp://u:1"], link.Trackers);
        Assert.Equal(["http://w/"], link.WebSeeds);
        Assert.Equal([new DnsEndPoint("10.0.0.1", 6881), new DnsEndPoint("fe80::1", 6882), new DnsEndPoint("seed.example", 1)], link.Peers);
        Assert.Equal("a b+c", link.DisplayName);
        var again = MagnetLink.Parse(link.ToString());
        Assert.Equal(link.ToString(), again.ToString());
        Assert.Equal(link.Peers, again.Peers);
        Assert.Equal(link.DisplayName, again.DisplayName);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://example")]
    [InlineData("magnet:?")]
    [InlineData("magnet:?dn=x")]
    [InlineData("magnet:?xt=urn:sha1:abc")]
    [InlineData("magnet:?xt=urn:btih:")]
    [InlineData("magnet:?xt=urn:btih:zz1a31dd0a46257d5078c0dee4e66e26f73e42ac")]
    [InlineData("magnet:?xt=urn:btih:11111111111111111111111111111111")]
    [InlineData("magnet:?xt=urn:btmh:1114" + V1)]
    [InlineData("magnet:?xt=urn:btmh:1220" + V1)]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&xt=urn:btih:0000000000000000000000000000000000000000")]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&x.pe=host")]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&x.pe=host:0")]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&x.pe=host:65536")]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&x.pe=fe80::1:80")]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&x.pe=[x]:80")]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&tr=")]
    [InlineData("magnet:?xt=urn:btih:" + V1 + "&dn=%1b[2J")]
    public void Parse_Broken_Refused(string text) => Assert.Throws<ContentException>(() => MagnetLink.Parse(text));

    [Fact]
    public void Parse_TooLongOrTooMany_Bounded()
    {
        Assert.Throws<ContentException>(() => MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}&dn={new string('x', MagnetLink.MaxLength)}"));
        var many = string.Concat(Enumerable.Repeat("&tr=http://t/&x.pe=h:1", 300));
        var link = MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}{many}");
        Assert.Equal((64, 64), (link.Trackers.Count, link.Peers.Count));
    }

    [Fact]
    public void Parse_AnyText_OnlyContentException() =>
        Gen.String[Gen.Char["xt=urn:bihm.pe&%12[]:ad"], 0, 60].Sample(text =>
        {
            try
            {
                MagnetLink.Parse($"magnet:?xt=urn:btih:{V1}&{text}");
            }
            catch (ContentException) { }
        }, iter: 20_000);
}
