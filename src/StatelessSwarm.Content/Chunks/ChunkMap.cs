using System.Buffers.Binary;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Chunks;

/// <summary>
/// The chunks of one image in order, by which a node finds what it holds already of a new one. One encoding per map:
/// <code>
///  0  4  "SSCM"
///  4  1  version, 1
///  5  1  kind: 1 = gear, 4/16/64 KiB (GearChunker)
///  6  2  zero
///  8  8  image length in bytes
/// 16 32  SHA-256 of the image
/// 48  4  number of chunks
/// 52     per chunk 18 bytes: length - 1 (2), first 16 bytes of its SHA-256
/// </code>
/// Numbers are big-endian. 18 bytes per 16 KiB and more: 0.11 % of the image.
/// </summary>
public sealed class ChunkMap
{
    /// <summary>Longest map accepted: 64 MiB, an image of about 60 GiB.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    private const int HeaderBytes = 52;
    private const int EntryBytes = 18;
    private const byte Version = 1;
    private const byte GearKind = 1;

    private readonly Chunk[] _chunks;

    private ChunkMap(long imageBytes, Sha256Digest imageSha256, Chunk[] chunks)
    {
        ImageBytes = imageBytes;
        ImageSha256 = imageSha256;
        _chunks = chunks;
    }

    /// <summary>Length of the image.</summary>
    public long ImageBytes { get; }

    /// <summary>SHA-256 of the image.</summary>
    public Sha256Digest ImageSha256 { get; }

    /// <summary>The chunks: they follow each other without gaps from the image's first byte to its last.</summary>
    public IReadOnlyList<Chunk> Chunks => _chunks;

    /// <summary>Length of <see cref="Encode"/>.</summary>
    public int EncodedBytes => HeaderBytes + _chunks.Length * EntryBytes;

    /// <summary>Reads a map.</summary>
    /// <exception cref="ContentException">Not a map, of another version or kind, or its chunks do not make up the image; says where.</exception>
    public static ChunkMap Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is < HeaderBytes or > MaxBytes)
            throw new ContentException($"chunk map: {bytes.Length} bytes: expected {HeaderBytes} to {MaxBytes}");
        if (!bytes.StartsWith("SSCM"u8))
            throw new ContentException("chunk map: magic: expected SSCM");
        if (bytes[4] != Version || bytes[5] != GearKind || bytes[6] != 0 || bytes[7] != 0)
            throw new ContentException($"chunk map: version {bytes[4]}, kind {bytes[5]}: expected version {Version}, kind {GearKind}");
        var imageBytes = BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
        var count = BinaryPrimitives.ReadUInt32BigEndian(bytes[48..]);
        var entries = bytes[HeaderBytes..];
        if (count * (long)EntryBytes != entries.Length)
            throw new ContentException($"chunk map: {count} chunks in {entries.Length} bytes: expected {EntryBytes} bytes each");
        var chunks = new Chunk[count];
        var offset = 0L;
        for (var index = 0; index < chunks.Length; index++)
        {
            var entry = entries.Slice(index * EntryBytes, EntryBytes);
            var length = BinaryPrimitives.ReadUInt16BigEndian(entry) + 1;
            if (length < GearChunker.MinBytes && index < chunks.Length - 1)
                throw new ContentException($"chunk map: chunk {index}: {length} bytes: expected {GearChunker.MinBytes} at least");
            chunks[index] = new Chunk(offset, length, BinaryPrimitives.ReadUInt128BigEndian(entry[2..]));
            offset += length;
        }
        if (offset != imageBytes)
            throw new ContentException($"chunk map: chunks of {offset} bytes: expected {imageBytes}, the image's length");
        return new ChunkMap(imageBytes, new Sha256Digest(bytes.Slice(16, Sha256Digest.Size)), chunks);
    }

    /// <summary>The map's bytes.</summary>
    public byte[] Encode()
    {
        var bytes = new byte[EncodedBytes];
        "SSCM"u8.CopyTo(bytes);
        bytes[4] = Version;
        bytes[5] = GearKind;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(8), ImageBytes);
        ImageSha256.CopyTo(bytes.AsSpan(16));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(48), _chunks.Length);
        for (var index = 0; index < _chunks.Length; index++)
        {
            var entry = bytes.AsSpan(HeaderBytes + index * EntryBytes);
            BinaryPrimitives.WriteUInt16BigEndian(entry, (ushort)(_chunks[index].Length - 1));
            BinaryPrimitives.WriteUInt128BigEndian(entry[2..], _chunks[index].Hash);
        }
        return bytes;
    }

    /// <summary>A map of chunks that follow each other; the builder's.</summary>
    internal static ChunkMap Of(long imageBytes, Sha256Digest imageSha256, Chunk[] chunks) => new(imageBytes, imageSha256, chunks);
}
