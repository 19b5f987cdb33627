using System.Net;
using Microsoft.Extensions.Logging;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Engine.Peers;

namespace StatelessSwarm.Swarm.Hosting;

/// <summary>One torrent of a <see cref="SwarmHost"/>. All members may be called from any thread.</summary>
public sealed partial class TorrentSession : IAsyncDisposable
{
    /// <summary>The torrent.</summary>
    public Metainfo Metainfo => throw new NotImplementedException();

    /// <summary>Ends when all pieces are verified and written (not yet fsynced), fails when the files fail (disk full).</summary>
    public Task Completion => throw new NotImplementedException();

    /// <summary>Counters now.</summary>
    public TorrentStatus Status => throw new NotImplementedException();

    /// <summary>Names a peer.</summary>
    public void AddPeer(IPEndPoint endPoint, PeerSource source) => throw new NotImplementedException();

    /// <summary>Stops: tells the trackers, closes connections and files.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
