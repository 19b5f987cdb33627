namespace StatelessSwarm.Engine.Extensions;

/// <summary>What a PEX message says of a peer (BEP 11): one byte per added peer.</summary>
[Flags]
internal enum PexFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Prefers encryption.</summary>
    PrefersEncryption = 0x01,

    /// <summary>A seed, or upload-only.</summary>
    Seed = 0x02,

    /// <summary>Speaks uTP.</summary>
    SupportsUtp = 0x04,

    /// <summary>Takes the holepunch message.</summary>
    SupportsHolepunch = 0x08,

    /// <summary>The teller connected to it: it can be reached.</summary>
    Reachable = 0x10,

    /// <summary>Not of BEP 11, and told to neighbours that speak <c>ss</c> only: it is near to the teller.</summary>
    Near = 0x80,
}
