using System.Text;
using CsCheck;
using StatelessSwarm.Content;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Tests.Trackers;

public sealed class TrackerReplyReaderTests
{
    [Fact]
    public void Read_CompactV4AndV6_ReturnsBoth()
    {
        byte[] body =
        [
            .. "d8:intervali30e5:peers6:"u8,
            10,
            77,
            1,
            2,
            0x1a,
            0xe1,
            .. "6:peers618:"u8,
            .. new byte[] { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x1a, 0xe2 },
            (byte)'e',
        ];
        var reply = TrackerReplyReader.Read(body);
        Assert.Equal(["10.77.1.2:6881", "[2001:db8::7]:6882"], reply.Peers.Select(peer => peer.ToString()));
        Assert.Equal(TimeSpan.FromSeconds(30), reply.Interval);
    }

    [Fact]
    public void Read_Members_AreApartFromThePeers()
    {
        byte[] body =
        [
            .. "d8:intervali30e4:near6:"u8,
            10,
            77,
            1,
            3,
            0x1a,
            0xe1,
            .. "5:near618:"u8,
            .. new byte[] { 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0x1a, 0xe2 },
            .. "5:peers6:"u8,
            10,
            77,
            1,
            2,
            0x1a,
            0xe1,
            (byte)'e',
        ];
        var reply = TrackerReplyReader.Read(body);
        Assert.Equal(["10.77.1.3:6881", "[fd00::7]:6882"], reply.Members.Select(peer => peer.ToString()));
        Assert.Equal(["10.77.1.2:6881"], reply.Peers.Select(peer => peer.ToString()));
    }

    [Theory]
    [InlineData("d4:neari1e5:near6le8:intervali30ee")]
    [InlineData("d8:intervali30e4:near5:aaaaae")]
    [InlineData("d8:intervali30e4:near6:\0\0\0\0\0\0e")]
    public void Read_MembersThatAreNone_AreLeftOut(string body) => Assert.Empty(Read(body).Members);

    [Fact]
    public void Read_DictionaryPeers_ReturnsThem()
    {
        var reply = Read("d8:intervali30e5:peersld2:ip9:127.0.0.14:porti51413eed2:ip4:junk4:porti1eeee");
        Assert.Equal(["127.0.0.1:51413"], reply.Peers.Select(peer => peer.ToString()));
    }

    [Theory]
    [InlineData("0", 5)]
    [InlineData("-9000000000", 5)]
    [InlineData("9000000000", 3600)]
    public void Read_Interval_IsBounded(string said, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read($"d8:intervali{said}ee").Interval);

    [Fact]
    public void Read_UselessAddresses_AreLeftOut() =>
        Assert.Empty(Read("d8:intervali30e5:peers18:\0\0\0\0\u0001\u0001\u007f\0\0\u0001\0\0\u00e0\0\0\u0001\u0001\u0001e").Peers);

    [Fact]
    public void Read_MorePeersThanTaken_StopsAtTheLimit()
    {
        var peers = string.Concat(Enumerable.Repeat("\n\0\0\u0001\u0001\u0001", 1000));
        Assert.Equal(TrackerReply.MaxPeers, Read($"d8:intervali30e5:peers{peers.Length}:{peers}e").Peers.Count);
    }

    [Fact]
    public void Read_FailureReason_IsSaidWithoutControlCharacters()
    {
        var fault = Assert.Throws<TrackerException>(() => Read("d14:failure reason9:go\naway\u001b!e"));
        Assert.Equal("refuses: go?away?!", fault.Message);
    }

    [Fact]
    public void Read_NoInterval_NamesWhatIsMissing()
    {
        var fault = Assert.Throws<ContentException>(() => Read("d5:peers0:e"));
        Assert.Contains("interval", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AnyBytes_OnlyEverRefuses() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            try
            {
                TrackerReplyReader.Read(bytes);
            }
            catch (Exception fault) when (fault is ContentException or TrackerException)
            {
                // Refused, which is right.
            }
        });

    private static TrackerReply Read(string body) => TrackerReplyReader.Read(Encoding.Latin1.GetBytes(body));
}
