using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Tests.Support;
using StatelessSwarm.Testing.Torrents;
using static StatelessSwarm.Swarm.Tests.Support.TestHosts;

namespace StatelessSwarm.Swarm.Tests.Connections;

/// <summary>
/// Connections that are hostile before they say anything, and those that are one too many. Alone: one test measures the memory of the whole
/// process, which other tests would be in.
/// </summary>
[Collection(MemoryMeasures.Name)]
public sealed class HostileConnectionTests
{
    private const int KiB = 1024;

    /// <summary>
    /// Goal: a handshake that comes byte by byte and never ends is dropped by its limit (10 s), not by silence. Method: ten of its bytes,
    /// one by one, then the clock moves on by the second until the connection is closed; it must outlive the first nine.
    /// </summary>
    [Fact]
    public async Task Handshake_ByteByByteWithoutEnd_IsDroppedByItsLimit()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1000);
        var time = new FakeTimeProvider();
        await using var host = await SeedAsync(sample, time: time);
        using var socket = await ConnectAsync(host);
        var closed = IsClosedAsync(socket);
        foreach (var item in "\u0013BitTorren"u8.ToArray())
        {
            await socket.SendAsync(new[] { item });
            await Task.Yield();
        }
        for (var second = 0; second < 9; second++)
            time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(closed.IsCompleted);
        await UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return closed.IsCompleted;
            },
            "the connection is closed"
        );
        Assert.True(await closed);
    }

    /// <summary>
    /// Goal: a storm of a thousand connections that say nothing keeps nobody out and costs bounded memory. Method: they are opened and
    /// stay; then a node downloads from the host they are at; of them no more than the bound are kept.
    /// </summary>
    [Fact]
    public async Task Storm_ThousandSilentConnections_RealPeersGetInAndTheOldestMakeRoom()
    {
        const int count = 1000;
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1_000_000);
        await using var seed = await SeedAsync(sample);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var storm = new List<Socket>();
        try
        {
            for (var number = 0; number < count; number++)
                storm.Add(await ConnectAsync(seed));
            await using var node = await StartAsync();
            var session = await AddAsync(node, sample, "node");
            session.AddPeer(EndPointOf(seed), PeerSource.Manual);
            await session.Completion.WaitAsync(Patience);
            Assert.True(sample.IsIdentical("node"));
            await UntilAsync(() => storm.Count(IsClosed) >= count - new SwarmOptions().MaxSilentConnections, "the oldest have made room");
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 32L * KiB * KiB);
        }
        finally
        {
            storm.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Storm_SilentConnections_DoNotCountAgainstTheConnectionLimit()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 300_000);
        await using var seed = await SeedAsync(sample, maxConnections: 2);
        var storm = new List<Socket>();
        try
        {
            for (var number = 0; number < 20; number++)
                storm.Add(await ConnectAsync(seed));
            await using var node = await StartAsync();
            var session = await AddAsync(node, sample, "node");
            session.AddPeer(EndPointOf(seed), PeerSource.Manual);
            await session.Completion.WaitAsync(Patience);
        }
        finally
        {
            storm.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Connect_ToOurselves_IsClosedAndOthersAreUsed()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 300_000);
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(node), PeerSource.Manual);
        await using var seed = await SeedAsync(sample);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        await UntilAsync(() => session.Status.Peers <= 1, "only the seed is left");
    }

    /// <summary>
    /// Goal: of connections that cross, both sides keep the same one. Method: two nodes, each of which has half, name each other at the
    /// same moment, several times over; both complete with one peer.
    /// </summary>
    [Fact]
    public async Task Connect_FromBothSidesAtOnce_LeavesOneConnection()
    {
        using var sample = await SampleTorrent.CreateAsync(32 * KiB, 20 * 32 * KiB);
        for (var round = 0; round < 5; round++)
        {
            var (names, halves) = (new[] { $"left{round}", $"right{round}" }, await File.ReadAllBytesAsync(sample.Paths[0]));
            foreach (var (name, half) in names.Zip([0, 1]))
            {
                var part = halves.ToArray();
                part.AsSpan(half * part.Length / 2, part.Length / 2).Clear();
                Directory.CreateDirectory(Path.Combine(sample.Directory, name));
                await File.WriteAllBytesAsync(sample.PathsIn(name)[0], part);
            }
            await using var left = await StartAsync();
            await using var right = await StartAsync();
            var one = await AddAsync(left, sample, names[0]);
            var other = await AddAsync(right, sample, names[1]);
            one.AddPeer(EndPointOf(right), PeerSource.Manual);
            other.AddPeer(EndPointOf(left), PeerSource.Manual);
            await Task.WhenAll(one.Completion, other.Completion).WaitAsync(Patience);
            Assert.True(sample.IsIdentical(names[0]) && sample.IsIdentical(names[1]));
            await UntilAsync(() => one.Status.Peers == 1 && other.Status.Peers == 1, "one connection is left");
        }
    }

    private static async Task<Socket> ConnectAsync(SwarmHost host)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPointOf(host));
        return socket;
    }

    private static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
