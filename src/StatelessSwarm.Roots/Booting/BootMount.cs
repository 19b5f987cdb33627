namespace StatelessSwarm.Roots.Booting;

/// <summary>A root that the machine can be handed over to.</summary>
/// <param name="Target">Where it is mounted.</param>
/// <param name="IsVerified">The kernel checks every block that is read (dm-verity).</param>
/// <param name="Note">Why it does not, or empty.</param>
public sealed record BootMount(string Target, bool IsVerified, string Note);
