using System.Globalization;
using System.Numerics;

namespace StatelessSwarm.Swarm.Encryption;

/// <summary>
/// One side of MSE's Diffie-Hellman exchange: generator 2, a prime of 768 bits, private keys of 160 bits, public keys and the secret as 96
/// bytes, big-endian. What it guards is no secret from anyone who cares (see <see cref="StreamEncryption"/>).
/// </summary>
internal sealed class KeyExchange
{
    /// <summary>Bytes of a public key and of the secret.</summary>
    public const int KeySize = 96;

    /// <summary>Bytes of a private key.</summary>
    public const int PrivateSize = 20;

    private static readonly BigInteger Prime = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6D"
            + "F25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563",
        NumberStyles.AllowHexSpecifier,
        CultureInfo.InvariantCulture
    );

    private static readonly ModularPower Power = new(Prime);
    private static readonly byte[] Generator = [.. new byte[KeySize - 1], 2];

    private readonly byte[] _private;

    /// <summary>Computes the public key: about as costly as <see cref="Agree"/>.</summary>
    /// <param name="privateKey">20 bytes of chance.</param>
    public KeyExchange(ReadOnlySpan<byte> privateKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(privateKey.Length, PrivateSize, nameof(privateKey));
        _private = privateKey.ToArray();
        PublicKey = Power.Raise(Generator, _private);
    }

    /// <summary>96 bytes for the other side.</summary>
    public byte[] PublicKey { get; }

    /// <summary>The secret; null for a key that leads to a secret everybody knows (0, 1, -1, or none of the group).</summary>
    public byte[]? Agree(ReadOnlySpan<byte> theirKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(theirKey.Length, KeySize, nameof(theirKey));
        var key = new BigInteger(theirKey, isUnsigned: true, isBigEndian: true);
        return key <= 1 || key >= Prime - 1 ? null : Power.Raise(theirKey, _private);
    }
}
