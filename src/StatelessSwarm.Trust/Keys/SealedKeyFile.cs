using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Keys;

/// <summary>
/// A signing key under a passphrase. ASCII, five lines, each ended by one LF:
/// <code>
/// stateless-sealed-key-v1
/// id {64 hex digits}
/// kdf pbkdf2-sha512 {iterations} {32 hex digits of salt}
/// seed {24 hex digits of nonce}{64 of sealed seed}{32 of tag}
/// check {64 hex digits}
/// </code>
/// The key of AES-256-GCM (NIST SP 800-38D) is PBKDF2-HMAC-SHA-512 (RFC 8018) of the passphrase; the first three lines are its
/// additional data, so that none of them can be changed. <c>check</c> is the SHA-256 of the lines before it, against rot.
/// </summary>
internal static class SealedKeyFile
{
    private const string Magic = "stateless-sealed-key-v1";
    private const string Derivation = "pbkdf2-sha512";

    /// <summary>OWASP's figure for PBKDF2-HMAC-SHA-512 is 210,000 (2023); a second of work on a small machine is fine here.</summary>
    private const int Iterations = 600_000;

    private const int LeastIterations = 100_000;
    private const int MostIterations = 10_000_000;
    private const int SaltBytes = 16;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int CipherKeyBytes = 32;

    internal static bool IsSealed(ReadOnlySpan<byte> text) => text.StartsWith(Encoding.ASCII.GetBytes(Magic));

    internal static byte[] Encode(SigningKey key, ReadOnlySpan<byte> passphrase)
    {
        if (passphrase.IsEmpty)
            throw new ContentException("passphrase: empty; expected at least one byte.");
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        var head = string.Create(CultureInfo.InvariantCulture, $"{Magic}\nid {key.PublicKey.Id}\nkdf {Derivation} {Iterations} {Convert.ToHexStringLower(salt)}\n");
        var seed = new byte[SigningKey.SeedSize];
        var tag = new byte[TagBytes];
        using (var cipher = CipherOf(passphrase, salt, Iterations))
            cipher.Encrypt(nonce, key.Seed, seed, tag, Encoding.ASCII.GetBytes(head));
        var text = $"{head}seed {Convert.ToHexStringLower(nonce)}{Convert.ToHexStringLower(seed)}{Convert.ToHexStringLower(tag)}\n";
        return Encoding.ASCII.GetBytes($"{text}check {Sha256Digest.HashData(Encoding.ASCII.GetBytes(text))}\n");
    }

    /// <exception cref="ContentException">Not such a file, or another passphrase.</exception>
    internal static SigningKey Decode(string path, ReadOnlySpan<byte> text, ReadOnlySpan<byte> passphrase)
    {
        var lines = Encoding.Latin1.GetString(text).Split('\n');
        if (
            lines is not [Magic, var idLine, var kdfLine, var seedLine, var checkLine, ""]
            || !idLine.StartsWith("id ", StringComparison.Ordinal)
            || !seedLine.StartsWith("seed ", StringComparison.Ordinal)
        )
            throw new ContentException($"{path}: not a sealed key file: expected five lines.");
        var length = text.LastIndexOf("check "u8);
        if (checkLine != $"check {Sha256Digest.HashData(text[..length])}")
            throw new ContentException($"{path}: line 5: the check does not match: the file is damaged.");
        if (
            kdfLine.Split(' ') is not ["kdf", Derivation, var count, var saltText]
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations is < LeastIterations or > MostIterations
            || !TryHex(saltText, SaltBytes, out var salt)
        )
            throw new ContentException($"{path}: line 3: expected 'kdf {Derivation} {LeastIterations}..{MostIterations}' and {SaltBytes} bytes of salt.");
        if (!TryHex(seedLine["seed ".Length..], NonceBytes + SigningKey.SeedSize + TagBytes, out var body))
            throw new ContentException($"{path}: line 4: expected {NonceBytes + SigningKey.SeedSize + TagBytes} bytes.");
        var seed = new byte[SigningKey.SeedSize];
        try
        {
            using var cipher = CipherOf(passphrase, salt, iterations);
            cipher.Decrypt(
                body.AsSpan(0, NonceBytes),
                body.AsSpan(NonceBytes, SigningKey.SeedSize),
                body.AsSpan(NonceBytes + SigningKey.SeedSize),
                seed,
                Encoding.ASCII.GetBytes($"{lines[0]}\n{idLine}\n{kdfLine}\n")
            );
        }
        catch (AuthenticationTagMismatchException fault)
        {
            throw new ContentException($"{path}: the passphrase is not the one it was sealed with.", fault);
        }
        var key = SigningKey.FromSeed(seed);
        CryptographicOperations.ZeroMemory(seed);
        return idLine == $"id {key.PublicKey.Id}" ? key : throw new ContentException($"{path}: line 2: the id is not that of the seed.");
    }

    private static AesGcm CipherOf(ReadOnlySpan<byte> passphrase, byte[] salt, int iterations)
    {
        Span<byte> key = stackalloc byte[CipherKeyBytes];
        Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, key, iterations, HashAlgorithmName.SHA512);
        var cipher = new AesGcm(key, TagBytes);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private static bool TryHex(string text, int bytes, out byte[] value)
    {
        value = new byte[bytes];
        return text.Length == 2 * bytes
            && text.All(letter => char.IsAsciiHexDigitLower(letter))
            && Convert.FromHexString(text, value, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == bytes;
    }
}
