namespace StatelessSwarm.Trust;

/// <summary>Why metadata was refused. Names are stable: scripts see them in <c>--json</c>.</summary>
public enum TrustFault
{
    /// <summary>The bytes break the format.</summary>
    Malformed,

    /// <summary>Fewer valid signatures by keys of the role than its threshold.</summary>
    NotEnoughSignatures,

    /// <summary>A lower version, serial or build than one already accepted.</summary>
    Rollback,

    /// <summary>Past its expiry.</summary>
    Expired,

    /// <summary>Signed, but for another product, channel, release or role.</summary>
    Mismatch,

    /// <summary>A root version that does not follow the one held.</summary>
    BrokenRootChain,
}
