namespace StatelessSwarm.Roots.Booting;

/// <summary>Whether the image's blocks are checked by the kernel while they are read.</summary>
public enum VerityUse
{
    /// <summary>Where the kernel can.</summary>
    WherePossible,

    /// <summary>Always: a machine that cannot does not boot the release.</summary>
    Required,

    /// <summary>Never; the image was checked when it came.</summary>
    Off,
}
