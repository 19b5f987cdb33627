using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Node.Fetching;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Neighbours;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Swarm.Hosting;
using StatelessSwarm.Swarm.Storage;
using StatelessSwarm.Swarm.Trackers;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Node.Sharing;

/// <summary>
/// The releases this node takes part in: the one under way, and those it keeps and serves. A download that is complete goes on
/// serving from its open files when its directory is renamed into the store; nothing is hashed or connected again. All members
/// may be called from any thread.
/// </summary>
/// <param name="host">The swarm.</param>
/// <param name="server">Base URL of the repository: every release directory of it is a web seed (BEP 19).</param>
/// <param name="trackers">Trackers of every release.</param>
/// <param name="peers">Peers of every release.</param>
/// <param name="local">Local service discovery (BEP 14); null for none.</param>
/// <param name="logger">Logger.</param>
internal sealed class ReleaseSharing(
    SwarmHost host,
    Uri server,
    IReadOnlyList<Uri> trackers,
    IReadOnlyList<DnsEndPoint> peers,
    LocalSwarms? local,
    ILogger logger
) : IAsyncDisposable
{
    /// <summary>Trackers a torrent may add to the server's own.</summary>
    private const int MaxTorrentTrackers = 8;

    /// <summary>
    /// Time without a peer that gives before a release is fetched over HTTP: 2 s. The server is a BitTorrent peer too, and what it sends
    /// as one is shared with the site.
    /// </summary>
    private static readonly TimeSpan WebSeedDelay = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly Dictionary<Sha256Digest, TorrentSession> _sessions = [];
    private readonly Dictionary<Sha256Digest, TorrentSession> _maps = [];
    private volatile int _count;
    private (long Lan, long Wan) _sentBefore;

    /// <summary>Fetches a staged release, from where its journal says it was left.</summary>
    /// <param name="staged">The release.</param>
    /// <param name="metainfo">Its torrent.</param>
    /// <param name="findKnown">See <see cref="TorrentAddOptions.FindKnown"/>; or null.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">Its files cannot be opened.</exception>
    public Task<TorrentSession> DownloadAsync(
        StoredRelease staged,
        Metainfo metainfo,
        Func<NeededStretches, CancellationToken, Task<IReadOnlyList<KnownStretch>>>? findKnown,
        CancellationToken cancellation
    ) =>
        AloneAsync(
            async () =>
            {
                await RemoveAsync(_sessions, staged.Digest);
                return await AddAsync(_sessions, staged, metainfo, isSeed: false, staged.JournalPath, findKnown, cancellation);
            },
            cancellation
        );

    /// <summary>Serves a complete release, if it is not served yet.</summary>
    /// <exception cref="IOException">Its files cannot be opened.</exception>
    public Task SeedAsync(StoredRelease release, CancellationToken cancellation) =>
        AloneAsync(
            async () =>
            {
                if (_sessions.ContainsKey(release.Digest))
                    return;
                var torrent = await File.ReadAllBytesAsync(release.TorrentPath, cancellation);
                await AddAsync(_sessions, release, TorrentMatch.Parse(torrent, release.Manifest), isSeed: true, null, null, cancellation);
            },
            cancellation
        );

    /// <summary>Fetches the chunk map of a staged release, and serves it from then on.</summary>
    /// <exception cref="IOException">Its file cannot be opened.</exception>
    public Task<TorrentSession> FetchMapAsync(StoredRelease staged, Metainfo metainfo, CancellationToken cancellation) =>
        AloneAsync(
            async () =>
            {
                await RemoveAsync(_maps, staged.Digest);
                return await AddAsync(_maps, staged, metainfo, isSeed: false, staged.ChunkMapJournalPath, null, cancellation);
            },
            cancellation
        );

    /// <summary>The chunk map of a release is served: its own session, or that of a release of the same image.</summary>
    public Task<bool> HasMapAsync(StoredRelease release, CancellationToken cancellation) =>
        AloneAsync(() => Task.FromResult(IsMapRunning(release.Manifest.ChunkMap.TorrentHash)), cancellation);

    /// <summary>Serves the chunk map of a complete release, if it is here and not served yet.</summary>
    public async Task SeedMapAsync(StoredRelease release, CancellationToken cancellation)
    {
        try
        {
            await AloneAsync(() => SeedMapAloneAsync(release, cancellation), cancellation);
        }
        catch (Exception fault) when (fault is IOException or ContentException or UnauthorizedAccessException)
        {
            NodeLog.CannotServe(logger, release.Digest, fault.Message);
        }
    }

    /// <summary>Takes part in a chunk map no more.</summary>
    public Task StopMapAsync(Sha256Digest digest) =>
        AloneAsync(() => RemoveAsync(_maps, digest), CancellationToken.None);

    /// <summary>Takes part in a release no more.</summary>
    public Task StopAsync(Sha256Digest digest) =>
        AloneAsync(
            async () =>
            {
                await RemoveAsync(_sessions, digest);
                await RemoveAsync(_maps, digest);
            },
            CancellationToken.None
        );

    /// <summary>Takes part in no release but these any more.</summary>
    public Task KeepOnlyAsync(IReadOnlySet<Sha256Digest> keep) =>
        AloneAsync(
            async () =>
            {
                foreach (var digest in _sessions.Keys.Where(digest => !keep.Contains(digest)).ToList())
                    await RemoveAsync(_sessions, digest);
                foreach (var digest in _maps.Keys.Where(digest => !keep.Contains(digest)).ToList())
                    await RemoveAsync(_maps, digest);
            },
            CancellationToken.None
        );

    /// <summary>Payload bytes sent since the start.</summary>
    public (long Lan, long Wan) Sent
    {
        get
        {
            var (lan, wan) = _sentBefore;
            foreach (var session in host.Torrents)
            {
                var status = session.Status;
                lan += status.SentLanBytes;
                wan += status.SentWanBytes;
            }
            return (lan, wan);
        }
    }

    /// <summary>Releases taken part in.</summary>
    public int Count => _count;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KeepOnlyAsync(new HashSet<Sha256Digest>());
        _gate.Dispose();
    }

    private async Task SeedMapAloneAsync(StoredRelease release, CancellationToken cancellation)
    {
        if (IsMapRunning(release.Manifest.ChunkMap.TorrentHash) || !File.Exists(release.ChunkMapTorrentPath) || ReleaseStore.ReadChunkMap(release) is null)
            return;
        var metainfo = ChunkMapTorrent.Parse(await File.ReadAllBytesAsync(release.ChunkMapTorrentPath, cancellation), release.Manifest);
        await AddAsync(_maps, release, metainfo, isSeed: true, null, null, cancellation);
    }

    private async Task AloneAsync(Func<Task> work, CancellationToken cancellation) =>
        await AloneAsync(
            async () =>
            {
                await work();
                return true;
            },
            cancellation
        );

    private async Task<T> AloneAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            return await work();
        }
        finally
        {
            _gate.Release();
        }
    }

    // Releases of one image have one map.
    private bool IsMapRunning(Sha256Digest torrent) => _maps.Values.Any(session => session.Metainfo.Info.V2Hash == torrent);

    private async Task<TorrentSession> AddAsync(
        Dictionary<Sha256Digest, TorrentSession> sessions,
        StoredRelease release,
        Metainfo metainfo,
        bool isSeed,
        string? journalPath,
        Func<NeededStretches, CancellationToken, Task<IReadOnlyList<KnownStretch>>>? findKnown,
        CancellationToken cancellation
    )
    {
        var session = await host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = metainfo,
                FilePaths = [.. metainfo.Info.Files.Select(file => Path.Combine(release.Directory, file.Path))],
                JournalPath = journalPath,
                IsSeed = isSeed,
                FindKnown = findKnown,
                Trackers = [trackers, .. TrackersOf(metainfo)],
                // Every node knows both names of a release: twice the announces would find nobody else.
                AnnouncesEveryHash = false,
                WebSeeds = isSeed
                    ? []
                    : [new Uri(server, RepositoryLayout.Release(release.Digest) + "/"), .. TorrentAddOptions.WebSeedsOf(metainfo)],
                WebSeedDelay = WebSeedDelay,
                NeighbourWait = local is null ? TimeSpan.Zero : TorrentAddOptions.TimeToHearOfNeighbours,
            },
            cancellation
        );
        sessions.Add(release.Digest, session);
        _count = _sessions.Count;
        if (local is not null)
            await local.JoinAsync(session);
        foreach (var peer in peers)
            await NamePeerAsync(session, peer, cancellation);
        return session;
    }

    private IEnumerable<IReadOnlyList<Uri>> TrackersOf(Metainfo metainfo)
    {
        var left = MaxTorrentTrackers;
        foreach (var tier in TrackerUrl.ParseTiers(metainfo.TrackerTiers))
        {
            Uri[] added = [.. tier.Except(trackers).Take(left)];
            left -= added.Length;
            yield return added;
        }
    }

    private async Task NamePeerAsync(TorrentSession session, DnsEndPoint peer, CancellationToken cancellation)
    {
        try
        {
            foreach (var address in await Dns.GetHostAddressesAsync(peer.Host, cancellation))
                session.AddPeer(new IPEndPoint(address, peer.Port), PeerSource.Manual);
        }
        catch (SocketException fault)
        {
            NodeLog.PeerNotFound(logger, peer.Host, fault.Message);
        }
    }

    private async Task RemoveAsync(Dictionary<Sha256Digest, TorrentSession> sessions, Sha256Digest digest)
    {
        if (!sessions.Remove(digest, out var session))
            return;
        _count = _sessions.Count;
        if (local is not null)
            await local.LeaveAsync(session);
        var last = session.Status;
        await session.DisposeAsync();
        _sentBefore = (_sentBefore.Lan + last.SentLanBytes, _sentBefore.Wan + last.SentWanBytes);
    }
}
