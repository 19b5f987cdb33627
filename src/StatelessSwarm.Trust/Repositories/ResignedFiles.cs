namespace StatelessSwarm.Trust.Repositories;

/// <summary>What signing a repository again came to.</summary>
/// <param name="Renewed">Files that have enough signatures now.</param>
/// <param name="Sound">Files that had.</param>
/// <param name="Missing">Files for which the keys given are too few; they are as they were.</param>
public sealed record ResignedFiles(int Renewed, int Sound, IReadOnlyList<string> Missing);
