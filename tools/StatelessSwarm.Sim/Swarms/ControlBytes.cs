namespace StatelessSwarm.Sim.Swarms;

/// <summary>Bytes of peer messages other than blocks, by what they are for.</summary>
internal struct ControlBytes
{
    /// <summary>HAVE.</summary>
    public long Have;

    /// <summary>REQUEST, CANCEL, REJECT.</summary>
    public long Request;

    /// <summary>Claims, peer exchange, bitfields, all the rest.</summary>
    public long Other;

    /// <summary>How much of all this left the site.</summary>
    public long Wan;

    /// <summary>All of it.</summary>
    public readonly long Total => Have + Request + Other;
}
