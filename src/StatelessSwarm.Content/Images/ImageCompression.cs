namespace StatelessSwarm.Content.Images;

/// <summary>Compression of an image's data.</summary>
public enum ImageCompression
{
    /// <summary>Stored as it is.</summary>
    None = 0,

    /// <summary>Deflate.</summary>
    Gzip,

    /// <summary>LZMA; in EROFS MicroLZMA.</summary>
    Lzma,

    /// <summary>LZO.</summary>
    Lzo,

    /// <summary>XZ.</summary>
    Xz,

    /// <summary>LZ4.</summary>
    Lz4,

    /// <summary>Zstandard.</summary>
    Zstd,

    /// <summary>EROFS with more than one.</summary>
    Several,
}
