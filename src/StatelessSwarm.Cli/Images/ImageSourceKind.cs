namespace StatelessSwarm.Cli.Images;

/// <summary>What an image is made from.</summary>
internal enum ImageSourceKind
{
    /// <summary>A directory with a root file system.</summary>
    Tree,

    /// <summary>A tar archive, compressed or not; of a root file system, or of an OCI image layout.</summary>
    Archive,

    /// <summary>A directory with an OCI image layout: it has a file <c>oci-layout</c>.</summary>
    OciDirectory,

    /// <summary>A file named <c>*.mmdebstrap</c>; see <see cref="MmdebstrapRecipe"/>.</summary>
    Recipe,
}
