using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Roots.Reuse;

/// <summary>An image on this machine, whole or not, with the map of what it holds or would hold.</summary>
/// <param name="Name">For people: the release's version.</param>
/// <param name="Path">Absolute path of the image.</param>
/// <param name="Map">Its chunk map.</param>
public sealed record HeldImage(string Name, string Path, ChunkMap Map);
