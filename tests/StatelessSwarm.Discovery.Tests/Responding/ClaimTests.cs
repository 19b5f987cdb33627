using StatelessSwarm.Discovery.Messages;
using StatelessSwarm.Discovery.Responding;
using StatelessSwarm.Discovery.Tests.Network;

namespace StatelessSwarm.Discovery.Tests.Responding;

/// <summary>Probing, announcing, conflicts and goodbyes: RFC 6762 sections 8, 9 and 10.1.</summary>
public sealed class ClaimTests
{
    private static readonly DomainName Instance = VirtualSegment.Type.Child("one");
    private static readonly DomainName HostName = DomainName.Parse("alpha.local");

    private readonly VirtualSegment _segment = new();

    [Fact]
    public void Registration_OnQuietLink_ProbesThreeTimesThenAnnouncesThreeTimes()
    {
        _segment.Add("alpha", 1).Register("one");
        var packets = _segment.Run(10);

        var probes = packets.FindAll(p => p.IsProbe && p.Asks(Instance, RecordType.Any));
        Assert.Equal(3, probes.Count);
        Assert.InRange(probes[0].At.TotalMilliseconds, 0, 250);
        Assert.Equal(250, (probes[1].At - probes[0].At).TotalMilliseconds, 1.0);
        Assert.Equal(250, (probes[2].At - probes[1].At).TotalMilliseconds, 1.0);
        Assert.All(probes, p => Assert.Equal(2, p.Message.Authorities.Count(r => r.Name.Equals(Instance))));
        Assert.All(probes.SelectMany(p => p.Message.Authorities), r => Assert.False(r.FlushesCache));

        var announcements = packets.FindAll(p => p.Answers(Instance, RecordType.Srv));
        Assert.Equal(3, announcements.Count);
        Assert.True(announcements[0].At - probes[2].At >= TimeSpan.FromMilliseconds(250));
        Assert.Equal(1, (announcements[1].At - announcements[0].At).TotalSeconds, 0.01);
        Assert.Equal(2, (announcements[2].At - announcements[1].At).TotalSeconds, 0.01);
        Assert.All(announcements, p => Assert.Null(p.Target));
    }

    [Fact]
    public void Announcement_Flags_FlushUniqueRecordsOnly()
    {
        _segment.Add("alpha", 1).Register("one", 6881, ("id", "a"));
        var records = _segment.Run(3).Where(p => p.IsResponse).SelectMany(p => p.Message.Answers).ToList();
        Assert.Contains(records, r => r.Type == RecordType.A);
        Assert.Contains(records, r => r.Type == RecordType.Txt);
        Assert.All(records, r => Assert.Equal(r.Type != RecordType.Ptr, r.FlushesCache));
        Assert.All(
            records,
            r => Assert.Equal(r.Type is RecordType.A or RecordType.Srv ? 120u : 4500u, r.TimeToLiveSeconds)
        );
    }

    [Fact]
    public void Host_WithoutServices_StaysSilent()
    {
        _segment.Add("alpha", 1);
        Assert.Empty(_segment.Run(10));
    }

    [Fact]
    public void Name_HeldByAnother_IsGivenUpWhileProbing()
    {
        var first = _segment.Add("alpha", 1);
        var firstKey = first.Register("one");
        _segment.Run(5);
        var second = _segment.Add("beta", 2);
        var secondKey = second.Register("one", 7000);
        _segment.Run(5);
        Assert.Equal("one", first.Protocol.InstanceLabel(firstKey));
        Assert.Equal("one (2)", second.Protocol.InstanceLabel(secondKey));
        Assert.True(second.Protocol.IsAnnounced(secondKey));
    }

    [Fact]
    public void HostName_HeldByAnother_IsGivenUpAndServicesPointAtTheNewOne()
    {
        _segment.Add("alpha", 1).Register("one");
        _segment.Run(5);
        var second = _segment.Add("alpha", 2);
        second.Register("two");
        var packets = _segment.Run(5);
        Assert.Equal("alpha-2.local", second.Protocol.HostName.ToString());
        var last = packets.Last(p => p.Answers(VirtualSegment.Type.Child("two"), RecordType.Srv));
        var service = last.Message.Answers.Single(r => r.Type == RecordType.Srv);
        Assert.Equal(second.Protocol.HostName, RecordData.ReadService(service).Target);
    }

    // Goal: names claimed at the same moment end with one holder each. Method: hosts of one name and one service name
    // start together; many seeds, so that probes interleave in many ways.
    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(20)]
    public void Names_ClaimedAtOnceByMany_EndDistinct(int count)
    {
        for (var seed = 1; seed <= 10; seed++)
        {
            var segment = new VirtualSegment(seed);
            var hosts = Enumerable.Range(1, count).Select(i => segment.Add("same", i)).ToList();
            var keys = hosts.ConvertAll(host => host.Register("one", 6000 + host.Address.GetAddressBytes()[3]));
            segment.Run(60);
            Assert.Equal(count, hosts.Select(h => h.Protocol.HostName).Distinct().Count());
            Assert.Equal(count, hosts.Zip(keys, (h, k) => h.Protocol.InstanceLabel(k)).Distinct().Count());
            Assert.All(hosts.Zip(keys), pair => Assert.True(pair.First.Protocol.IsAnnounced(pair.Second)));
        }
    }

    [Fact]
    public void Tie_RivalWithGreaterData_WaitsASecondAndProbesAgain()
    {
        _segment.Add("alpha", 1).Register("one", 1000);
        _segment.Run(0.3);
        var rival = Packet.Service("one", "rival.local", 65000);
        _segment.Inject(Packet.Query(new Question(Instance, RecordType.Any), authorities: [rival]));
        var at = _segment.Now;
        var packets = _segment.Run(5);
        var again = packets.First(p => p.IsProbe && p.Asks(Instance, RecordType.Any));
        Assert.Equal(1, (again.At - at).TotalSeconds, 0.05);
        Assert.Contains(packets, p => p.Answers(Instance, RecordType.Srv));
    }

    [Fact]
    public void Tie_RivalWithSmallerData_IsIgnored()
    {
        _segment.Add("alpha", 1).Register("one", 1000);
        var before = _segment.Run(0.3);
        var rival = new ResourceRecord(Instance, RecordType.Txt, 120, false, [0]);
        _segment.Inject(Packet.Query(new Question(Instance, RecordType.Any), authorities: [rival]));
        var probes = before.Concat(_segment.Run(3)).Where(p => p.IsProbe && p.Asks(Instance, RecordType.Any));
        Assert.Equal(3, probes.Count());
    }

    [Fact]
    public void Name_EstablishedAndContested_IsProbedAgainAndKeptIfUndefended()
    {
        var host = _segment.Add("alpha", 1);
        var key = host.Register("one");
        _segment.Run(10);
        _segment.Inject(Packet.Response(Packet.Service("one", "other.local", 1)));
        var packets = _segment.Run(5);
        Assert.Equal(3, packets.Count(p => p.IsProbe && p.Asks(Instance, RecordType.Any)));
        Assert.Equal("one", host.Protocol.InstanceLabel(key));
        Assert.Contains(packets, p => p.Answers(Instance, RecordType.Srv));
    }

    // Two networks are joined, each with its holder of the name.
    [Fact]
    public void Names_OfTwoNetworksJoined_EndDistinct()
    {
        var first = _segment.Add("alpha", 1);
        var second = _segment.Add("alpha", 2);
        second.IsConnected = false;
        first.Register("one");
        second.Register("one");
        _segment.Run(10);
        Assert.Equal(first.Protocol.HostName, second.Protocol.HostName);
        second.IsConnected = true;
        first.Browse();
        _segment.Run(10);
        Assert.NotEqual(first.Protocol.HostName, second.Protocol.HostName);
        Assert.NotEqual(first.Protocol.InstanceLabel(1), second.Protocol.InstanceLabel(1));
    }

    [Fact]
    public void Conflicts_WithoutEnd_AreAnsweredEverMoreSlowly()
    {
        var host = _segment.Add("alpha", 1);
        var key = host.Register("one");
        var renames = 0;
        for (var i = 0; i < 600; i++)
        {
            _segment.Run(0.1);
            var label = host.Protocol.InstanceLabel(key);
            _segment.Inject(Packet.Response(Packet.Service(label, "other.local", 1)));
            renames += host.Protocol.InstanceLabel(key) == label ? 0 : 1;
        }

        // 15 at full speed, then one in five seconds (RFC 6762 8.1); a minute passed.
        Assert.InRange(renames, 2, 15 + 12 + 2);
    }

    [Fact]
    public void Records_SaidByAnotherResponderOfThisHost_AreNoConflict()
    {
        var host = _segment.Add("alpha", 1);
        host.Register("one");
        _segment.Run(0.2);
        _segment.Inject(Packet.Response(Packet.A("alpha.local", "10.0.0.1")), "10.0.0.1");
        _segment.Run(10);
        _segment.Inject(Packet.Response(Packet.A("alpha.local", "10.0.0.1")), "10.0.0.1");
        var packets = _segment.Run(5);
        Assert.Equal("alpha.local", host.Protocol.HostName.ToString());
        Assert.DoesNotContain(packets, p => p.IsProbe);
    }

    [Fact]
    public void Goodbye_SaidForOurAddressByAnother_IsTakenBackAtOnce()
    {
        _segment.Add("alpha", 1).Register("one");
        _segment.Run(10);
        _segment.Inject(Packet.Response(Packet.A("alpha.local", "10.0.0.1", ttl: 0)), "10.0.0.1");
        Assert.Contains(_segment.Run(0.1), p => p.Answers(HostName, RecordType.A));
    }

    [Fact]
    public void Unregistering_EstablishedService_SaysGoodbyeExceptForTheCommonRecord()
    {
        var host = _segment.Add("alpha", 1);
        var key = host.Register("one");
        _segment.Run(10);
        host.Protocol.Unregister(key, _segment.Now);
        var goodbyes = _segment.Run(1).SelectMany(p => p.Message.Answers).ToList();
        Assert.All(goodbyes, r => Assert.Equal(0u, r.TimeToLiveSeconds));
        Assert.Equal(
            [RecordType.A, RecordType.Ptr, RecordType.Txt, RecordType.Srv],
            goodbyes.Select(r => r.Type).Distinct().Order()
        );
        Assert.DoesNotContain(goodbyes, r => r.Name.ToString().StartsWith("_services", StringComparison.Ordinal));
        _segment.Inject(Packet.Query(new Question(VirtualSegment.Type, RecordType.Ptr)));
        Assert.Empty(_segment.Run(5));
    }

    [Fact]
    public void Unregistering_WhileProbing_SaysNothing()
    {
        var host = _segment.Add("alpha", 1);
        var key = host.Register("one");
        _segment.Run(0.3);
        host.Protocol.Unregister(key, _segment.Now);
        Assert.Empty(_segment.Run(5));
    }

    [Fact]
    public void Address_Changed_IsAnnouncedWithoutProbing()
    {
        var host = _segment.Add("alpha", 1);
        host.Register("one");
        _segment.Run(10);
        host.Connect("10.0.0.77");
        var packets = _segment.Run(5);
        Assert.DoesNotContain(packets, p => p.IsProbe);
        Assert.Contains(
            packets,
            p => p.Message.Answers.Exists(r => r.Type == RecordType.A && r.Data.SequenceEqual(new byte[] { 10, 0, 0, 77 }))
        );
    }

    [Fact]
    public void SecondService_OfOneHost_DoesNotAnnounceTheFirstAnew()
    {
        var host = _segment.Add("alpha", 1);
        host.Register("one");
        _segment.Run(10);
        host.Register("two");
        Assert.DoesNotContain(_segment.Run(10), p => p.Answers(Instance, RecordType.Srv));
    }

    [Fact]
    public void Phases_OfAClaim_FollowTheTable()
    {
        var responder = new LinkResponder(new(), VirtualSegment.Link, new Random(1), _ => false);
        var content = new ClaimContent(
            ClaimContent.HostKey,
            HostName,
            [Packet.A("alpha.local", "10.0.0.1")],
            [],
            []
        );
        Assert.Null(responder.PhaseOf(ClaimContent.HostKey));
        responder.Set(content, TimeSpan.Zero);
        List<ClaimPhase?> phases = [];
        for (var ms = 0; ms < 6000; ms += 10)
        {
            responder.Advance(TimeSpan.FromMilliseconds(ms));
            if (phases.Count == 0 || phases[^1] != responder.PhaseOf(ClaimContent.HostKey))
                phases.Add(responder.PhaseOf(ClaimContent.HostKey));
        }

        Assert.Equal([ClaimPhase.Probing, ClaimPhase.Announcing, ClaimPhase.Established], phases);
        Assert.Equal(TimeSpan.MaxValue, responder.NextDue);
        responder.Withdraw(ClaimContent.HostKey, goodbye: true);
        Assert.Null(responder.PhaseOf(ClaimContent.HostKey));
    }
}
