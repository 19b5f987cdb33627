using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Seed.Releases;

/// <summary>The seed's peer: a <see cref="SwarmHost"/> whose torrents are complete from the start.</summary>
internal sealed class SwarmPeer : IReleasePeer
{
    private readonly SwarmHost _host;

    /// <summary>Takes over <paramref name="host"/>.</summary>
    public SwarmPeer(SwarmHost host) => _host = host;

    /// <inheritdoc/>
    public int Port => _host.Port;

    /// <inheritdoc/>
    public async Task<IReleaseSession> SeedAsync(SeedRelease release, CancellationToken cancellation) =>
        new Session(
            await _host.AddAsync(
                new TorrentAddOptions
                {
                    Metainfo = release.Metainfo,
                    FilePaths = release.FilePaths,
                    IsSeed = true,
                },
                cancellation
            )
        );

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private sealed class Session(TorrentSession torrent) : IReleaseSession
    {
        public TorrentStatus Status => torrent.Status;

        public ValueTask DisposeAsync() => torrent.DisposeAsync();
    }
}
