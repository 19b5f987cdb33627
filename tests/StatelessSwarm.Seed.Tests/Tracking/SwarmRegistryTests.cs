using System.Net;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Seed.Tracking;

namespace StatelessSwarm.Seed.Tests.Tracking;

public sealed class SwarmRegistryTests
{
    private static readonly IPAddress Local = IPAddress.Parse("10.0.0.1");
    private static readonly Sha256Digest Release = Sha256Digest.HashData("release"u8);
    private static readonly InfoHash V2 = InfoHash.Truncate(Release);
    private static readonly InfoHash V1 = InfoHash.Truncate(Sha256Digest.HashData("v1"u8));

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Announce_UnknownHash_IsRefused()
    {
        var registry = Create();

        Assert.False(registry.TryAnnounce(Request(InfoHash.Truncate(default), 1), Address(1), Local, out var reply));
        Assert.Null(reply);
    }

    [Fact]
    public void Announce_FirstPeer_IsToldOfTheSeedUnderTheAddressItReached()
    {
        var registry = Create();

        var reply = Announce(registry, 1, 1000);

        Assert.Equal([new IPEndPoint(Local, 6881)], reply.Peers.Select(peer => peer.EndPoint));
        Assert.Equal((1, 1), (reply.Complete, reply.Incomplete));
    }

    [Fact]
    public void Announce_MappedAddresses_AreV4()
    {
        var registry = Create();
        Assert.True(registry.TryAnnounce(Request(V2, 1000), Address(1).MapToIPv6(), Local.MapToIPv6(), out _));

        Assert.True(registry.TryAnnounce(Request(V2, 1000), Address(2).MapToIPv6(), Local.MapToIPv6(), out var reply));

        Assert.Equal(
            [new IPEndPoint(Local, 6881), new IPEndPoint(Address(1), 1000)],
            reply.Peers.Select(peer => peer.EndPoint)
        );
    }

    [Fact]
    public void Announce_ByEitherName_MeetsInOneSwarm()
    {
        var registry = Create();
        Assert.True(registry.TryAnnounce(Request(V1, 1000), Address(1), Local, out _));

        Assert.True(registry.TryAnnounce(Request(V2, 1000), Address(2), Local, out var reply));

        Assert.Contains(reply.Peers, peer => peer.EndPoint.Address.Equals(Address(1)));
    }

    [Fact]
    public void Announce_CompletePeer_IsToldOfIncompleteOnes()
    {
        var registry = Create();
        Announce(registry, 1, 1000, left: false);
        Announce(registry, 2, 1000);

        var reply = Announce(registry, 3, 1000, left: false);

        Assert.Equal([new IPEndPoint(Address(2), 1000)], reply.Peers.Select(peer => peer.EndPoint));
        Assert.Equal((3, 1), (reply.Complete, reply.Incomplete));
    }

    [Fact]
    public void Announce_StoppedPeer_IsForgottenAndToldNothing()
    {
        var registry = Create();
        Announce(registry, 1, 1000);

        var reply = Announce(registry, 1, 1000, announceEvent: AnnounceEvent.Stopped);

        Assert.Empty(reply.Peers);
        Assert.Equal((1, 0), (reply.Complete, reply.Incomplete));
        Assert.Equal(0, registry.PeerCount);
    }

    [Fact]
    public void Announce_StoppedFromAnotherAddress_ForgetsNoOneElse()
    {
        var registry = Create();
        Announce(registry, 1, 1000);

        Announce(registry, 2, 1000, announceEvent: AnnounceEvent.Stopped);

        Assert.Equal(1, registry.PeerCount);
    }

    [Fact]
    public void Announce_Completed_CountsEachDownloadOnce()
    {
        var registry = Create();
        Announce(registry, 1, 1000);
        Announce(registry, 1, 1000, left: false, announceEvent: AnnounceEvent.Completed);
        Announce(registry, 1, 1000, left: false, announceEvent: AnnounceEvent.Completed);

        var counts = Assert.Single(registry.Scrape([V1]));

        Assert.Equal((2, 0, 1L), (counts.Complete, counts.Incomplete, counts.Downloaded));
        Assert.Equal(V1, counts.InfoHash);
    }

    [Fact]
    public void Announce_SilentPeer_IsForgottenAfterItsLifetime()
    {
        var registry = Create();
        Announce(registry, 1, 1000);
        _time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(2, Announce(registry, 2, 1000).Peers.Count);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        var reply = Announce(registry, 2, 1000);

        Assert.Single(reply.Peers);
        Assert.Equal(1, reply.Incomplete);
        _time.Advance(TimeSpan.FromSeconds(91));
        registry.Expire();
        Assert.Equal(0, registry.PeerCount);
    }

    [Theory]
    [InlineData(null, 50)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(100, 100)]
    [InlineData(int.MaxValue, 200)]
    public void Announce_PeersWanted_IsKeptToItsBound(int? wanted, int expected)
    {
        var registry = Create();
        for (var host = 0; host < 300; host++)
            Announce(registry, host, 1000);

        var reply = Announce(registry, 301, 1000, wanted: wanted);

        Assert.Equal(expected, reply.Peers.Count);
        Assert.Equal(expected, reply.Peers.Select(peer => peer.EndPoint).Distinct().Count());
    }

    [Fact]
    public void Announce_LoopbackPeer_IsNamedToLoopbackOnly()
    {
        var registry = Create();
        Assert.True(registry.TryAnnounce(Request(V2, 1000), IPAddress.Loopback, IPAddress.Loopback, out _));

        Assert.DoesNotContain(Announce(registry, 1, 1000).Peers, peer => IPAddress.IsLoopback(peer.EndPoint.Address));
        Assert.True(registry.TryAnnounce(Request(V2, 1001), IPAddress.Loopback, IPAddress.Loopback, out var reply));
        Assert.Contains(new IPEndPoint(IPAddress.Loopback, 1000), reply.Peers.Select(peer => peer.EndPoint));
    }

    [Fact]
    public void Announce_LinkLocalPeer_IsNamedToNoOne()
    {
        var registry = Create();
        Assert.True(registry.TryAnnounce(Request(V2, 1000), IPAddress.Parse("fe80::1%3"), IPAddress.Parse("fe80::2%3"), out var own));

        Assert.Empty(own.Peers);
        Assert.Equal(0, registry.PeerCount);
    }

    [Fact]
    public void Announce_FullRegistry_StillAnswersAndTakesRoomThatExpires()
    {
        var registry = Create(new TrackerOptions { MaxPeers = 3, MaxPeersPerSwarm = 2 });
        var other = Sha256Digest.HashData("other"u8);
        registry.Add(other, [InfoHash.Truncate(other)], 6881);
        Announce(registry, 1, 1000);
        Announce(registry, 2, 1000);

        Assert.Equal(3, Announce(registry, 3, 1000).Peers.Count);
        Assert.Equal(2, registry.PeerCount);
        for (var host = 1; host < 5; host++)
            registry.TryAnnounce(Request(InfoHash.Truncate(other), 1000), Address(host), Local, out _);
        Assert.Equal(3, registry.PeerCount);

        _time.Advance(TimeSpan.FromSeconds(91));
        Announce(registry, 4, 1000);
        Assert.Equal(2, Announce(registry, 5, 1000).Peers.Count);
    }

    [Fact]
    public void Announce_OneAddressManyPorts_IsBounded()
    {
        var registry = Create(new TrackerOptions { MaxPeersPerAddress = 10 });

        for (var port = 1; port <= 100; port++)
            Announce(registry, 1, port);

        Assert.Equal(10, registry.PeerCount);
        Announce(registry, 2, 1);
        Assert.Equal(11, registry.PeerCount);
    }

    [Fact]
    public void Remove_Release_ForgetsItAndItsPeers()
    {
        var registry = Create();
        Announce(registry, 1, 1000);

        registry.Remove(Release);

        Assert.Equal(0, registry.PeerCount);
        Assert.False(registry.TryAnnounce(Request(V1, 1), Address(1), Local, out _));
        Assert.Empty(registry.Scrape([V1, V2]));
        Assert.Empty(registry.Scrape([]));
    }

    [Fact]
    public void Remove_OneOfTwoReleasesWithOneTorrent_LeavesTheName()
    {
        var registry = Create();
        var twin = Sha256Digest.HashData("twin"u8);
        registry.Add(twin, [V2, V1], 6881);

        registry.Remove(Release);

        Assert.True(registry.TryAnnounce(Request(V1, 1), Address(1), Local, out _));
        Assert.Equal(twin, Assert.Single(registry.Scrape([])).Release);
    }

    [Fact]
    public void Announce_AnySequence_AgreesWithAPlainModel()
    {
        // Goal: counts, membership, exclusion of self, expiry and bounds hold whatever happens. Method: random announces of a
        // small world (8 hosts, 3 ports) and clock steps, against a dictionary that filters by time on every look.
        var step = Gen.Select(Gen.Int[0, 7], Gen.Int[1, 3], Gen.Bool, Gen.Int[0, 3], Gen.Int[0, 40]);
        step.Array[0, 60].Sample(steps =>
        {
            var time = new FakeTimeProvider();
            var registry = Create(new TrackerOptions { MaxPeersPerSwarm = 12 }, time);
            var model = new Dictionary<IPEndPoint, (bool IsComplete, DateTimeOffset Seen)>();
            foreach (var (host, port, isComplete, happened, seconds) in steps)
            {
                time.Advance(TimeSpan.FromSeconds(seconds));
                var now = time.GetUtcNow();
                var self = new IPEndPoint(Address(host), port);
                foreach (var old in model.Where(pair => now - pair.Value.Seen > TimeSpan.FromSeconds(90)).ToArray())
                    model.Remove(old.Key);
                var announceEvent = (AnnounceEvent)happened;
                var complete = isComplete || announceEvent == AnnounceEvent.Completed;
                if (announceEvent == AnnounceEvent.Stopped)
                    model.Remove(self);
                else if (model.ContainsKey(self) || model.Count < 12)
                    model[self] = (complete, now);

                var reply = Announce(
                    registry,
                    host,
                    port,
                    left: !isComplete,
                    announceEvent: announceEvent,
                    wanted: int.MaxValue
                );

                var expected = announceEvent == AnnounceEvent.Stopped
                    ? []
                    : model
                        .Where(pair => !pair.Key.Equals(self) && !(complete && pair.Value.IsComplete))
                        .Select(pair => pair.Key)
                        .Concat(complete ? [] : [new IPEndPoint(Local, 6881)])
                        .ToHashSet();
                var named = reply.Peers.Select(peer => peer.EndPoint).ToList();
                Assert.Equal(named.Count, named.Distinct().Count());
                Assert.True(expected.SetEquals(named));
                Assert.Equal(model.Count(pair => pair.Value.IsComplete) + 1, reply.Complete);
                Assert.Equal(model.Count(pair => !pair.Value.IsComplete), reply.Incomplete);
                Assert.Equal(model.Count, registry.PeerCount);
            }
        });
    }

    [Fact]
    public void Announce_RandomChoice_ReachesEveryoneAndRepeatsWithItsSeed()
    {
        string Run(int seed)
        {
            var registry = new SwarmRegistry(new TrackerOptions(), _time, new Random(seed));
            registry.Add(Release, [V2], null);
            var named = new List<IPEndPoint>();
            for (var host = 0; host < 40; host++)
                Announce(registry, host, 1000);
            for (var round = 0; round < 100; round++)
                named.AddRange(Announce(registry, 50, 1000, wanted: 4).Peers.Select(peer => peer.EndPoint));
            Assert.Equal(40, named.Distinct().Count());
            return string.Join(',', named);
        }

        Assert.Equal(Run(7), Run(7));
        Assert.NotEqual(Run(7), Run(8));
    }

    private SwarmRegistry Create(TrackerOptions? options = null, TimeProvider? time = null)
    {
        var registry = new SwarmRegistry(options ?? new TrackerOptions(), time ?? _time, new Random(1));
        registry.Add(Release, [V2, V1], 6881);
        return registry;
    }

    private static AnnounceReply Announce(
        SwarmRegistry registry,
        int host,
        int port,
        bool left = true,
        AnnounceEvent announceEvent = AnnounceEvent.None,
        int? wanted = null
    )
    {
        var request = Request(V2, port) with { IsComplete = !left, Event = announceEvent, PeersWanted = wanted };
        Assert.True(registry.TryAnnounce(request, Address(host), Local, out var reply));
        return reply;
    }

    private static AnnounceRequest Request(InfoHash hash, int port) =>
        new()
        {
            InfoHash = hash,
            PeerId = PeerId.Create(new byte[12]),
            Port = port,
        };

    private static IPAddress Address(int host) => new([10, 1, (byte)(host >> 8), (byte)(host & 0xff)]);
}
