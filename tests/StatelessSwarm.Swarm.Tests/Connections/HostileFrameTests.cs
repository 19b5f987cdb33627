using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Peers;
using StatelessSwarm.Testing.Torrents;
using static StatelessSwarm.Swarm.Tests.Support.TestHosts;

namespace StatelessSwarm.Swarm.Tests.Connections;

/// <summary>What a peer sends after its handshake, over a real socket: broken frames, floods, lies. A host survives all of it.</summary>
public sealed class HostileFrameTests
{
    private const int KiB = 1024;
    private const int Pieces = 10;

    /// <summary>
    /// Goal: a frame whose length its id does not allow ends that connection as soon as its head is there, and nothing else. Method: for
    /// every id a frame one byte too short and one too long (the body is never sent), each on a connection of its own; then a download.
    /// </summary>
    [Fact]
    public async Task Frame_LengthThatItsIdForbids_ClosesThatConnectionOnly()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Pieces * 64 * KiB);
        await using var seed = await SeedAsync(sample);
        (int Id, uint Length)[] frames =
        [
            (0, 2), (1, 2), (2, 2), (3, 2), (14, 2), (15, 2),
            (4, 4), (4, 6), (13, 4), (13, 6), (17, 4), (17, 6),
            (5, 2), (5, 4), (5, 1), (5, uint.MaxValue),
            (6, 12), (6, 14), (8, 12), (8, 14), (16, 12), (16, 14),
            (7, 9), (7, 9 + 16 * KiB + 1), (7, int.MaxValue),
            (9, 2), (9, 4),
            (20, 1), (20, 2 + 64 * KiB + 1),
            (21, 48), (21, 50), (23, 48), (23, 50),
            (22, 49), (22, 49 + 31), (22, 49 + 32 * (PeerWire.MaxHashes + 1)),
            (10, 1), (12, 5), (18, 5), (24, 1), (99, 1), (255, 13),
        ];
        foreach (var (id, length) in frames)
        {
            using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
            using var peer = await ConnectAsync(sample, seed, stop.Token);
            var head = new byte[5];
            BinaryPrimitives.WriteUInt32BigEndian(head, length);
            head[4] = (byte)id;
            await peer.SendRawAsync(head, stop.Token);
            await peer.WaitForCloseAsync(stop.Token);
        }
        await DownloadAsync(sample, seed);
    }

    [Fact]
    public async Task Message_NumbersOutOfRange_ClosesThatConnectionOnly()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Pieces * 64 * KiB);
        await using var seed = await SeedAsync(sample);
        (PeerMessage Message, int Data)[] messages =
        [
            (new PeerMessage(PeerMessageKind.Have, Pieces), 0),
            (new PeerMessage(PeerMessageKind.Have, -1), 0),
            (new PeerMessage(PeerMessageKind.SuggestPiece, Pieces), 0),
            (new PeerMessage(PeerMessageKind.AllowedFast, int.MaxValue), 0),
            (new PeerMessage(PeerMessageKind.Bitfield, Payload: new byte[] { 0xff, 0xe0 }), 0),
            (new PeerMessage(PeerMessageKind.Request, Pieces, 0, 16 * KiB), 0),
            (new PeerMessage(PeerMessageKind.Request, 0, 64 * KiB, 1), 0),
            (new PeerMessage(PeerMessageKind.Request, 0, 60 * KiB, 16 * KiB), 0),
            (new PeerMessage(PeerMessageKind.Request, 0, int.MaxValue, int.MaxValue), 0),
            (new PeerMessage(PeerMessageKind.Request, 0, 0, 0), 0),
            (new PeerMessage(PeerMessageKind.Request, 0, 0, 128 * KiB + 1), 0),
            (new PeerMessage(PeerMessageKind.Cancel, -1, 0, 16 * KiB), 0),
            (new PeerMessage(PeerMessageKind.RejectRequest, Pieces, 0, 16 * KiB), 0),
            (new PeerMessage(PeerMessageKind.Piece, Pieces, 0, 5), 5),
            (new PeerMessage(PeerMessageKind.Piece, 0, -5, 5), 5),
            (new PeerMessage(PeerMessageKind.Piece, 0, 7, 5), 5),
            (new PeerMessage(PeerMessageKind.Extended, ExtendedId: 0, Payload: "l"u8.ToArray()), 0),
            (new PeerMessage(PeerMessageKind.Extended, ExtendedId: 1, Payload: new byte[60_000]), 0),
            (new PeerMessage(PeerMessageKind.HashRequest, Payload: new byte[48]), 0),
            (new PeerMessage(PeerMessageKind.Hashes, Payload: new byte[48 + 64]), 0),
        ];
        foreach (var (message, data) in messages)
        {
            using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
            using var peer = await ConnectAsync(sample, seed, stop.Token);
            await peer.SendAsync(message, new byte[data], stop.Token);
            await peer.WaitForCloseAsync(stop.Token);
        }
        await DownloadAsync(sample, seed);
    }

    /// <summary>
    /// Goal: a full queue (reqq 1024) refuses, and every request is answered once. Method: 1,500 requests of 1 KiB in one write to a seed
    /// that may send 500 kB/s; answers are counted.
    /// </summary>
    [Fact]
    public async Task Requests_MoreThanTheQueueHolds_AreAnsweredOnceEach()
    {
        const int count = 1500;
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Pieces * 64 * KiB);
        await using var seed = await SeedAsync(sample, uploadBytesPerSecond: 500_000);
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        using var peer = await ConnectAsync(sample, seed, stop.Token);
        await peer.SendAsync(new PeerMessage(PeerMessageKind.Interested), cancellation: stop.Token);
        var requests = new List<byte>();
        for (var number = 0; number < count; number++)
        {
            var bytes = new byte[17];
            PeerWire.Write(new PeerMessage(PeerMessageKind.Request, number % Pieces, number / Pieces % 60 * KiB, KiB), bytes);
            requests.AddRange(bytes);
        }
        await peer.SendRawAsync(requests.ToArray(), stop.Token);
        var pieces = 0;
        var rejects = 0;
        while (pieces + rejects < count && await peer.ReceiveAsync(stop.Token) is { } answer)
        {
            pieces += answer.Message.Kind == PeerMessageKind.Piece ? 1 : 0;
            rejects += answer.Message.Kind == PeerMessageKind.RejectRequest ? 1 : 0;
        }
        Assert.Equal(count, pieces + rejects);
        Assert.True(pieces >= 1024, $"{pieces} served");
        Assert.True(rejects > 0, "none refused");
    }

    [Fact]
    public async Task Requests_FloodForPiecesWeLack_ClosesTheConnectionAndTheNodeFinishes()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Pieces * 64 * KiB);
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        using var peer = await ConnectAsync(sample, node, stop.Token);
        var flood = new byte[17 * 10_000];
        for (var at = 0; at < flood.Length; at += 17)
            PeerWire.Write(new PeerMessage(PeerMessageKind.Request, 3, 0, 16 * KiB), flood.AsSpan(at));
        var closed = peer.WaitForCloseAsync(stop.Token);
        while (!closed.IsCompleted)
        {
            try
            {
                await peer.SendRawAsync(flood, stop.Token);
            }
            catch (SocketException)
            {
                break;
            }
        }
        await closed;
        await using var seed = await SeedAsync(sample);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    /// <summary>
    /// Goal: who asks for long answers and reads none is dropped before much has piled up. Method: requests for 512 hashes (16 KiB each), 100
    /// a second, never reading; the reason is in the log.
    /// </summary>
    [Fact]
    public async Task Answers_NobodyReads_EndTheConnection()
    {
        const int pieces = 512;
        using var sample = await SampleTorrent.CreateAsync(16 * KiB, pieces * 16 * KiB);
        using var loggers = new RecordingLoggers();
        await using var seed = await SeedAsync(sample, loggers: loggers);
        var info = sample.Metainfo.Info;
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        // Opening with the v2 hash is agreeing on v2.
        using var peer = await ScriptedPeer.ConnectAsync(
            EndPointOf(seed),
            InfoHash.Truncate(info.V2Hash!.Value),
            pieces,
            cancellation: stop.Token
        );
        var payload = new byte[HashRange.Size];
        new HashRange(info.Files[0].PiecesRoot, 0, 0, pieces, 0).Write(payload);
        var request = new PeerMessage(PeerMessageKind.HashRequest, Payload: payload);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(250), TimeProvider.System);
        while (!loggers.Lines.Any(line => line.Contains("disconnected", StringComparison.Ordinal)))
        {
            try
            {
                for (var number = 0; number < 25; number++)
                    await peer.SendAsync(request, cancellation: stop.Token);
            }
            catch (SocketException)
            {
                // Closed; the log says why.
            }
            await pace.WaitForNextTickAsync(stop.Token);
        }
        Assert.Contains(loggers.Lines, line => line.Contains("does not read", StringComparison.Ordinal));
    }

    /// <summary>
    /// Goal: a lie costs one block, because the seed tells the leaves of the piece. Method: a scripted peer is asked first; once the seed
    /// is there too, it answers one piece with one wrong block.
    /// </summary>
    [Fact]
    public async Task Piece_WithOneWrongBlock_CostsThatBlockAndItsSender()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, Pieces * 64 * KiB);
        var content = await File.ReadAllBytesAsync(sample.Paths[0]);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        session.AddPeer((IPEndPoint)listener.LocalEndpoint, PeerSource.Manual);
        using var liar = await ScriptedPeer.AcceptAsync(listener, Pieces, cancellation: stop.Token);
        await liar.SendAsync(new PeerMessage(PeerMessageKind.HaveAll), cancellation: stop.Token);
        await liar.SendAsync(new PeerMessage(PeerMessageKind.Unchoke), cancellation: stop.Token);
        var requests = new List<PeerMessage>();
        while (requests.Count < 4)
            requests.Add((await liar.ReceiveAsync(PeerMessageKind.Request, stop.Token))!.Value.Message);
        await using var seed = await SeedAsync(sample, uploadBytesPerSecond: 100_000);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await UntilAsync(() => session.Status.ReceivedLanBytes > 0, "the seed delivers");
        Assert.Single(requests.Select(request => request.Piece).Distinct());
        foreach (var request in requests)
        {
            var block = content.AsMemory(request.Piece * 64 * KiB + request.Begin, request.Length).ToArray();
            if (request.Begin == 16 * KiB)
                block[5] ^= 1;
            await liar.SendAsync(new PeerMessage(PeerMessageKind.Piece, request.Piece, request.Begin, request.Length), block, stop.Token);
        }
        await liar.WaitForCloseAsync(stop.Token);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Equal(16 * KiB, session.Status.WastedBytes);
    }

    private static Task<ScriptedPeer> ConnectAsync(SampleTorrent sample, SwarmHost host, CancellationToken cancellation) =>
        ScriptedPeer.ConnectAsync(
            EndPointOf(host),
            sample.Metainfo.Info.V1Hash!.Value,
            Pieces,
            isExtended: true,
            cancellation: cancellation
        );

    private static async Task DownloadAsync(SampleTorrent sample, SwarmHost seed)
    {
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }
}
