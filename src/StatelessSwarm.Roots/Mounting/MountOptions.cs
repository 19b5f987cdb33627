namespace StatelessSwarm.Roots.Mounting;

/// <summary>Where and how roots are mounted.</summary>
public sealed record MountOptions
{
    /// <summary>Directory that holds the mounts; default <c>/run/stateless/mounts</c>. <c>{Directory}/{digest}/image</c> is the
    /// read-only image, <c>upper</c> the tmpfs, <c>root</c> the overlay; <c>{Directory}/current</c> is a link to the current
    /// root, changed by rename.</summary>
    public string Directory { get; init; } = "/run/stateless/mounts";

    /// <summary>Size limit of the tmpfs above the image, bytes; default 256 MiB.</summary>
    public long UpperBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Inode limit of the tmpfs; default 262,144.</summary>
    public long UpperInodes { get; init; } = 262_144;
}
