using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Peers;
using StatelessSwarm.Testing.Torrents;
using static StatelessSwarm.Swarm.Tests.Support.TestHosts;

namespace StatelessSwarm.Swarm.Tests.Hosting;

/// <summary>Whole transfers between hosts in this process over loopback sockets, and against scripted peers.</summary>
public sealed class SwarmHostTests
{
    private const int KiB = 1024;

    [Fact]
    public async Task Download_FromOneSeed_GivesTheSameBytes()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1_000_000, 0, 65_536, 5);
        await using var seed = await SeedAsync(sample);
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Equal(sample.Metainfo.Info.ContentBytes, session.Status.ReceivedLanBytes);
        Assert.Equal(0, session.Status.ReceivedWanBytes + session.Status.WastedBytes);
        Assert.True(session.Status.IsComplete);
    }

    [Fact]
    public async Task Download_ChainOfNodes_IsServedWhileItDownloads()
    {
        // The last node knows only the middle one, which knows the seed: it can finish only if the middle one serves.
        using var sample = await SampleTorrent.CreateAsync(32 * KiB, 3_000_000);
        await using var seed = await SeedAsync(sample);
        await using var middle = await StartAsync();
        await using var last = await StartAsync();
        var middleSession = await AddAsync(middle, sample, "middle");
        var lastSession = await AddAsync(last, sample, "last");
        lastSession.AddPeer(EndPointOf(middle), PeerSource.Manual);
        middleSession.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await Task.WhenAll(middleSession.Completion, lastSession.Completion).WaitAsync(Patience);
        Assert.True(sample.IsIdentical("middle"));
        Assert.True(sample.IsIdentical("last"));
    }

    [Fact]
    public async Task Download_NeighbourFoundBeforeTheTorrent_IsUsed()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 300_000);
        await using var seed = await SeedAsync(sample);
        await using var node = await StartAsync();
        node.NeighbourFound(EndPointOf(seed));
        var session = await AddAsync(node, sample, "node");
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task Add_AfterAnInterruption_FetchesOnlyTheRest()
    {
        // Half of the pieces come from a seed that lacks the rest; then the node is stopped and started anew.
        using var sample = await SampleTorrent.CreateAsync(32 * KiB, 64 * 32 * KiB);
        await using var seed = await SeedAsync(sample);
        long held;
        await using (var node = await StartAsync(uploadBytesPerSecond: 0))
        {
            var session = await AddAsync(node, sample, "node", isJournaled: true);
            session.AddPeer(EndPointOf(seed), PeerSource.Manual);
            while (session.Status.VerifiedBytes == 0)
                await Task.Yield();
        }
        await using var again = await StartAsync();
        var resumed = await AddAsync(again, sample, "node", isJournaled: true);
        resumed.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await resumed.Completion.WaitAsync(Patience);
        held = resumed.Status.DiskBytes;
        Assert.True(held > 0);
        Assert.Equal(sample.Metainfo.Info.ContentBytes, held + resumed.Status.ReceivedLanBytes);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task Add_WithoutJournal_HashesWhatIsThere()
    {
        using var sample = await SampleTorrent.CreateAsync(32 * KiB, 500_000);
        Directory.CreateDirectory(Path.Combine(sample.Directory, "node"));
        var bytes = await File.ReadAllBytesAsync(sample.Paths[0]);
        bytes[100_000] ^= 1;
        await File.WriteAllBytesAsync(sample.PathsIn("node")[0], bytes);
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        Assert.False(session.Completion.IsCompleted);
        await using var seed = await SeedAsync(sample);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.Equal(32 * KiB, session.Status.ReceivedLanBytes);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task Download_PeerThatLies_IsDroppedAndTheNodeFinishes()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 640 * KiB);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        session.AddPeer((IPEndPoint)listener.LocalEndpoint, PeerSource.Manual);
        using var liar = await ScriptedPeer.AcceptAsync(listener, 10, cancellation: stop.Token);
        await liar.SendAsync(new PeerMessage(PeerMessageKind.HaveAll), cancellation: stop.Token);
        await liar.SendAsync(new PeerMessage(PeerMessageKind.Unchoke), cancellation: stop.Token);
        // Every block it serves is wrong; it must be thrown out, which ends the loop.
        while (await liar.ReceiveAsync(PeerMessageKind.Request, stop.Token) is { } request)
        {
            var (piece, begin, length) = (request.Message.Piece, request.Message.Begin, request.Message.Length);
            try
            {
                await liar.SendAsync(new PeerMessage(PeerMessageKind.Piece, piece, begin, length), new byte[length], stop.Token);
            }
            catch (SocketException)
            {
                break;
            }
        }
        Assert.Equal(0, session.Status.VerifiedBytes);
        await using var seed = await SeedAsync(sample);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task Download_PeerThatStalls_DoesNotHoldTheNodeUp()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 640 * KiB);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        session.AddPeer((IPEndPoint)listener.LocalEndpoint, PeerSource.Manual);
        using var staller = await ScriptedPeer.AcceptAsync(listener, 10, cancellation: stop.Token);
        await staller.SendAsync(new PeerMessage(PeerMessageKind.HaveAll), cancellation: stop.Token);
        await staller.SendAsync(new PeerMessage(PeerMessageKind.Unchoke), cancellation: stop.Token);
        Assert.NotNull(await staller.ReceiveAsync(PeerMessageKind.Request, stop.Token));
        await using var seed = await SeedAsync(sample);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task Serve_RequestForAPieceThatIsNotThere_IsRejected()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 640 * KiB);
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var node = await StartAsync();
        await AddAsync(node, sample, "node");
        using var peer = await ScriptedPeer.ConnectAsync(
            EndPointOf(node),
            sample.Metainfo.Info.V1Hash!.Value,
            10,
            cancellation: stop.Token
        );
        await peer.SendAsync(new PeerMessage(PeerMessageKind.HaveNone), cancellation: stop.Token);
        await peer.SendAsync(new PeerMessage(PeerMessageKind.Interested), cancellation: stop.Token);
        await peer.SendAsync(new PeerMessage(PeerMessageKind.Request, 3, 0, 16 * KiB), cancellation: stop.Token);
        var reject = await peer.ReceiveAsync(PeerMessageKind.RejectRequest, stop.Token);
        Assert.Equal((3, 0, 16 * KiB), (reject!.Value.Message.Piece, reject.Value.Message.Begin, reject.Value.Message.Length));
    }

    /// <summary>Garbage might be the public key of an encrypted handshake, and a pad: closed when that is too long to be true.</summary>
    [Fact]
    public async Task Listen_Garbage_ClosesThatConnectionOnly()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 300_000);
        await using var seed = await SeedAsync(sample);
        for (var i = 0; i < 20; i++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(EndPointOf(seed));
            await socket.SendAsync(Enumerable.Repeat((byte)i, 1000).ToArray());
            // First comes an answer, to what might be a key.
            while (await ReceiveOrResetAsync(socket).WaitAsync(Patience) > 0) { }
        }
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
    }

    [Fact]
    public async Task Listen_UnknownTorrent_IsClosed()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1000);
        await using var seed = await SeedAsync(sample);
        using var peer = await ScriptedPeer.ConnectAsync(EndPointOf(seed), new InfoHash(new byte[20]), 1);
        Assert.Null(peer.Remote);
    }

    [Fact]
    public async Task Start_PortInUse_NamesTheAddress()
    {
        await using var first = await StartAsync();
        var options = new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = first.Port };
        var fault = await Assert.ThrowsAsync<IOException>(() =>
            SwarmHost.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None)
        );
        Assert.Contains($"127.0.0.1:{first.Port}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Add_SeedFileTooShort_NamesItAndBothLengths()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1000);
        await using var host = await StartAsync();
        await File.WriteAllBytesAsync(sample.Paths[0], new byte[999]);
        var options = new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true };
        var fault = await Assert.ThrowsAsync<IOException>(() => host.AddAsync(options, CancellationToken.None));
        Assert.Contains("999", fault.Message, StringComparison.Ordinal);
        Assert.Contains(sample.Paths[0], fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Add_Twice_IsRefusedAndTheFirstGoesOn()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 1000);
        await using var host = await SeedAsync(sample);
        var options = new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true };
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.AddAsync(options, CancellationToken.None));
        Assert.Single(host.Torrents);
    }

    private static async Task<int> ReceiveOrResetAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]).WaitAsync(Patience);
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
