using System.Net;
using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Tests.Network;

namespace StatelessSwarm.Discovery.Tests.Responding;

/// <summary>Answers to questions: RFC 6762 sections 5.4, 6 and 7, RFC 6763 sections 9 and 12.</summary>
public sealed class AnswerTests
{
    private static readonly DomainName Type = VirtualSegment.Type;
    private static readonly DomainName Instance = Type.Child("one");
    private static readonly DomainName HostName = DomainName.Parse("alpha.local");
    private static readonly Question AskType = new(Type, RecordType.Ptr);

    private readonly VirtualSegment _segment = new();
    private readonly VirtualHost _host;

    public AnswerTests()
    {
        _host = _segment.Add("alpha", 1);
        _host.Register("one", 6881, ("id", "a"));
        _segment.Run(10);
    }

    // Many times, because the delay is random.
    [Fact]
    public void Pointer_AskedFor_ComesIn20To120MillisecondsWithAllThatIsNeeded()
    {
        for (var i = 0; i < 50; i++)
        {
            var asked = _segment.Now;
            _segment.Inject(Packet.Query(AskType));
            var answer = Assert.Single(_segment.Run(2));
            Assert.InRange((answer.At - asked).TotalMilliseconds, 20, 120);
            Assert.True(answer.Answers(Type, RecordType.Ptr));
            Assert.Null(answer.Target);
            Assert.Empty(answer.Message.Questions);
            Assert.Equal(0, answer.Message.Header.Id);
            Assert.Equal(
                [RecordType.A, RecordType.Txt, RecordType.Srv, RecordType.Nsec],
                answer.Message.Additionals.Select(r => r.Type).Order()
            );
        }
    }

    [Fact]
    public void UniqueRecord_AskedFor_ComesAtOnce()
    {
        _segment.Inject(Packet.Query(new Question(Instance, RecordType.Srv)));
        var answer = Assert.Single(_segment.Run(2));
        Assert.Equal(TimeSpan.FromSeconds(10), answer.At);
        Assert.Contains(answer.Message.Additionals, r => r.Type == RecordType.A);
    }

    [Fact]
    public void Name_InOtherCase_IsAnswered()
    {
        _segment.Inject(Packet.Query(new Question(DomainName.Parse("ALPHA.Local"), RecordType.A)));
        Assert.Single(_segment.Run(2));
    }

    [Fact]
    public void Any_AskedFor_BringsEveryRecordOfTheName()
    {
        _segment.Inject(Packet.Query(new Question(Instance, RecordType.Any)));
        var answer = Assert.Single(_segment.Run(2));
        Assert.Equal([RecordType.Txt, RecordType.Srv], answer.Message.Answers.Select(r => r.Type).Order());
    }

    [Fact]
    public void TypeThatDoesNotExist_AskedFor_IsDenied()
    {
        _segment.Inject(Packet.Query(new Question(HostName, RecordType.Aaaa)));
        var answer = Assert.Single(_segment.Run(2));
        var denial = Assert.Single(answer.Message.Answers);
        Assert.Equal(RecordType.Nsec, denial.Type);
        // window 0, one byte of bitmap, bit 1: A
        Assert.Equal([.. HostName.Wire, 0, 1, 0x40], denial.Data.ToArray());
    }

    [Fact]
    public void NameOfNobody_AskedFor_StaysUnanswered()
    {
        _segment.Inject(Packet.Query(new Question(DomainName.Parse("nobody.local"), RecordType.A)));
        Assert.Empty(_segment.Run(2));
    }

    [Fact]
    public void Types_Enumerated_NameOurs()
    {
        _segment.Inject(Packet.Query(new Question(DomainName.Parse("_services._dns-sd._udp.local"), RecordType.Ptr)));
        var answer = Assert.Single(_segment.Run(2));
        Assert.Equal(Type, RecordData.ReadPointer(Assert.Single(answer.Message.Answers)));
    }

    [Theory]
    [InlineData(4500, 0)]
    [InlineData(2250, 0)]
    [InlineData(2249, 1)]
    public void Answer_KnownToTheAsker_IsLeftOutUnlessHalfItsTimeIsOver(uint secondsLeft, int answers)
    {
        _segment.Inject(Packet.Query(AskType, known: [Packet.Pointer("one", secondsLeft)]));
        Assert.Equal(answers, _segment.Run(2).Count);
    }

    [Fact]
    public void TruncatedQuery_WithoutMore_IsAnsweredAfter400To500Milliseconds()
    {
        var asked = _segment.Now;
        _segment.Inject(Packet.Query(AskType, known: [Packet.Pointer("other")], truncated: true));
        var answer = Assert.Single(_segment.Run(2));
        Assert.InRange((answer.At - asked).TotalMilliseconds, 400, 500);
    }

    [Fact]
    public void TruncatedQuery_WhoseRestKnowsTheAnswer_StaysUnanswered()
    {
        _segment.Inject(Packet.Query(AskType, known: [Packet.Pointer("other")], truncated: true));
        _segment.Run(0.1);
        _segment.Inject(Packet.MoreKnown(Packet.Pointer("one")));
        Assert.Empty(_segment.Run(2));
    }

    [Fact]
    public void TruncatedQuery_WhoseRestComesFromAnotherHost_IsAnswered()
    {
        _segment.Inject(Packet.Query(AskType, known: [Packet.Pointer("other")], truncated: true));
        _segment.Run(0.1);
        _segment.Inject(Packet.MoreKnown(Packet.Pointer("one")), source: "10.0.0.98");
        Assert.Single(_segment.Run(2));
    }

    [Fact]
    public void Record_AskedForTwiceWithinASecond_IsRepeatedOnlyAfterASecond()
    {
        _segment.Inject(Packet.Query(AskType));
        _segment.Run(0.3);
        _segment.Inject(Packet.Query(AskType), source: "10.0.0.98");
        _segment.Inject(Packet.Query(AskType), source: "10.0.0.97");
        _segment.Run(3);
        var sent = _segment.Packets.Where(p => p.At > TimeSpan.FromSeconds(10)).Select(p => p.At).ToList();
        Assert.Equal(2, sent.Count);
        Assert.True(sent[1] - sent[0] >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Probe_ForOurName_IsRefusedAtOnceAndAgainWithinTheSecond()
    {
        var probe = Packet.Query(
            new Question(Instance, RecordType.Any),
            authorities: [Packet.Service("one", "rival.local", 9)]
        );
        for (var i = 0; i < 3; i++)
        {
            _segment.Inject(probe);
            Assert.Contains(_segment.Run(0.26), p => p.Answers(Instance, RecordType.Srv));
        }
    }

    [Fact]
    public void Answer_AnotherHostJustGave_IsLeftOut()
    {
        var common = DomainName.Parse("_services._dns-sd._udp.local");
        _segment.Inject(Packet.Query(new Question(common, RecordType.Ptr)));
        _segment.Inject(
            Packet.Response(new ResourceRecord(common, RecordType.Ptr, 4500, false, RecordData.Pointer(Type)))
        );
        Assert.Empty(_segment.Run(2));
    }

    [Fact]
    public void UnicastWanted_RecentlyMulticast_ComesByUnicast()
    {
        _segment.Inject(Packet.Query(AskType with { WantsUnicast = true }));
        var answer = Assert.Single(_segment.Run(2));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("10.0.0.99"), 5353), answer.Target);
        Assert.Equal(4500u, answer.Message.Answers[0].TimeToLiveSeconds);
    }

    [Fact]
    public void UnicastWanted_NotMulticastForAQuarterOfItsLife_ComesByMulticast()
    {
        _segment.Run(1200);
        _segment.Inject(Packet.Query(AskType with { WantsUnicast = true }));
        Assert.Null(Assert.Single(_segment.Run(2)).Target);
    }

    [Fact]
    public void UnicastQuery_FromTheLink_IsAnsweredByUnicast()
    {
        _segment.Inject(Packet.Query(AskType), unicastTo: _host);
        Assert.NotNull(Assert.Single(_segment.Run(2)).Target);
    }

    [Fact]
    public void UnicastQuery_FromBeyondTheLink_IsIgnored()
    {
        _segment.Inject(Packet.Query(AskType), source: "192.0.2.7", unicastTo: _host);
        Assert.Empty(_segment.Run(2));
    }

    [Fact]
    public void LegacyQuery_IsAnsweredInPlainDns()
    {
        _segment.Inject(Packet.Query(AskType, id: 4711), port: 40000);
        var answer = Assert.Single(_segment.Run(2));
        Assert.Equal(new IPEndPoint(IPAddress.Parse("10.0.0.99"), 40000), answer.Target);
        Assert.Equal(4711, answer.Message.Header.Id);
        Assert.Equal([AskType], answer.Message.Questions);
        var records = answer.Message.Answers.Concat(answer.Message.Additionals).ToList();
        Assert.Equal(5, records.Count);
        Assert.All(records, r => Assert.InRange(r.TimeToLiveSeconds, 1u, 10u));
        Assert.All(records, r => Assert.False(r.FlushesCache));
    }

    [Fact]
    public void Query_FloodOfAskers_IsBounded()
    {
        for (var i = 0; i < 5000; i++)
            _segment.Inject(Packet.Query(AskType, id: (ushort)i), port: 10000 + i);
        Assert.InRange(_segment.Run(2).Count, 1, 256);
    }

    [Fact]
    public void Noise_OfEveryKind_LeavesItAnswering()
    {
        var random = new Random(7);
        var good = Packet.Response(Packet.All("x", "x.local", 1, "10.0.0.9"));
        for (var i = 0; i < 5000; i++)
        {
            var noise = (byte[])good.Clone();
            for (var flips = random.Next(1, 6); flips > 0; flips--)
                noise[random.Next(noise.Length)] = (byte)random.Next(256);
            _segment.Inject(noise[..random.Next(noise.Length + 1)]);
        }

        _segment.Run(10);
        Assert.True(_host.Protocol.MalformedPackets > 1000);
        _segment.Inject(Packet.Query(AskType));
        Assert.Contains(_segment.Run(2), p => p.Answers(Type, RecordType.Ptr));
    }
}
