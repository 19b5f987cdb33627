namespace StatelessSwarm.Trust.Roles;

/// <summary>What the signatures of an envelope are worth to a role.</summary>
/// <param name="Valid">Different keys of the role with a valid signature.</param>
/// <param name="Invalid">Signatures that name a key of the role and are not its.</param>
/// <param name="Foreign">Signatures by keys that do not hold the role; ignored.</param>
/// <param name="Repeated">Signatures beyond the first valid one of a key; ignored.</param>
public readonly record struct SignatureCount(int Valid, int Invalid, int Foreign, int Repeated);
