using System.Net;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Networks;

namespace StatelessSwarm.Swarm.Tests.Networks;

public sealed class NetworkScopeTests
{
    [Theory]
    [InlineData("127.0.0.1", PeerReach.Lan)]
    [InlineData("127.200.3.4", PeerReach.Lan)]
    [InlineData("::1", PeerReach.Lan)]
    [InlineData("::ffff:127.0.0.1", PeerReach.Lan)]
    [InlineData("fe80::1%2", PeerReach.Lan)]
    [InlineData("10.99.1.5", PeerReach.Lan)]
    [InlineData("::ffff:10.99.1.5", PeerReach.Lan)]
    [InlineData("10.99.2.5", PeerReach.Wan)]
    [InlineData("203.0.113.9", PeerReach.Wan)]
    [InlineData("2001:db8:1::7", PeerReach.Lan)]
    [InlineData("2001:db8:2::7", PeerReach.Wan)]
    public void Classify_Address_FollowsLoopbackLinkAndConfiguredNetworks(string address, PeerReach expected)
    {
        var scope = new NetworkScope(
            [IPNetwork.Parse("10.99.1.0/24"), IPNetwork.Parse("2001:db8:1::/48")],
            TimeProvider.System
        );
        Assert.Equal(expected, scope.Classify(IPAddress.Parse(address)));
    }
}
