using System.Net;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Seed.Tracking;

namespace StatelessSwarm.Seed.Tests.Tracking;

/// <summary>The tracker's part in a site: who is named as a member to whom, and under which address.</summary>
public sealed class SiteMembersTests
{
    private static readonly IPAddress Local = IPAddress.Parse("198.51.100.1");
    private static readonly IPAddress Office = IPAddress.Parse("203.0.113.1");
    private static readonly IPAddress OtherOffice = IPAddress.Parse("203.0.113.2");
    private static readonly Sha256Digest Release = Sha256Digest.HashData("release"u8);
    private static readonly InfoHash Name = InfoHash.Truncate(Release);

    private readonly SwarmRegistry _registry = new(new TrackerOptions(), new FakeTimeProvider(), new Random(1));

    public SiteMembersTests() => _registry.Add(Release, [Name], null);

    [Fact]
    public void OneOutsideAddressAndPort_InsideAddressesTellThemApart()
    {
        Announce(Office, inside: "10.1.0.11");
        Announce(Office, inside: "10.1.0.12");
        var peers = Announce(Office, inside: "10.2.0.13");

        Assert.Equal(3, _registry.PeerCount);
        Assert.Equal(["10.1.0.11:6881 near", "10.1.0.12:6881 near"], peers);
        // Announced again, or stopped, it is the same peer.
        Announce(Office, inside: "10.1.0.11");
        Assert.Equal(3, _registry.PeerCount);
        Announce(Office, inside: "10.1.0.11", happened: AnnounceEvent.Stopped);
        Assert.Equal(2, _registry.PeerCount);
    }

    [Fact]
    public void InsideAddress_IsToldToNobodyBehindAnotherAddress()
    {
        Announce(Office, "berlin", "10.1.0.11");
        Announce(Office, "berlin", "10.1.0.12");

        // Not even to one who says the same site: the internet hears the outside address, once.
        Assert.Equal(["203.0.113.1:6881 near"], Announce(OtherOffice, "berlin", "10.9.0.1"));
        Assert.Equal(["203.0.113.1:6881"], Announce(IPAddress.Parse("192.0.2.7"), "hamburg", "10.9.0.1").Where(peer => peer.StartsWith("203.0.113.1:", StringComparison.Ordinal)));
    }

    [Fact]
    public void OneSiteByName_RoutedSubnetsWithoutTranslation_AreMembers()
    {
        Announce(IPAddress.Parse("10.1.0.11"), "berlin", "10.1.0.11");
        Announce(IPAddress.Parse("10.5.0.11"), "hamburg", "10.5.0.11");

        Assert.Equal(["10.1.0.11:6881 near", "10.5.0.11:6881"], Announce(IPAddress.Parse("10.2.0.11"), "berlin", "10.2.0.11").Order());
        Assert.Equal(3, _registry.PeerCount);
    }

    /// <summary>A central way out puts every branch behind one address: names, where both have one, keep them apart.</summary>
    [Fact]
    public void OneOutsideAddress_OtherNames_AreNoMembers()
    {
        Announce(Office, "berlin", "10.1.0.11");

        Assert.Equal(["10.1.0.11:6881"], Announce(Office, "hamburg", "10.2.0.11"));
        Assert.Contains("10.1.0.11:6881 near", Announce(Office, null, "10.3.0.11"));
    }

    [Fact]
    public void NeitherNameNorTranslation_NobodyIsAMember()
    {
        Announce(IPAddress.Parse("10.1.0.11"), null, "10.1.0.11");

        Assert.Equal(["10.1.0.11:6881"], Announce(IPAddress.Parse("10.1.0.12"), null, "10.1.0.12"));
    }

    [Fact]
    public void ForeignClient_BehindOneAddressWithMembers_IsTheOutsideEndPointForOthersAndItselfForThem()
    {
        Announce(Office, null, null, port: 51413);

        Assert.Equal(["203.0.113.1:51413 near"], Announce(Office, "berlin", "10.1.0.11"));
        Assert.Equal(["10.1.0.11:6881 near"], Announce(Office, null, null, port: 51413));
    }

    [Fact]
    public void ManyMembers_TakeThreeQuartersWhileThereAreOthers()
    {
        for (var host = 1; host <= 100; host++)
        {
            Announce(new IPAddress([10, 1, 0, (byte)host]), "berlin", null);
            Announce(new IPAddress([10, 2, 0, (byte)host]), "hamburg", null);
        }

        var peers = Announce(new IPAddress([10, 1, 1, 1]), "berlin", null, wanted: 40);

        Assert.Equal(40, peers.Distinct().Count());
        Assert.Equal(30, peers.Count(peer => peer.StartsWith("10.1.", StringComparison.Ordinal) && peer.EndsWith(" near", StringComparison.Ordinal)));
        // Alone, they take all of it.
        var alone = Announce(new IPAddress([10, 1, 1, 2]), "berlin", null, wanted: 200);
        Assert.Equal(101, alone.Count(peer => peer.EndsWith(" near", StringComparison.Ordinal)));
        Assert.Equal(99, alone.Count(peer => !peer.EndsWith(" near", StringComparison.Ordinal)));
    }

    [Fact]
    public void Members_AreChosenByChance()
    {
        for (var host = 1; host <= 60; host++)
            Announce(new IPAddress([10, 1, 0, (byte)host]), "berlin", null);

        var named = new HashSet<string>();
        for (var round = 0; round < 200; round++)
            named.UnionWith(Announce(new IPAddress([10, 1, 1, 1]), "berlin", null, wanted: 4));

        Assert.Equal(60, named.Count);
    }

    private List<string> Announce(
        IPAddress from,
        string? site = null,
        string? inside = null,
        int port = 6881,
        int? wanted = null,
        AnnounceEvent happened = AnnounceEvent.None
    )
    {
        var request = new AnnounceRequest
        {
            InfoHash = Name,
            PeerId = PeerId.Create(new byte[12]),
            Port = port,
            PeersWanted = wanted,
            Event = happened,
            Site = site is null ? null : SiteId.Of(site),
            Inside = inside is null ? null : IPAddress.Parse(inside),
        };
        Assert.True(_registry.TryAnnounce(request, from, Local, out var reply));
        return [.. reply.Peers.Select(peer => peer.EndPoint + (peer.IsNear ? " near" : "")).Order()];
    }
}
