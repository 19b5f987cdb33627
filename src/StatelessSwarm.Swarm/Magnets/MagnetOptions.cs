using System.Net;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Swarm.Magnets;

/// <summary>A magnet link to resolve, and where to ask beside the peers it names (<c>x.pe</c>) and the neighbours.</summary>
public sealed record MagnetOptions
{
    /// <summary>The link. Its trackers are not read: see <see cref="Trackers"/>.</summary>
    public required MagnetLink Link { get; init; }

    /// <summary>Peers beside those in the link.</summary>
    public IReadOnlyList<IPEndPoint> Peers { get; init; } = [];

    /// <summary>Trackers to ask for peers, in order of preference.</summary>
    public IReadOnlyList<Uri> Trackers { get; init; } = [];

    /// <summary>Connections and attempts at a time; default 12. One good peer is enough.</summary>
    public int MaxConnections { get; init; } = 12;
}
