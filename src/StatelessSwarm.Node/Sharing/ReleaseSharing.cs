using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Node.Fetching;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Neighbours;
using StatelessSwarm.Roots.Releases;
using StatelessSwarm.Swarm.Hosting;
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
    private (long Lan, long Wan) _sentBefore;

    /// <summary>Fetches a staged release, from where its journal says it was left.</summary>
    /// <exception cref="IOException">Its files cannot be opened.</exception>
    public async Task<TorrentSession> DownloadAsync(StoredRelease staged, Metainfo metainfo, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            await RemoveAsync(staged.Digest);
            return await AddAsync(staged, metainfo, isSeed: false, cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Serves a complete release, if it is not served yet.</summary>
    /// <exception cref="IOException">Its files cannot be opened.</exception>
    public async Task SeedAsync(StoredRelease release, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            if (_sessions.ContainsKey(release.Digest))
                return;
            var torrent = await File.ReadAllBytesAsync(release.TorrentPath, cancellation);
            await AddAsync(release, TorrentMatch.Parse(torrent, release.Manifest), isSeed: true, cancellation);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Takes part in a release no more.</summary>
    public async Task StopAsync(Sha256Digest digest)
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            await RemoveAsync(digest);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Takes part in no release but these any more.</summary>
    public async Task KeepOnlyAsync(IReadOnlySet<Sha256Digest> keep)
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            foreach (var digest in _sessions.Keys.Where(digest => !keep.Contains(digest)).ToList())
                await RemoveAsync(digest);
        }
        finally
        {
            _gate.Release();
        }
    }

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
    public int Count => host.Torrents.Count;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KeepOnlyAsync(new HashSet<Sha256Digest>());
        _gate.Dispose();
    }

    private async Task<TorrentSession> AddAsync(StoredRelease release, Metainfo metainfo, bool isSeed, CancellationToken cancellation)
    {
        var session = await host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = metainfo,
                FilePaths = [.. metainfo.Info.Files.Select(file => Path.Combine(release.Directory, file.Path))],
                JournalPath = isSeed ? null : release.JournalPath,
                IsSeed = isSeed,
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
        _sessions.Add(release.Digest, session);
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

    private async Task RemoveAsync(Sha256Digest digest)
    {
        if (!_sessions.Remove(digest, out var session))
            return;
        if (local is not null)
            await local.LeaveAsync(session);
        var last = session.Status;
        await session.DisposeAsync();
        _sentBefore = (_sentBefore.Lan + last.SentLanBytes, _sentBefore.Wan + last.SentWanBytes);
    }
}
