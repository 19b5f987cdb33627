using StatelessSwarm.Discovery.Browsing;
using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Tests.Network;

namespace StatelessSwarm.Discovery.Tests.Browsing;

/// <summary>Asking, remembering and forgetting: RFC 6762 sections 5.2, 7.1 to 7.3 and 10.</summary>
public sealed class BrowserTests
{
    private static readonly DomainName Type = VirtualSegment.Type;

    private readonly VirtualSegment _segment = new();

    [Fact]
    public void Browsing_RunningService_FindsItWithin250Milliseconds()
    {
        for (var seed = 1; seed <= 50; seed++)
        {
            var segment = new VirtualSegment(seed);
            segment.Add("alpha", 1).Register("one", 6881, ("id", "a"), ("site", "s"));
            segment.Run(5);
            var browser = segment.Add("beta", 2);
            browser.Browse();
            segment.Run(0.25);
            var found = Assert.Single(browser.TakeRawEvents());
            Assert.Equal(ServiceEventKind.Found, found.Kind);
            Assert.Equal("alpha.local", found.Instance.Host);
            Assert.Equal("_stateless._tcp", found.Instance.ServiceType);
            Assert.Equal(6881, found.Instance.Port);
            Assert.Equal("10.0.0.1", Assert.Single(found.Instance.Addresses).ToString());
            Assert.Equal("a", found.Instance.Text["id"]);
            Assert.Equal("s", found.Instance.Text["site"]);
        }
    }

    // Goal: the limit of one multicast a second does not slow a second newcomer. Method: another browser has just been
    // answered by multicast; the newcomer that can hear unicast need not wait for the second to end.
    [Fact]
    public void Browsing_JustAfterAnother_FindsItAsFast()
    {
        _segment.Add("alpha", 1).Register("one");
        _segment.Run(5);
        _segment.Add("gamma", 3).Browse();
        _segment.Run(0.3);
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        var packets = _segment.Run(0.25);
        Assert.Equal(["Found one:6881 10.0.0.1"], browser.TakeEvents());
        Assert.Equal(browser.Address, packets.Single(p => p.IsResponse && p.Target is not null).Target!.Address);
    }

    [Fact]
    public void Questions_AfterTheFirst_AskForMulticast()
    {
        _segment.Add("beta", 2).Browse();
        var asked = _segment.Run(20).SelectMany(p => p.Message.Questions).Select(q => q.WantsUnicast).ToList();
        Assert.Equal([true, false, false, false], asked);
    }

    [Fact]
    public void Questions_OfAHostThatSharesItsPort_AskForMulticast()
    {
        _segment.Add("gamma", 3).Browse();
        Assert.DoesNotContain(_segment.Run(20).SelectMany(p => p.Message.Questions), q => q.WantsUnicast);
    }

    [Fact]
    public void Browsing_BeforeTheServiceStarts_FindsItByItsAnnouncement()
    {
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        _segment.Run(60);
        _segment.Add("alpha", 1).Register("one");
        _segment.Run(1.1);
        Assert.Equal(["Found one:6881 10.0.0.1"], browser.TakeEvents());
    }

    [Fact]
    public void Browsing_OwnService_IsNotReported()
    {
        var host = _segment.Add("alpha", 1);
        host.Browse();
        host.Register("one");
        _segment.Run(60);
        Assert.Empty(host.TakeEvents());
    }

    [Fact]
    public void Questions_WithoutAnswer_ComeEverMoreRarely()
    {
        _segment.Add("beta", 2).Browse();
        var asked = _segment.Run(3000).ConvertAll(p => p.At.TotalSeconds);
        Assert.InRange(asked[0], 0.020, 0.120);
        var pauses = asked.Zip(asked.Skip(1), (left, right) => Math.Round(right - left)).ToList();
        Assert.Equal([1, 3, 9, 27, 81, 243, 600, 600, 600, 600], pauses);
    }

    [Fact]
    public void Questions_RepeatWhatIsKnown_SoThatNobodyAnswersTwice()
    {
        _segment.Add("alpha", 1).Register("one");
        _segment.Run(5);
        _segment.Add("beta", 2).Browse();
        var packets = _segment.Run(20);
        Assert.Single(packets, p => p.IsResponse);
        var later = packets.Where(p => p.Asks(Type, RecordType.Ptr)).Skip(1).ToList();
        Assert.NotEmpty(later);
        Assert.All(later, p => Assert.Single(p.Message.Answers));
        Assert.All(later, p => Assert.False(p.Message.Answers[0].FlushesCache));
    }

    [Fact]
    public void KnownAnswers_ThatFillMoreThanAPacket_AreSpreadWithTheTruncatedBit()
    {
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        _segment.Run(0.5);
        for (var i = 0; i < 100; i++)
            _segment.Inject(Packet.Response(Packet.Pointer($"instance-with-a-long-name-{i:D3}")));
        var queries = _segment.Run(3).Where(p => !p.IsResponse && p.Message.Answers.Count > 0).ToList();
        Assert.True(queries.Count >= 3);
        Assert.True(queries[0].Message.Header.IsTruncated);
        Assert.Single(queries[0].Message.Questions, q => q.Type == RecordType.Ptr);
        Assert.False(queries[^1].Message.Header.IsTruncated);
        Assert.All(queries, q => Assert.InRange(q.Payload.Length, 12, MessageComposer.PreferredLength));
        Assert.Equal(100, queries.Sum(q => q.Message.Answers.Count));
    }

    [Fact]
    public void Question_JustAskedByAnother_IsNotAskedToo()
    {
        _segment.Add("beta", 2).Browse();
        _segment.Inject(Packet.Query(new Question(Type, RecordType.Ptr)));
        var first = _segment.Run(10).First(p => p.Asks(Type, RecordType.Ptr));
        Assert.Equal(1, first.At.TotalSeconds, 0.01);
    }

    [Fact]
    public void Question_AskedByAnotherWhoKnowsMore_IsAsked()
    {
        _segment.Add("beta", 2).Browse();
        _segment.Inject(Packet.Query(new Question(Type, RecordType.Ptr), known: [Packet.Pointer("one")]));
        Assert.Contains(_segment.Run(0.2), p => p.Asks(Type, RecordType.Ptr));
    }

    [Fact]
    public void Goodbye_OfAService_LosesItAfterASecond()
    {
        var (host, browser) = FoundPair();
        host.Protocol.Unregister(1, _segment.Now);
        _segment.Run(0.9);
        Assert.Empty(browser.TakeEvents());
        _segment.Run(0.2);
        Assert.Equal(["Lost one:6881 10.0.0.1"], browser.TakeEvents());
    }

    // Goal: the refresh schedule of RFC 6762 5.2. Method: the host falls silent; its 120-second records are asked for at
    // 80, 85, 90 and 95 % and then gone.
    [Fact]
    public void SilentHost_IsAskedFourTimesAndLostWhenItsRecordsRunOut()
    {
        var (host, browser) = FoundPair();
        _segment.Run(100);
        Assert.Empty(browser.TakeEvents());
        _segment.Inject(Packet.Response(Packet.Service("one", "alpha.local", 6881), Packet.A("alpha.local", "10.0.0.1")));
        host.IsConnected = false;
        var heard = _segment.Now;
        var instance = Type.Child("one");
        var asked = _segment
            .Run(119.9)
            .Where(p => p.Asks(instance, RecordType.Srv))
            .Select(p => (p.At - heard).TotalSeconds)
            .ToList();
        Assert.Equal(4, asked.Count);
        Assert.InRange(asked[0], 96, 98.5);
        Assert.InRange(asked[1], 102, 104.5);
        Assert.InRange(asked[2], 108, 110.5);
        Assert.InRange(asked[3], 114, 116.5);
        Assert.Empty(browser.TakeEvents());
        _segment.Run(0.2);
        Assert.Equal(["Lost one:6881 10.0.0.1"], browser.TakeEvents());
    }

    [Fact]
    public void AnsweringHost_IsKeptForHours()
    {
        var (_, browser) = FoundPair();
        _segment.Run(TimeSpan.FromHours(6));
        Assert.Empty(browser.TakeEvents());
    }

    // Neither side notices that the network between them broke and healed.
    [Fact]
    public void HostBehindABrokenSwitch_IsFoundAgainSoonAfterItHeals()
    {
        var (host, browser) = FoundPair();
        host.IsConnected = false;
        _segment.Run(200);
        Assert.Equal(["Lost one:6881 10.0.0.1"], browser.TakeEvents());
        host.IsConnected = true;
        _segment.Run(250);
        Assert.Equal(["Found one:6881 10.0.0.1"], browser.TakeEvents());
    }

    [Fact]
    public void Service_WithOtherPort_IsUpdatedOnce()
    {
        var (_, browser) = FoundPair();
        _segment.Inject(Packet.Response(Packet.Service("one", "alpha.local", 7777)), "10.0.0.50");
        browser.TakeEvents();
        var segment = new VirtualSegment();
        var alone = segment.Add("beta", 2);
        alone.Browse();
        segment.Inject(Packet.Response(Packet.All("x", "x.local", 1, "10.0.0.9")));
        Assert.Equal(["Found x:1 10.0.0.9"], alone.TakeEvents());
        segment.Run(5);
        segment.Inject(Packet.Response(Packet.Service("x", "x.local", 2)));
        segment.Run(5);
        Assert.Equal(["Updated x:2 10.0.0.9"], alone.TakeEvents());
        segment.Inject(Packet.Response(Packet.A("x.local", "10.0.0.10")));
        segment.Run(5);
        Assert.Equal("Updated x:2 10.0.0.10", alone.TakeEvents()[^1]);
    }

    [Fact]
    public void Instance_ToldWithoutItsRecords_IsAskedFor()
    {
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        _segment.Run(0.5);
        _segment.Inject(Packet.Response(Packet.Pointer("x")));
        var asked = _segment.Run(0.1);
        Assert.Contains(asked, p => p.Asks(Type.Child("x"), RecordType.Srv));
        Assert.Contains(asked, p => p.Asks(Type.Child("x"), RecordType.Txt));
        _segment.Inject(Packet.Response(Packet.Service("x", "x.local", 5), Packet.Text("x")));
        Assert.Contains(_segment.Run(0.1), p => p.Asks(DomainName.Parse("x.local"), RecordType.A));
        Assert.Empty(browser.TakeEvents());
        _segment.Inject(Packet.Response(Packet.A("x.local", "10.0.0.9")));
        Assert.Equal(["Found x:5 10.0.0.9"], browser.TakeEvents());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("203.0.113.9")] // not on this link
    public void Address_NobodyOnTheLinkHas_IsNotReported(string address)
    {
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        _segment.Inject(Packet.Response(Packet.All("x", "x.local", 5, address)));
        _segment.Run(5);
        Assert.Empty(browser.TakeEvents());
    }

    [Fact]
    public void Label_WithControlCharacters_IsNotReported()
    {
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        _segment.Inject(Packet.Response(Packet.All("x\u001b[2J", "x.local", 5, "10.0.0.9")));
        _segment.Run(5);
        Assert.Empty(browser.TakeEvents());
    }

    [Fact]
    public void Response_FromAnotherPort_IsIgnored()
    {
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        _segment.Inject(Packet.Response(Packet.All("x", "x.local", 5, "10.0.0.9")), port: 5354);
        Assert.Empty(browser.TakeEvents());
    }

    [Fact]
    public void Flood_FromOneSource_LeavesRoomForOthers()
    {
        var limits = new CacheLimits { Records = 1000, RecordsPerSource = 200 };
        var browser = _segment.Add("beta", 2, limits);
        browser.Browse();
        for (var i = 0; i < 2000; i++)
            _segment.Inject(Packet.Response(Packet.All($"f{i}", $"f{i}.local", 5, "10.0.0.9")), "10.0.0.66");
        Assert.InRange(browser.TakeEvents().Count, 1, 50);
        _segment.Inject(Packet.Response(Packet.All("good", "good.local", 5, "10.0.0.9")), "10.0.0.67");
        Assert.Equal(["Found good:5 10.0.0.9"], browser.TakeEvents());
    }

    [Fact]
    public void Flood_FromManySources_StaysWithinTheCache()
    {
        var limits = new CacheLimits { Records = 300, RecordsPerSource = 50, Instances = 40 };
        var browser = _segment.Add("beta", 2, limits);
        browser.Browse();
        for (var i = 0; i < 3000; i++)
            _segment.Inject(
                Packet.Response(Packet.All($"f{i}", $"f{i}.local", 5, "10.0.0.9")),
                $"10.0.0.{10 + (i % 200)}"
            );
        Assert.InRange(browser.TakeEvents().Count, 1, 40);
        Assert.InRange(_segment.Run(10).Count, 0, 200);
    }

    [Fact]
    public void RecordsOfOthers_NotOnTheWayToAWantedService_AreNotKept()
    {
        var random = new Random(1);
        var querier = new LinkQuerier(new(), VirtualSegment.Link, random, new CacheLimits());
        querier.Browse(Type, TimeSpan.Zero);
        var printer = DomainName.Parse("_ipp._tcp.local");
        var service = RecordData.Service(DomainName.Parse("printer.local"), 631);
        var foreign = Packet.Response(
            new ResourceRecord(printer.Child("laser"), RecordType.Srv, 120, true, service),
            new ResourceRecord(printer, RecordType.Ptr, 4500, false, RecordData.Pointer(printer.Child("laser")))
        );
        Assert.Equal(MessageFault.None, Message.Read(foreign, out var message));
        querier.ReceiveResponse(message!, System.Net.IPAddress.Loopback, TimeSpan.Zero);
        Assert.Equal(0, querier.RecordCount);
    }

    [Fact]
    public void Link_Gone_LosesWhatItBrought()
    {
        var (_, browser) = FoundPair();
        browser.Protocol.RemoveLink(VirtualSegment.Link, _segment.Now);
        Assert.Equal(["Lost one:6881 10.0.0.1"], browser.TakeEvents());
        browser.Connect();
        _segment.Run(0.3);
        Assert.Equal(["Found one:6881 10.0.0.1"], browser.TakeEvents());
    }

    [Fact]
    public void Fleet_OfFortyBootingAtOnce_KnowsItselfInThreeSeconds()
    {
        var hosts = Enumerable.Range(1, 40).Select(i => _segment.Add($"node{i}", i)).ToList();
        foreach (var host in hosts)
        {
            host.Browse();
            host.Register(host.Address.ToString().Replace('.', '-'));
        }

        _segment.Run(3);
        Assert.All(hosts, host => Assert.Equal(39, host.TakeRawEvents().Count(e => e.Kind == ServiceEventKind.Found)));
    }

    [Fact]
    public void Addresses_AnnouncedBeforeTheService_AreUsed()
    {
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        _segment.Inject(Packet.Response(Packet.A("x.local", "10.0.0.9")));
        _segment.Run(0.5);
        _segment.Inject(Packet.Response(Packet.Pointer("x"), Packet.Service("x", "x.local", 5), Packet.Text("x")));
        Assert.Equal(["Found x:5 10.0.0.9"], browser.TakeEvents());
    }

    private (VirtualHost Host, VirtualHost Browser) FoundPair()
    {
        var host = _segment.Add("alpha", 1);
        host.Register("one");
        _segment.Run(5);
        var browser = _segment.Add("beta", 2);
        browser.Browse();
        _segment.Run(5);
        Assert.Equal(["Found one:6881 10.0.0.1"], browser.TakeEvents());
        return (host, browser);
    }
}
