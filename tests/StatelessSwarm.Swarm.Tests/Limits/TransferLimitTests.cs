using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Connections;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Limits;
using StatelessSwarm.Testing.Torrents;
using static StatelessSwarm.Swarm.Tests.Support.TestHosts;

namespace StatelessSwarm.Swarm.Tests.Limits;

/// <summary>Limits on real sockets. A slow machine only takes longer: time is asserted from below alone.</summary>
public sealed class TransferLimitTests
{
    private const int KiB = 1024;
    private const int Bytes = 2048 * KiB;

    private static Task<SwarmHost> StartAsync(TransferLimits limits, ByteBudget? shared = null) =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0, Limits = limits, SharedUpload = shared, IsBackground = true },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );

    [Fact]
    public async Task LanDown_OneNodeTwoTorrents_ShareTheLimit()
    {
        using var one = await SampleTorrent.CreateAsync(64 * KiB, Bytes / 2);
        using var two = await SampleTorrent.CreateAsync(32 * KiB, (Bytes / 2) + 1);
        await using var seed = await SeedAsync(one);
        await seed.AddAsync(new TorrentAddOptions { Metainfo = two.Metainfo, FilePaths = two.Paths, IsSeed = true }, CancellationToken.None);
        await using var node = await StartAsync(new TransferLimits { LanDown = 1024 * KiB });
        var start = TimeProvider.System.GetTimestamp();
        var sessions = new[] { await AddAsync(node, one, "one"), await AddAsync(node, two, "two") };
        foreach (var session in sessions)
            session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await Task.WhenAll(sessions.Select(session => session.Completion)).WaitAsync(Patience);
        Assert.True(one.IsIdentical("one"));
        Assert.True(two.IsIdentical("two"));
        Assert.True(TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(1.85));
    }

    [Fact]
    public async Task LanUp_TwoTakers_ShareTheLimit()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Bytes / 2);
        await using var seed = await StartAsync(new TransferLimits { LanUp = 1024 * KiB });
        await seed.AddAsync(new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true }, CancellationToken.None);
        await using var one = await StartAsync(TransferLimits.None);
        await using var two = await StartAsync(TransferLimits.None);
        var start = TimeProvider.System.GetTimestamp();
        var sessions = new[] { await AddAsync(one, sample, "one"), await AddAsync(two, sample, "two") };
        foreach (var session in sessions)
            session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await Task.WhenAll(sessions.Select(session => session.Completion)).WaitAsync(Patience);
        Assert.True(TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(1.8));
    }

    [Fact]
    public async Task Limits_OffThenLifted_NothingThenEverything()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Bytes);
        await using var seed = await SeedAsync(sample);
        await using var node = await StartAsync(new TransferLimits { LanDown = 0 });
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await UntilAsync(() => session.Status.Seeds == 1, "connected");
        Assert.Equal(0, session.Status.ReceivedLanBytes);
        node.Limits = TransferLimits.None;
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task Upload_OffThenLifted_WaitersGoOn()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Bytes);
        await using var seed = await StartAsync(new TransferLimits { Up = 0 });
        await seed.AddAsync(new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true }, CancellationToken.None);
        await using var node = await StartAsync(TransferLimits.None);
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        // Messages pass where blocks wait: it hears that the seed is complete.
        await UntilAsync(() => session.Status.Seeds == 1, "connected");
        Assert.Equal(0, session.Status.ReceivedLanBytes);
        seed.Limits = TransferLimits.None;
        await session.Completion.WaitAsync(Patience);
    }

    [Fact]
    public async Task SharedUpload_CountsWhatPeersTake()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Bytes);
        using var shared = new ByteBudget(64L << 20, TimeProvider.System);
        await using var seed = await StartAsync(TransferLimits.None, shared);
        await seed.AddAsync(new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true }, CancellationToken.None);
        await using var node = await StartAsync(TransferLimits.None);
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.InRange(shared.Taken, Bytes, Bytes + (64 * KiB));
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    public async Task SetLowerEffort_EveryKindOfSocket_IsMarkedAndMeasured(string address, bool isDual)
    {
        if (address == "::1" && !Socket.OSSupportsIPv6)
            return;
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        using var socket = isDual ? new Socket(SocketType.Stream, ProtocolType.Tcp) : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var other = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        PeerSocket.SetLowerEffort(socket);
        var mark = new byte[4];
        socket.GetRawSocketOption(address == "::1" ? 41 : 0, address == "::1" ? 67 : 1, mark);
        Assert.Equal(4, mark[0]);
        await socket.SendAsync(new byte[5000], TestContext.Current.CancellationToken);
        await UntilAsync(() => TcpInfo.TryRead(socket) is { AcknowledgedBytes: >= 5000 }, "acknowledged");
        var info = TcpInfo.TryRead(socket)!.Value;
        Assert.InRange(info.SmoothedMicroseconds, 1u, 60_000_000u);
        Assert.InRange(info.LeastMicroseconds, 1u, info.SmoothedMicroseconds + 1_000_000);
        Assert.True(info.Deliveries >= 1);
        await UntilAsync(() => TcpInfo.TryRead(other) is { ReceivedBytes: >= 5000 }, "received");
        socket.Dispose();
        Assert.Null(TcpInfo.TryRead(socket));
    }

    /// <summary>Goal: who turns out to be of our site does not give way. Method: the pacer's mark on a socket, before and after.</summary>
    [Fact]
    public async Task Pacer_PeerComesNear_MarkIsTakenBack()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var upload = new ByteBudget(null, TimeProvider.System);
        await using var pacer = new WanPacer(new NodeBudget(TimeProvider.System) { IsBackground = true }, upload, TimeProvider.System);
        var mark = new byte[4];

        pacer.Add(socket);
        socket.GetRawSocketOption(0, 1, mark);
        Assert.Equal(4, mark[0]);

        pacer.Remove(socket);
        socket.GetRawSocketOption(0, 1, mark);
        Assert.Equal(0, mark[0]);
    }
}
