using System.Buffers;
using System.Buffers.Binary;
using MessagePack;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Keys;

namespace StatelessSwarm.Trust.Signing;

/// <summary>
/// Payload bytes and the signatures over them. A signature covers the ASCII bytes <c>stateless/1</c>, one role byte, the
/// payload length (8 bytes, big endian) and the exact payload, so that a statement of one role is never one of another.
/// Encoding: MessagePack array [1, payload, [[key id, signature], ...]], at most 32 signatures; strict.
/// </summary>
/// <remarks>Strict means: the shortest form of everything and nothing behind it. A payload has one envelope encoding.</remarks>
public sealed partial class SignedEnvelope
{
    /// <summary>Most signatures in an envelope.</summary>
    public const int MaxSignatures = 32;

    private const int Format = 1;

    /// <summary>Array heads, integers and binary heads around the payload (at most 16), and each signature with its heads.</summary>
    private const int OverheadBytes = 16;
    private const int BytesPerSignature = 1 + 2 + Sha256Digest.Size + 2 + PublicKey.SignatureSize;

    private readonly EnvelopeSignature[] _signatures;

    private SignedEnvelope(ReadOnlyMemory<byte> payload, EnvelopeSignature[] signatures)
    {
        Payload = payload;
        _signatures = signatures;
    }

    /// <summary>The signed bytes; not yet believed.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The signatures as they stand in the envelope; not yet checked.</summary>
    public IReadOnlyList<EnvelopeSignature> Signatures => _signatures;

    /// <summary>Largest envelope around a payload of <paramref name="maxPayloadBytes"/>: what a reader fetches at most.</summary>
    public static int MaxBytes(int maxPayloadBytes) => maxPayloadBytes + OverheadBytes + MaxSignatures * BytesPerSignature;

    /// <summary>Signs <paramref name="payload"/> with every key.</summary>
    /// <remarks>A key given twice signs once; signatures stand in the order of their key ids.</remarks>
    /// <exception cref="ArgumentException">No key, or more than <see cref="MaxSignatures"/>.</exception>
    public static SignedEnvelope Sign(MetadataRole role, ReadOnlyMemory<byte> payload, IReadOnlyList<SigningKey> keys)
    {
        var distinct = keys.DistinctBy(key => key.PublicKey.Id).OrderBy(key => key.PublicKey.Id).ToArray();
        if (distinct.Length is 0 or > MaxSignatures)
            throw new ArgumentException($"An envelope takes 1 to {MaxSignatures} keys, not {distinct.Length}.", nameof(keys));
        var signed = SignedBytes(role, payload.Span);
        var signatures = Array.ConvertAll(distinct, key => new EnvelopeSignature(key.PublicKey.Id, key.Sign(signed)));
        return new SignedEnvelope(payload, signatures);
    }

    /// <summary>A payload that nobody has signed yet: a draft that travels to those who do.</summary>
    public static SignedEnvelope Unsigned(ReadOnlyMemory<byte> payload) => new(payload, []);

    /// <summary>The same payload without the signatures of other keys.</summary>
    public SignedEnvelope OnlyBy(IReadOnlyCollection<Sha256Digest> keyIds) => new(Payload, Array.FindAll(_signatures, signature => keyIds.Contains(signature.KeyId)));

    /// <summary>The same payload with one more signature; one by the same key is replaced.</summary>
    /// <exception cref="TrustException">There are <see cref="MaxSignatures"/> already.</exception>
    public SignedEnvelope With(MetadataRole role, SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var others = _signatures.Where(signature => signature.KeyId != key.PublicKey.Id).ToList();
        if (others.Count == MaxSignatures)
            throw new TrustException(TrustFault.Malformed, $"envelope: {MaxSignatures} signatures already, no more fit.");
        others.Add(new EnvelopeSignature(key.PublicKey.Id, key.Sign(SignedBytes(role, Payload.Span))));
        return new SignedEnvelope(Payload, [.. others.OrderBy(signature => signature.KeyId)]);
    }

    /// <summary>Reads an envelope of at most <paramref name="maxPayloadBytes"/> payload.</summary>
    /// <remarks>The payload is a slice of <paramref name="bytes"/>, which must not change afterwards.</remarks>
    /// <exception cref="TrustException">Malformed.</exception>
    public static SignedEnvelope Decode(ReadOnlyMemory<byte> bytes, int maxPayloadBytes)
    {
        if (bytes.Length > MaxBytes(maxPayloadBytes))
            throw Malformed($"{bytes.Length} bytes, expected at most {MaxBytes(maxPayloadBytes)}");
        var envelope = PackRead.Guard(
            "envelope",
            () =>
            {
                var reader = new MessagePackReader(bytes);
                PackRead.ArrayOf(ref reader, 3, "envelope");
                if (reader.ReadInt32() != Format)
                    throw Malformed($"field 0: expected format {Format}");
                var payload = PackRead.Binary(ref reader, maxPayloadBytes, "envelope payload");
                var signatures = new EnvelopeSignature[PackRead.Array(ref reader, MaxSignatures, "envelope signatures")];
                for (var index = 0; index < signatures.Length; index++)
                {
                    PackRead.ArrayOf(ref reader, 2, "envelope signature");
                    var keyId = PackRead.Digest(ref reader, "envelope key id");
                    var signature = PackRead.BinaryOf(ref reader, PublicKey.SignatureSize, "envelope signature");
                    signatures[index] = new EnvelopeSignature(keyId, signature);
                }
                return new SignedEnvelope(payload, signatures);
            }
        );
        if (!envelope.Encode().AsSpan().SequenceEqual(bytes.Span))
            throw Malformed("not in its one encoding: longer forms than needed, or bytes after the end");
        return envelope;
    }

    /// <summary>The envelope's bytes.</summary>
    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>(OverheadBytes + Payload.Length + _signatures.Length * BytesPerSignature);
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.Write(Format);
        writer.Write(Payload.Span);
        writer.WriteArrayHeader(_signatures.Length);
        foreach (var signature in _signatures)
        {
            writer.WriteArrayHeader(2);
            writer.Write(signature.KeyId.AsSpan());
            writer.Write(signature.Signature.Span);
        }
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The bytes that a signature of <paramref name="role"/> over <paramref name="payload"/> covers.</summary>
    internal static byte[] SignedBytes(MetadataRole role, ReadOnlySpan<byte> payload)
    {
        var prefix = "stateless/1"u8;
        var signed = new byte[prefix.Length + 1 + sizeof(long) + payload.Length];
        prefix.CopyTo(signed);
        signed[prefix.Length] = checked((byte)role);
        BinaryPrimitives.WriteInt64BigEndian(signed.AsSpan(prefix.Length + 1), payload.Length);
        payload.CopyTo(signed.AsSpan(prefix.Length + 1 + sizeof(long)));
        return signed;
    }

    private static TrustException Malformed(string what) => new(TrustFault.Malformed, $"envelope: {what}.");
}
