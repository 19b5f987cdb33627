using System.Net;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>The peer's body: listener, connections, piece files and trackers of all torrents in a process.</summary>
public sealed partial class SwarmHost : IAsyncDisposable
{
    /// <summary>Binds the listener and starts accepting.</summary>
    /// <exception cref="IOException">An address cannot be bound; names it.</exception>
    public static Task<SwarmHost> StartAsync(
        SwarmOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellation
    ) => throw new NotImplementedException();

    /// <summary>The port really listened on.</summary>
    public int Port => throw new NotImplementedException();

    /// <summary>Torrents taken part in.</summary>
    public IReadOnlyList<TorrentSession> Torrents => throw new NotImplementedException();

    /// <summary>Takes part in a torrent: opens the files, trusts or checks what is there, connects, downloads, serves.</summary>
    /// <exception cref="IOException">A file cannot be opened or preallocated; names it and the room that is missing.</exception>
    public Task<TorrentSession> AddAsync(TorrentAddOptions options, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>A neighbour was found or heard of again: every torrent that is not private gets it.</summary>
    public void NeighbourFound(IPEndPoint endPoint) => throw new NotImplementedException();

    /// <summary>Stops every torrent (trackers are told) and closes every connection.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
