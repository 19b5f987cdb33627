using System.Buffers;
using MessagePack;
using StatelessSwarm.Trust.Keys;
using StatelessSwarm.Trust.Signing;

namespace StatelessSwarm.Trust.Roles;

/// <summary>
/// The release role's word that others may sign the releases of one product, and of no other: a delegation in the way of The Update Framework. Whoever
/// holds the release role itself may go on signing. MessagePack, one encoding:
/// <code>
/// 0  format      1
/// 1  product     as in a manifest
/// 2  version     1 .. 2^63-1; a reader refuses less than it has seen
/// 3  issued      seconds since 1970 UTC
/// 4  expires     likewise, after issued; then nothing new that only they have signed is installed
/// 5  threshold   how many of the keys must have signed; 0 without keys: the delegation is taken back
/// 6  keys        array of Ed25519 keys of 32 bytes, ascending by id, each once; at most <see cref="MaxKeys"/>
/// </code>
/// </summary>
public sealed record ReleaseDelegation
{
    /// <summary>Most keys.</summary>
    public const int MaxKeys = 32;

    /// <summary>Largest delegation accepted.</summary>
    public const int MaxBytes = 160 + MaxKeys * (PublicKey.Size + 2);

    private const int Format = 1;
    private const string What = "delegation";

    /// <summary>The product.</summary>
    public required string Product { get; init; }

    /// <summary>Counts up by one with every change, from 1.</summary>
    public required long Version { get; init; }

    /// <summary>When it was signed, seconds since 1970 UTC.</summary>
    public required long IssuedUnixSeconds { get; init; }

    /// <summary>When it stops being believed for what is new, seconds since 1970 UTC.</summary>
    public required long ExpiresUnixSeconds { get; init; }

    /// <summary>How many of the keys must have signed; 0 when there are none.</summary>
    public required int Threshold { get; init; }

    /// <summary>The keys, ascending by id, each once.</summary>
    public required IReadOnlyList<PublicKey> Keys { get; init; }

    /// <summary>True when enough of the keys have signed a manifest.</summary>
    public bool IsMet(SignedEnvelope envelope) =>
        Keys.Count > 0 && RoleVerifier.Count([.. Keys.Select(key => key.Id)], id => Keys.FirstOrDefault(key => key.Id == id), MetadataRole.Release, envelope).Valid >= Threshold;

    /// <summary>The bytes that are signed.</summary>
    /// <exception cref="TrustException">A field is outside its range.</exception>
    public byte[] Encode()
    {
        Check();
        return EncodeUnchecked();
    }

    /// <summary>Reads a delegation; strict.</summary>
    /// <exception cref="TrustException">Malformed.</exception>
    public static ReleaseDelegation Decode(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > MaxBytes)
            throw Malformed($"{bytes.Length} bytes, expected at most {MaxBytes}");
        var delegation = PackRead.Guard(What, () => Read(bytes));
        delegation.Check();
        return delegation.EncodeUnchecked().AsSpan().SequenceEqual(bytes.Span) ? delegation : throw Malformed("not in its one encoding");
    }

    private static ReleaseDelegation Read(ReadOnlyMemory<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        PackRead.MapOf(ref reader, 7, Format, What);
        PackRead.Field(ref reader, 1, What);
        var product = reader.ReadString() ?? "";
        PackRead.Field(ref reader, 2, What);
        var version = reader.ReadInt64();
        PackRead.Field(ref reader, 3, What);
        var issued = reader.ReadInt64();
        PackRead.Field(ref reader, 4, What);
        var expires = reader.ReadInt64();
        PackRead.Field(ref reader, 5, What);
        var threshold = reader.ReadInt32();
        PackRead.Field(ref reader, 6, What);
        var keys = new PublicKey[PackRead.Array(ref reader, MaxKeys, What)];
        for (var index = 0; index < keys.Length; index++)
        {
            keys[index] = PublicKey.TryCreate(PackRead.BinaryOf(ref reader, PublicKey.Size, What).Span, out var key)
                ? key
                : throw Malformed("field 6: not a canonical Ed25519 point of the prime-order subgroup");
        }
        return new ReleaseDelegation
        {
            Product = product,
            Version = version,
            IssuedUnixSeconds = issued,
            ExpiresUnixSeconds = expires,
            Threshold = threshold,
            Keys = keys,
        };
    }

    private void Check()
    {
        Names.RequireProduct(Product);
        if (Version < 1)
            throw Malformed("field 2: expected a version of at least 1");
        if (IssuedUnixSeconds is < 0 or > RootMetadata.MaxUnixSeconds)
            throw Malformed("field 3: expected a time from 1970 to 9999");
        if (ExpiresUnixSeconds <= IssuedUnixSeconds || ExpiresUnixSeconds > RootMetadata.MaxUnixSeconds)
            throw Malformed("field 4: expected a time after field 3 and not after 9999");
        if (Keys.Count > MaxKeys)
            throw Malformed($"field 6: expected at most {MaxKeys} keys");
        if (Keys.Count == 0 ? Threshold != 0 : Threshold < 1 || Threshold > Keys.Count)
            throw Malformed($"field 5: expected a threshold from 1 to the {Keys.Count} keys, or 0 without any");
        for (var index = 1; index < Keys.Count; index++)
        {
            if (Keys[index].Id <= Keys[index - 1].Id)
                throw Malformed("field 6: expected keys ascending by id, each once");
        }
    }

    private byte[] EncodeUnchecked()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(7);
        writer.Write(0);
        writer.Write(Format);
        writer.Write(1);
        writer.Write(Product);
        writer.Write(2);
        writer.Write(Version);
        writer.Write(3);
        writer.Write(IssuedUnixSeconds);
        writer.Write(4);
        writer.Write(ExpiresUnixSeconds);
        writer.Write(5);
        writer.Write(Threshold);
        writer.Write(6);
        writer.WriteArrayHeader(Keys.Count);
        foreach (var key in Keys)
            writer.Write(key.Bytes.Span);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static TrustException Malformed(string what) => new(TrustFault.Malformed, $"{What}: {what}.");
}
