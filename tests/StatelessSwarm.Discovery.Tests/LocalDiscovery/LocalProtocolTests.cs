using System.Net;
using System.Net.Sockets;
using System.Text;
using StatelessSwarm.Discovery.LocalDiscovery;
using StatelessSwarm.Discovery.Protocol;

namespace StatelessSwarm.Discovery.Tests.LocalDiscovery;

public sealed class LocalProtocolTests
{
    [Fact]
    public void Announce_Swarm_IsABurstAndThenEveryFiveMinutes()
    {
        var segment = new LocalSegment();
        segment.Add(1).Announce(1);
        Assert.Equal([0, 2, 6], segment.Run(10).Select(sent => sent.At.TotalSeconds));
        var hour = segment.Run(3600);
        Assert.InRange(hour.Count, 12, 14);
        Assert.All(hour.Zip(hour.Skip(1)), pair => Assert.InRange((pair.Second.At - pair.First.At).TotalSeconds, 270, 300));
    }

    [Fact]
    public void TwoHosts_OneSwarm_FindEachOther()
    {
        var segment = new LocalSegment();
        var (left, right) = (segment.Add(1), segment.Add(2));
        left.Announce(1, 1001);
        segment.Run(100);
        right.Announce(1, 1002);
        segment.Run(0);
        Assert.Equal(["01 10.0.0.2:1002"], left.TakeFound());
        segment.Run(1);
        Assert.Equal(["01 10.0.0.1:1001"], right.TakeFound());
    }

    [Fact]
    public void Newcomer_IsAnsweredNoSoonerThanTenSecondsAfterTheLast()
    {
        var segment = new LocalSegment();
        var (old, newcomer) = (segment.Add(1), segment.Add(2));
        old.Announce(1);
        segment.Run(7);
        newcomer.Announce(1);
        var answers = segment.Run(60).Where(sent => sent.From == old).ToList();
        Assert.Equal(TimeSpan.FromSeconds(16), Assert.Single(answers).At);
        Assert.Single(newcomer.TakeFound());
    }

    [Fact]
    public void Newcomer_AmongHundreds_IsAnsweredByAFew()
    {
        var segment = new LocalSegment();
        for (var i = 1; i <= 300; i++)
            segment.Add(i).Announce(1);
        segment.Run(200);
        var newcomer = segment.Add(301);
        newcomer.Announce(1);
        var answers = segment.Run(9).Where(sent => sent.From != newcomer).ToList();
        Assert.InRange(answers.Count, 1, Announcing.EnoughOthers + 1);
        Assert.InRange(newcomer.TakeFound().Count, 1, Announcing.EnoughOthers + 1);
    }

    [Fact]
    public void Crowd_ThatStartsAtOnce_SendsAFewMessagesEach()
    {
        const int count = 300;
        var segment = new LocalSegment();
        var hosts = Enumerable.Range(1, count).Select(segment.Add).ToList();
        hosts.ForEach(host => host.Announce(1));
        Assert.InRange(segment.Run(60).Count, 3 * count, (3 * count) + 50);
        Assert.All(hosts, host => Assert.Equal(count - 1, host.TakeFound().Distinct().Count()));
    }

    [Fact]
    public void Announce_TwoHashes_AreSeparateMessagesSpacedApart()
    {
        var segment = new LocalSegment();
        var host = segment.Add(1);
        for (var i = 0; i < 30; i++)
            host.Announce(i);
        var sent = segment.Run(60);
        Assert.Equal(90, sent.Count);
        Assert.All(sent, one => Assert.Single(one.Message.Swarms));
        Assert.All(sent.Zip(sent.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= LocalProtocol.Spacing));
    }

    [Fact]
    public void Hosts_OfOtherSwarms_DoNotHearOfEachOther()
    {
        var segment = new LocalSegment();
        var (left, right) = (segment.Add(1), segment.Add(2));
        left.Announce(1);
        right.Announce(2);
        segment.Run(600);
        Assert.Empty(left.TakeFound());
        Assert.Empty(right.TakeFound());
    }

    [Fact]
    public void Peer_HeardAgain_IsReportedOnceAMinuteAtMost()
    {
        var segment = new LocalSegment();
        var (left, right) = (segment.Add(1), segment.Add(2));
        left.Announce(1);
        right.Announce(1);
        segment.Run(50);
        Assert.Single(left.TakeFound());
        segment.Run(300);
        Assert.Single(left.TakeFound());
    }

    [Fact]
    public void Withdraw_Swarm_IsSilentAndReportsNothing()
    {
        var segment = new LocalSegment();
        var (left, right) = (segment.Add(1), segment.Add(2));
        left.Announce(1);
        left.Protocol.Withdraw(LocalSegment.Swarm(1));
        segment.Run(0);
        right.Announce(1);
        Assert.DoesNotContain(segment.Run(600), sent => sent.From == left && sent.At > TimeSpan.Zero);
        Assert.Empty(left.TakeFound());
        Assert.Equal(TimeSpan.MaxValue, left.Protocol.NextDue);
    }

    [Fact]
    public void Announce_AnotherPort_IsToldAtOnce()
    {
        var segment = new LocalSegment();
        var (left, right) = (segment.Add(1), segment.Add(2));
        right.Announce(1);
        left.Announce(1, 1001);
        segment.Run(100);
        left.Announce(1, 1002);
        segment.Run(1);
        Assert.Equal(["01 10.0.0.1:1001", "01 10.0.0.1:1002"], right.TakeFound());
    }

    [Fact]
    public void Link_ThatComesLater_StartsABurstOnItAlone()
    {
        var protocol = new LocalProtocol(new Random(1));
        protocol.Announce(LocalSegment.Swarm(1), 1, TimeSpan.Zero);
        Assert.Equal(TimeSpan.MaxValue, protocol.NextDue);
        var first = new LinkKey(1, AddressFamily.InterNetwork);
        var second = new LinkKey(2, AddressFamily.InterNetworkV6);
        protocol.SetLink(first, new LinkNetwork([new LinkAddress(IPAddress.Parse("10.0.0.1"), 24)], false), TimeSpan.Zero);
        Assert.Equal([first], Take(protocol));
        protocol.Advance(TimeSpan.FromSeconds(2));
        protocol.Advance(TimeSpan.FromSeconds(6));
        Take(protocol);
        var later = TimeSpan.FromSeconds(100);
        protocol.SetLink(second, new LinkNetwork([new LinkAddress(IPAddress.Parse("fe80::1"), 64)], false), later);
        Assert.Equal([second], Take(protocol));
        protocol.RemoveLink(second, later);
        Assert.True(protocol.NextDue > TimeSpan.FromSeconds(270));
    }

    [Fact]
    public void Receive_IPv6LinkLocal_KeepsTheScope()
    {
        var link = new LinkKey(7, AddressFamily.InterNetworkV6);
        var protocol = new LocalProtocol(new Random(1));
        protocol.SetLink(link, new LinkNetwork([new LinkAddress(IPAddress.Parse("fe80::1"), 64)], false), TimeSpan.Zero);
        protocol.Announce(LocalSegment.Swarm(1), 1, TimeSpan.Zero);
        var source = new IPEndPoint(new IPAddress(IPAddress.Parse("fe80::2").GetAddressBytes(), 7), 6771);
        protocol.Receive(link, source, true, LocalMessage.Write(link.Family, 99, LocalSegment.Swarm(1), "x"), TimeSpan.Zero);
        Assert.Equal("[fe80::2%7]:99", protocol.Found.Dequeue().EndPoint.ToString());
    }

    [Theory]
    [InlineData("192.168.7.7")]
    [InlineData("127.0.0.1")]
    public void Receive_SenderOfAnotherNetwork_IsPassedOver(string source)
    {
        var segment = new LocalSegment();
        var host = segment.Add(1);
        host.Announce(1);
        host.Receive(Message(1), source);
        Assert.Empty(host.TakeFound());
    }

    [Fact]
    public void Receive_OwnMessage_IsPassedOverWhateverItsSender()
    {
        var segment = new LocalSegment();
        var host = segment.Add(1);
        host.Announce(1);
        segment.Run(1);
        var own = Assert.Single(segment.Sent).Message;
        for (var i = 0; i < 100; i++)
            host.Receive(LocalMessage.Write(AddressFamily.InterNetwork, own.Port, own.Swarms[0], own.Cookie!), "10.0.0.9");
        Assert.Empty(host.TakeFound());
        Assert.Equal(0, host.Protocol.IgnoredPackets);
    }

    [Fact]
    public void Receive_FloodOfOneSender_IsCutAtTenASecondAndOthersAreHeard()
    {
        var segment = new LocalSegment();
        var host = segment.Add(1);
        for (var swarm = 0; swarm < 50; swarm++)
            host.Announce(swarm);
        for (var swarm = 0; swarm < 50; swarm++)
            host.Receive(Message(swarm), "10.0.0.66");
        Assert.Equal(SourceLimit.MaxMessages, host.TakeFound().Count);
        Assert.Equal(40, host.Protocol.IgnoredPackets);
        host.Receive(Message(1), "10.0.0.2");
        Assert.Equal(["01 10.0.0.2:6881"], host.TakeFound());
        segment.Run(1);
        host.Receive(Message(49), "10.0.0.66");
        Assert.Contains("31 10.0.0.66:6881", host.TakeFound());
    }

    [Fact]
    public void Receive_FloodOfPortsAndSenders_IsRememberedWithinBounds()
    {
        var segment = new LocalSegment();
        var host = segment.Add(1);
        host.Announce(1);
        var reported = 0;
        for (var second = 0; second < 20; second++)
        {
            for (var sender = 0; sender < 2000; sender++)
                host.Receive(Message(1, port: 1 + second), $"10.0.{sender / 250}.{2 + sender % 250}");
            reported += host.TakeFound().Count;
            segment.Run(1);
        }

        Assert.InRange(reported, 1, HeardPeers.MaxSenders * HeardPeers.MaxPorts);
        Assert.True(host.Protocol.IgnoredPackets > 0);
    }

    [Fact]
    public void Receive_Noise_IsCountedAndHarmless()
    {
        var segment = new LocalSegment();
        var host = segment.Add(1);
        host.Announce(1);
        host.Receive("BT-SEARCH"u8.ToArray(), "10.0.0.2");
        host.Receive(Encoding.ASCII.GetBytes(new string('x', LocalMessage.MaxLength + 1)), "10.0.0.2");
        host.Receive([], "10.0.0.2");
        Assert.Equal(3, host.Protocol.MalformedPackets);
        host.Receive(Message(1), "10.0.0.2");
        Assert.Single(host.TakeFound());
    }

    [Fact]
    public void Announce_MoreThanTheLimit_NamesIt()
    {
        var protocol = new LocalProtocol(new Random(1));
        for (var i = 0; i < LocalProtocol.MaxSwarms; i++)
            protocol.Announce(LocalSegment.Swarm(i), 1, TimeSpan.Zero);
        var fault = Assert.Throws<InvalidOperationException>(() =>
            protocol.Announce(LocalSegment.Swarm(LocalProtocol.MaxSwarms), 1, TimeSpan.Zero)
        );
        Assert.Contains("1024", fault.Message, StringComparison.Ordinal);
    }

    private static byte[] Message(int swarm, int port = 6881) =>
        LocalMessage.Write(AddressFamily.InterNetwork, port, LocalSegment.Swarm(swarm), "x");

    private static List<LinkKey> Take(LocalProtocol protocol)
    {
        var links = new List<LinkKey>();
        while (protocol.TryTake(out var packet, TimeSpan.Zero))
            links.Add(packet.Link);
        return links;
    }
}
