namespace StatelessSwarm.Swarm.Hosting;

/// <summary>Where a torrent stands.</summary>
public sealed record TorrentStatus
{
    /// <summary>Bytes of all files.</summary>
    public long ContentBytes { get; init; }

    /// <summary>Bytes verified.</summary>
    public long VerifiedBytes { get; init; }

    /// <summary>Bytes that were on disk already when the torrent was added.</summary>
    public long DiskBytes { get; init; }

    /// <summary>Payload received from neighbours.</summary>
    public long ReceivedLanBytes { get; init; }

    /// <summary>Payload received from peers beyond the WAN link.</summary>
    public long ReceivedWanBytes { get; init; }

    /// <summary>Payload received over HTTP.</summary>
    public long ReceivedHttpBytes { get; init; }

    /// <summary>Payload sent to neighbours.</summary>
    public long SentLanBytes { get; init; }

    /// <summary>Payload sent beyond the WAN link.</summary>
    public long SentWanBytes { get; init; }

    /// <summary>Payload thrown away.</summary>
    public long WastedBytes { get; init; }

    /// <summary>Bytes sent to peers that are no block data: messages, and the heads of blocks.</summary>
    public long SentControlBytes { get; init; }

    /// <summary>Connected peers, web seeds not among them.</summary>
    public int Peers { get; init; }

    /// <summary>Connected peers that are complete.</summary>
    public int Seeds { get; init; }

    /// <summary>Web seeds in use.</summary>
    public int WebSeeds { get; init; }

    /// <summary>The last trouble with a web seed, in one line that names it; null without any.</summary>
    public string? WebSeedTrouble { get; init; }

    /// <summary>All pieces are there.</summary>
    public bool IsComplete { get; init; }
}
