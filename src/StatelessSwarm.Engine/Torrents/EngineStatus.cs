namespace StatelessSwarm.Engine.Torrents;

/// <summary>Payload bytes by where they came from or went to, and the rest of what a person asks. Counts, not rates.</summary>
public sealed record EngineStatus
{
    /// <summary>Pieces verified.</summary>
    public int VerifiedPieces { get; init; }

    /// <summary>Content bytes of verified pieces.</summary>
    public long VerifiedBytes { get; init; }

    /// <summary>Payload received from neighbours, useful or not.</summary>
    public long ReceivedLanBytes { get; init; }

    /// <summary>Payload received from beyond the WAN link, useful or not.</summary>
    public long ReceivedWanBytes { get; init; }

    /// <summary>Payload received from web seeds, near or far, useful or not; not counted among the two above.</summary>
    public long ReceivedHttpBytes { get; init; }

    /// <summary>Payload sent to neighbours.</summary>
    public long SentLanBytes { get; init; }

    /// <summary>Payload sent beyond the WAN link.</summary>
    public long SentWanBytes { get; init; }

    /// <summary>Payload received that was thrown away: twice, unasked or wrong.</summary>
    public long WastedBytes { get; init; }

    /// <summary>Bytes sent to peers that are no block data: messages, and the heads of blocks.</summary>
    public long SentControlBytes { get; init; }

    /// <summary>Connected peers, web seeds not among them.</summary>
    public int Peers { get; init; }

    /// <summary>Connected peers that have everything.</summary>
    public int Seeds { get; init; }

    /// <summary>Web seeds in use.</summary>
    public int WebSeeds { get; init; }

    /// <summary>Peers (no web seeds) that have what we want, do not choke us and have not stalled.</summary>
    public int Givers { get; init; }

    /// <summary>Those of them that are complete.</summary>
    public int CompleteGivers { get; init; }
}
