using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Identities;

/// <summary>A certificate that an authority has signed.</summary>
/// <param name="KeyId">SHA-256 of the key as the certificate has it (SubjectPublicKeyInfo); what is revoked.</param>
/// <param name="Name">Whom it was given to, for people; it is not in the certificate.</param>
/// <param name="TokenId">The token it was enrolled with; empty when it was issued by hand.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="Certificate">DER.</param>
public sealed record IssuedIdentity(Sha256Digest KeyId, string Name, string TokenId, DateTimeOffset ExpiresAt, ReadOnlyMemory<byte> Certificate);
