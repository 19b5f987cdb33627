using System.Net;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Swarm.Encryption;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Identities;
using StatelessSwarm.Testing.Logging;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>Our engine and swarm on the loopback, in this process, with one torrent and a log that can be read.</summary>
internal sealed class OurPeer : IAsyncDisposable
{
    // A connection ends for these without anybody's fault.
    private static readonly string[] Blameless = ["BothComplete", "DuplicateConnection"];

    private readonly SampleTorrent _sample;
    private readonly string _name;
    private readonly SwarmHost _host;
    private readonly RecordingLoggers _log;
    private readonly SwarmIdentity? _identity;

    private OurPeer(SampleTorrent sample, string name, SwarmHost host, TorrentSession session, RecordingLoggers log, SwarmIdentity? identity)
    {
        _sample = sample;
        _name = name;
        _host = host;
        _log = log;
        _identity = identity;
        Session = session;
    }

    /// <summary>The torrent's session.</summary>
    public TorrentSession Session { get; }

    /// <summary>Where we take peers.</summary>
    public IPEndPoint EndPoint => new(IPAddress.Loopback, _host.Port);

    /// <summary>Lines of our log that speak of a peer's fault.</summary>
    public IReadOnlyList<string> Complaints => [.. _log.Lines.Where(IsComplaint)];

    /// <summary>True when our files hold the torrent's content.</summary>
    public bool HasContent => _sample.IsIdentical(_name);

    /// <summary>Starts one that is complete.</summary>
    public static Task<OurPeer> SeedAsync(SampleTorrent sample, params IReadOnlyList<Uri> trackers) =>
        StartAsync(sample, "source", isSeed: true, trackers, StreamEncryption.Plain);

    /// <summary>Starts one that has nothing and downloads into a subdirectory.</summary>
    public static Task<OurPeer> LeechAsync(SampleTorrent sample, string name, params IReadOnlyList<Uri> trackers) =>
        StartAsync(sample, name, isSeed: false, trackers, StreamEncryption.Plain);

    /// <summary>Starts one that has parts of the files, and downloads the rest into a subdirectory.</summary>
    public static Task<OurPeer> LeechAsync(SampleTorrent sample, string name, KnownParts parts) =>
        StartAsync(sample, name, isSeed: false, [], StreamEncryption.Plain, parts);

    /// <summary>Starts one that is complete, or has nothing, and speaks to its peers in such a way.</summary>
    public static Task<OurPeer> StartAsync(SampleTorrent sample, bool isSeed, StreamEncryption encryption) =>
        StartAsync(sample, isSeed ? "source" : "ours", isSeed, [], encryption);

    /// <summary>Starts a member of a closed swarm; it owns the identity.</summary>
    public static Task<OurPeer> StartClosedAsync(SampleTorrent sample, bool isSeed, SwarmIdentity identity) =>
        StartAsync(sample, isSeed ? "source" : "ours", isSeed, [], StreamEncryption.Plain, identity: identity);

    /// <summary>Names a peer, which is then connected to.</summary>
    public void Connect(PeerProgram client) => Session.AddPeer(client.EndPoint, PeerSource.Manual);

    /// <summary>Names one of ours, which is then connected to.</summary>
    public void Connect(OurPeer other) => Session.AddPeer(other.EndPoint, PeerSource.Manual);

    /// <summary>Waits until we have everything.</summary>
    /// <exception cref="TimeoutException">We did not get it; the message holds our log and theirs.</exception>
    public async Task WaitUntilCompleteAsync(params IReadOnlyList<PeerProgram> others)
    {
        try
        {
            await Session.Completion.WaitAsync(PeerProgram.Patience, TimeProvider.System);
        }
        catch (TimeoutException fault)
        {
            throw new TimeoutException(
                $"we have {Session.Status}; our log:\n{Log}\n{string.Join('\n', others.Select(other => $"{other}:\n{other.Log}"))}",
                fault
            );
        }
    }

    /// <summary>Waits until another client has everything.</summary>
    /// <exception cref="TimeoutException">It did not get it; the message holds its log and ours.</exception>
    public async Task WaitUntilCompleteAsync(PeerProgram client)
    {
        try
        {
            await client.WaitUntilCompleteAsync();
        }
        catch (TimeoutException fault)
        {
            throw new TimeoutException($"{fault.Message}\nour log:\n{Log}", fault);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _log.Dispose();
        _identity?.Dispose();
    }

    /// <summary>True for a line of our log that speaks of a peer's fault.</summary>
    public static bool IsComplaint(string line) =>
        line.Contains("broke the protocol", StringComparison.Ordinal)
        || (
            line.Contains("dropped:", StringComparison.Ordinal)
            && !Array.Exists(Blameless, reason => line.EndsWith(reason, StringComparison.Ordinal))
        );

    private string Log => string.Join('\n', _log.Lines);

    private static async Task<OurPeer> StartAsync(
        SampleTorrent sample,
        string name,
        bool isSeed,
        IReadOnlyList<Uri> trackers,
        StreamEncryption encryption,
        KnownParts? parts = null,
        SwarmIdentity? identity = null
    )
    {
        var log = new RecordingLoggers();
        var host = await SwarmHost.StartAsync(
            new SwarmOptions
            {
                ListenAddresses = [IPAddress.Loopback],
                Port = 0,
                Encryption = encryption,
                Identity = identity,
            },
            TimeProvider.System,
            log,
            CancellationToken.None
        );
        var session = await host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = sample.Metainfo,
                FilePaths = sample.PathsIn(name),
                IsSeed = isSeed,
                Trackers = [trackers],
                FindKnown = parts is null ? null : parts.FindAsync,
            },
            CancellationToken.None
        );
        return new OurPeer(sample, name, host, session, log, identity);
    }
}
