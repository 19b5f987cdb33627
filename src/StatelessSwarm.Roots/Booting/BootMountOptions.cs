namespace StatelessSwarm.Roots.Booting;

/// <summary>How the root of a machine is mounted.</summary>
public sealed record BootMountOptions
{
    /// <summary>Where the root goes.</summary>
    public required string Target { get; init; }

    /// <summary>Directory of the mounts below it: <c>image</c> and <c>rw</c>; default <c>/run/stateless</c>.</summary>
    public string Directory { get; init; } = "/run/stateless";

    /// <summary>Limits of the tmpfs that takes the writes; full means ENOSPC. Default a quarter of the memory, 1,048,576 inodes.</summary>
    public string TmpfsLimits { get; init; } = "size=25%,nr_inodes=1m";

    /// <summary>The image's own <c>/usr</c> is mounted over the root's: nobody writes there, root included. Default true.</summary>
    public bool IsUsrReadOnly { get; init; } = true;

    /// <summary>Use of dm-verity.</summary>
    public VerityUse Verity { get; init; } = VerityUse.WherePossible;

    /// <summary>First program of the root: it has to be there; default <c>/sbin/init</c>.</summary>
    public string Init { get; init; } = "/sbin/init";
}
