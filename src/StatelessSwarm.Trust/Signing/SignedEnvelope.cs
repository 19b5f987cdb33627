using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Trust.Signing;

/// <summary>
/// Payload bytes and the signatures over them. A signature covers the ASCII bytes <c>stateless/1</c>, one role byte, the
/// payload length (8 bytes, big endian) and the exact payload, so that a statement of one role is never one of another.
/// Encoding: MessagePack array [1, payload, [[key id, signature], ...]], at most 32 signatures; strict.
/// </summary>
public sealed partial class SignedEnvelope
{
    /// <summary>Signs <paramref name="payload"/> with every key.</summary>
    public static SignedEnvelope Sign(MetadataRole role, ReadOnlyMemory<byte> payload, IReadOnlyList<SigningKey> keys) =>
        throw new NotImplementedException();

    /// <summary>Reads an envelope of at most <paramref name="maxPayloadBytes"/> payload.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public static SignedEnvelope Decode(ReadOnlyMemory<byte> bytes, int maxPayloadBytes) => throw new NotImplementedException();

    /// <summary>The signed bytes; not yet believed.</summary>
    public ReadOnlyMemory<byte> Payload => throw new NotImplementedException();

    /// <summary>The envelope's bytes.</summary>
    public byte[] Encode() => throw new NotImplementedException();
}
