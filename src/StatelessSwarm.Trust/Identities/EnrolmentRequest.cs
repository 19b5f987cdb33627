using System.Buffers;
using MessagePack;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Identities;

/// <summary>
/// What a machine sends to <c>/enrol</c>: MessagePack array [1, token id, name, request in PKCS #10, HMAC], strict; at most <see cref="MaxBytes"/>.
/// </summary>
public sealed record EnrolmentRequest
{
    /// <summary>Largest encoding: 5 KiB.</summary>
    public const int MaxBytes = 5 * 1024;

    private const int Format = 1;

    private EnrolmentRequest(string tokenId, string name, ReadOnlyMemory<byte> signingRequest, ReadOnlyMemory<byte> proof)
    {
        TokenId = tokenId;
        Name = name;
        SigningRequest = signingRequest;
        Proof = proof;
    }

    /// <summary>The token's id.</summary>
    public string TokenId { get; }

    /// <summary>What the machine calls itself; empty to take the token's name.</summary>
    public string Name { get; }

    internal ReadOnlyMemory<byte> SigningRequest { get; }

    internal ReadOnlyMemory<byte> Proof { get; }

    /// <summary>A request by the holder of a token.</summary>
    public static EnrolmentRequest Create(EnrolmentToken token, string name, ReadOnlyMemory<byte> signingRequest)
    {
        ArgumentNullException.ThrowIfNull(token);
        return new EnrolmentRequest(token.Id, name, signingRequest, EnrolmentToken.Prove(token.Secret, name, signingRequest.Span));
    }

    /// <summary>Its bytes.</summary>
    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(5);
        writer.Write(Format);
        writer.Write(TokenId);
        writer.Write(Name);
        writer.Write(SigningRequest.Span);
        writer.Write(Proof.Span);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads one; strict.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public static EnrolmentRequest Decode(ReadOnlyMemory<byte> bytes)
    {
        const string What = "enrolment";
        if (bytes.Length > MaxBytes)
            throw new TrustException(TrustFault.Malformed, $"{What}: expected at most {MaxBytes} bytes.");
        return PackRead.Guard(
            What,
            () =>
            {
                var reader = new MessagePackReader(bytes);
                PackRead.ArrayOf(ref reader, 5, Format, What);
                var id = reader.ReadString() ?? "";
                var name = reader.ReadString() ?? "";
                if (!EnrolmentToken.IsId(id) || (name.Length > 0 && !Names.IsMachine(name)))
                    throw new TrustException(TrustFault.Malformed, $"{What}: expected a token's id and a name of at most 64 of [A-Za-z0-9._-].");
                var request = PackRead.Binary(ref reader, IdentityRequest.MaxBytes, What);
                return new EnrolmentRequest(id, name, request, PackRead.BinaryOf(ref reader, EnrolmentToken.SecretSize, What));
            }
        );
    }
}
