using System.Net;
using System.Text;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Seed.Tracking;

namespace StatelessSwarm.Seed.Tests.Tracking;

public sealed class TrackerReplyTests
{
    private static readonly AnnounceRequest Request = new()
    {
        InfoHash = InfoHash.Truncate(default),
        PeerId = PeerId.Create(new byte[12]),
        Port = 1,
    };

    private static readonly AnnounceReply Reply = new(
        2,
        1,
        [
            new TrackedPeer(new IPEndPoint(IPAddress.Parse("10.1.2.3"), 0x1ae1), PeerId.Create("abcdefghijkl"u8)),
            new TrackedPeer(new IPEndPoint(IPAddress.Parse("2001:db8::1"), 0x1ae2), null),
        ]
    );

    [Fact]
    public void Announce_Compact_IsTheBytesOfBep23And7()
    {
        var bytes = TrackerReply.Announce(Reply, Request, new TrackerOptions());

        Assert.Equal(
            "d8:completei2e10:incompletei1e8:intervali30e12:min intervali5e5:peers6:\u000a\u0001\u0002\u0003\u001a\u00e1"
                + "6:peers618:\u0020\u0001\u000d\u00b8\0\0\0\0\0\0\0\0\0\0\0\u0001\u001a\u00e2e",
            Encoding.Latin1.GetString(bytes)
        );
    }

    [Fact]
    public void Announce_Members_AreApartForThoseWhoSaySiteAndAmongThePeersForTheRest()
    {
        var member = new TrackedPeer(new IPEndPoint(IPAddress.Parse("10.1.2.3"), 0x1ae1), null, IsNear: true);
        var far = new TrackedPeer(new IPEndPoint(IPAddress.Parse("10.9.9.9"), 0x1ae1), null);
        var reply = new AnnounceReply(2, 1, [member, far]);

        var apart = Encoding.Latin1.GetString(TrackerReply.Announce(reply, Request with { WantsMembers = true }, new TrackerOptions()));
        var together = Encoding.Latin1.GetString(TrackerReply.Announce(reply, Request, new TrackerOptions()));

        Assert.EndsWith("4:near6:\u000a\u0001\u0002\u0003\u001a\u00e15:near60:5:peers6:\u000a\u0009\u0009\u0009\u001a\u00e16:peers60:e", apart, StringComparison.Ordinal);
        Assert.EndsWith(
            "5:peers12:\u000a\u0001\u0002\u0003\u001a\u00e1\u000a\u0009\u0009\u0009\u001a\u00e16:peers60:e",
            together,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Announce_NotCompact_IsTheListOfBep3()
    {
        var bytes = TrackerReply.Announce(Reply, Request with { IsCompact = false }, new TrackerOptions());

        Assert.Equal(
            "d8:completei2e10:incompletei1e8:intervali30e12:min intervali5e5:peersl"
                + "d2:ip8:10.1.2.37:peer id20:-SL0100-abcdefghijkl4:porti6881ee"
                + "d2:ip11:2001:db8::14:porti6882eeee",
            Encoding.Latin1.GetString(bytes)
        );
        Assert.DoesNotContain(
            "peer id",
            Encoding.Latin1.GetString(
                TrackerReply.Announce(Reply, Request with { IsCompact = false, OmitPeerIds = true }, new TrackerOptions())
            ),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Scrape_TwoSwarms_AreSortedByHash()
    {
        var low = new InfoHash("aaaaaaaaaaaaaaaaaaaa"u8);
        var high = new InfoHash("zzzzzzzzzzzzzzzzzzzz"u8);

        var bytes = TrackerReply.Scrape([new(default, high, 1, 0, 0), new(default, low, 2, 3, 4)]);

        Assert.Equal(
            "d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei2e10:downloadedi4e10:incompletei3ee"
                + "20:zzzzzzzzzzzzzzzzzzzzd8:completei1e10:downloadedi0e10:incompletei0eeee",
            Encoding.Latin1.GetString(bytes)
        );
    }

    [Fact]
    public void Failure_Reason_IsBencoded() =>
        Assert.Equal("d14:failure reason3:no!e",
            Encoding.UTF8.GetString(TrackerReply.Failure("no!")));
}
