using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Torrents;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Hosting;

public sealed class SuperSeedingTests
{
    private const int KiB = 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Goal: over sockets, a super-seed feeds one node, and then several that know each other, to the end.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task SuperSeed_Nodes_AllGetTheSameBytes(int count)
    {
        using var sample = await SampleTorrent.CreateAsync(32 * KiB, 3_000_000, 5, 100_000);
        await using var seed = await StartAsync();
        await seed.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.Paths,
                IsSeed = true,
                Engine = new EngineOptions { SuperSeeds = true },
            },
            CancellationToken.None
        );
        var hosts = new List<SwarmHost>();
        try
        {
            var sessions = new List<TorrentSession>();
            for (var number = 0; number < count; number++)
            {
                hosts.Add(await StartAsync());
                var paths = sample.PathsIn($"node{number}");
                sessions.Add(
                    await hosts[^1].AddAsync(new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = paths }, CancellationToken.None)
                );
            }
            foreach (var session in sessions)
            {
                foreach (var host in hosts.Append(seed))
                    session.AddPeer(new IPEndPoint(IPAddress.Loopback, host.Port), PeerSource.Tracker);
            }
            await Task.WhenAll(sessions.Select(session => session.Completion)).WaitAsync(Patience);
            for (var number = 0; number < count; number++)
                Assert.True(sample.IsIdentical($"node{number}"));
        }
        finally
        {
            foreach (var host in hosts)
                await host.DisposeAsync();
        }
    }

    private static Task<SwarmHost> StartAsync() =>
        SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
            TimeProvider.System,
            NullLoggerFactory.Instance,
            CancellationToken.None
        );
}
