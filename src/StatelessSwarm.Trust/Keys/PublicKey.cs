using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Keys;

/// <summary>An Ed25519 public key (RFC 8032): 32 bytes. Its id is the SHA-256 of an algorithm byte (1) and those bytes.</summary>
public sealed partial class PublicKey
{
    /// <summary>Bytes in a key.</summary>
    public const int Size = 32;

    /// <summary>Takes the 32 key bytes.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public PublicKey(ReadOnlySpan<byte> bytes) => throw new NotImplementedException();

    /// <summary>Id of the key.</summary>
    public Sha256Digest Id => throw new NotImplementedException();

    /// <summary>The 32 key bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => throw new NotImplementedException();

    /// <summary>True when <paramref name="signature"/> (64 bytes) is this key's over exactly <paramref name="data"/>.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => throw new NotImplementedException();
}
