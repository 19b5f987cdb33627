namespace StatelessSwarm.Content.Manifests;

/// <summary>What a file of a release is for. The numbers are on disk and on the wire: frozen.</summary>
public enum ReleaseFileRole
{
    /// <summary>The image: a SquashFS or EROFS root file system. Exactly one per release.</summary>
    Root = 1,

    /// <summary>A Linux kernel.</summary>
    Kernel = 2,

    /// <summary>An initial RAM disk.</summary>
    Initrd = 3,
}
