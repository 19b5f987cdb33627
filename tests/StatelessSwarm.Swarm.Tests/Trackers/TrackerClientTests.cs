using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Trackers;

namespace StatelessSwarm.Swarm.Tests.Trackers;

/// <summary>Over which address families a tracker is told.</summary>
public sealed class TrackerClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly byte[] V4Peer = [10, 0, 0, 1, 0, 1];
    private static readonly byte[] V6Peer = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 1];

    [Theory]
    [InlineData("::", "10.0.0.1:1 [2001:db8::7]:1")]
    [InlineData("0.0.0.0", "10.0.0.1:1")]
    [InlineData("::1", "[2001:db8::7]:1")]
    public async Task AnnounceAsync_TrackerOfBothFamilies_IsToldOverThoseWeListenOn(string listen, string expected)
    {
        using var v4 = new ScriptedUdpTracker(IPAddress.Loopback);
        using var v6 = new ScriptedUdpTracker(IPAddress.IPv6Loopback, v4.EndPoint.Port);
        var serving = Task.WhenAll(v4.ServeAsync(_ => { }, V4Peer), v6.ServeAsync(_ => { }, V6Peer));
        using var client = Make(IPAddress.Parse(listen));
        var reply = await AnnounceAsync(client, $"udp://both:{v4.EndPoint.Port}");
        Assert.Equal(expected, string.Join(' ', reply.Peers));
        v4.Dispose();
        v6.Dispose();
        await serving;
    }

    [Fact]
    public async Task AnnounceAsync_OneFamilySilent_TheOtherIsEnough()
    {
        using var v4 = new ScriptedUdpTracker(IPAddress.Loopback);
        var serving = v4.ServeAsync(_ => { }, V4Peer);
        using var client = Make(IPAddress.IPv6Any);
        var reply = await AnnounceAsync(client, $"udp://both:{v4.EndPoint.Port}");
        Assert.Equal("10.0.0.1:1", Assert.Single(reply.Peers).ToString());
        v4.Dispose();
        await serving;
    }

    [Fact]
    public async Task AnnounceAsync_TrackerOfAFamilyWeDoNotListenOn_IsAskedAllTheSame()
    {
        using var v4 = new ScriptedUdpTracker(IPAddress.Loopback);
        var serving = v4.ServeAsync(_ => { }, V4Peer);
        using var client = Make(IPAddress.IPv6Loopback);
        Assert.Single((await AnnounceAsync(client, v4.Url.ToString())).Peers);
        v4.Dispose();
        await serving;
    }

    [Fact]
    public async Task AnnounceAsync_HttpTrackerOfBothFamilies_IsToldOverBoth()
    {
        using var v4 = new TcpListener(IPAddress.Loopback, 0);
        v4.Start();
        var port = ((IPEndPoint)v4.LocalEndpoint).Port;
        using var v6 = new TcpListener(IPAddress.IPv6Loopback, port);
        v6.Start();
        using var client = Make(IPAddress.IPv6Any);
        var announce = AnnounceAsync(client, $"http://both:{port}/announce");
        await AnswerAsync(v6, [.. "d8:intervali60e6:peers618:"u8, .. V6Peer, (byte)'e']);
        await AnswerAsync(v4, [.. "d8:intervali30e5:peers6:"u8, .. V4Peer, (byte)'e']);
        var reply = await announce;
        Assert.Equal("10.0.0.1:1 [2001:db8::7]:1", string.Join(' ', reply.Peers));
        Assert.Equal(TimeSpan.FromSeconds(30), reply.Interval);
    }

    [Fact]
    public async Task AnnounceAsync_NameWithoutAddress_IsATrackerFault()
    {
        using var client = Make(IPAddress.Loopback);
        await Assert.ThrowsAsync<TrackerException>(() => AnnounceAsync(client, "udp://nobody:1"));
    }

    private static TrackerClient Make(IPAddress listen) => new([listen], ResolveAsync, identity: null, TimeProvider.System);

    private static Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellation) =>
        name switch
        {
            "both" => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback, IPAddress.Loopback]),
            "nobody" => throw new SocketException((int)SocketError.HostNotFound),
            _ => Task.FromResult<IPAddress[]>([IPAddress.Parse(name)]),
        };

    private static Task<TrackerReply> AnnounceAsync(TrackerClient client, string url) =>
        client.AnnounceAsync(
            new Uri(url),
            new AnnounceRequest(new InfoHash(new byte[20]), PeerId.Create(new byte[12]), 6881, 0, 0, 0, AnnounceEvent.Started),
            CancellationToken.None
        );

    private static async Task AnswerAsync(TcpListener tracker, byte[] body)
    {
        using var giveUp = new CancellationTokenSource(Patience, TimeProvider.System);
        using var socket = await tracker.AcceptSocketAsync(giveUp.Token);
        var buffer = new byte[8192];
        await socket.ReceiveAsync(buffer, giveUp.Token);
        await socket.SendAsync((byte[])[.. System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n"), .. body]);
    }
}
