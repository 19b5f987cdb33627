using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Roles;

/// <summary>Who holds a role.</summary>
/// <param name="Threshold">How many different keys must have signed: at least 1, at most the number of keys.</param>
/// <param name="KeyIds">Ids of the role's keys, ascending, each once; every one is among <see cref="RootMetadata.Keys"/>.</param>
public sealed record RoleKeys(int Threshold, IReadOnlyList<Sha256Digest> KeyIds);
