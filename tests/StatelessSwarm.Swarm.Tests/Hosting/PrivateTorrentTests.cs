using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Hosting;

/// <summary>A private torrent (BEP 27) takes peers from its trackers, and those somebody names, but not from the neighbourhood.</summary>
public sealed class PrivateTorrentTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The neighbour is told of before and after the torrent is added, then a seed by name. When the download is complete an open
    /// torrent has long knocked at the neighbour's door, a private one never.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Neighbour_IsConnectedToUnlessTheTorrentIsPrivate(bool isPrivate)
    {
        using var sample = await SampleTorrent.CreateAsync(
            new TorrentBuildOptions { Name = "sample", PieceLength = 16 * 1024, IsPrivate = isPrivate },
            300_000
        );
        Assert.Equal(isPrivate, sample.Metainfo.Info.IsPrivate);
        using var neighbour = new TcpListener(IPAddress.Loopback, 0);
        neighbour.Start();
        await using var seed = await StartAsync();
        await seed.AddAsync(
            new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true },
            CancellationToken.None
        );
        await using var node = await StartAsync();
        node.NeighbourFound((IPEndPoint)neighbour.LocalEndpoint);
        var session = await node.AddAsync(
            new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.PathsIn("node") },
            CancellationToken.None
        );
        node.NeighbourFound((IPEndPoint)neighbour.LocalEndpoint);
        if (!isPrivate)
            (await neighbour.AcceptSocketAsync(CancellationToken.None).AsTask().WaitAsync(Patience)).Dispose();
        session.AddPeer(new IPEndPoint(IPAddress.Loopback, seed.Port), PeerSource.Manual);
        await session.Completion.WaitAsync(Patience);
        if (isPrivate)
            Assert.False(neighbour.Pending());
    }

    private static Task<SwarmHost> StartAsync() =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );
}
