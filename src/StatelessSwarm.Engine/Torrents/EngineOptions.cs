using System.Net;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Peers;
using StatelessSwarm.Engine.Wire;

namespace StatelessSwarm.Engine.Torrents;

/// <summary>Limits and habits of one torrent's engine. Every number says its unit.</summary>
public sealed record EngineOptions
{
    /// <summary>Our peer id.</summary>
    public required PeerId PeerId { get; init; }

    /// <summary>TCP port we accept peers on, told in the extension handshake; 0 for none.</summary>
    public int ListenPort { get; init; }

    /// <summary>Most connections of this torrent.</summary>
    public int MaxPeers { get; init; } = 128;

    /// <summary>Requests a peer may have queued at us (advertised as BEP 10 <c>reqq</c>).</summary>
    public int RequestQueue { get; init; } = 1024;
}
