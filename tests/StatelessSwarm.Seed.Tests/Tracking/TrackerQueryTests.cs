using StatelessSwarm.Content.Values;
using StatelessSwarm.Seed.Tracking;

namespace StatelessSwarm.Seed.Tests.Tracking;

public sealed class TrackerQueryTests
{
    private const string Peer = "peer_id=-SL0100-abcdefghijkl";
    private static readonly string Hash = "info_hash=" + string.Concat(Enumerable.Repeat("%01", 20));

    [Fact]
    public void Announce_AllParameters_AreRead()
    {
        var fault = TrackerQuery.TryReadAnnounce(
            $"?{Hash}&{Peer}&port=6881&uploaded=1&downloaded=2&left=0&event=completed&numwant=7&compact=0&no_peer_id=1&key=abc",
            out var request
        );

        Assert.Null(fault);
        Assert.NotNull(request);
        Assert.Equal(new string('0', 1) + "1", request.InfoHash.ToString()[..2]);
        Assert.Equal(6881, request.Port);
        Assert.True(request.IsComplete);
        Assert.Equal(AnnounceEvent.Completed, request.Event);
        Assert.Equal(7, request.PeersWanted);
        Assert.False(request.IsCompact);
        Assert.True(request.OmitPeerIds);
    }

    [Theory]
    [InlineData("&site=0123456789abcdef0123456789abcdef&inside=10.1.2.3", true, true, "10.1.2.3")]
    [InlineData("&site=&inside=fd00%3a%3A1", true, false, "fd00::1")]
    [InlineData("&inside=192.168.0.7", false, false, "192.168.0.7")]
    [InlineData("", false, false, null)]
    // A site that is none, and addresses that nobody may send peers to.
    [InlineData("&site=berlin&inside=203.0.113.9", true, false, null)]
    [InlineData("&site=0123456789abcdef0123456789abcdef0&inside=127.0.0.1", true, false, null)]
    [InlineData("&inside=0.0.0.0", false, false, null)]
    [InlineData("&inside=10.1.2.3:80", false, false, null)]
    [InlineData("&inside=255.255.255.255", false, false, null)]
    [InlineData("&inside=fe80%3A%3A1%253", false, false, null)]
    [InlineData("&inside=2001%3Adb8%3A%3A1", false, false, null)]
    [InlineData("&inside=seed.example", false, false, null)]
    [InlineData("&ip=10.1.2.3&ipv4=10.1.2.3&ipv6=fd00%3A%3A1", false, false, null)]
    public void Announce_SiteAndInside_AreReadAndNonsenseIsNothing(string said, bool wants, bool hasSite, string? inside)
    {
        Assert.Null(TrackerQuery.TryReadAnnounce($"?{Hash}&{Peer}&port=6881{said}", out var request));

        Assert.Equal((wants, hasSite), (request!.WantsMembers, request.Site is not null));
        Assert.Equal(inside, request.Inside?.ToString());
    }

    [Fact]
    public void Announce_LongInside_IsNothing()
    {
        var said = "&inside=" + new string('1', 4000);
        Assert.Null(TrackerQuery.TryReadAnnounce($"?{Hash}&{Peer}&port=6881{said}", out var request));
        Assert.Null(request!.Inside);
    }

    [Fact]
    public void Announce_EveryByteValue_IsReadRaw()
    {
        // Goal: binary hashes come through whatever their bytes, encoded as clients do it (unreserved plain, rest in %XX of
        // either case); a text decoder would turn %FF into U+FFFD and '+' into a space.
        for (var first = 0; first < 256; first++)
        {
            var bytes = new byte[20];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)((first + i) & 0xff);
            var encoded = string.Concat(bytes.Select((value, i) => Encode(value, upper: i % 2 == 0)));

            Assert.Null(TrackerQuery.TryReadAnnounce($"?info_hash={encoded}&{Peer}&port=1", out var request));

            Assert.Equal(new InfoHash(bytes), request!.InfoHash);
        }
    }

    [Theory]
    [InlineData("", "info_hash: missing")]
    [InlineData("?", "info_hash: missing")]
    [InlineData("?info_hash=", "info_hash: expected 20 bytes, percent-encoded")]
    [InlineData("?info_hash=abc", "info_hash: expected 20 bytes, percent-encoded")]
    [InlineData("?info_hash=abcdefghijklmnopqrstu", "info_hash: expected 20 bytes, percent-encoded")]
    [InlineData("?info_hash=abcdefghijklmnopqr%4", "info_hash: expected 20 bytes, percent-encoded")]
    [InlineData("?info_hash=abcdefghijklmnopqrs%", "info_hash: expected 20 bytes, percent-encoded")]
    [InlineData("?info_hash=abcdefghijklmnopqrs%zz", "info_hash: expected 20 bytes, percent-encoded")]
    [InlineData("?info_hash=abcdefghijklmnopqrs\u00e9", "info_hash: expected 20 bytes, percent-encoded")]
    [InlineData("?info_hash=abcdefghijklmnopqrst&info_hash=abcdefghijklmnopqrst", "info_hash: expected once")]
    [InlineData("?info_hash=abcdefghijklmnopqrst", "peer_id: missing")]
    [InlineData("?info_hash=abcdefghijklmnopqrst&peer_id=x", "peer_id: expected 20 bytes, percent-encoded")]
    [InlineData("?info_hash=abcdefghijklmnopqrst&peer_id=abcdefghijklmnopqrst", "port: missing")]
    [InlineData("?info_hash=abcdefghijklmnopqrst&peer_id=abcdefghijklmnopqrst&port=0", "port: expected 1 to 65535")]
    [InlineData("?info_hash=abcdefghijklmnopqrst&peer_id=abcdefghijklmnopqrst&port=65536", "port: expected 1 to 65535")]
    [InlineData("?info_hash=abcdefghijklmnopqrst&peer_id=abcdefghijklmnopqrst&port=-1", "port: expected 1 to 65535")]
    [InlineData("?info_hash=abcdefghijklmnopqrst&peer_id=abcdefghijklmnopqrst&port=1&left=x", "left: expected a byte count")]
    [InlineData("?info_hash=abcdefghijklmnopqrst&peer_id=abcdefghijklmnopqrst&port=1&left=-5", "left: expected a byte count")]
    [InlineData(
        "?info_hash=abcdefghijklmnopqrst&peer_id=abcdefghijklmnopqrst&port=1&left=99999999999999999999",
        "left: expected a byte count"
    )]
    [InlineData("?info_hash=abcdefghijklmnopqrst&peer_id=abcdefghijklmnopqrst&port=1&numwant=x", "numwant: expected a count")]
    public void Announce_Malformed_IsToldWhy(string query, string expected)
    {
        Assert.Equal(expected, TrackerQuery.TryReadAnnounce(query, out var request));
        Assert.Null(request);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("&numwant=-1", null)]
    [InlineData("&numwant=0", 0)]
    [InlineData("&numwant=99999999999", int.MaxValue)]
    public void Announce_PeersWanted_IsBounded(string parameter, int? expected)
    {
        Assert.Null(TrackerQuery.TryReadAnnounce($"{Hash}&{Peer}&port=1{parameter}", out var request));
        Assert.Equal(expected, request!.PeersWanted);
        Assert.False(request.IsComplete);
        Assert.True(request.IsCompact);
    }

    [Fact]
    public void Announce_TooMuch_IsRefused()
    {
        Assert.StartsWith(
            "query: expected at most 8192",
            TrackerQuery.TryReadAnnounce(new string('a', 8193), out _),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "query: expected at most 128",
            TrackerQuery.TryReadAnnounce(new string('&', 200), out _),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Scrape_SeveralHashes_AreReadOnce()
    {
        var query = "?info_hash=abcdefghijklmnopqrst&info_hash=abcdefghijklmnopqrst&info_hash=bbcdefghijklmnopqrst";

        Assert.Null(TrackerQuery.TryReadScrape(query, 64, out var hashes));
        Assert.Equal(2, hashes.Count);
        Assert.Equal("info_hash: expected at most 1", TrackerQuery.TryReadScrape(query, 1, out _));
        Assert.Null(TrackerQuery.TryReadScrape("", 1, out hashes));
        Assert.Empty(hashes);
        Assert.NotNull(TrackerQuery.TryReadScrape("?info_hash=short", 1, out _));
    }

    private static string Encode(byte value, bool upper) =>
        char.IsAsciiLetterOrDigit((char)value) || "-._~+".Contains((char)value, StringComparison.Ordinal)
            ? ((char)value).ToString()
            : upper
                ? $"%{value:X2}"
                : $"%{value:x2}";
}
