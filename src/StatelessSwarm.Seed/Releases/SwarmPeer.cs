using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Seed.Releases;

/// <summary>The seed's peer: a <see cref="SwarmHost"/> whose torrents are complete from the start. One caller at a time.</summary>
internal sealed class SwarmPeer : IReleasePeer
{
    private readonly SwarmHost _host;
    private readonly Dictionary<Sha256Digest, SharedMap> _maps = [];

    /// <summary>Takes over <paramref name="host"/>.</summary>
    public SwarmPeer(SwarmHost host) => _host = host;

    /// <inheritdoc/>
    public int Port => _host.Port;

    /// <inheritdoc/>
    public async Task<IReleaseSession> SeedAsync(SeedRelease release, CancellationToken cancellation)
    {
        var torrent = await AddAsync(release.Metainfo, release.FilePaths, cancellation);
        try
        {
            // Releases of one image have one map.
            var hash = release.Manifest.ChunkMap.TorrentHash;
            if (_maps.TryGetValue(hash, out var map))
                _maps[hash] = map with { Users = map.Users + 1 };
            else
                _maps[hash] = new SharedMap(await AddAsync(release.ChunkMap.Metainfo, [release.ChunkMap.Path], cancellation), 1);
            return new Session(this, torrent, hash);
        }
        catch
        {
            await torrent.DisposeAsync();
            throw;
        }
    }

    private async ValueTask LeaveMapAsync(Sha256Digest hash)
    {
        var map = _maps[hash];
        if (map.Users > 1)
        {
            _maps[hash] = map with { Users = map.Users - 1 };
            return;
        }
        _maps.Remove(hash);
        await map.Torrent.DisposeAsync();
    }

    private Task<TorrentSession> AddAsync(Metainfo metainfo, IReadOnlyList<string> paths, CancellationToken cancellation) =>
        _host.AddAsync(
            new TorrentAddOptions
            {
                Metainfo = metainfo,
                FilePaths = paths,
                IsSeed = true,
            },
            cancellation
        );

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private sealed record SharedMap(TorrentSession Torrent, int Users);

    private sealed class Session(SwarmPeer peer, TorrentSession torrent, Sha256Digest map) : IReleaseSession
    {
        public TorrentStatus Status => torrent.Status;

        public async ValueTask DisposeAsync()
        {
            await peer.LeaveMapAsync(map);
            await torrent.DisposeAsync();
        }
    }
}
