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

    /// <summary>What is current; reserved for the short-lived time role.</summary>
    Time = 4,
}
