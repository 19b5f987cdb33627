using System.Net;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Swarm.Magnets;

/// <summary>What a magnet link led to.</summary>
/// <param name="Metainfo">The torrent with its piece layers, and the link's trackers and web seeds.</param>
/// <param name="Peers">Peers that answered, to go on with.</param>
public sealed record MagnetResult(Metainfo Metainfo, IReadOnlyList<IPEndPoint> Peers);
