using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Node.Updating;

/// <summary>What is needed to fetch a release, all of it tied to signed metadata.</summary>
/// <param name="Manifest">Signed manifest, decoded.</param>
/// <param name="Envelope">Signed manifest, as it came.</param>
/// <param name="Torrent">Metainfo, as it came.</param>
/// <param name="Metainfo">Metainfo, checked against the manifest.</param>
internal sealed record FetchedRelease(
    ReleaseManifest Manifest,
    ReadOnlyMemory<byte> Envelope,
    ReadOnlyMemory<byte> Torrent,
    Metainfo Metainfo
);
