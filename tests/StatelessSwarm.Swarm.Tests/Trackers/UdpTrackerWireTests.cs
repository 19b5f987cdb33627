using System.Buffers.Binary;
using System.Text;
using CsCheck;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Tests.Trackers;

public sealed class UdpTrackerWireTests
{
    private const string HashHex = "000102030405060708090a0b0c0d0e0f10111213";

    [Fact]
    public void WriteConnect_Bytes_AreThoseOfBep15()
    {
        var target = new byte[UdpTrackerWire.MaxRequestLength];
        var length = UdpTrackerWire.WriteConnect(target, 0x01020304);
        Assert.Equal("00000417271019800000000001020304", Convert.ToHexStringLower(target.AsSpan(0, length)));
    }

    [Fact]
    public void WriteAnnounce_Bytes_AreThoseOfBep15()
    {
        var request = Request(AnnounceEvent.Started);
        var target = new byte[UdpTrackerWire.MaxRequestLength];
        var length = UdpTrackerWire.WriteAnnounce(target, 0x1122334455667788, 0x01020304, request, []);
        Span<byte> peerId = stackalloc byte[20];
        request.PeerId.CopyTo(peerId);
        Assert.Equal(
            "1122334455667788" + "00000001" + "01020304" + HashHex + Convert.ToHexStringLower(peerId)
                + "0000000000000002" + "0000000000000003" + "0000000000000001"
                + "00000002" + "00000000" + "cafe0001" + "00000050" + "1ae1",
            Convert.ToHexStringLower(target.AsSpan(0, length))
        );
    }

    [Theory]
    [InlineData("None", 0)]
    [InlineData("Completed", 1)]
    [InlineData("Started", 2)]
    [InlineData("Stopped", 3)]
    public void WriteAnnounce_Event_HasTheNumberOfBep15(string kind, int number)
    {
        var target = new byte[UdpTrackerWire.MaxRequestLength];
        UdpTrackerWire.WriteAnnounce(target, 1, 2, Request(Enum.Parse<AnnounceEvent>(kind)), []);
        Assert.Equal(number, BinaryPrimitives.ReadInt32BigEndian(target.AsSpan(80)));
    }

    [Theory]
    [InlineData(0, 98)]
    [InlineData(9, 98 + 2 + 9)]
    [InlineData(255, 98 + 2 + 255)]
    [InlineData(256, 98 + 4 + 256)]
    [InlineData(512, 98 + 6 + 512)]
    [InlineData(513, 98)]
    public void WriteAnnounce_UrlData_IsCutIntoOptionsOfBep41(int urlLength, int length)
    {
        var url = Encoding.ASCII.GetBytes(new string('a', urlLength));
        var target = new byte[UdpTrackerWire.MaxRequestLength];
        Assert.Equal(length, UdpTrackerWire.WriteAnnounce(target, 1, 2, Request(AnnounceEvent.None), url));
        var read = new List<byte>();
        for (var options = target.AsSpan(98, length - 98); options.Length > 0; options = options[(2 + options[1])..])
        {
            Assert.Equal(2, options[0]);
            read.AddRange(options.Slice(2, options[1]));
        }
        Assert.Equal(urlLength <= UdpTrackerWire.MaxUrlData ? url : [], read);
    }

    [Fact]
    public void TryRead_Connected_GivesTheId()
    {
        Assert.True(UdpTrackerWire.TryRead(Convert.FromHexString("00000000010203041122334455667788"), 4, out var answer));
        Assert.Equal(new UdpTrackerAnswer(UdpTrackerAnswerKind.Connect, 0x01020304, 0x1122334455667788), answer);
    }

    [Theory]
    [InlineData(4, "0a4d01021ae1" + "0a4d01031ae2" + "0a4d01", "10.77.1.2:6881 10.77.1.3:6882")]
    [InlineData(16, "20010db80000000000000000000000071ae2", "[2001:db8::7]:6882")]
    [InlineData(4, "00000000000100000000" + "e0000001ffff", "")]
    public void TryRead_Announced_PeersAreOfTheSocketsFamily(int addressLength, string peers, string expected)
    {
        var bytes = Convert.FromHexString("0000000101020304" + "00000708" + "00000002" + "00000001" + peers);
        Assert.True(UdpTrackerWire.TryRead(bytes, addressLength, out var answer));
        Assert.Equal(TimeSpan.FromMinutes(30), answer.Reply!.Interval);
        Assert.Equal(expected, string.Join(' ', answer.Reply.Peers));
    }

    [Theory]
    [InlineData("ffffffff", 5)]
    [InlineData("00000000", 5)]
    [InlineData("7fffffff", 3600)]
    public void TryRead_Interval_IsBounded(string interval, int seconds)
    {
        Assert.True(UdpTrackerWire.TryRead(Convert.FromHexString("0000000100000000" + interval + "0000000000000000"), 4, out var answer));
        Assert.Equal(TimeSpan.FromSeconds(seconds), answer.Reply!.Interval);
    }

    [Fact]
    public void TryRead_Error_IsPrintable()
    {
        Assert.True(UdpTrackerWire.TryRead([0, 0, 0, 3, 1, 2, 3, 4, .. "go\naway"u8], 4, out var answer));
        Assert.Equal((UdpTrackerAnswerKind.Error, "go?away"), (answer.Kind, answer.Reason));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000000010203")]
    [InlineData("000000000102030411223344556677")]
    [InlineData("00000001010203040000070800000002000000")]
    [InlineData("00000002010203040000000000000000")]
    [InlineData("ffffffff010203040000000000000000")]
    public void TryRead_TooShortOrUnknown_IsNoAnswer(string hex) =>
        Assert.False(UdpTrackerWire.TryRead(Convert.FromHexString(hex), 4, out _));

    [Fact]
    public void TryRead_AnyBytes_StayWithinTheLimits() =>
        Gen.Select(Gen.Byte.Array[0, UdpTrackerWire.MaxAnswerLength], Gen.Int[-1, 3], Gen.Bool)
            .Sample(
                (bytes, action, isV6) =>
                {
                    if (action >= 0 && bytes.Length >= 4)
                        BinaryPrimitives.WriteInt32BigEndian(bytes, action);
                    if (!UdpTrackerWire.TryRead(bytes, isV6 ? 16 : 4, out var answer))
                        return true;
                    return answer.Kind switch
                    {
                        UdpTrackerAnswerKind.Announce => answer.Reply!.Peers.Count <= TrackerReply.MaxPeers
                            && answer.Reply.Peers.All(peer => peer.Port > 0),
                        UdpTrackerAnswerKind.Error => answer.Reason!.Length <= 200 && answer.Reason.All(char.IsAscii),
                        _ => bytes.Length >= 16,
                    };
                }
            );

    private static AnnounceRequest Request(AnnounceEvent kind) =>
        new(new InfoHash(Convert.FromHexString(HashHex)), PeerId.Create(new byte[12]), 6881, 1, 2, 3, kind, 0xcafe0001);
}
