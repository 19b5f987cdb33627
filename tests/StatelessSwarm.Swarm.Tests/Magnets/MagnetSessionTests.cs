using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Magnets;
using StatelessSwarm.Testing.Peers;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Magnets;

/// <summary>Magnet links resolved over loopback sockets, from hosts of ours and from scripted peers.</summary>
public sealed class MagnetSessionTests
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    // One file in 16 KiB pieces has 641 piece hashes: two ranges with proofs. The other has several files, two of them with layers.
    public static TheoryData<int, int[], bool, bool> Shapes =>
        new()
        {
            { 16 * KiB, [10_500_000], true, true },
            { 16 * KiB, [10_500_000], true, false },
            { 16 * KiB, [10_500_000], false, true },
            { 32 * KiB, [1_000_001, 0, 5, 32_768, 300_000], true, true },
            { 64 * KiB, [60_000], false, true },
        };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Resolve_FromANodeOfOurs_GivesTheTorrentAndTheDownloadFollows(
        int pieceLength,
        int[] lengths,
        bool knowsV1,
        bool knowsV2
    )
    {
        using var sample = await SampleTorrent.CreateAsync(pieceLength, lengths);
        await using var seed = await SeedAsync(sample);
        await using var node = await StartAsync();
        var link = new MagnetLink
        {
            V1Hash = knowsV1 ? sample.Metainfo.Info.V1Hash : null,
            V2Hash = knowsV2 ? sample.Metainfo.Info.V2Hash : null,
            Peers = [new DnsEndPoint("127.0.0.1", seed.Port)],
        };
        var found = await ResolveAsync(node, link);
        Assert.Equal(sample.MetainfoBytes, found.Metainfo.Encode());
        Assert.Equal([EndPointOf(seed)], found.Peers);
        var session = await node.AddAsync(
            new TorrentAddOptions { Metainfo = found.Metainfo, FilePaths = sample.PathsIn("node") },
            CancellationToken.None
        );
        session.AddPeer(found.Peers[0], PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    [Fact]
    public async Task Resolve_NeighbourFoundMeanwhile_IsAsked()
    {
        using var sample = await SampleTorrent.CreateAsync(16 * KiB, 100_000);
        await using var seed = await SeedAsync(sample);
        await using var node = await StartAsync();
        var resolving = ResolveAsync(node, LinkTo(sample));
        node.NeighbourFound(EndPointOf(seed));
        Assert.Equal(sample.MetainfoBytes, (await resolving).Metainfo.Encode());
    }

    [Fact]
    public async Task Resolve_DeadAndMutePeersFirst_TheGoodOneIsEnough()
    {
        using var sample = await SampleTorrent.CreateAsync(16 * KiB, 100_000);
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        await using var seed = await SeedAsync(sample);
        await using var node = await StartAsync();
        var found = await ResolveAsync(
            node,
            LinkTo(sample),
            new IPEndPoint(IPAddress.Loopback, 1),
            (IPEndPoint)mute.LocalEndpoint,
            EndPointOf(node),
            EndPointOf(seed)
        );
        Assert.Equal([EndPointOf(seed)], found.Peers);
    }

    [Fact]
    public async Task Resolve_PeerSendsABlock_IsClosedAndTheSessionGoesOn()
    {
        using var sample = await SampleTorrent.CreateAsync(16 * KiB, 100_000);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stop = new CancellationTokenSource(Patience, TimeProvider.System);
        await using var node = await StartAsync();
        var resolving = ResolveAsync(node, LinkTo(sample), (IPEndPoint)listener.LocalEndpoint);
        using var peer = await ScriptedPeer.AcceptAsync(listener, 0, cancellation: stop.Token);
        await peer.SendAsync(new PeerMessage(PeerMessageKind.Piece, 0, 0, 4), new byte[4], stop.Token);
        while (await peer.ReceiveAsync(stop.Token) is not null) { }
        await using var seed = await SeedAsync(sample);
        node.NeighbourFound(EndPointOf(seed));
        Assert.Equal(sample.MetainfoBytes, (await resolving).Metainfo.Encode());
    }

    [Fact]
    public async Task Resolve_Cancelled_EndsAndClosesItsConnections()
    {
        using var sample = await SampleTorrent.CreateAsync(16 * KiB, 100_000);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        using var cancel = new CancellationTokenSource();
        await using var node = await StartAsync();
        var options = new MagnetOptions { Link = LinkTo(sample), Peers = [(IPEndPoint)listener.LocalEndpoint] };
        var resolving = node.ResolveAsync(options, cancel.Token);
        using var peer = await ScriptedPeer.AcceptAsync(listener, 0, cancellation: limit.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => resolving.WaitAsync(Patience));
        while (await peer.ReceiveAsync(limit.Token) is not null) { }
    }

    private static MagnetLink LinkTo(SampleTorrent sample) =>
        new() { V1Hash = sample.Metainfo.Info.V1Hash, V2Hash = sample.Metainfo.Info.V2Hash };

    private static Task<MagnetResult> ResolveAsync(SwarmHost node, MagnetLink link, params IPEndPoint[] peers) =>
        node.ResolveAsync(new MagnetOptions { Link = link, Peers = peers }, CancellationToken.None).WaitAsync(Patience);

    private static IPEndPoint EndPointOf(SwarmHost host) => new(IPAddress.Loopback, host.Port);

    private static Task<SwarmHost> StartAsync() =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );

    private static async Task<SwarmHost> SeedAsync(SampleTorrent sample)
    {
        var host = await StartAsync();
        var options = new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true };
        await host.AddAsync(options, CancellationToken.None);
        return host;
    }
}
