using System.Security.Cryptography;
using Ed25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace StatelessSwarm.Trust.Keys;

/// <summary>An Ed25519 private key (RFC 8032), held in memory or by somebody else who signs when asked; never printed or logged.</summary>
public sealed partial class SigningKey
{
    /// <summary>Bytes in a seed, the private key of RFC 8032 section 5.1.5.</summary>
    public const int SeedSize = 32;

    private readonly byte[]? _seed;
    private readonly Func<byte[], byte[]>? _signer;

    private SigningKey(PublicKey publicKey, Func<byte[], byte[]> signer)
    {
        PublicKey = publicKey;
        _signer = signer;
    }

    private SigningKey(ReadOnlySpan<byte> seed)
    {
        _seed = seed.ToArray();
        Span<byte> publicKey = stackalloc byte[PublicKey.Size];
        Ed25519.GeneratePublicKey(_seed, publicKey);
        PublicKey = new PublicKey(publicKey);
    }

    /// <summary>The public half.</summary>
    public PublicKey PublicKey { get; }

    internal ReadOnlySpan<byte> Seed => _seed ?? throw new InvalidOperationException("The key is held by an external signer.");

    /// <summary>A new key from the operating system's random source.</summary>
    public static SigningKey Generate()
    {
        Span<byte> seed = stackalloc byte[SeedSize];
        RandomNumberGenerator.Fill(seed);
        var key = new SigningKey(seed);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }

    /// <summary>The key of a 32-byte seed (RFC 8032 section 5.1.5).</summary>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static SigningKey FromSeed(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedSize)
            throw new ArgumentException($"An Ed25519 seed has {SeedSize} bytes, not {seed.Length}.", nameof(seed));
        return new SigningKey(seed);
    }

    /// <summary>A key that somebody else holds: a token, a signing service. What it gives is checked before it is used.</summary>
    /// <param name="publicKey">Its public half.</param>
    /// <param name="signer">The 64-byte signature over the bytes it is given.</param>
    public static SigningKey External(PublicKey publicKey, Func<byte[], byte[]> signer)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        ArgumentNullException.ThrowIfNull(signer);
        return new SigningKey(publicKey, signer);
    }

    /// <summary>True for a file that <see cref="SaveSealed"/> wrote: it wants a passphrase.</summary>
    /// <exception cref="IOException">Cannot be read; names the path.</exception>
    public static bool IsSealed(string path) => SealedKeyFile.IsSealed(KeyFile.Read(path));

    /// <summary>Reads a key file that <see cref="SaveSealed"/> wrote.</summary>
    /// <exception cref="Content.ContentException">Not such a file, or another passphrase.</exception>
    /// <exception cref="IOException">Cannot be read, or may be read by everyone; names the path.</exception>
    public static SigningKey LoadSealed(string path, ReadOnlySpan<byte> passphrase)
    {
        KeyFile.RefuseWhenOpenToAll(path);
        return SealedKeyFile.Decode(path, KeyFile.Read(path), passphrase);
    }

    /// <summary>Reads a key file that <see cref="Save"/> wrote.</summary>
    /// <exception cref="Content.ContentException">Not a key file.</exception>
    /// <exception cref="IOException">Cannot be read, or may be read by everyone; names the path.</exception>
    public static SigningKey Load(string path)
    {
        KeyFile.RefuseWhenOpenToAll(path);
        return KeyFile.DecodeSigningKey(path, KeyFile.Read(path));
    }

    /// <summary>The 64-byte signature over <paramref name="data"/>.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        if (_signer is not null)
        {
            var given = _signer(data.ToArray());
            return PublicKey.Verify(data, given)
                ? given
                : throw new TrustException(TrustFault.NotEnoughSignatures, $"key {PublicKey.Id}: what the external signer gave ({given.Length} bytes) is no signature by that key.");
        }
        var signature = new byte[PublicKey.SignatureSize];
        Ed25519.Sign(_seed, PublicKey.Bytes.Span, data, signature);
        return signature;
    }

    /// <summary>Writes the key to a new file, mode 0600; refuses to overwrite.</summary>
    /// <exception cref="IOException">The file exists or cannot be written; names the path.</exception>
    public void Save(string path) => KeyFile.Write(path, KeyFile.Encode(this), KeyFile.SigningMode);

    /// <summary>Writes the key under a passphrase to a new file, mode 0600; refuses to overwrite.</summary>
    /// <exception cref="Content.ContentException">The passphrase is empty.</exception>
    /// <exception cref="IOException">The file exists or cannot be written; names the path.</exception>
    public void SaveSealed(string path, ReadOnlySpan<byte> passphrase) =>
        KeyFile.Write(path, SealedKeyFile.Encode(this, passphrase), KeyFile.SigningMode);

    /// <summary>Names the public half only.</summary>
    public override string ToString() => $"signing key {PublicKey.Id}";
}
