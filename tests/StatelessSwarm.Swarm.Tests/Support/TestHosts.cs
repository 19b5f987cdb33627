using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.Support;

/// <summary>Hosts on loopback with a free port, and torrents in them.</summary>
internal static class TestHosts
{
    /// <summary>Longest wait for something that must happen.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public static IPEndPoint EndPointOf(SwarmHost host) => new(IPAddress.Loopback, host.Port);

    public static Task<SwarmHost> StartAsync(
        long uploadBytesPerSecond = 0,
        TimeProvider? time = null,
        int maxConnections = 512,
        ILoggerFactory? loggers = null,
        StreamEncryption encryption = StreamEncryption.Plain,
        SwarmIdentity? identity = null,
        Func<string, byte[]?>? fileAt = null
    ) =>
        SwarmHost.StartAsync(
            new SwarmOptions
            {
                ListenAddresses = [IPAddress.Loopback],
                Port = 0,
                Limits = new TransferLimits { Up = uploadBytesPerSecond > 0 ? uploadBytesPerSecond : null },
                MaxConnections = maxConnections,
                Encryption = encryption,
                Identity = identity,
                FileAt = fileAt,
            },
            time ?? TimeProvider.System,
            loggers ?? NullLoggerFactory.Instance,
            CancellationToken.None
        );

    /// <summary>A host that has all of the torrent.</summary>
    public static async Task<SwarmHost> SeedAsync(
        SampleTorrent sample,
        long uploadBytesPerSecond = 0,
        TimeProvider? time = null,
        int maxConnections = 512,
        ILoggerFactory? loggers = null,
        StreamEncryption encryption = StreamEncryption.Plain
    )
    {
        var host = await StartAsync(uploadBytesPerSecond, time, maxConnections, loggers, encryption);
        var options = new TorrentAddOptions { Metainfo = sample.Metainfo, FilePaths = sample.Paths, IsSeed = true };
        await host.AddAsync(options, CancellationToken.None);
        return host;
    }

    /// <summary>Has the host fetch the torrent into a subdirectory of the sample's.</summary>
    public static Task<TorrentSession> AddAsync(SwarmHost host, SampleTorrent sample, string name, bool isJournaled = false) =>
        host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn(name),
                JournalPath = isJournaled ? Path.Combine(sample.Directory, "resume") : null,
            },
            CancellationToken.None
        );

    /// <summary>Waits until a condition holds; fails after <see cref="Patience"/>.</summary>
    public static async Task UntilAsync(Func<bool> holds, string what)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"not within {Patience}: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
