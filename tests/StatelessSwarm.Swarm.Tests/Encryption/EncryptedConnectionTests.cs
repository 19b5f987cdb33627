using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Torrents;
using static StatelessSwarm.Swarm.Tests.Support.TestHosts;

namespace StatelessSwarm.Swarm.Tests.Encryption;

/// <summary>MSE between hosts on loopback, and against those who mean harm.</summary>
public sealed class EncryptedConnectionTests
{
    private const int KiB = 1024;

    [Theory]
    [InlineData(StreamEncryption.Plain, StreamEncryption.Plain, TorrentKind.Hybrid)]
    [InlineData(StreamEncryption.Prefer, StreamEncryption.Plain, TorrentKind.Hybrid)]
    [InlineData(StreamEncryption.Prefer, StreamEncryption.Require, TorrentKind.V1)]
    [InlineData(StreamEncryption.Require, StreamEncryption.Require, TorrentKind.Hybrid)]
    [InlineData(StreamEncryption.Require, StreamEncryption.Plain, TorrentKind.V2)]
    [InlineData(StreamEncryption.Require, StreamEncryption.Prefer, TorrentKind.V1)]
    public async Task Download_EncryptedAsBothLike_SameBytes(StreamEncryption ours, StreamEncryption theirs, TorrentKind kind)
    {
        using var sample = await CreateAsync(kind);
        await using var seed = await SeedAsync(sample, encryption: theirs);
        await using var node = await StartAsync(encryption: ours);
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Equal(0, session.Status.WastedBytes);
    }

    [Fact]
    public async Task Plaintext_WhereEncryptionIsRequired_IsRefusedBothWays()
    {
        using var sample = await CreateAsync(TorrentKind.Hybrid);
        using var log = new RecordingLoggers();
        await using var strict = await SeedAsync(sample, encryption: StreamEncryption.Require);
        await using var node = await StartAsync(loggers: log);
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(strict), PeerSource.Manual);
        await UntilAsync(() => log.Lines.Any(line => line.Contains("no connection", StringComparison.Ordinal)), "it is refused");
        Assert.False(session.Completion.IsCompleted);
        Assert.Equal(0, session.Status.Peers);
    }

    /// <summary>An encrypted connection to a peer that knows no MSE falls back to plaintext: here one that takes it for a broken handshake.</summary>
    [Fact]
    public async Task Prefer_PeerThatKnowsNoEncryption_IsConnectedInPlaintext()
    {
        using var sample = await CreateAsync(TorrentKind.V1);
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        await using var node = await StartAsync(encryption: StreamEncryption.Prefer);
        var session = await AddAsync(node, sample, "node");
        session.AddPeer((System.Net.IPEndPoint)listener.LocalEndpoint, PeerSource.Manual);
        var first = new byte[96];
        using (var encrypted = await listener.AcceptSocketAsync().WaitAsync(Patience))
            Assert.InRange(await encrypted.ReceiveAsync(first), 1, 96);
        Assert.False(first.AsSpan().StartsWith("\u0013BitTorrent"u8));
        using var plain = await Testing.Peers.ScriptedPeer.AcceptAsync(listener, sample.Metainfo.Info.PieceCount).WaitAsync(Patience);
        Assert.Equal(sample.Metainfo.Info.V1Hash, plain.Remote!.InfoHash);
        await UntilAsync(() => session.Status.Peers == 1, "it is connected");
    }

    /// <summary>
    /// Goal: an encrypted handshake that comes byte by byte is dropped by the handshake's limit, whatever state it is in. Method: the key, or
    /// the key and half of what follows, a byte at a time; then the clock moves on by the second.
    /// </summary>
    [Theory]
    [InlineData(40)]
    [InlineData(96)]
    [InlineData(300)]
    public async Task SlowHandshake_IsDroppedByItsLimit(int bytes)
    {
        using var sample = await CreateAsync(TorrentKind.Hybrid);
        var time = new FakeTimeProvider();
        await using var host = await SeedAsync(sample, time: time);
        using var socket = await ConnectAsync(host);
        var closed = IsClosedAsync(socket);
        var key = Noise(bytes);
        foreach (var item in key)
            await socket.SendAsync(new[] { item });
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
    }

    /// <summary>Noise for a key, then noise without end: closed once the longest pad is over, long before any time-out.</summary>
    [Fact]
    public async Task PadWithoutEnd_IsClosedAtOnce()
    {
        using var sample = await CreateAsync(TorrentKind.Hybrid);
        await using var host = await SeedAsync(sample, time: new FakeTimeProvider());
        using var socket = await ConnectAsync(host);
        await socket.SendAsync(Noise(96 + 512 + 20 + 1));
        Assert.True(await IsClosedAsync(socket).WaitAsync(Patience));
    }

    /// <summary>
    /// Goal: a storm of encrypted handshakes keeps no plaintext peer out. Method: 400 sockets send a key and what is needed to make us
    /// compute, over and over, while a node downloads.
    /// </summary>
    [Fact]
    public async Task Storm_OfEncryptedHandshakes_PlaintextPeersGetIn()
    {
        using var sample = await CreateAsync(TorrentKind.Hybrid);
        await using var seed = await SeedAsync(sample);
        var storm = new List<Socket>();
        try
        {
            for (var number = 0; number < 400; number++)
            {
                storm.Add(await ConnectAsync(seed));
                await storm[^1].SendAsync(Noise(96));
            }
            await using var node = await StartAsync();
            var session = await AddAsync(node, sample, "node");
            session.AddPeer(EndPointOf(seed), PeerSource.Manual);
            await session.Completion.WaitAsync(Patience);
            Assert.True(sample.IsIdentical("node"));
        }
        finally
        {
            storm.ForEach(socket => socket.Dispose());
        }
    }

    private static Task<SampleTorrent> CreateAsync(TorrentKind kind) =>
        SampleTorrent.CreateAsync(new TorrentBuildOptions { Name = "sample", PieceLength = 64 * KiB, Kind = kind }, 3_000_001, 70_000);

    private static byte[] Noise(int count)
    {
        var noise = new byte[count];
        new Random(count).NextBytes(noise);
        return noise;
    }

    private static async Task<Socket> ConnectAsync(SwarmHost host)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPointOf(host));
        return socket;
    }

    /// <summary>Reads away what comes; true once it is closed.</summary>
    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[1024]) > 0) { }
            return true;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
