using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Hosting;

/// <summary>Peers that are known to each other through a third alone.</summary>
public sealed class PeerExchangeTests
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>
    /// Goal: a node that knows only the second learns the third from it and goes on with it alone. Method: the third, a seed, sends so
    /// slowly that nobody is done when the two have met; then the second goes away.
    /// </summary>
    [Fact]
    public async Task Download_SecondPeerTellsOfTheSeed_TheNodeFinishesFromTheSeed()
    {
        using var sample = await SampleTorrent.CreateAsync(64 * KiB, 8 * 1024 * KiB);
        await using var seed = await StartAsync(uploadBytesPerSecond: 1024 * KiB);
        var seeding = await AddAsync(seed, sample, "source", isSeed: true);
        await using var second = await StartAsync();
        var secondSession = await AddAsync(second, sample, "second");
        secondSession.AddPeer(EndPointOf(seed), PeerSource.Manual);
        await using var node = await StartAsync();
        var session = await AddAsync(node, sample, "node");
        session.AddPeer(EndPointOf(second), PeerSource.Manual);
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        while (seeding.Status.Peers < 2)
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        Assert.False(session.Status.IsComplete);
        await second.DisposeAsync();
        await session.Completion.WaitAsync(Patience);
        Assert.True(sample.IsIdentical("node"));
    }

    private static IPEndPoint EndPointOf(SwarmHost host) => new(IPAddress.Loopback, host.Port);

    private static Task<SwarmHost> StartAsync(long uploadBytesPerSecond = 0) =>
        SwarmHost.StartAsync(
            new SwarmOptions
            {
                ListenAddresses = [IPAddress.Loopback],
                Port = 0,
                Limits = new TransferLimits { Up = uploadBytesPerSecond > 0 ? uploadBytesPerSecond : null },
            },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );

    private static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, string name, bool isSeed = false) =>
        host.AddAsync(
            new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.PathsIn(name), IsSeed = isSeed },
            CancellationToken.None
        );
}
