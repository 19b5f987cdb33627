using StatelessSwarm.Content.Torrents;

namespace StatelessSwarm.Seed.Releases;

/// <summary>The chunk map of a release, ready to be seeded.</summary>
/// <param name="Metainfo">Its torrent.</param>
/// <param name="Path">Its file.</param>
internal sealed record SeedChunkMap(Metainfo Metainfo, string Path);
