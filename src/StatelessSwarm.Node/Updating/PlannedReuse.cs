namespace StatelessSwarm.Node.Updating;

/// <summary>What an update would take from a release on this machine.</summary>
/// <param name="Version">Version of that release.</param>
/// <param name="Bytes">Bytes.</param>
public sealed record PlannedReuse(string Version, long Bytes);
