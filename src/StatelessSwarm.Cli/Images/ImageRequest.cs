using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Cli.Images;

/// <summary>What image to build.</summary>
internal sealed record ImageRequest
{
    /// <summary>A directory, a tar archive, an OCI image layout (directory or archive), or a recipe; see <see cref="ImageSourceKind"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Which image of an OCI layout, by its tag; null when there is one only.</summary>
    public string? Reference { get; init; }

    /// <summary>For which machine, as <c>linux/amd64</c> (OCI); null for this one's.</summary>
    public string? Platform { get; init; }

    /// <summary>File to write; replaced by rename once complete.</summary>
    public required string Output { get; init; }

    /// <summary>Format of the image.</summary>
    public ImageFormat Format { get; init; } = ImageFormat.SquashFs;

    /// <summary>Compression level, or null for the format's default: zstd 15 (1 to 22), lz4hc 12 (0 to 12).</summary>
    public int? Level { get; init; }

    /// <summary>Seconds since 1970 UTC written as every file's time stamp, 0 to 4294967295.</summary>
    public long TimeStamp { get; init; }
}
