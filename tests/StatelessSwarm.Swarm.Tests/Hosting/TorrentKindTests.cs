using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Storage;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Peers;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Hosting;

/// <summary>Every kind of torrent between our own hosts over loopback sockets.</summary>
public sealed class TorrentKindTests
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static TheoryData<TorrentKind, bool> Kinds =>
        new()
        {
            { TorrentKind.Hybrid, false },
            { TorrentKind.V2, false },
            { TorrentKind.V1, false },
            { TorrentKind.V1, true },
        };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Download_EmptyShortAndSpanningFiles_GivesTheSameBytes(TorrentKind kind, bool padsFiles)
    {
        using var sample = await CreateAsync(kind, padsFiles, 64 * KiB, 1_000_001, 0, 5, 16_384, 65_536, 300_000, 0);
        await using var seed = await SeedAsync(sample);
        using var log = new RecordingLoggers();
        await using var node = await StartAsync(log);
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
        Assert.Equal(sample.Metainfo.Info.ContentBytes, session.Status.ReceivedLanBytes);
        Assert.Equal(sample.Metainfo.Info.ContentBytes, session.Status.VerifiedBytes);
        Assert.Equal(0, session.Status.WastedBytes);
        Assert.DoesNotContain(log.Lines, line => line.Contains("dropped:", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Add_StartedAgainAfterHalf_FetchesOnlyTheRest(TorrentKind kind, bool padsFiles)
    {
        using var sample = await CreateAsync(kind, padsFiles, 32 * KiB, 1_000_000, 1_500_000, 700_000);
        var seedLimit = 4_000_000;
        await using var seed = await SeedAsync(sample, seedLimit);
        await using (var node = await StartAsync(NullLoggerFactory.Instance))
        {
            var session = await AddAsync(node, sample, "node", isJournaled: true);
            session.AddPeer(EndPointOf(seed), PeerSource.Manual);
            while (session.Status.VerifiedBytes == 0)
                await Task.Yield();
        }
        await using var again = await StartAsync(NullLoggerFactory.Instance);
        var resumed = await AddAsync(again, sample, "node", isJournaled: true);
        var held = resumed.Status.DiskBytes;
        resumed.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await resumed.Completion.WaitAsync(Patience);
        Assert.InRange(resumed.Status.DiskBytes, Math.Max(1, held), sample.Metainfo.Info.ContentBytes);
        Assert.Equal(sample.Metainfo.Info.ContentBytes, resumed.Status.DiskBytes + resumed.Status.ReceivedLanBytes);
        Assert.True(sample.IsIdentical("node"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Add_JournalLost_FilesAreHashedOnceAndKept(TorrentKind kind, bool padsFiles)
    {
        using var sample = await CreateAsync(kind, padsFiles, 32 * KiB, 500_000, 100_000);
        Directory.CreateDirectory(Path.Combine(sample.Directory, "node"));
        foreach (var (from, to) in sample.Paths.Zip(sample.PathsIn("node")))
            File.Copy(from, to);
        await using (var node = await StartAsync(NullLoggerFactory.Instance))
        {
            var session = await AddAsync(node, sample, "node", isJournaled: true);
            await session.Completion.WaitAsync(Patience);
            Assert.Equal(0, session.Status.ReceivedLanBytes);
        }
        // And the journal says so from now on: a file that has changed since is not looked at again.
        await File.WriteAllBytesAsync(sample.PathsIn("node")[1], new byte[100_000]);
        await using var again = await StartAsync(NullLoggerFactory.Instance);
        var trusting = await AddAsync(again, sample, "node", isJournaled: true);
        await trusting.Completion.WaitAsync(Patience);
    }

    /// <summary>
    /// Goal: a liar does not stop a v1-only torrent, and nothing wrong stays on disk. Method: a scripted peer offers everything and
    /// answers every request with noise until it is thrown out; then an honest seed comes.
    /// </summary>
    [Fact]
    public async Task Download_V1PeerThatLies_IsDroppedAndTheNodeFinishes()
    {
        using var sample = await CreateAsync(TorrentKind.V1, false, 64 * KiB, 300 * KiB, 340 * KiB);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var node = await StartAsync(NullLoggerFactory.Instance);
        var session = await AddAsync(node, sample, "node");
        session.AddPeer((IPEndPoint)listener.LocalEndpoint, PeerSource.Manual);
        using var liar = await ScriptedPeer.AcceptAsync(listener, 10, cancellation: stop.Token);
        Assert.False(liar.Remote!.SupportsV2);
        await liar.SendAsync(new PeerMessage(PeerMessageKind.HaveAll), cancellation: stop.Token);
        await liar.SendAsync(new PeerMessage(PeerMessageKind.Unchoke), cancellation: stop.Token);
        try
        {
            while (await liar.ReceiveAsync(PeerMessageKind.Request, stop.Token) is { } request)
            {
                var (piece, begin, length) = (request.Message.Piece, request.Message.Begin, request.Message.Length);
                await liar.SendAsync(new PeerMessage(PeerMessageKind.Piece, piece, begin, length), new byte[length], stop.Token);
            }
        }
        catch (SocketException)
        {
            // Thrown out while it was sending.
        }
        Assert.Equal(0, session.Status.VerifiedBytes);
        await using var seed = await SeedAsync(sample);
        session.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    /// <summary>The bit that offers v2 and the hash in the handshake (BEP 52), for every kind.</summary>
    [Theory]
    [InlineData(TorrentKind.V1)]
    [InlineData(TorrentKind.V2)]
    [InlineData(TorrentKind.Hybrid)]
    public async Task Handshake_OfEveryKind_NamesItsHashAndOffersV2WhereThereIsOne(TorrentKind kind)
    {
        using var sample = await CreateAsync(kind, false, 64 * KiB, 1000);
        var info = sample.Metainfo.Info;
        await using var seed = await SeedAsync(sample);
        if (info.V1Hash is { } v1)
        {
            using var old = await ScriptedPeer.ConnectAsync(EndPointOf(seed), v1, 1);
            Assert.Equal(kind == TorrentKind.Hybrid, old.Remote!.SupportsV2);
        }
        if (info.V2Hash is { } v2)
        {
            var hash = Content.Values.InfoHash.Truncate(v2);
            using var modern = await ScriptedPeer.ConnectAsync(EndPointOf(seed), hash, 2);
            Assert.Equal(hash, modern.Remote!.InfoHash);
            Assert.True(modern.Remote.SupportsV2);
        }
    }

    [Fact]
    public async Task Add_TwoV1Torrents_BothRun()
    {
        using var one = await CreateAsync(TorrentKind.V1, false, 64 * KiB, 1000);
        using var other = await CreateAsync(TorrentKind.V1, false, 64 * KiB, 2000);
        await using var host = await SeedAsync(one);
        await AddSeedAsync(host, other);
        Assert.Equal(2, host.Torrents.Count);
        await Assert.ThrowsAsync<InvalidOperationException>(() => AddSeedAsync(host, other));
    }

    [Fact]
    public async Task Journal_OfAV1Torrent_IsNotThatOfAnother()
    {
        using var one = await CreateAsync(TorrentKind.V1, false, 64 * KiB, 1000);
        using var other = await CreateAsync(TorrentKind.V1, false, 64 * KiB, 2000);
        using var hybrid = await CreateAsync(TorrentKind.Hybrid, false, 64 * KiB, 1000);
        var keys = new[] { one, other, hybrid }.Select(sample => ResumeJournal.KeyOf(sample.Metainfo.Info)).ToArray();
        Assert.Equal(3, keys.Distinct().Count());
        Assert.Equal(one.Metainfo.Info.V1Hash!.Value.ToString() + new string('0', 24), keys[0].ToString());
        Assert.Equal(hybrid.Metainfo.Info.V2Hash, keys[2]);
    }

    private static Task<SampleTorrent> CreateAsync(TorrentKind kind, bool padsFiles, int pieceLength, params int[] lengths) =>
        SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", PieceLength = pieceLength, Kind = kind, PadsFiles = padsFiles },
            lengths
        );

    private static IPEndPoint EndPointOf(SwarmHost host) => new(IPAddress.Loopback, host.Port);

    private static Task<SwarmHost> StartAsync(Microsoft.Extensions.Logging.ILoggerFactory loggers, long uploadBytesPerSecond = 0) =>
        SwarmHost.StartAsync(
            new SwarmOptions
            {
                ListenAddresses = [IPAddress.Loopback],
                Port = 0,
                Limits = new TransferLimits { Up = uploadBytesPerSecond > 0 ? uploadBytesPerSecond : null },
            },
            TimeProvider.System,
            loggers,
            CancellationToken.None
        );

    private static async Task<SwarmHost> SeedAsync(SampleTorrent sample, long uploadBytesPerSecond = 0)
    {
        var host = await StartAsync(NullLoggerFactory.Instance, uploadBytesPerSecond);
        await AddSeedAsync(host, sample);
        return host;
    }

    private static Task<TorrentSession> AddSeedAsync(SwarmHost host, SampleTorrent sample) =>
        host.AddAsync(
            new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true },
            CancellationToken.None
        );

    private static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, string name, bool isJournaled = false) =>
        host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn(name),
                JournalPath = isJournaled ? Path.Combine(sample.Directory, "resume") : null,
            },
            CancellationToken.None
        );
}
