namespace StatelessSwarm.Node.Booting;

/// <summary>Where the machine's releases are.</summary>
/// <param name="StateDirectory">State directory.</param>
/// <param name="IsPersistent">It survives a reboot: boots can be counted.</param>
/// <param name="Note">Why it is not the one that was wanted, or empty.</param>
public sealed record BootCache(string StateDirectory, bool IsPersistent, string Note);
