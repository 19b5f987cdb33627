using System.Diagnostics.CodeAnalysis;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;
using Ed25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace StatelessSwarm.Trust.Keys;

/// <summary>
/// An Ed25519 public key (RFC 8032): 32 bytes. Its id is the SHA-256 of an algorithm byte (1) and those bytes.
/// <para>Only points of the prime-order subgroup are keys: small-order points, points with a small-order part and
/// non-canonical encodings (y not below 2^255-19) are refused, because one signature under such a key can be valid for many
/// messages.</para>
/// </summary>
public sealed partial class PublicKey : IEquatable<PublicKey>
{
    /// <summary>Bytes in a key.</summary>
    public const int Size = 32;

    /// <summary>Bytes in a signature: R (32, a point) and S (32, little endian, below the group order).</summary>
    public const int SignatureSize = 64;

    /// <summary>The algorithm byte of Ed25519, hashed into the id and written into root metadata. Frozen.</summary>
    public const byte AlgorithmEd25519 = 1;

    private readonly byte[] _bytes;
    private readonly Ed25519.PublicPoint _point;

    /// <summary>Takes the 32 key bytes.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes, or not a point of the prime-order subgroup.</exception>
    public PublicKey(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"An Ed25519 public key has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _bytes = bytes.ToArray();
        _point =
            Ed25519.ValidatePublicKeyFullExport(_bytes, 0)
            ?? throw new ArgumentException(
                "The bytes are no Ed25519 public key: not a canonical point of the prime-order subgroup.",
                nameof(bytes)
            );
        Span<byte> named = stackalloc byte[1 + Size];
        named[0] = AlgorithmEd25519;
        bytes.CopyTo(named[1..]);
        Id = Sha256Digest.HashData(named);
    }

    /// <summary>Id of the key.</summary>
    public Sha256Digest Id { get; }

    /// <summary>The 32 key bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Takes a key from hostile input; false where the constructor would throw.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        if (bytes.Length != Size || !Ed25519.ValidatePublicKeyFull(bytes.ToArray(), 0))
            return false;
        key = new PublicKey(bytes);
        return true;
    }

    /// <summary>
    /// Reads the public key of a file: one that <see cref="Save"/> wrote, or the public half of a signing key file.
    /// </summary>
    /// <exception cref="ContentException">Not a key file.</exception>
    /// <exception cref="IOException">Cannot be read; names the path.</exception>
    public static PublicKey Load(string path)
    {
        var text = KeyFile.Read(path);
        return KeyFile.IsSigningKey(text) ? KeyFile.DecodeSigningKey(path, text).PublicKey : KeyFile.DecodePublicKey(path, text);
    }

    /// <summary>True when <paramref name="signature"/> (64 bytes) is this key's over exactly <paramref name="data"/>.</summary>
    /// <remarks>
    /// RFC 8032 section 5.1.7 without the cofactor: S not below the group order and non-canonical R are refused, so nobody can
    /// make a second signature out of a first.
    /// </remarks>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureSize && Ed25519.Verify(signature, _point, data);

    /// <summary>Writes the key to a new file, mode 0644; refuses to overwrite.</summary>
    /// <exception cref="IOException">The file exists or cannot be written; names the path.</exception>
    public void Save(string path) => KeyFile.Write(path, KeyFile.Encode(this), KeyFile.PublicMode);

    /// <inheritdoc/>
    public bool Equals(PublicKey? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode();

    /// <summary>The id, 64 hexadecimal digits.</summary>
    public override string ToString() => Id.ToString();
}
