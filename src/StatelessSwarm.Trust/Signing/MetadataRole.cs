namespace StatelessSwarm.Trust.Signing;

/// <summary>What kind of statement a signature makes. The numbers are signed: frozen.</summary>
public enum MetadataRole
{
    /// <summary>Keys and thresholds of all roles.</summary>
    Root = 1,

    /// <summary>Release manifests.</summary>
    Release = 2,

    /// <summary>Channel pointers.</summary>
    Channel = 3,

    /// <summary>What is current, for a short time.</summary>
    Time = 4,

    /// <summary>Who has been put out of closed swarms. Without keys of its own the keys of <see cref="Channel"/> hold it.</summary>
    Identity = 5,

    /// <summary>Who else may sign the releases of a product. Root metadata never names it: the keys of <see cref="Release"/> hold it.</summary>
    Delegation = 6,
}
