using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MessagePack;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Identities;

/// <summary>What <c>/enrol</c> answers: MessagePack array [1, certificate, the authority's certificate], both DER.</summary>
/// <param name="Certificate">The machine's.</param>
/// <param name="Authority">The authority's.</param>
public sealed record EnrolmentAnswer(ReadOnlyMemory<byte> Certificate, ReadOnlyMemory<byte> Authority)
{
    /// <summary>Largest encoding: 16 KiB.</summary>
    public const int MaxBytes = 16 * 1024;

    private const string What = "enrolment answer";
    private const int Format = 1;

    /// <summary>Its bytes.</summary>
    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.Write(Format);
        writer.Write(Certificate.Span);
        writer.Write(Authority.Span);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads an answer; nothing in it is believed yet.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public static EnrolmentAnswer Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
            throw new TrustException(TrustFault.Malformed, $"{What}: expected at most {MaxBytes} bytes.");
        return PackRead.Guard(
            What,
            () =>
            {
                var reader = new MessagePackReader(bytes);
                PackRead.ArrayOf(ref reader, 3, Format, What);
                return new EnrolmentAnswer(PackRead.Binary(ref reader, MaxBytes, What), PackRead.Binary(ref reader, MaxBytes, What));
            }
        );
    }

    /// <summary>Reads an answer, and holds it against what was asked: the authority is the token's, the key is ours.</summary>
    /// <remarks>Whether the authority has signed the certificate is looked at when the identity is opened.</remarks>
    /// <exception cref="TrustException">It is no such answer.</exception>
    public static EnrolmentAnswer Accept(ReadOnlyMemory<byte> bytes, EnrolmentToken token, IdentityRequest request)
    {
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(request);
        var answer = Decode(bytes);
        var authority = Sha256Digest.HashData(answer.Authority.Span);
        if (authority != token.Authority)
            throw new TrustException(TrustFault.Mismatch, $"{What}: of authority {authority}, the token is of {token.Authority}.");
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(answer.Certificate.Span);
            if (Sha256Digest.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()) == request.KeyId)
                return answer;
        }
        catch (CryptographicException fault)
        {
            throw new TrustException(TrustFault.Malformed, $"{What}: expected a certificate: {fault.Message}", fault);
        }
        throw new TrustException(TrustFault.Mismatch, $"{What}: the certificate is for another key.");
    }
}
