using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Seed.Releases;

/// <summary>A release being served to peers; disposing it stops that.</summary>
internal interface IReleaseSession : IAsyncDisposable
{
    /// <summary>Counters now.</summary>
    TorrentStatus Status { get; }
}
