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

    [Theory]
    [InlineData("10.1.0.5", "10.2.0.5", true)]
    [InlineData("10.1.0.5", "::ffff:192.168.7.1", true)]
    [InlineData("172.16.0.1", "172.31.255.254", true)]
    [InlineData("fd00:1::1", "fd77:9::1", true)]
    [InlineData("2001:db8:1:1::5", "2001:db8:1:ffff::5", true)]
    // Strangers from the internet, and what only looks private.
    [InlineData("10.1.0.5", "203.0.113.9", false)]
    [InlineData("203.0.113.9", "10.1.0.5", false)]
    [InlineData("203.0.113.9", "203.0.113.10", false)]
    [InlineData("10.1.0.5", "172.32.0.1", false)]
    [InlineData("10.1.0.5", "192.169.0.1", false)]
    [InlineData("10.1.0.5", "11.0.0.1", false)]
    [InlineData("10.1.0.5", "100.64.0.1", false)]
    [InlineData("10.1.0.5", "169.254.0.1", false)]
    [InlineData("10.1.0.5", "127.0.0.1", false)]
    [InlineData("10.1.0.5", "fd00::1", false)]
    [InlineData("fd00::1", "2001:db8:1::1", false)]
    [InlineData("2001:db8:1::1", "fd00::1", false)]
    [InlineData("2001:db8:1::1", "2001:db8:2::1", false)]
    [InlineData("fe80::1", "fe80::2", false)]
    [InlineData("ff02::1", "ff02::2", false)]
    [InlineData("::", "::1", false)]
    public void MayShareSite_TwoEnds_BothInsideOrOfOnePrefix(string local, string remote, bool expected)
    {
        var scope = new NetworkScope([], TimeProvider.System);
        Assert.Equal(expected, scope.MayShareSite(IPAddress.Parse(local), IPAddress.Parse(remote)));
        Assert.Equal(expected, scope.MayShareSite(IPAddress.Parse(remote), IPAddress.Parse(local)));
    }

    [Fact]
    public void MayShareSite_NotConnectedYet_NeverForAnAddressOfTheInternet()
    {
        var scope = new NetworkScope([], TimeProvider.System);
        Assert.False(scope.MayShareSite(null, IPAddress.Parse("203.0.113.9")));
        Assert.False(scope.MayShareSite(null, IPAddress.Parse("2001:db8:77::1")));
    }
}
