using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Trust.Identities;

/// <summary>
/// The right to become a member, as text: <c>ss1.ID.SECRET.AUTHORITY</c>, 16 hexadecimal digits, 32 bytes in base64url, and the SHA-256 of the authority's
/// certificate. The secret never travels: a request carries an HMAC of itself, so that who listens or stands in between gets
/// nothing but a certificate for somebody else's key; and the answer is held against the authority's digest.
/// </summary>
public sealed record EnrolmentToken
{
    /// <summary>Characters of a token.</summary>
    public const int Length = 4 + IdLength + 1 + 43 + 1 + Sha256Digest.Size * 2;

    internal const int IdLength = 16;
    internal const int SecretSize = 32;

    private const string Prefix = "ss1.";

    private EnrolmentToken(string id, byte[] secret, Sha256Digest authority)
    {
        Id = id;
        Secret = secret;
        Authority = authority;
    }

    /// <summary>Name of the token; no secret.</summary>
    public string Id { get; }

    /// <summary>SHA-256 of the authority's certificate, DER.</summary>
    public Sha256Digest Authority { get; }

    internal byte[] Secret { get; }

    /// <summary>A new one.</summary>
    internal static EnrolmentToken Create(Sha256Digest authority) =>
        new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2)), RandomNumberGenerator.GetBytes(SecretSize), authority);

    /// <summary>Reads the text of one; surrounding white space is let pass.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out EnrolmentToken? token)
    {
        token = null;
        var parts = text.Trim().Split('.');
        if (text.Length > 2 * Length || parts is not ["ss1", { Length: IdLength } id, { Length: 43 } secret, var digest] || !IsId(id) || !Sha256Digest.TryParseHex(digest, out var authority))
            return false;
        var bytes = new byte[SecretSize];
        if (!Base64Url.IsValid(secret) || !Base64Url.TryDecodeFromChars(secret, bytes, out var written) || written != SecretSize)
            return false;
        token = new EnrolmentToken(id, bytes, authority);
        return true;
    }

    /// <summary>The text: a secret.</summary>
    public string Format() => $"{Prefix}{Id}.{Base64Url.EncodeToString(Secret)}.{Authority}";

    /// <summary>Without the secret.</summary>
    public override string ToString() => Prefix + Id;

    internal static bool IsId(string text) => text.Length == IdLength && text.All(char.IsAsciiHexDigitLower);

    /// <summary>What shows that a request was made by who has the token.</summary>
    internal static byte[] Prove(ReadOnlySpan<byte> secret, string name, ReadOnlySpan<byte> signingRequest) =>
        HMACSHA256.HashData(secret, [.. "stateless/enrol\0"u8, .. Encoding.ASCII.GetBytes(name), 0, .. signingRequest]);
}
