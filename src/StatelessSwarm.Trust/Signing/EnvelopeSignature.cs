using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Signing;

/// <summary>One signature of an envelope, as it stands there: nothing is checked.</summary>
/// <param name="KeyId">Id of the key that is said to have signed.</param>
/// <param name="Signature">64 bytes.</param>
public sealed record EnvelopeSignature(Sha256Digest KeyId, ReadOnlyMemory<byte> Signature);
