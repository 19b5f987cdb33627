using System.Buffers.Binary;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Content.Images;

/// <summary>
/// The facts in an image's superblock, for people and for checks before publishing. Layouts, all little-endian:
/// <para>SquashFS 4 at byte 0 (Linux fs/squashfs/squashfs_fs.h): 0 magic <c>hsqs</c>, 4 inodes u32, 8 mkfs time u32, 12 block
/// size u32, 20 compression u16, 22 block log u16, 28 major u16, 30 minor u16, 40 bytes used u64.</para>
/// <para>EROFS at byte 1024 (Linux fs/erofs/erofs_fs.h): 0 magic E0F5E1E2, 12 block size bits u8, 16 inodes u64, 24 build time
/// u64, 36 blocks u32, 80 incompatible features u32, 84 compression algorithms u16 (a bit set).</para>
/// </summary>
public sealed record ImageSuperblock
{
    /// <summary>Bytes from the start of an image that hold either superblock.</summary>
    public const int HeadBytes = 2048;

    private const uint SquashFsMagic = 0x73717368;
    private const uint ErofsMagic = 0xE0F5E1E2;
    private const int SquashFsBytes = 96;
    private const int ErofsOffset = 1024;
    private const int ErofsBytes = 128;

    /// <summary>Which file system.</summary>
    public required ImageFormat Format { get; init; }

    /// <summary>Compression of data.</summary>
    public required ImageCompression Compression { get; init; }

    /// <summary>Block size in bytes: SquashFS 4 KiB to 1 MiB, EROFS 512 bytes to 64 KiB.</summary>
    public required int BlockSize { get; init; }

    /// <summary>Number of inodes.</summary>
    public required long InodeCount { get; init; }

    /// <summary>Bytes the file system uses; the image file may be padded beyond it, never shorter.</summary>
    public required long UsedBytes { get; init; }

    /// <summary>When it was made, seconds since 1970 UTC.</summary>
    public required long MadeUnixSeconds { get; init; }

    /// <summary>Reads an image's superblock.</summary>
    /// <param name="image">At the image's first byte; read at most <see cref="HeadBytes"/> on.</param>
    /// <exception cref="ContentException">Neither SquashFS 4 nor EROFS, or a field outside its range.</exception>
    public static ImageSuperblock Read(Stream image)
    {
        var head = new byte[HeadBytes];
        var count = image.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return Parse(head.AsSpan(0, count));
    }

    /// <summary>Reads a superblock from the first <see cref="HeadBytes"/> bytes of an image (fewer, if it is shorter).</summary>
    /// <exception cref="ContentException">Neither SquashFS 4 nor EROFS, or a field outside its range.</exception>
    public static ImageSuperblock Parse(ReadOnlySpan<byte> head)
    {
        if (head.Length >= SquashFsBytes && BinaryPrimitives.ReadUInt32LittleEndian(head) == SquashFsMagic)
            return ParseSquashFs(head[..SquashFsBytes]);
        if (head.Length >= ErofsOffset + ErofsBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(head[ErofsOffset..]) == ErofsMagic)
            return ParseErofs(head.Slice(ErofsOffset, ErofsBytes));
        throw new ContentException("image: byte 0: expected a SquashFS 4 or EROFS file system");
    }

    private static ImageSuperblock ParseSquashFs(ReadOnlySpan<byte> super)
    {
        var blockSize = BinaryPrimitives.ReadUInt32LittleEndian(super[12..]);
        var compression = BinaryPrimitives.ReadUInt16LittleEndian(super[20..]);
        var blockLog = BinaryPrimitives.ReadUInt16LittleEndian(super[22..]);
        var major = BinaryPrimitives.ReadUInt16LittleEndian(super[28..]);
        var used = BinaryPrimitives.ReadUInt64LittleEndian(super[40..]);
        if (major != 4)
            throw new ContentException("image: byte 28: expected SquashFS version 4");
        if (blockLog is < 12 or > 20 || blockSize != 1u << blockLog)
            throw new ContentException("image: byte 12: expected a SquashFS block size of 4 KiB to 1 MiB, as its logarithm says");
        if (compression is < 1 or > 6)
            throw new ContentException("image: byte 20: expected a SquashFS compression from 1 to 6");
        return new ImageSuperblock
        {
            Format = ImageFormat.SquashFs,
            Compression = compression switch
            {
                1 => ImageCompression.Gzip,
                2 => ImageCompression.Lzma,
                3 => ImageCompression.Lzo,
                4 => ImageCompression.Xz,
                5 => ImageCompression.Lz4,
                _ => ImageCompression.Zstd,
            },
            BlockSize = (int)blockSize,
            InodeCount = BinaryPrimitives.ReadUInt32LittleEndian(super[4..]),
            UsedBytes = CheckUsed(used, 40),
            MadeUnixSeconds = BinaryPrimitives.ReadUInt32LittleEndian(super[8..]),
        };
    }

    private static ImageSuperblock ParseErofs(ReadOnlySpan<byte> super)
    {
        var bits = super[12];
        if (bits is < 9 or > 16)
            throw new ContentException("image: byte 1036: expected an EROFS block size of 512 bytes to 64 KiB");
        var inodes = BinaryPrimitives.ReadUInt64LittleEndian(super[16..]);
        if (inodes > long.MaxValue)
            throw new ContentException("image: byte 1040: expected an EROFS inode count of 63 bits");
        var made = BinaryPrimitives.ReadUInt64LittleEndian(super[24..]);
        if (made > ReleaseManifest.MaxUnixSeconds)
            throw new ContentException("image: byte 1048: expected an EROFS build time before the year 10000");
        var blocks = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(super[36..]);
        var features = BinaryPrimitives.ReadUInt32LittleEndian(super[80..]);
        return new ImageSuperblock
        {
            Format = ImageFormat.Erofs,
            Compression = ErofsCompression(features, BinaryPrimitives.ReadUInt16LittleEndian(super[84..])),
            BlockSize = 1 << bits,
            InodeCount = (long)inodes,
            UsedBytes = CheckUsed(blocks << bits, 1060),
            MadeUnixSeconds = (long)made,
        };
    }

    private static ImageCompression ErofsCompression(uint features, ushort algorithms)
    {
        const uint LegacyLz4 = 0x1;
        const uint HasAlgorithms = 0x2;
        if ((features & HasAlgorithms) == 0)
            return (features & LegacyLz4) != 0 ? ImageCompression.Lz4 : ImageCompression.None;
        return algorithms switch
        {
            0 => ImageCompression.None,
            1 => ImageCompression.Lz4,
            2 => ImageCompression.Lzma,
            4 => ImageCompression.Gzip,
            8 => ImageCompression.Zstd,
            _ => ImageCompression.Several,
        };
    }

    private static long CheckUsed(ulong used, int at) =>
        used is > 0 and <= long.MaxValue
            ? (long)used
            : throw new ContentException($"image: byte {at}: expected a size of 1 to 2^63-1 bytes");
}
